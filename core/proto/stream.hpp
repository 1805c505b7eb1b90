// SPDX-License-Identifier: LGPL-2.1-or-later
/// One stream of a session: how it was opened, its two halves, and how it ends.
#pragma once

#include <vector>

#include "core/base/error.hpp"
#include "core/proto/receive_stream.hpp"
#include "core/proto/send_stream.hpp"
#include "core/proto/sent_packet.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Belongs to one StreamTable, whose thread calls it. The table decides when a stream sends. Control frames
/// are all frames of the stream but DATA and STREAM_WINDOW.
class Stream {
  public:
    /// Who opened the stream, and what became of STREAM_OPEN.
    enum class Opening : uint8_t {
        due,       ///< this side opened the stream, and STREAM_OPEN must be sent (again)
        sent,      ///< STREAM_OPEN is in flight
        acked,     ///< the peer has STREAM_OPEN
        awaited,   ///< the peer opened the stream, but STREAM_OPEN has not arrived, only a later frame
        received,  ///< STREAM_OPEN of the peer has arrived
    };
    /// How the whole stream ends: either both halves are delivered, or a reset ends both. The states of a
    /// reset are those of STREAM_CLOSE of this side, and stand for Reset Sent and Reset Recvd of RFC 9000,
    /// section 3.1. The peer's STREAM_CLOSE leads to them, too, because it is answered by one.
    enum class State : uint8_t {
        open,
        ended,        ///< each side has delivered everything, including the end
        reset_due,    ///< STREAM_CLOSE must be sent (again)
        reset_sent,   ///< STREAM_CLOSE is in flight
        reset_recvd,  ///< the peer has STREAM_CLOSE
    };

    /// The bytes that may be sent at first.
    struct Windows {
        uint64_t send;         ///< by this side
        uint64_t receive;      ///< by the peer
        uint64_t receive_max;  ///< by the peer beyond what was taken, at the most
    };
    /// A stream that this side opens. `header` is the content of STREAM_OPEN. Streams with a higher
    /// `priority` are served first, by either side.
    Stream(StreamId id, const Windows& windows, uint8_t priority, std::vector<uint8_t> header);
    /// A stream that the peer opens.
    Stream(StreamId id, const Windows& windows);

    SendStream send;
    ReceiveStream receive;

    /// An event for the application that the table has reported or is about to report.
    bool readable_reported = false;    ///< StreamReadable, since the last read()
    bool progress_unreported = false;  ///< StreamProgress will be reported by StreamTable::take_news()

    StreamId id() const { return id_; }
    uint8_t priority() const { return priority_; }
    const std::vector<uint8_t>& header() const { return header_; }
    Opening opening() const { return opening_; }
    State state() const { return state_; }
    /// Returns whether this side opened the stream.
    bool ours() const { return opening_ <= Opening::acked; }
    /// Returns whether the application knows the stream: it or the peer has opened it.
    bool known() const { return opening_ != Opening::awaited; }
    bool is_reset() const { return state_ >= State::reset_due; }
    /// Returns whether neither side expects anything more of the stream.
    bool over() const { return state_ != State::open; }
    /// Returns whether the stream is over and both sides know that.
    bool done() const;

    /// STREAM_OPEN of the peer has arrived, for the first time. `header` is copied.
    void on_open(uint8_t priority, Bytes header);
    /// This side ends the stream for `error`, or answers a reset by the peer. It must not be reset already.
    void reset(const Error& error);
    /// Call when a half may have ended. Returns whether the stream is over for this reason.
    bool end_if_delivered();
    /// Nothing is in flight any more, and all frames that may have been lost must be sent again.
    void on_all_lost();

    /// Returns what data there is to send.
    SendStream::Pending pending() const { return is_reset() ? SendStream::Pending::nothing : send.pending(); }
    /// Returns whether there are control frames to send.
    bool control_due() const;
    /// Appends the control frames that are due to `out`, as far as they fit, and their records to `sent`.
    void fill_control(ByteWriter& out, SentFrames& sent);
    /// A frame of the stream that `record` describes is acknowledged or lost.
    void on_acked(const ControlRecord& record);
    void on_lost(const ControlRecord& record);

  private:
    void enter(State next);
    bool fill_open(ByteWriter& out, SentFrames& sent);
    void fill_close(ByteWriter& out, SentFrames& sent);
    void fill_skips(ByteWriter& out, SentFrames& sent);

    const StreamId id_;
    uint8_t priority_ = 0;
    std::vector<uint8_t> header_;
    Opening opening_;
    State state_ = State::open;
    Error reset_error_;  // the content of STREAM_CLOSE
};

}  // namespace stt
