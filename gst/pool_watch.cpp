// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/pool_watch.hpp"

namespace stt {

bool PoolWatch::pool_is_limited(GstBufferPool* pool) {
    gpointer asked = g_weak_ref_get(&pool_);
    if (asked) gst_object_unref(asked);
    if (asked == pool) return limited_;
    GstStructure* config = gst_buffer_pool_get_config(pool);
    unsigned most = 0;
    gst_buffer_pool_config_get_params(config, nullptr, nullptr, nullptr, &most);
    gst_structure_free(config);
    g_weak_ref_set(&pool_, pool);
    limited_ = most > 0;
    return limited_;
}

bool PoolWatch::is_limited(GstBuffer* buffer) {
    if (buffer->pool) return pool_is_limited(buffer->pool);
    const GstParentBufferMeta* parent = gst_buffer_get_parent_buffer_meta(buffer);
    return parent && parent->buffer->pool && pool_is_limited(parent->buffer->pool);
}

}  // namespace stt
