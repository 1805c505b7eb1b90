// SPDX-License-Identifier: LGPL-2.1-or-later
/// The receiving half of a stream: it puts bytes in order and determines how many more may be sent.
#pragma once

#include <map>
#include <vector>

#include "core/base/chunk.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

class ReceiveStream {
  public:
    /// The largest number of pieces held out of order; a full window of minimal datagrams never needs more.
    /// It limits the memory that a peer can occupy by sending single bytes with gaps between them.
    static constexpr size_t pieces_max = 65536;
    /// The largest number of skips that were not passed, or whose answer has not been acknowledged. A peer
    /// may have SendStream::skips_max skips open. Three times as many may be answered while the
    /// acknowledgement of the answer is in flight.
    static constexpr size_t skips_max = 256;

    /// The states of RFC 9000, section 3.2, each reached only from the one before it, and two more for what
    /// the peer is to know. The reset states of the RFC are those of Stream, because a reset concerns both
    /// halves.
    enum class State : uint8_t {
        recv,           ///< the end is not known
        size_known,     ///< the end is known, and data before it is missing
        data_recvd,     ///< everything has arrived
        data_read,      ///< read() has returned the end
        delivered,      ///< the application has delivered everything, including the end
        delivery_acked  ///< the peer knows that
    };

    /// `window` is the number of bytes granted at first, and `window_max` the largest number that is granted
    /// beyond those taken.
    ReceiveStream(uint64_t window, uint64_t window_max)
        : window_(window), window_max_(window_max), limit_(window) {}

    State state() const { return state_; }

    /// Adds bytes at `offset`. The memory of `data` is shared if the chunk has an owner, so chunks should
    /// have one. Returns by how many bytes the highest offset grew, which counts against the session's
    /// window. Errors: flow_control_violation, invalid_frame (beyond the final size), buffer_overflow.
    Result<uint64_t> on_data(uint64_t offset, Chunk data);
    /// The stream ends at `size`. Returns the growth of the highest offset in bytes. The errors are those of
    /// on_data().
    Result<uint64_t> on_fin(uint64_t size);
    /// Nothing more of [from, to) will come, with `from` < `to`. The skip is passed as soon as all bytes
    /// before it have arrived, and bytes of the range that are held out of order are discarded. Returns the
    /// growth of the highest offset in bytes. The errors are those of on_data(), and invalid_frame when skips
    /// overlap.
    Result<uint64_t> on_skip(uint64_t from, uint64_t to);

    /// A hole that will not be filled. The bytes before it may end within a message, and the bytes after it
    /// begin one.
    struct Cut {
        size_t before = 0;  ///< index of the chunk that follows
        uint64_t size = 0;  ///< bytes missing
    };
    struct Read {
        std::vector<Chunk> chunks;
        std::vector<Cut> cuts;  ///< in order; holes between the same two chunks are merged
        bool finished = false;
    };
    Read read();
    /// Returns whether read() would return anything new.
    bool readable() const { return !ready_.empty() || !cuts_.empty() || state_ == State::data_recvd; }

    /// See Session::consumed. `rtt` is used to tune the window.
    void consumed(Time now, uint64_t taken, uint64_t delivered, bool finished, Duration rtt);

    /// Returns when the peer should get a window frame; a past time means now, and time_never that none is
    /// due.
    Time window_frame_due() const { return frame_due_; }
    /// The values for a window frame that is being sent.
    uint64_t limit() const { return limit_; }
    uint64_t delivered() const { return delivered_ + (complete() ? 1 : 0); }
    void on_window_frame_sent();
    void on_window_frame_lost() { frame_due_ = Time{}; }
    /// The peer has received a window frame that reported `delivered`.
    void on_window_frame_acked(uint64_t delivered);

    /// A skipped range that was passed.
    struct Passed {
        uint64_t from = 0, to = 0;
        /// All bytes up to this offset had arrived.
        uint64_t kept = 0;
        bool due = true;  ///< the peer must be informed (again)
    };
    /// Returns the next skipped range to report to the peer, or null if there is none.
    const Passed* passed_due() const;
    /// The range that was due has been reported.
    void on_passed_sent();
    /// `to` names the skipped range by its end.
    void on_passed_acked(uint64_t to);
    void on_passed_lost(uint64_t to);
    void on_all_lost();

    uint64_t highest() const { return highest_; }
    uint64_t taken() const { return taken_; }
    uint64_t window() const { return window_; }
    /// Returns whether the end of the stream is known and counts as sent.
    bool size_known() const { return state_ != State::recv; }
    /// Returns whether everything has arrived.
    bool ended() const { return state_ >= State::data_recvd; }
    /// Returns whether the application has delivered everything, including the end.
    bool complete() const { return state_ >= State::delivered; }

  private:
    void advance(State next);
    /// Everything before `next` has arrived or was passed.
    void advance_to(uint64_t next);
    Result<uint64_t> grow(uint64_t end);
    // A piece held out of order: bytes, or a skip, which has no bytes.
    struct Piece {
        Chunk data;
        uint64_t skipped = 0;
        uint64_t size() const { return skipped > 0 ? skipped : data.size(); }
    };
    void drop_pieces(uint64_t from, uint64_t to);
    /// Returns whether another skip overlaps the range. `same` is set if it is an identical skip.
    bool meets_skip(uint64_t from, uint64_t to, bool& same) const;
    void pass(uint64_t from, uint64_t to);
    void take_in_order();

    std::vector<Chunk> ready_;          // in order, not yet read
    std::vector<Cut> cuts_;             // among ready_
    std::map<uint64_t, Piece> pieces_;  // by offset; disjoint
    std::vector<Passed> passed_;        // skips whose answer has not been acknowledged
    size_t skips_ahead_ = 0;            // number of skips in pieces_
    uint64_t next_ = 0;                 // offset after the last byte in order
    uint64_t highest_ = 0;
    State state_ = State::recv;
    uint64_t final_size_ = 0;  // if size_known()
    uint64_t taken_ = 0, delivered_ = 0;
    uint64_t window_, window_max_, limit_;
    uint64_t limit_sent_ = window_, delivered_sent_ = 0;
    uint64_t tuned_at_ = 0;  // taken_ when the window was last tuned
    Time tuned_when_{};
    Time frame_due_ = time_never;
};

}  // namespace stt
