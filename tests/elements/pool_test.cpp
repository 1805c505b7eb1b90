// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sources whose buffers are few, as cameras' and decoders' are.
#include <gst/gst.h>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

/// Buffers that come back when nobody holds them any more.
class Pool {
  public:
    Pool(unsigned size, unsigned most) : pool_(gst_buffer_pool_new()) {
        GstStructure* config = gst_buffer_pool_get_config(pool_);
        gst_buffer_pool_config_set_params(config, nullptr, size, 0, most);
        gst_buffer_pool_set_config(pool_, config);
        gst_buffer_pool_set_active(pool_, TRUE);
    }
    ~Pool() {
        gst_buffer_pool_set_active(pool_, FALSE);
        gst_object_unref(pool_);
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    /// Null: there is none, as all are held.
    BufferPtr take(unsigned number) {
        GstBufferPoolAcquireParams parameters{};
        parameters.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
        GstBuffer* buffer = nullptr;
        if (gst_buffer_pool_acquire_buffer(pool_, &buffer, &parameters) != GST_FLOW_OK) return nullptr;
        gst_buffer_memset(buffer, 0, static_cast<guint8>(number), gst_buffer_get_size(buffer));
        GST_BUFFER_PTS(buffer) = number * GST_MSECOND;
        return BufferPtr(buffer);
    }

  private:
    GstBufferPool* pool_;
};

class PoolSource : public testing::TestWithParam<const char*> {};

TEST_P(PoolSource, GoesOnUntilTheSendQueueIsFull) {
    // Nobody is there who would acknowledge anything.
    Pair pair([](GstElement* sink, GstElement*) {
        gst_util_set_object_arg(G_OBJECT(sink), "framing", GetParam());
        g_object_set(sink, "send-queue-bytes", guint64{1'000'000}, nullptr);
    });
    pair.start("application/x-test");
    gst_element_set_state(pair.src_element, GST_STATE_NULL);
    Pool pool(10'000, 4);
    for (unsigned i = 0; i < 80; i++) {
        BufferPtr buffer = pool.take(i);
        ASSERT_TRUE(buffer) << "after " << i << " buffers none is left";
        ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    }
}

TEST_P(PoolSource, SendsWhatWasInTheBuffers) {
    Pair pair([](GstElement* sink, GstElement*) {
        gst_util_set_object_arg(G_OBJECT(sink), "framing", GetParam());
    });
    pair.start("application/x-test");
    Pool pool(10'000, 4);
    for (unsigned i = 0; i < 40; i++) {
        BufferPtr buffer = pool.take(i);
        ASSERT_TRUE(buffer);
        ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    }
    for (unsigned got = 0, i = 0; i < 40; i = got / 10'000) {
        const BufferPtr buffer = pair.pull();
        ASSERT_TRUE(buffer);
        for (gsize at = 0; at < gst_buffer_get_size(buffer.get()); at++, got++) {
            guint8 byte = 0;
            gst_buffer_extract(buffer.get(), at, &byte, 1);
            ASSERT_EQ(byte, got / 10'000);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Both, PoolSource, testing::Values("buffer", "bytes"));

TEST(PoolSource, ThatShareMemoryWithASmallPoolAreCopiedToo) {
    Pair pair;
    pair.start("application/x-test");
    gst_element_set_state(pair.src_element, GST_STATE_NULL);
    Pool pool(10'000, 2);
    for (unsigned i = 0; i < 20; i++) {
        const BufferPtr parent = pool.take(i);
        ASSERT_TRUE(parent) << i;
        BufferPtr part(gst_buffer_new());
        gst_buffer_copy_into(part.get(), parent.get(), GST_BUFFER_COPY_MEMORY, 0, 5'000);
        gst_buffer_add_parent_buffer_meta(part.get(), parent.get());
        ASSERT_EQ(pair.push(part.release()), GST_FLOW_OK);
    }
}

TEST(PoolSource, GetsItsBuffersBackAtADrainQuery) {
    Pair pair;
    pair.start("application/x-test");
    gst_element_set_state(pair.src_element, GST_STATE_NULL);
    Pool pool(10'000, 4);
    for (unsigned i = 0; i < 4; i++) ASSERT_EQ(pair.push(pool.take(i).release()), GST_FLOW_OK);
    GstQuery* drain = gst_query_new_drain();
    EXPECT_TRUE(gst_pad_peer_query(pair.sink->srcpad, drain));
    gst_query_unref(drain);
    std::vector<BufferPtr> all;
    for (unsigned i = 0; i < 4; i++) EXPECT_TRUE(all.emplace_back(pool.take(i))) << i;
}

TEST(PoolSource, WithoutAMaximumIsNotCopied) {
    Pair pair;
    pair.start("application/x-test");
    gst_element_set_state(pair.src_element, GST_STATE_NULL);
    Pool pool(10'000, 0);
    BufferPtr buffer = pool.take(0);
    GstMemory* memory = gst_memory_ref(gst_buffer_peek_memory(buffer.get(), 0));
    const auto holders = [&] { return GST_MINI_OBJECT_REFCOUNT_VALUE(memory); };
    ASSERT_EQ(pair.push(buffer.release()), GST_FLOW_OK);
    EXPECT_GT(holders(), 1) << "the payload is referenced until it is acknowledged";
    gst_memory_unref(memory);
}

}  // namespace
}  // namespace stt::test
