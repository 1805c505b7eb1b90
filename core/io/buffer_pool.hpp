// SPDX-License-Identifier: LGPL-2.1-or-later
/// Receive buffers that go round instead of being allocated for every batch.
#pragma once

#include <array>
#include <memory>

#include "core/base/bytes.hpp"

namespace stt {

/// Large enough for the longest batch the kernel hands over at once (UDP_GRO: 65,535 bytes).
inline constexpr size_t receive_buffer_size = 64 << 10;

struct ReceiveBuffer {
    ReceiveBuffer() {}  // leaves the array uninitialised: the kernel writes it before anybody reads it
    std::array<uint8_t, receive_buffer_size> bytes;
};

/// Thread-safe. A buffer returns to the pool when its last reference goes, on whatever thread that happens;
/// the pool itself may be gone by then.
class BufferPool {
  public:
    /// `idle_max`: how many unused buffers are kept; those beyond go back to the system.
    explicit BufferPool(size_t idle_max = 128);

    std::shared_ptr<ReceiveBuffer> get();
    /// Unused buffers kept at the moment.
    size_t idle() const;
    /// Buffers handed out and not yet returned.
    size_t in_use() const;

  private:
    class FreeList;
    template <class T>
    struct Allocator;
    std::shared_ptr<FreeList> free_;
};

}  // namespace stt
