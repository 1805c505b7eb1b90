// SPDX-License-Identifier: LGPL-2.1-or-later
/// The sending half of a stream: what was written, what is in flight, and what the peer has.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "core/proto/offset_ranges.hpp"
#include "core/proto/sent_packet.hpp"
#include "core/wire/message.hpp"

namespace stt {

/// A range of a stream, made of whole messages, that will not be sent or sent again.
struct StreamSkip {
    uint64_t from = 0, to = 0;
    bool operator==(const StreamSkip&) const = default;
};

class SendStream {
  public:
    /// The largest number of skips that the peer has not answered. In an outage, a live stream makes one skip
    /// before each item that must not be dropped. Beyond this number, stale data is sent.
    static constexpr size_t skips_max = 64;

    /// The states of RFC 9000, section 3.1. Ready and Send of the RFC are one state, because nothing depends
    /// on the difference. Its Data Sent is divided by what became of STREAM_FIN, which is a frame of its own.
    /// Its Reset Sent and Reset Recvd are states of Stream, because a reset concerns both halves.
    enum class State : uint8_t {
        send,        ///< more may be written
        finished,    ///< the end is written, but STREAM_FIN was never sent
        data_sent,   ///< everything was sent, and STREAM_FIN is in flight
        fin_lost,    ///< STREAM_FIN must be sent again, but the copy that was declared lost may still arrive
        fin_recvd,   ///< STREAM_FIN is acknowledged, but some data is not
        data_recvd,  ///< everything is acknowledged
    };

    /// `limit` is the offset up to which the peer permits sending at first.
    explicit SendStream(uint64_t limit) : limit_(limit) {}

    State state() const { return state_; }
    void write(OutMessage message);
    /// Nothing follows what was written.
    void finish() {
        if (state_ == State::send) enter(State::finished);
    }
    bool finish_written() const { return state_ != State::send; }

    /// The peer permits sending up to `limit` and has consumed up to `delivered`. Neither value ever
    /// decreases. The end of the stream counts as one more consumed byte.
    void on_window(uint64_t limit, uint64_t delivered);

    /// What there is to send within the stream's window.
    enum class Pending : uint8_t {
        nothing,
        new_data,   ///< only data that counts against the session's window
        lost_data,  ///< data that has been counted before, and perhaps new data
    };
    Pending pending() const {
        if (!lost_.empty()) return Pending::lost_data;
        return std::min(written_, limit_) > sent_ ? Pending::new_data : Pending::nothing;
    }

    struct Piece {
        uint64_t offset = 0;
        uint64_t size = 0;
        bool again = false;  ///< retransmission, already counted against the windows
    };
    /// Returns what should leave next, retransmissions first. `session_credit` is the number of new bytes
    /// that the session's window permits. Size 0 means that there is nothing to send.
    Piece next(uint64_t session_credit) const;
    /// Copies the bytes from `offset` into `out`. All of them must be written, not skipped and not yet
    /// acknowledged.
    void copy(uint64_t offset, MutableBytes out);
    /// The first `size` bytes of `piece` have left.
    void on_sent(const Piece& piece, uint64_t size);
    void on_acked(const StreamRange& range);
    void on_lost(const StreamRange& range);
    /// Nothing is in flight any more. What was sent and not acknowledged is lost.
    void on_all_lost();

    /// Returns how many more ranges may be skipped now.
    size_t skips_left() const { return skips_max - std::min(skips_max, skips_.size()); }
    /// Returns the offset up to which a skip may reach. A skip counts against the windows like data.
    uint64_t skip_limit(uint64_t session_credit) const;
    /// Skips `range`, which holds whole messages after all earlier skips and up to skip_limit(). Nothing of
    /// it is sent any more, and its memory is released. Returns by how many bytes sent() grew, which counts
    /// against the session's window.
    uint64_t skip(const StreamSkip& range);
    /// Returns a skip that must be reported to the peer, or null.
    const StreamSkip* skip_due() const;
    /// The skip that was due has been reported.
    void on_skip_sent();
    /// `to` names the skip by its end.
    void on_skip_lost(uint64_t to);
    /// The peer has passed the skip that ends at `to`. Returns that skip, or null if no such skip is open.
    std::optional<StreamSkip> on_skipped(uint64_t to);

    /// Returns whether STREAM_FIN must be sent (again).
    bool fin_due() const {
        return (state_ == State::finished || state_ == State::fin_lost) && sent_ == written_;
    }
    /// STREAM_FIN, which was due, has left.
    void on_fin_sent();
    void on_fin_lost() {
        if (state_ == State::data_sent) enter(State::fin_lost);
    }
    /// STREAM_FIN, which was sent, is acknowledged. A copy of it may be acknowledged later.
    void on_fin_acked();

    uint64_t written() const { return written_; }
    uint64_t sent() const { return sent_; }
    uint64_t acked() const { return acked_base_; }
    uint64_t delivered() const { return delivered_ < written_ ? delivered_ : written_; }
    uint64_t limit() const { return limit_; }
    /// Returns the number of bytes kept in order to be sent or sent again.
    uint64_t held() const;
    bool end_delivered() const { return finish_written() && delivered_ > written_; }
    /// Returns whether everything, including the end, is acknowledged.
    bool complete() const { return state_ == State::data_recvd; }

  private:
    struct Segment {
        uint64_t offset = 0, size = 0;
        OutMessage message;  // empty once it was skipped
        uint64_t end() const { return offset + size; }
        bool skipped() const { return message.size() == 0; }
    };
    void enter(State next);
    bool fin_sent() const { return state_ != State::send && state_ != State::finished; }
    size_t find_segment(uint64_t offset);
    void on_acked(uint64_t begin, uint64_t end);
    void release_acked();
    void lose(uint64_t begin, uint64_t end);
    struct OpenSkip {
        StreamSkip range;
        bool due = true;  // the peer must be informed (again)
    };
    std::vector<OpenSkip>::iterator find_skip(uint64_t to);

    std::deque<Segment> segments_;  // from the first segment that is not wholly acknowledged
    size_t cursor_ = 0;  // segment where the latest copy ended, because new data is copied in order
    uint64_t written_ = 0, sent_ = 0, acked_base_ = 0, delivered_ = 0;
    uint64_t limit_;
    OffsetRanges acked_;  // above acked_base_
    OffsetRanges lost_;   // to be sent, either again or, below `sent_`, for the first time
    std::vector<OpenSkip> skips_;
    State state_ = State::send;
};

}  // namespace stt
