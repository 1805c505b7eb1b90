// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which buffers must not be held: those that upstream would soon have no more of.
#pragma once

#include <gst/gst.h>

namespace stt {

/// Asks a buffer's pool once, and keeps it no longer than others do. One thread at a time.
class PoolWatch {
  public:
    PoolWatch() { g_weak_ref_init(&pool_, nullptr); }
    ~PoolWatch() { g_weak_ref_clear(&pool_); }
    PoolWatch(const PoolWatch&) = delete;
    PoolWatch& operator=(const PoolWatch&) = delete;

    /// Whether `buffer`, or one that it has its memory from, comes from a pool with a maximum. Its owner
    /// waits when it is empty, as cameras and decoders do, and needs all of them back when the format
    /// changes.
    bool is_limited(GstBuffer* buffer);

  private:
    bool pool_is_limited(GstBufferPool* pool);

    GWeakRef pool_;         // the one asked last
    bool limited_ = false;  // it has a maximum
};

}  // namespace stt
