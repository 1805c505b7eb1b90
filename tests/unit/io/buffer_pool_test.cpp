// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace stt {
namespace {

TEST(BufferPool, BuffersGoRound) {
    BufferPool pool(4);
    auto first = pool.get();
    const void* const address = first.get();
    EXPECT_EQ(pool.idle(), 0u);
    first.reset();
    EXPECT_EQ(pool.idle(), 1u);
    EXPECT_EQ(pool.get().get(), address);
}

TEST(BufferPool, AReferenceOfAnyTypeKeepsTheBufferOut) {
    BufferPool pool(4);
    std::shared_ptr<const void> owner = pool.get();
    const std::shared_ptr<const void> copy = owner;
    owner.reset();
    EXPECT_EQ(pool.idle(), 0u);
}

TEST(BufferPool, KeepsNoMoreThanItsLimit) {
    BufferPool pool(2);
    std::vector<std::shared_ptr<ReceiveBuffer>> out;
    for (int i = 0; i < 5; i++) out.push_back(pool.get());
    out.clear();
    EXPECT_EQ(pool.idle(), 2u);
}

TEST(BufferPool, BuffersOutliveThePool) {
    auto pool = std::make_unique<BufferPool>(2);
    const auto buffer = pool->get();
    pool.reset();
    buffer->bytes.fill(7);
    EXPECT_EQ(buffer->bytes.back(), 7);
}

TEST(BufferPool, BuffersMayBeDroppedOnAnotherThread) {
    BufferPool pool(8);
    std::vector<std::shared_ptr<ReceiveBuffer>> out;
    for (int i = 0; i < 8; i++) out.push_back(pool.get());
    std::thread other([mine = std::move(out)]() mutable {
        for (auto& buffer : mine) {
            buffer->bytes[0] = 1;
            buffer.reset();
        }
    });
    for (int i = 0; i < 100; i++) pool.get()->bytes[0] = 2;
    other.join();
    EXPECT_GE(pool.idle(), 1u);
    EXPECT_LE(pool.idle(), 8u);
}

}  // namespace
}  // namespace stt
