// SPDX-License-Identifier: LGPL-2.1-or-later
/// Detects buffers that must not be held, as upstream would soon run out of them.
#pragma once

#include <gst/gst.h>

namespace stt {

/// Queries each pool once, and holds only a weak reference to it. Used by one thread at a time.
class PoolWatch {
  public:
    PoolWatch() { g_weak_ref_init(&pool_, nullptr); }
    ~PoolWatch() { g_weak_ref_clear(&pool_); }
    PoolWatch(const PoolWatch&) = delete;
    PoolWatch& operator=(const PoolWatch&) = delete;

    /// Whether `buffer`, or a parent from which it has its memory, comes from a pool with a maximum. The
    /// owner of such a pool, for instance a camera or a decoder, waits while it is empty. It also needs all
    /// buffers back when the format changes.
    bool is_limited(GstBuffer* buffer);

  private:
    bool pool_is_limited(GstBufferPool* pool);

    GWeakRef pool_;         // the pool queried last
    bool limited_ = false;  // that pool has a maximum
};

}  // namespace stt
