// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/payload_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <thread>
#include <vector>

namespace stt {
namespace {

constexpr size_t size = 64 << 10;

const void* data_of(GstBuffer* buffer) {
    GstMapInfo info;
    EXPECT_TRUE(gst_buffer_map(buffer, &info, GST_MAP_READ));
    const void* data = info.data;
    gst_buffer_unmap(buffer, &info);
    return data;
}

TEST(PayloadPool, GivesBuffersOfTheSizeAskedFor) {
    PayloadPool pool;
    for (const size_t asked : {size_t{1}, PayloadPool::pooled_min - 1, PayloadPool::pooled_min, size - 1,
                               size, size + 1, PayloadPool::pooled_max, PayloadPool::pooled_max + 1}) {
        BufferPtr buffer = pool.get(asked);
        ASSERT_TRUE(buffer);
        EXPECT_EQ(gst_buffer_get_size(buffer.get()), asked);
        EXPECT_EQ(gst_buffer_memset(buffer.get(), 0, 0xa5, asked), asked) << "it is written as a whole";
    }
}

TEST(PayloadPool, ReusesMemory) {
    PayloadPool pool;
    BufferPtr first = pool.get(size);
    const void* data = data_of(first.get());
    first.reset();
    EXPECT_EQ(pool.idle(), size);
    EXPECT_EQ(data_of(pool.get(size - 1000).get()), data);
}

TEST(PayloadPool, MemoryInUseIsNotReused) {
    PayloadPool pool;
    BufferPtr first = pool.get(size), second = pool.get(size);
    EXPECT_NE(data_of(first.get()), data_of(second.get()));
    EXPECT_EQ(pool.idle(), 0u);
}

TEST(PayloadPool, APartThatIsSharedKeepsTheMemory) {
    PayloadPool pool;
    BufferPtr buffer = pool.get(size);
    gst_buffer_memset(buffer.get(), 0, 0x11, size);
    BufferPtr part(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 100, 50));
    buffer.reset();
    EXPECT_EQ(pool.idle(), 0u);
    BufferPtr other = pool.get(size);
    gst_buffer_memset(other.get(), 0, 0x22, size);
    EXPECT_EQ(*static_cast<const uint8_t*>(data_of(part.get())), 0x11);
    part.reset();
    EXPECT_EQ(pool.idle(), size);
}

TEST(PayloadPool, KeepsABoundedAmount) {
    PayloadPool pool;
    std::vector<BufferPtr> buffers;
    for (size_t bytes = 0; bytes < 3 * PayloadPool::idle_max; bytes += size)
        buffers.push_back(pool.get(size));
    for (size_t bytes = 0; bytes < 2 * PayloadPool::idle_max; bytes += 1 << 20)
        buffers.push_back(pool.get(1 << 20));
    buffers.clear();
    EXPECT_EQ(pool.idle(), PayloadPool::idle_max);
}

TEST(PayloadPool, BuffersOutliveIt) {
    std::optional<PayloadPool> pool(std::in_place);
    BufferPtr buffer = pool->get(size), other = pool->get(size);
    other.reset();
    pool.reset();
    EXPECT_EQ(gst_buffer_memset(buffer.get(), 0, 1, size), size);
}

TEST(PayloadPool, BuffersAreReleasedOnOtherThreads) {
    PayloadPool pool;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&pool, i] {
            for (int n = 0; n < 200; n++) {
                BufferPtr buffer = pool.get(size);
                gst_buffer_memset(buffer.get(), 0, static_cast<guint8>(i), size);
                std::thread([held = std::move(buffer)]() mutable { held.reset(); }).join();
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_GE(pool.idle(), size);
    EXPECT_LE(pool.idle(), 4 * size);
}

}  // namespace
}  // namespace stt
