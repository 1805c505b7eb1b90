// SPDX-License-Identifier: LGPL-2.1-or-later
/// The receiving half of a stream: puts bytes in order and says how many more may come.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/base/chunk.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

class ReceiveStream {
  public:
    /// Pieces held out of order; more than a full window of minimal datagrams never needs. Bounds what a peer
    /// that sends single bytes with gaps between them can make us spend.
    static constexpr size_t pieces_max = 65536;
    /// Skips not passed, or whose answer has not been acknowledged: what a peer may have open
    /// (SendStream::skips_max), and three times as many of which it has the answer while its acknowledgement
    /// is under way.
    static constexpr size_t skips_max = 256;

    ReceiveStream(uint64_t window, uint64_t window_max)
        : window_(window), window_max_(window_max), limit_(window) {}

    /// Bytes at `offset`; `data` is shared when its chunk has an owner, so hand over chunks. Returns by how
    /// much the highest offset grew (for the session's window). Errors: flow_control_violation, invalid_frame
    /// (beyond the final size), buffer_overflow.
    Result<uint64_t> on_data(uint64_t offset, Chunk data);
    /// The stream ends at `size`. Returns the growth of the highest offset. Errors as above.
    Result<uint64_t> on_fin(uint64_t size);
    /// Nothing of [from, to) comes any more, `from` < `to`: it is passed as soon as everything before is
    /// there, and what of it is there out of order is dropped. Returns the growth of the highest offset.
    /// Errors as above; also invalid_frame when skips overlap.
    Result<uint64_t> on_skip(uint64_t from, uint64_t to);

    /// A hole that will not be filled: what precedes it may end within a message, what follows begins one.
    struct Cut {
        size_t before = 0;  ///< index of the chunk that follows
        uint64_t size = 0;  ///< bytes left out
    };
    struct Read {
        std::vector<Chunk> chunks;
        std::vector<Cut> cuts;  ///< in order; those between two chunks are one
        bool finished = false;
    };
    Read read();
    /// Whether read() would give anything new.
    bool readable() const { return !ready_.empty() || !cuts_.empty() || (ended() && !end_read_); }

    /// See Session::consumed. `rtt` for tuning the window.
    void consumed(Time now, uint64_t taken, uint64_t delivered, bool finished, Duration rtt);

    /// Whether the peer should soon get a window frame, and when: a past time means now.
    Time window_frame_due() const { return frame_due_; }
    /// Limit and delivered for a window frame that is being sent.
    uint64_t limit() const { return limit_; }
    uint64_t delivered() const { return delivered_ + (end_consumed_ ? 1 : 0); }
    void on_window_frame_sent();
    void on_window_frame_lost() { frame_due_ = Time{}; }

    /// A skip was passed.
    struct Passed {
        uint64_t from = 0, to = 0;
        uint64_t kept = 0;  ///< up to there everything was there
        bool due = true;    ///< the peer is to be told (again)
    };
    /// The next one to tell the peer of; null: none.
    const Passed* passed_due() const;
    void on_passed_sent();
    /// Of the one that ends at `to`.
    void on_passed_acked(uint64_t to);
    void on_passed_lost(uint64_t to);
    void on_all_lost();

    uint64_t highest() const { return highest_; }
    uint64_t taken() const { return taken_; }
    uint64_t window() const { return window_; }
    /// The end of the stream is known, and counted as sent.
    bool size_known() const { return final_size_.has_value(); }
    bool ended() const { return final_size_ && next_ == *final_size_; }
    /// The application has passed everything on, the end included.
    bool complete() const { return end_consumed_; }

  private:
    Result<uint64_t> grow(uint64_t end);
    // Out of order: bytes, or a skip, which has none.
    struct Piece {
        Chunk data;
        uint64_t skipped = 0;
        uint64_t size() const { return skipped > 0 ? skipped : data.size(); }
    };
    void drop_pieces(uint64_t from, uint64_t to);
    /// Whether another skip meets it; `same`: that skip is the same one.
    bool meets_skip(uint64_t from, uint64_t to, bool& same) const;
    void pass(uint64_t from, uint64_t to);
    void take_in_order();

    std::vector<Chunk> ready_;          // in order, not yet read
    std::vector<Cut> cuts_;             // among ready_
    std::map<uint64_t, Piece> pieces_;  // by offset; disjoint
    std::vector<Passed> passed_;        // skips whose answer has not been acknowledged
    size_t skips_ahead_ = 0;            // of pieces_
    uint64_t next_ = 0;                 // offset behind the last byte in order
    uint64_t highest_ = 0;
    std::optional<uint64_t> final_size_;
    bool end_read_ = false, end_consumed_ = false;
    uint64_t taken_ = 0, delivered_ = 0;
    uint64_t window_, window_max_, limit_;
    uint64_t limit_sent_ = window_, delivered_sent_ = 0;
    uint64_t tuned_at_ = 0;  // taken_ when the window was last looked at
    Time tuned_when_{};
    Time frame_due_ = time_never;
};

}  // namespace stt
