// SPDX-License-Identifier: LGPL-2.1-or-later
/// The sending half of a stream: what was written, what is under way, what the peer has.
#pragma once

#include <deque>

#include "core/proto/offset_ranges.hpp"
#include "core/proto/sent_packet.hpp"
#include "core/wire/message.hpp"

namespace stt {

class SendStream {
  public:
    explicit SendStream(uint64_t limit) : limit_(limit) {}

    void write(OutMessage message);
    /// Nothing follows what was written.
    void finish() { finish_written_ = true; }
    bool finish_written() const { return finish_written_; }

    /// The peer lets us send up to `limit` and has consumed up to `delivered`; both only ever grow. The end
    /// of the stream counts as one more consumed byte.
    void on_window(uint64_t limit, uint64_t delivered);

    struct Piece {
        uint64_t offset = 0;
        uint64_t size = 0;
        bool again = false;  ///< a retransmission: already counted against the windows
    };
    /// What should leave next, retransmissions first. `session_credit`: new bytes the session's window
    /// allows. Size 0: nothing.
    Piece next(uint64_t session_credit) const;
    /// Copies bytes `offset` … into `out`, all of them written and not yet acknowledged.
    void copy(uint64_t offset, MutableBytes out);
    /// The first `size` bytes of `piece` left.
    void on_sent(const Piece& piece, uint64_t size);
    void on_acked(const StreamRange& range);
    void on_lost(const StreamRange& range);
    /// Nothing is under way any more: what was sent and not acknowledged is lost.
    void on_all_lost();

    bool fin_due() const {
        return finish_written_ && sent_ == written_ && !fin_acked_ && (!fin_sent_ || fin_lost_);
    }
    void on_fin_sent() {
        fin_sent_ = true;
        fin_lost_ = false;
    }
    void on_fin_lost() { fin_lost_ = true; }
    void on_fin_acked() { fin_acked_ = true; }

    uint64_t written() const { return written_; }
    uint64_t sent() const { return sent_; }
    uint64_t acked() const { return acked_base_; }
    uint64_t delivered() const { return delivered_ < written_ ? delivered_ : written_; }
    uint64_t limit() const { return limit_; }
    bool end_delivered() const { return finish_written_ && delivered_ > written_; }
    /// Everything, the end included, is acknowledged.
    bool complete() const { return fin_acked_ && acked_base_ == written_; }
    bool blocked_by_stream() const { return sent_ < written_ && sent_ >= limit_; }

  private:
    struct Segment {
        uint64_t offset = 0;
        OutMessage message;
        uint64_t end() const { return offset + message.size(); }
    };
    size_t find_segment(uint64_t offset);
    void release_acked();
    void lose(uint64_t begin, uint64_t end);

    std::deque<Segment> segments_;  // from the first not wholly acknowledged one on
    size_t cursor_ = 0;             // segment where the last copy ended: new data is copied in order
    uint64_t written_ = 0, sent_ = 0, acked_base_ = 0, delivered_ = 0;
    uint64_t limit_;
    OffsetRanges acked_;  // above acked_base_
    OffsetRanges lost_;   // to be sent again
    bool finish_written_ = false;
    bool fin_sent_ = false;  // at least once: a copy taken for lost may arrive all the same
    bool fin_lost_ = false, fin_acked_ = false;
};

}  // namespace stt
