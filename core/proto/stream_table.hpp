// SPDX-License-Identifier: LGPL-2.1-or-later
/// All streams of one session: it opens and ends them, shares packets among them, and maintains the session's
/// window.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/proto/receive_stream.hpp"
#include "core/proto/send_stream.hpp"
#include "core/proto/session_config.hpp"
#include "core/proto/session_event.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// Stream events for the application.
using StreamNews = std::variant<event::StreamOpened, event::StreamReadable, event::StreamProgress,
                                event::StreamSkipped, event::StreamClosed, event::ErrorNoted>;

class StreamTable {
  public:
    /// `caller` means that this side's own streams have even ids; otherwise they have odd ids. `window_max`
    /// is SessionConfig::max_window.
    StreamTable(bool caller, uint64_t window_max, uint64_t max_streams);
    /// The peer's limits are known, and streams may be opened.
    void start(const SessionLimits& peer);
    /// A new session takes over these streams. The keys, packets and acknowledgements of the earlier session
    /// are gone. Everything that was in flight is sent again, including limits and pending reports. `peer`
    /// holds the limits for streams opened later.
    void resume(const SessionLimits& peer);
    /// Returns the initial limits that this side grants the peer.
    SessionLimits initial_limits() const;

    // The application's side; see Session.
    Result<StreamId> open(std::vector<uint8_t> header, uint8_t priority, std::optional<StreamId> id);
    bool write(StreamId id, OutMessage message);
    bool finish(StreamId id);
    void reset(StreamId id, const Error& error);
    ReceiveStream::Read read(StreamId id);
    void consumed(Time now, StreamId id, uint64_t taken, uint64_t delivered, bool finished, Duration rtt);
    uint64_t unacknowledged(StreamId id) const;
    uint64_t unsent(StreamId id) const;
    uint64_t held(StreamId id) const;
    uint64_t skip_limit(StreamId id) const;
    size_t skips_left(StreamId id) const;
    void skip(StreamId id, const StreamSkip& range);
    /// Appends the events since the last call to `news`.
    void take_news(std::vector<StreamNews>& news);

    // Received frames. An error ends the session.
    Status on_open(const StreamOpenFrame& frame);
    Status on_data(StreamId id, uint64_t offset, Chunk data);
    Status on_fin(const StreamFinFrame& frame);
    Status on_close(const StreamCloseFrame& frame);
    void on_session_window(const SessionWindowFrame& frame);
    Status on_stream_window(const StreamWindowFrame& frame);
    Status on_skip(const StreamSkipFrame& frame);
    Status on_skipped(const StreamSkippedFrame& frame);

    // Frames to be sent.

    /// Returns whether there is anything to write now, including window updates that are due.
    bool pending(Time now) const { return control_pending(now) || data_pending(); }
    bool control_pending(Time now) const;
    bool data_pending() const;
    /// Appends the control frames that are due.
    void fill_control(Time now, ByteWriter& out, SentFrames& sent);
    /// Writes the final delivery report for the session's last packet: how much of each stream was delivered.
    /// It leaves space for SESSION_CLOSE, and omits each stream whose frame does not fit.
    void fill_account(ByteWriter& out) const;
    /// Appends stream data. Streams of equal priority take turns.
    void fill_data(ByteWriter& out, SentFrames& sent);
    void on_acked(const SentFrames& sent);
    void on_lost(const SentFrames& sent);
    /// Returns when a window frame becomes due.
    Time next_timeout() const;
    /// Returns whether there is a stream that is not known to both sides to be over.
    bool any() const { return !streams_.empty(); }

