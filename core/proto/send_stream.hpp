// SPDX-License-Identifier: LGPL-2.1-or-later
/// The sending half of a stream: what was written, what is under way, what the peer has.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "core/proto/offset_ranges.hpp"
#include "core/proto/sent_packet.hpp"
#include "core/wire/message.hpp"

namespace stt {

/// A range of a stream that holds whole messages which will not be sent (again).
struct StreamSkip {
    uint64_t from = 0, to = 0;
    bool operator==(const StreamSkip&) const = default;
};

class SendStream {
  public:
    /// Skips that the peer has not answered. In an outage a live stream makes one for each time that
    /// something stands which must not be lost; beyond this many, what is stale is sent.
    static constexpr size_t skips_max = 64;

    explicit SendStream(uint64_t limit) : limit_(limit) {}

    void write(OutMessage message);
    /// Nothing follows what was written.
    void finish() {
        if (fin_ == Fin::open) fin_ = Fin::written;
    }
    bool finish_written() const { return fin_ != Fin::open; }

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

    /// How many more ranges may be skipped now.
    size_t skips_left() const { return skips_max - std::min(skips_max, skips_.size()); }
    /// Offset up to which a skip may reach: like data it counts against the windows.
    uint64_t skip_limit(uint64_t session_credit) const;
    /// Whole messages, above all skips before, up to skip_limit(): nothing of them is sent any more, and
    /// their memory is let go. Returns by how much `sent` grew (for the session's window).
    uint64_t skip(const StreamSkip& range);
    /// A skip that the peer is to be told of; null: none.
    const StreamSkip* skip_due() const;
    void on_skip_sent();
    /// Of the one that ends at `to`.
    void on_skip_lost(uint64_t to);
    /// The peer has passed the skip that ends at `to`: what it was; null: no such skip is open.
    std::optional<StreamSkip> on_skipped(uint64_t to);

    bool fin_due() const { return (fin_ == Fin::written || fin_ == Fin::lost) && sent_ == written_; }
    void on_fin_sent() { fin_ = Fin::sent; }
    void on_fin_lost() {
        if (fin_ == Fin::sent) fin_ = Fin::lost;
    }
    void on_fin_acked() { fin_ = Fin::acked; }

    uint64_t written() const { return written_; }
    uint64_t sent() const { return sent_; }
    uint64_t acked() const { return acked_base_; }
    uint64_t delivered() const { return delivered_ < written_ ? delivered_ : written_; }
    uint64_t limit() const { return limit_; }
    /// Bytes that are kept to be sent, or sent again.
    uint64_t held() const;
    bool end_delivered() const { return finish_written() && delivered_ > written_; }
    /// Everything, the end included, is acknowledged.
    bool complete() const { return fin_ == Fin::acked && acked_base_ == written_; }

  private:
    struct Segment {
        uint64_t offset = 0;
        OutMessage message;
        uint64_t end() const { return offset + message.size(); }
    };
    size_t find_segment(uint64_t offset);
    void on_acked(uint64_t begin, uint64_t end);
    void release_acked();
    void lose(uint64_t begin, uint64_t end);
    struct OpenSkip {
        StreamSkip range;
        bool due = true;  // the peer is to be told (again)
    };
    std::vector<OpenSkip>::iterator find_skip(uint64_t to);

    std::deque<Segment> segments_;  // from the first not wholly acknowledged one on
    size_t cursor_ = 0;             // segment where the last copy ended: new data is copied in order
    uint64_t written_ = 0, sent_ = 0, acked_base_ = 0, delivered_ = 0;
    uint64_t limit_;
    OffsetRanges acked_;  // above acked_base_
    OffsetRanges lost_;   // to be sent, again or below `sent_` for the first time
    std::vector<OpenSkip> skips_;
    enum class Fin : uint8_t {
        open,     // more may be written
        written,  // STREAM_FIN has never left
        sent,
        lost,  // a copy taken for lost may arrive all the same
        acked,
    } fin_ = Fin::open;
};

}  // namespace stt
