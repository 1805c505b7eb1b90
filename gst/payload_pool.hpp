// SPDX-License-Identifier: LGPL-2.1-or-later
/// Memory for received payloads, which is reused instead of being allocated for each buffer.
#pragma once

#include <cstddef>
#include <memory>

#include "gst/owned.hpp"

namespace stt {

/// Thread-safe. Memory returns to the pool when its last reference is released, on any thread; the pool
/// itself may have been destroyed by then. AddressSanitizer reports any access to memory that is unused.
///
/// The C library returns the end of its heap to the system whenever 128 KiB of it are free (M_TRIM_THRESHOLD,
/// mallopt(3)). The buffers of a list are released together, so that the kernel would have to clear each page
/// of the next ones anew. A GstBufferPool has one size for all its buffers, and elements copy what is of a
/// pool that may run out; here only the memory is reused.
class PayloadPool {
  public:
    /// The sizes in bytes of payloads whose memory is reused. Smaller ones may reach that threshold as well,
    /// 64 of them from 2 KiB each, but have few pages to clear, and larger ones are too rare to be worth
    /// keeping.
    static constexpr size_t pooled_min = 16 << 10, pooled_max = 4 << 20;
    /// How many bytes are kept unused at most: two batches of sttsrc, which are 64 buffers each, of 64 KiB.
    static constexpr size_t idle_max = 8 << 20;

    PayloadPool();

    /// Returns a writable buffer of `size` bytes, which are uninitialised, or nullptr if there is no memory.
    BufferPtr get(size_t size);
    /// The number of bytes kept unused at the moment.
    size_t idle() const;

    /// Keeps memory from now on, as after construction.
    void start();
    /// Releases what is unused. Memory that is released later is not kept until start().
    void stop();

  private:
    class Blocks;
    std::shared_ptr<Blocks> blocks_;
};

}  // namespace stt
