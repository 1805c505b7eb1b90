// SPDX-License-Identifier: LGPL-2.1-or-later
/// All streams of one session: it opens and ends them, hands them what arrives, and shares packets among
/// them.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "core/base/trace.hpp"
#include "core/proto/send_scheduler.hpp"
#include "core/proto/session_config.hpp"
#include "core/proto/session_event.hpp"
#include "core/proto/session_window.hpp"
#include "core/proto/stream.hpp"
#include "core/proto/stream_ids.hpp"
#include "core/proto/window_schedule.hpp"
#include "core/wire/handshake_packet.hpp"

namespace stt {

/// Stream events for the application.
using StreamNews = std::variant<event::StreamOpened, event::StreamReadable, event::StreamProgress,
                                event::StreamSkipped, event::StreamClosed, event::ErrorNoted>;

/// Belongs to one session, whose thread calls it. A frame, a packet or a call of the application costs what
/// its streams cost, and at most O(log n) in the number of all streams. Only resume() and fill_account(),
/// which happen once in a session, visit all of them.
class StreamTable {
  public:
    /// `caller` means that this side's own streams have even ids; otherwise they have odd ids. `window_max`
    /// is SessionConfig::max_window.
    StreamTable(bool caller, uint64_t window_max, uint64_t max_streams, Trace trace = {});
    /// The peer's limits are known, and streams may be opened.
    void start(const SessionLimits& peer);
    /// A new session takes over these streams. The keys, packets and acknowledgements of the earlier session
    /// are gone. Everything that was in flight is sent again, including limits and pending reports. `peer`
    /// holds the limits for streams opened later, and `trace` is that of the new session.
    void resume(const SessionLimits& peer, Trace trace = {});
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
    uint64_t written(StreamId id) const;
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
    void on_session_window(const SessionWindowFrame& frame) { window_.on_limit(frame.limit); }
    Status on_stream_window(const StreamWindowFrame& frame);
    Status on_skip(const StreamSkipFrame& frame);
    Status on_skipped(const StreamSkippedFrame& frame);

    // Frames to be sent.

    /// Returns whether there is anything to write now, including window updates that are due.
    bool pending(Time now) const { return control_pending(now) || data_pending(); }
    bool control_pending(Time now) const {
        return !control_.empty() || window_.frame_due() || stream_windows_.next() <= now;
    }
    bool data_pending() const { return scheduler_.pending(window_.credit() > 0); }
    /// Appends the control frames that are due. What does not fit is left to the next packet. The frames of
    /// further streams may still fit, of which only a few are tried.
    void fill_control(Time now, ByteWriter& out, SentFrames& sent);
    /// Writes the final delivery report for the session's last packet: how much of each stream was delivered.
    /// It leaves space for SESSION_CLOSE, and omits each stream whose frame does not fit.
    void fill_account(ByteWriter& out) const;
    /// Appends stream data. Streams of equal priority take turns.
    void fill_data(ByteWriter& out, SentFrames& sent);
    void on_acked(const SentFrames& sent);
    void on_lost(const SentFrames& sent);
    /// Returns when a window frame becomes due.
    Time next_timeout() const { return stream_windows_.next(); }
    /// Returns whether there is a stream that is not known to both sides to be over.
    bool any() const { return !streams_.empty(); }

  private:
    /// The largest number of streams beyond the limit whose refusal the peer has not confirmed.
    static constexpr uint64_t refusals_max = 64;
    /// The largest number of remembered ranges of used ids when the peer opens a stream. They take 64 KiB,
    /// and reordering never makes nearly as many.
    static constexpr size_t id_ranges_max = 4096;
    /// The largest number of streams per packet whose control frames do not fit. With less space left than
    /// this many bytes, none is tried.
    static constexpr unsigned control_misfits_max = 8;
    static constexpr size_t control_space_min = 16;

    Stream* find(StreamId id);
    const Stream* find(StreamId id) const;
    /// Returns the stream that a frame concerns, and creates it if the peer may open it. Returns null if the
    /// frame must be ignored.
    Stream* for_frame(StreamId id);
    Stream* accept(StreamId id);
    /// Charges bytes that the peer has sent for the first time to the session's window.
    Status charge(const Result<uint64_t>& growth);
    void report_readable(Stream& stream);
    void report_progress(Stream& stream);
    void reset(Stream& stream, const Error& error);
    /// `stream` is over. It does not count against the peer's limit any more.
    void on_over(const Stream& stream);
    /// Forgets the stream if it is done. The reference is invalid after that.
    void forget_if_done(Stream& stream);

    // What a stream has to send may have changed.
    void schedule_data(const Stream& stream) {
        scheduler_.set(stream.id(), stream.priority(), stream.pending());
    }
    void schedule_control(const Stream& stream) {
        if (stream.control_due()) control_.insert(stream.id());
    }
    void schedule_window(const Stream& stream) {
        stream_windows_.set(stream.id(), stream.receive.window_frame_due());
    }
    void fill_windows(Time now, ByteWriter& out, SentFrames& sent);
    /// Reports that `stream`, which has just sent new data, must wait for a window before it sends more.
    void trace_blocked(const Stream& stream) const;

    Trace trace_;
    uint64_t window_max_, max_streams_;
    SessionLimits peer_{};
    StreamIds ids_;
    std::map<StreamId, Stream> streams_;
    uint64_t ours_ = 0;         // number of streams that this side has opened
    uint64_t theirs_open_ = 0;  // number of streams that the peer has opened and that are not over

    SessionWindow window_;
    SendScheduler scheduler_;        // the streams with data to send
    std::set<StreamId> control_;     // streams that may have control frames to send
    WindowSchedule stream_windows_;  // the streams with a window frame to send

    std::vector<StreamNews> news_;
    std::vector<StreamId> progressed_;  // streams with progress_unreported
    bool refusal_reported_ = false;     // the excess of streams was reported to the application
};

}  // namespace stt
