// SPDX-License-Identifier: LGPL-2.1-or-later
/// The flow control of a session: how many bytes each side may send on all streams together
/// (docs/wire-format.md, section 5.3).
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace stt {

/// Counts bytes of stream data in both directions. Each offset of a stream counts once, however often it is
/// sent. Belongs to one StreamTable, whose thread calls it.
class SessionWindow {
  public:
    /// `window` is the number of bytes that this side grants at first, as its handshake says.
    explicit SessionWindow(uint64_t window) : window_(window), limit_(window), limit_sent_(window) {}

    // Sending.

    /// The peer permits `limit` bytes since the beginning. Limits only grow, and a lower one is old.
    void on_limit(uint64_t limit) { send_limit_ = std::max(send_limit_, limit); }
    /// Returns how many more bytes may be sent.
    uint64_t credit() const { return send_limit_ - sent_; }
    /// `bytes` ≤ credit() were sent for the first time, or skipped without having been sent.
    void on_sent(uint64_t bytes) {
        assert(bytes <= credit());
        sent_ += bytes;
    }

    // Receiving.

    /// The highest offset of a stream grew by `bytes`. Returns whether the limit allows it. If not, the peer
    /// has violated the protocol.
    [[nodiscard]] bool on_received(uint64_t bytes);
    /// The application has taken `bytes`, or they were discarded with their stream. They were received
    /// before.
    void on_taken(uint64_t bytes);
    /// Makes the window twice as large as `stream_window`, that of one stream, unless it is larger already.
    /// It never shrinks, as limits only grow.
    void grow(uint64_t stream_window);

    /// The peer must be informed of the limit.
    bool frame_due() const { return frame_due_; }
    /// Returns the number of bytes since the beginning that the peer may send.
    uint64_t limit() const { return limit_; }
    void on_frame_sent();
    void on_frame_lost() { frame_due_ = true; }

  private:
    void raise_limit();

    uint64_t sent_ = 0, send_limit_ = 0;  // sent_ ≤ send_limit_
    uint64_t received_ = 0, taken_ = 0;   // taken_ ≤ received_
    uint64_t window_;
    uint64_t limit_, limit_sent_;  // limit_sent_ ≤ limit_
    bool frame_due_ = false;
};

}  // namespace stt
