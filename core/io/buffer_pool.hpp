// SPDX-License-Identifier: LGPL-2.1-or-later
/// A pool of receive buffers, which are reused instead of being allocated for every batch.
#pragma once

#include <array>
#include <memory>

#include "core/base/bytes.hpp"

namespace stt {

/// Bytes; large enough for the longest batch that the kernel returns at once (UDP_GRO: 65,535 bytes).
inline constexpr size_t receive_buffer_size = 64 << 10;

struct ReceiveBuffer {
    ReceiveBuffer() {}  // leaves the array uninitialised: the kernel writes it before it is read
    std::array<uint8_t, receive_buffer_size> bytes;
};

/// Thread-safe. A buffer returns to the pool when its last reference is released, on any thread. The pool
/// itself may have been destroyed by then.
class BufferPool {
  public:
    /// `idle_max` is the number of unused buffers that are kept; further ones are returned to the system.
    explicit BufferPool(size_t idle_max = 128);

    std::shared_ptr<ReceiveBuffer> get();
    /// The number of unused buffers kept at the moment.
    size_t idle() const;
    /// The number of buffers handed out and not yet returned.
    size_t in_use() const;

  private:
    class FreeList;
    template <class T>
    struct Allocator;
    std::shared_ptr<FreeList> free_;
};

}  // namespace stt
