// SPDX-License-Identifier: LGPL-2.1-or-later
/// All streams of one session: opening and ending them, sharing packets among them, the session's window.
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

/// What of a session's streams concerns the application.
using StreamNews = std::variant<event::StreamOpened, event::StreamReadable, event::StreamProgress,
                                event::StreamSkipped, event::StreamClosed, event::ErrorNoted>;

class StreamTable {
  public:
    /// `caller`: our own streams have even ids, else odd ones. `window_max`: SessionConfig::max_window.
    StreamTable(bool caller, uint64_t window_max, uint64_t max_streams);
    /// The peer's limits are known: streams may be opened.
    void start(const SessionLimits& peer);
    /// A new session goes on with the streams of one whose keys, packets and acknowledgements are gone:
    /// everything that was under way is sent again, limits and news included. `peer`: for streams opened
    /// later.
    void resume(const SessionLimits& peer);
    /// What we grant the peer at first.
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
    /// Moves what is new since the last call to the end of `news`.
    void take_news(std::vector<StreamNews>& news);

    // Frames that arrived. An error ends the session.
    Status on_open(const StreamOpenFrame& frame);
    Status on_data(StreamId id, uint64_t offset, Chunk data);
    Status on_fin(const StreamFinFrame& frame);
    Status on_close(const StreamCloseFrame& frame);
    void on_session_window(const SessionWindowFrame& frame);
    Status on_stream_window(const StreamWindowFrame& frame);
    Status on_skip(const StreamSkipFrame& frame);
    Status on_skipped(const StreamSkippedFrame& frame);

    // Frames to send.

    /// Whether fill() would write anything now, window updates that are due included.
    bool pending(Time now) const { return control_pending(now) || data_pending(); }
    bool control_pending(Time now) const;
    bool data_pending() const;
    /// Appends control frames that are due.
    void fill_control(Time now, ByteWriter& out, SentFrames& sent);
    /// Writes how far every stream's data has gone downstream, for the session's last packet.
    void fill_account(ByteWriter& out) const;
    /// Appends stream data; streams take turns.
    void fill_data(ByteWriter& out, SentFrames& sent);
    void on_acked(const SentFrames& sent);
    void on_lost(const SentFrames& sent);
    /// When a window frame falls due.
    Time next_timeout() const;
    /// Whether a stream is left that both sides do not know to be over.
    bool any() const { return !streams_.empty(); }

  private:
    struct Stream {
        Stream(uint64_t send_limit, uint64_t window, uint64_t window_max)
            : send(send_limit), receive(window, window_max) {}
        SendStream send;
        ReceiveStream receive;
        bool ours = false;
        /// STREAM_OPEN of a stream of ours is due, has left, has arrived; one of theirs has not come, or has.
        enum class Opening : uint8_t { none, announced, acked } opening = Opening::none;
        uint8_t priority = 0;
        std::vector<uint8_t> header;
        bool readable_told = false, progress_changed = false;
        // Abrupt end.
        enum class Reset : uint8_t { none, due, sent, acked } reset = Reset::none;  // our STREAM_CLOSE
        bool reset_by_peer = false;                                                 // theirs came
        Error reset_error;
        bool final_window_acked = false;  // the peer knows that we consumed the end

        bool announced() const { return opening != Opening::none; }
        /// We have ended it abruptly, or answered the peer's doing so.
        bool is_reset() const { return reset != Reset::none; }
        /// Neither side expects anything more of it.
        bool over() const { return is_reset() || (receive.complete() && send.end_delivered()); }
        /// … and both know that.
        bool done() const;
    };
    using Streams = std::map<StreamId, Stream>;

    /// Streams beyond the limit whose refusal the peer has yet to confirm.
    static constexpr uint64_t refusals_max = 64;
    /// Gaps in the ids of ended streams that are remembered: 64 KiB, and far more than out of order can mean.
    static constexpr size_t retired_ranges_max = 4096;

    bool is_ours(StreamId id) const { return (id % 2 == 0) == caller_; }
    /// Each side's ids without gaps, so that ranges of them join.
    static uint64_t retired_key(StreamId id) { return id % 2 << 62 | id / 2; }
    bool is_retired(StreamId id) const { return retired_.contains(retired_key(id)); }
    Stream* find(StreamId id);
    const Stream* find(StreamId id) const;
    /// The stream a frame concerns, made if the peer may open it; null: ignore the frame.
    Stream* for_frame(StreamId id);
    Status account(const Result<uint64_t>& growth);
    void tell_readable(StreamId id, Stream& stream);
    void mark_progress(StreamId id, Stream& stream);
    void reset(StreamId id, Stream& stream, const Error& error);
    void retire_if_done(StreamId id);
    uint64_t session_credit() const;
    void update_session_limit();
    /// The stream whose turn it is to send data, or the end.
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
    uint64_t ours_open_ = 0;  // of streams_, those that this side has opened
    StreamId next_id_;        // this side has opened none from here on without being told the id
    OffsetRanges retired_;    // by retired_key
    std::vector<StreamNews> news_;
    bool refusal_told_ = false;      // that the peer opens more streams than it may
    std::vector<StreamId> changed_;  // streams whose progress changed since take_news
    StreamId last_served_ = no_stream;
    // Streams that may have STREAM_OPEN, STREAM_SKIP, STREAM_SKIPPED, STREAM_FIN or STREAM_CLOSE to send.
    std::set<StreamId> control_;
    std::set<StreamId> active_;          // streams that may have data to send
    Time window_frame_at_ = time_never;  // earliest window frame due, over all streams; never too late

    // Session window, sending: sum of highest offsets sent against what the peer allows.
    uint64_t sent_total_ = 0, sent_limit_ = 0;
    // … and receiving.
    uint64_t received_total_ = 0, taken_total_ = 0, receive_limit_, receive_limit_sent_;
    bool session_window_due_ = false;
};

}  // namespace stt
