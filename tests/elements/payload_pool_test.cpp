// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/payload_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

#include "tests/elements/support.hpp"

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

/// Takes as many buffers of `each` bytes at once as make up `total`, and releases them.
void use(PayloadPool& pool, size_t each, size_t total) {
    std::vector<BufferPtr> buffers;
    for (size_t bytes = 0; bytes < total; bytes += each) buffers.push_back(pool.get(each));
}

TEST(PayloadPool, KeepsABoundedAmount) {
    PayloadPool pool;
    use(pool, size, 3 * PayloadPool::idle_max);
    EXPECT_EQ(pool.idle(), PayloadPool::idle_max);
    use(pool, 1 << 20, 2 * PayloadPool::idle_max);
    EXPECT_EQ(pool.idle(), PayloadPool::idle_max);
}

TEST(PayloadPool, OneSizeGivesWayToAnother) {
    PayloadPool pool;
    use(pool, size, PayloadPool::idle_max);
    BufferPtr larger = pool.get(1 << 20);
    const void* data = data_of(larger.get());
    larger.reset();
    EXPECT_LE(pool.idle(), PayloadPool::idle_max);
    EXPECT_EQ(data_of(pool.get(1 << 20).get()), data) << "the memory of the size in use is kept";
    use(pool, 1 << 20, PayloadPool::idle_max);
    BufferPtr smaller = pool.get(size);
    data = data_of(smaller.get());
    smaller.reset();
    EXPECT_EQ(data_of(pool.get(size).get()), data) << "and the other way round";
}

TEST(PayloadPool, IsEmptyWhileItIsStopped) {
    PayloadPool pool;
    BufferPtr held = pool.get(size);
    use(pool, size, 10 * size);
    EXPECT_EQ(pool.idle(), 10 * size);
    pool.stop();
    EXPECT_EQ(pool.idle(), 0u);
    held.reset();
    EXPECT_EQ(pool.idle(), 0u) << "what is released later is not kept";
    pool.start();
    use(pool, size, size);
    EXPECT_EQ(pool.idle(), size);
}

TEST(PayloadPool, UnusedMemoryMustNotBeTouched) {
#if defined(__SANITIZE_ADDRESS__)
    PayloadPool pool;
    BufferPtr buffer = pool.get(size);
    const auto* data = static_cast<const uint8_t*>(data_of(buffer.get()));
    EXPECT_EQ(__asan_region_is_poisoned(const_cast<uint8_t*>(data), size), nullptr);
    buffer.reset();
    EXPECT_TRUE(__asan_address_is_poisoned(data));
    EXPECT_TRUE(__asan_address_is_poisoned(data + size - 1));
    buffer = pool.get(size);
    ASSERT_EQ(data_of(buffer.get()), data);
    EXPECT_EQ(__asan_region_is_poisoned(const_cast<uint8_t*>(data), size), nullptr);
#else
    GTEST_SKIP() << "only AddressSanitizer can tell";
#endif
}

TEST(PayloadPool, IsWhereTheReceiverHasItsMemoryFrom) {
    test::Pair pair;
    pair.start();
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(pair.push(test::make_buffer(40'000).release()), GST_FLOW_OK);
        const BufferPtr got = pair.pull();
        ASSERT_TRUE(got);
        EXPECT_EQ(gst_buffer_peek_memory(got.get(), 0)->maxsize, size)
            << "of a block, and not of its own size";
    }
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