  private:
    struct Stream {
        Stream(uint64_t send_limit, uint64_t window, uint64_t window_max)
            : send(send_limit), receive(window, window_max) {}
        SendStream send;
        ReceiveStream receive;
        bool ours = false;
        /// For a stream of this side: STREAM_OPEN is due, was sent, or was acknowledged. For a stream of the
        /// peer: STREAM_OPEN has not arrived, or has.
        enum class Opening : uint8_t { none, announced, acked } opening = Opening::none;
        uint8_t priority = 0;
        std::vector<uint8_t> header;
        bool readable_told = false, progress_changed = false;
        // Abrupt end.
        enum class Reset : uint8_t { none, due, sent, acked } reset = Reset::none;  // own STREAM_CLOSE
        bool reset_by_peer = false;  // STREAM_CLOSE of the peer arrived
        Error reset_error;
        bool final_window_acked = false;  // the peer knows that this side has delivered the end

        bool announced() const { return opening != Opening::none; }
        /// Returns whether this side has reset the stream, or answered a reset by the peer.
        bool is_reset() const { return reset != Reset::none; }
        /// Returns whether neither side expects anything more of the stream.
        bool over() const { return is_reset() || (receive.complete() && send.end_delivered()); }
        /// Returns whether the stream is over and both sides know that.
        bool done() const;
    };
    using Streams = std::map<StreamId, Stream>;

    /// The largest number of streams beyond the limit whose refusal the peer has not confirmed.
    static constexpr uint64_t refusals_max = 64;
    /// The largest number of remembered ranges of ended streams' ids. They take 64 KiB, and reordering never
    /// makes nearly as many.
    static constexpr size_t retired_ranges_max = 4096;

    bool is_ours(StreamId id) const { return (id % 2 == 0) == caller_; }
    /// Maps the ids of each side to consecutive numbers, so that ranges of them join.
    static uint64_t retired_key(StreamId id) { return id % 2 << 62 | id / 2; }
    bool is_retired(StreamId id) const { return retired_.contains(retired_key(id)); }
    Stream* find(StreamId id);
    const Stream* find(StreamId id) const;
    /// Returns the stream that a frame concerns, and creates it if the peer may open it. Returns null if the
    /// frame must be ignored.
    Stream* for_frame(StreamId id);
    Status account(const Result<uint64_t>& growth);
    void tell_readable(StreamId id, Stream& stream);
    void mark_progress(StreamId id, Stream& stream);
    void reset(StreamId id, Stream& stream, const Error& error);
    void retire_if_done(StreamId id);
    uint64_t session_credit() const;
    void update_session_limit();
    /// Returns the stream whose turn it is to send data, or the end iterator.
    Streams::iterator next_to_send();
    static bool control_due(const Stream& stream);
    void fill_stream_control(StreamId id, Stream& stream, ByteWriter& out, SentFrames& sent);
    void fill_skips(StreamId id, Stream& stream, ByteWriter& out, SentFrames& sent);
    void fill_windows(Time now, ByteWriter& out, SentFrames& sent);
    void on_control(const ControlRecord& record, bool acked);

    bool caller_;
    uint64_t window_max_, max_streams_;
    SessionLimits peer_{};
    Streams streams_;
    uint64_t ours_open_ = 0;  // streams in streams_ that this side has opened
    // This side has opened no stream with this id or a higher one, except where the application chose the id.
    StreamId next_id_;
    OffsetRanges retired_;  // indexed by retired_key()
    std::vector<StreamNews> news_;
    bool refusal_told_ = false;      // the excess of streams was reported to the application
    std::vector<StreamId> changed_;  // streams whose progress changed since take_news()
    StreamId last_served_ = no_stream;
    // Streams that may have STREAM_OPEN, STREAM_SKIP, STREAM_SKIPPED, STREAM_FIN or STREAM_CLOSE to send.
    std::set<StreamId> control_;
    std::set<StreamId> active_;          // streams that may have data to send
    Time window_frame_at_ = time_never;  // earliest due window frame of all streams; never too late

    // The session window for sending: the sum of the highest offsets sent, and what the peer permits.
    uint64_t sent_total_ = 0, sent_limit_ = 0;
    // The session window for receiving.
    uint64_t received_total_ = 0, taken_total_ = 0, receive_limit_, receive_limit_sent_;
    bool session_window_due_ = false;
};

}  // namespace stt
