// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/stream_table.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

namespace {

Error local_error(ErrorCode code, Reason reason, std::string text) {
    return make_error(code, reason, ErrorOrigin::local, std::move(text));
}

Error peer_error(ErrorCode code, Reason reason, std::string text) {
    return make_error(code, reason, ErrorOrigin::peer, std::move(text)).proven();
}

/// The largest SESSION_CLOSE: type, length of two bytes, reason, code, sub-code and text.
constexpr size_t close_frame_max = 1 + 2 + 1 + 2 + 1 + frame_text_max;
/// The largest STREAM_WINDOW: type, length and three varints.
constexpr size_t stream_window_frame_max = 1 + 1 + 3 * 8;

}  // namespace

StreamTable::StreamTable(bool caller, uint64_t window_max, uint64_t max_streams, Trace trace)
    : trace_(trace),
      window_max_(window_max),
      max_streams_(max_streams),
      ids_(caller),
      window_(initial_limits().session_window) {}

SessionLimits StreamTable::initial_limits() const {
    const uint64_t window = std::min(window_initial, window_max_);
    return {.session_window = 2 * window, .stream_window = window, .max_streams = max_streams_};
}

void StreamTable::start(const SessionLimits& peer) {
    peer_ = peer;
    window_.on_limit(peer.session_window);
}

void StreamTable::resume(const SessionLimits& peer, Trace trace) {
    trace_ = trace;
    peer_ = peer;
    window_.on_frame_lost();
    for (auto& [id, stream] : streams_) {
        stream.on_all_lost();
        schedule_data(stream);
        schedule_control(stream);
        schedule_window(stream);
        report_progress(stream);
        stream.readable_reported = false;
        report_readable(stream);
    }
}

Stream* StreamTable::find(StreamId id) {
    const auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : &it->second;
}

const Stream* StreamTable::find(StreamId id) const {
    const auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : &it->second;
}

Result<StreamId> StreamTable::open(std::vector<uint8_t> header, uint8_t priority,
                                   std::optional<StreamId> wanted) {
    if (ours_ >= peer_.max_streams)
        return local_error(
            ErrorCode::too_many_streams, Reason::max_streams,
            tr("the session has reached the peer's max-streams of %" PRIu64, peer_.max_streams));
    const StreamId id = wanted.value_or(ids_.next());
    if (!ids_.is_ours(id))
        return local_error(
            ErrorCode::stream_id_conflict, Reason::wrong_side,
            ids_.caller()
                ? tr("only the peer can open stream %" PRIu64 ": a caller's stream ids are even", id)
                : tr("only the peer can open stream %" PRIu64 ": a listener's stream ids are odd", id));
    if (ids_.is_used(id))
        return local_error(ErrorCode::stream_id_conflict, Reason::in_use,
                           tr("stream %" PRIu64 " is in use or was used before", id));
    const Stream::Windows windows{peer_.stream_window, initial_limits().stream_window, window_max_};
    schedule_control(streams_.try_emplace(id, id, windows, priority, std::move(header)).first->second);
    ids_.use(id);
    ours_++;
    trace_([&] { return formatted("stream %" PRIu64 ": opened by this end", id); });
    return id;
}

bool StreamTable::write(StreamId id, OutMessage message) {
    Stream* stream = find(id);
    if (!stream || !stream->known() || stream->send.finish_written() || stream->is_reset()) return false;
    stream->send.write(std::move(message));
    schedule_data(*stream);
    return true;
}

bool StreamTable::finish(StreamId id) {
    Stream* stream = find(id);
    if (!stream || !stream->known()) return false;
    stream->send.finish();
    schedule_control(*stream);
    return true;
}

void StreamTable::reset(StreamId id, const Error& error) {
    Stream* stream = find(id);
    if (stream && !stream->is_reset()) reset(*stream, error);
}

void StreamTable::reset(Stream& stream, const Error& error) {
    trace_([&] {
        return formatted("stream %" PRIu64 ": reset, %s: ", stream.id(), error_name(error.code).data()) +
               error.text;
    });
    if (!stream.over()) on_over(stream);
    stream.reset(error);
    schedule_data(stream);
    schedule_control(stream);
}

void StreamTable::on_over(const Stream& stream) {
    if (stream.ours()) return;
    assert(theirs_open_ > 0);
    theirs_open_--;
}

ReceiveStream::Read StreamTable::read(StreamId id) {
    Stream* stream = find(id);
    if (!stream || stream->is_reset()) return {};
    stream->readable_reported = false;
    return stream->receive.read();
}

void StreamTable::consumed(Time now, StreamId id, uint64_t taken, uint64_t delivered, bool finished,
                           Duration rtt) {
    Stream* stream = find(id);
    if (!stream || stream->is_reset()) return;
    const uint64_t before = stream->receive.taken();
    stream->receive.consumed(now, taken, delivered, finished, rtt);
    window_.grow(stream->receive.window());
    window_.on_taken(stream->receive.taken() - before);
    schedule_window(*stream);
    if (stream->end_if_delivered()) on_over(*stream);
}

uint64_t StreamTable::unacknowledged(StreamId id) const {
    const Stream* stream = find(id);
    return stream ? stream->send.written() - stream->send.acked() : 0;
}

uint64_t StreamTable::written(StreamId id) const {
    const Stream* stream = find(id);
    return stream ? stream->send.written() : 0;
}

uint64_t StreamTable::unsent(StreamId id) const {
    const Stream* stream = find(id);
    return stream ? stream->send.written() - stream->send.sent() : 0;
}

uint64_t StreamTable::held(StreamId id) const {
    const Stream* stream = find(id);
    return stream ? stream->send.held() : 0;
}

uint64_t StreamTable::skip_limit(StreamId id) const {
    const Stream* stream = find(id);
    return stream ? stream->send.skip_limit(window_.credit()) : 0;
}

size_t StreamTable::skips_left(StreamId id) const {
    const Stream* stream = find(id);
    return stream && !stream->is_reset() ? stream->send.skips_left() : 0;
}

void StreamTable::skip(StreamId id, const StreamSkip& range) {
    Stream* stream = find(id);
    if (!stream || stream->is_reset()) return;
    trace_([&] {
        return formatted("stream %" PRIu64 ": this end skips bytes %" PRIu64 " to %" PRIu64, id, range.from,
                         range.to);
    });
    window_.on_sent(stream->send.skip(range));
    schedule_data(*stream);
    schedule_control(*stream);
}

void StreamTable::take_news(std::vector<StreamNews>& news) {
    for (const StreamId id : std::exchange(progressed_, {})) {
        Stream* stream = find(id);
        if (!stream) continue;
        stream->progress_unreported = false;
        const SendStream& send = stream->send;
        if (!stream->is_reset())
            news_.push_back(event::StreamProgress{id, send.acked(), send.delivered(), send.end_delivered()});
        forget_if_done(*stream);
    }
    std::move(news_.begin(), news_.end(), std::back_inserter(news));
    news_.clear();
}

void StreamTable::report_progress(Stream& stream) {
    if (std::exchange(stream.progress_unreported, true)) return;
    progressed_.push_back(stream.id());
}

void StreamTable::report_readable(Stream& stream) {
    if (stream.readable_reported || stream.is_reset() || !stream.known() || !stream.receive.readable())
        return;
    stream.readable_reported = true;
    news_.push_back(event::StreamReadable{stream.id()});
}

Stream* StreamTable::for_frame(StreamId id) {
    if (Stream* stream = find(id)) return stream;
    // A stream of this side either exists or has ended. A frame for one that has ended merely arrived late.
    if (ids_.is_ours(id) || ids_.is_used(id)) return nullptr;
    return accept(id);
}

Stream* StreamTable::accept(StreamId id) {
    // Only a peer that skips every other id makes so many ranges. Further streams that it opens are ignored.
    if (ids_.ranges() >= id_ranges_max) return nullptr;
    // Refusals occupy memory, too. A peer that ignores this many is no longer answered.
    if (streams_.size() - ours_ >= 2 * max_streams_ + refusals_max) return nullptr;
    // The peer has forgotten a stream that is over, or will do so once it receives the final reports of this
    // side. Such streams do not count.
    const bool refused = theirs_open_ >= max_streams_;
    const Stream::Windows windows{peer_.stream_window, initial_limits().stream_window, window_max_};
    Stream& stream = streams_.try_emplace(id, id, windows).first->second;
    ids_.use(id);
    theirs_open_++;
    if (refused) {
        const Error error =
            local_error(ErrorCode::too_many_streams, Reason::max_streams,
                        tr("the session has reached the receiver's max-streams of %" PRIu64, max_streams_));
        // The peer may cause any number of these, but the application receives one report.
        if (!std::exchange(refusal_reported_, true)) news_.push_back(event::ErrorNoted{error, {}});
        reset(stream, error);
    }
    return &stream;
}

Status StreamTable::charge(const Result<uint64_t>& growth) {
    if (!growth.ok()) return growth.error();
    if (!window_.on_received(growth.value()))
        return peer_error(ErrorCode::flow_control_violation, Reason::session_window,
                          tr("the peer sent more than the session's window allows"));
    return success();
}

Status StreamTable::on_open(const StreamOpenFrame& frame) {
    if (ids_.is_ours(frame.stream))
        return peer_error(
            ErrorCode::stream_id_conflict, Reason::wrong_side,
            tr("the peer opened stream %" PRIu64 ", which only this end can open", frame.stream));
    Stream* stream = for_frame(frame.stream);
    if (!stream || stream->known() || stream->is_reset()) return success();
    trace_([&] { return formatted("stream %" PRIu64 ": opened by the peer", frame.stream); });
    stream->on_open(frame.priority, frame.header);
    news_.push_back(event::StreamOpened{frame.stream, frame.priority, stream->header()});
    report_readable(*stream);
    return success();
}

Status StreamTable::on_data(StreamId id, uint64_t offset, Chunk data) {
    Stream* stream = for_frame(id);
    if (!stream) return success();
    if (Status status = charge(stream->receive.on_data(offset, std::move(data))); !status.ok()) return status;
    schedule_control(*stream);
    report_readable(*stream);
    return success();
}

Status StreamTable::on_fin(const StreamFinFrame& frame) {
    Stream* stream = for_frame(frame.stream);
    if (!stream) return success();
    if (Status status = charge(stream->receive.on_fin(frame.final_size)); !status.ok()) return status;
    report_readable(*stream);
    return success();
}

Status StreamTable::on_close(const StreamCloseFrame& frame) {
    Stream* stream = for_frame(frame.stream);
    if (!stream) return success();
    if (Status status = charge(stream->receive.on_fin(frame.final_size)); !status.ok()) return status;
    if (!stream->is_reset()) {
        const auto code = frame.code == 0 ? ErrorCode::stream_closed : static_cast<ErrorCode>(frame.code);
        const bool ended =
            code == ErrorCode::stream_closed && frame.sub_code == static_cast<uint8_t>(StreamSubCode::ended);
        Error error =
            peer_error(code, ended ? Reason::ended : Reason::reset,
                       frame.text.empty() ? tr("the peer ended the stream") : std::string(frame.text));
        error.sub_code = frame.sub_code;
        // The answer reports how much this side had sent.
        reset(*stream, error);
        if (stream->known()) news_.push_back(event::StreamClosed{frame.stream, std::move(error)});
    }
    forget_if_done(*stream);
    return success();
}

Status StreamTable::on_skip(const StreamSkipFrame& frame) {
    Stream* stream = for_frame(frame.stream);
    if (!stream) return success();
    trace_([&] {
        return formatted("stream %" PRIu64 ": the peer skips bytes %" PRIu64 " to %" PRIu64, frame.stream,
                         frame.from, frame.to);
    });
    if (Status status = charge(stream->receive.on_skip(frame.from, frame.to)); !status.ok()) return status;
    schedule_control(*stream);
    report_readable(*stream);
    return success();
}

Status StreamTable::on_skipped(const StreamSkippedFrame& frame) {
    Stream* stream = find(frame.stream);
    if (!stream || stream->is_reset()) return success();
    if (frame.to > stream->send.sent())
        return peer_error(ErrorCode::invalid_frame, Reason::skip,
                          tr("the peer reported a skip of data that was never sent"));
    const std::optional<StreamSkip> skip = stream->send.on_skipped(frame.to);
    if (!skip) return success();  // the peer has repeated the report
    if (frame.kept < skip->from)
        return peer_error(ErrorCode::invalid_frame, Reason::skip,
                          tr("the peer reported a skip, but lacks data from before it"));
    trace_([&] {
        return formatted("stream %" PRIu64 ": the peer has passed the skip to %" PRIu64 " and had %" PRIu64,
                         frame.stream, frame.to, frame.kept);
    });
    news_.push_back(event::StreamSkipped{frame.stream, skip->from, skip->to, frame.kept});
    report_progress(*stream);
    schedule_data(*stream);
    return success();
}

Status StreamTable::on_stream_window(const StreamWindowFrame& frame) {
    Stream* stream = find(frame.stream);
    if (!stream) {
        if (ids_.is_ours(frame.stream) && !ids_.is_used(frame.stream))
            return peer_error(
                ErrorCode::invalid_frame, Reason::unknown_stream,
                tr("the peer sent a window for stream %" PRIu64 ", which was never opened", frame.stream));
        return success();
    }
    stream->send.on_window(frame.limit, frame.delivered);
    schedule_data(*stream);
    if (stream->end_if_delivered()) on_over(*stream);
    report_progress(*stream);
    return success();
}

void StreamTable::forget_if_done(Stream& stream) {
    // The last progress must be reported before the stream is removed. take_news() calls this function again.
    if (!stream.done() || stream.progress_unreported) return;
    // Bytes that will never be taken must not occupy the session's window.
    window_.on_taken(stream.receive.highest() - stream.receive.taken());
    const StreamId id = stream.id();
    trace_([&] { return formatted("stream %" PRIu64 ": forgotten", id); });
    scheduler_.set(id, stream.priority(), SendStream::Pending::nothing);
    control_.erase(id);
    stream_windows_.set(id, time_never);
    assert(!stream.ours() || ours_ > 0);
    if (stream.ours()) ours_--;
    streams_.erase(id);
}

void StreamTable::fill_control(Time now, ByteWriter& out, SentFrames& sent) {
    unsigned misfits = 0;
    for (auto id = control_.begin();
         id != control_.end() && misfits < control_misfits_max && out.remaining() >= control_space_min;) {
        Stream& stream = *find(*id);
        stream.fill_control(out, sent);
        if (stream.control_due()) {
            misfits++;
            ++id;
        } else {
            id = control_.erase(id);
        }
    }
    fill_windows(now, out, sent);
}

void StreamTable::fill_windows(Time now, ByteWriter& out, SentFrames& sent) {
    if (window_.frame_due() && write_frame(out, SessionWindowFrame{window_.limit()})) {
        window_.on_frame_sent();
        sent.add(ControlRecord{FrameType::session_window});
    }
    while (const auto id = stream_windows_.due(now)) {
        Stream& stream = *find(*id);
        ReceiveStream& receive = stream.receive;
        if (!write_frame(out, StreamWindowFrame{*id, receive.limit(), receive.delivered()})) return;
        sent.add(ControlRecord{FrameType::stream_window, *id, receive.delivered()});
        receive.on_window_frame_sent();
        schedule_window(stream);
    }
}

void StreamTable::fill_account(ByteWriter& out) const {
    for (const auto& [id, stream] : streams_) {
        const ReceiveStream& receive = stream.receive;
        if (receive.delivered() == 0) continue;
        std::array<uint8_t, stream_window_frame_max> bytes;
        ByteWriter frame(bytes);
        write_frame(frame, StreamWindowFrame{id, receive.limit(), receive.delivered()});
        assert(frame.ok());
        // The frame of a later stream may be shorter and fit.
        if (frame.size() + close_frame_max <= out.remaining()) out.bytes(frame.written());
    }
}

void StreamTable::fill_data(ByteWriter& out, SentFrames& sent) {
    // A frame needs a type, a length, a stream id and an offset. With less space than this, another frame is
    // not worthwhile.
    constexpr size_t worthwhile = 16;
    while (out.remaining() >= worthwhile) {
        const auto id = scheduler_.next(window_.credit() > 0);
        if (!id) return;
        Stream& stream = *find(*id);
        SendStream& send = stream.send;
        const SendStream::Pending before = stream.pending();
        const SendStream::Piece piece = send.next(window_.credit());
        assert(piece.size > 0);
        const size_t size = write_data_header(out, *id, piece.offset, static_cast<size_t>(piece.size));
        if (size == 0) return;
        send.copy(piece.offset, out.reserve(size));
        send.on_sent(piece, size);
        if (!piece.again) {
            window_.on_sent(size);
            if (trace_.on()) trace_blocked(stream);
        }
        sent.add(StreamRange{*id, piece.offset, static_cast<uint32_t>(size)});
        scheduler_.on_served(*id, stream.priority());
        if (stream.pending() != before) schedule_data(stream);
        if (send.fin_due()) schedule_control(stream);
    }
}

void StreamTable::trace_blocked(const Stream& stream) const {
    const SendStream& send = stream.send;
    if (send.sent() == send.written()) return;
    if (send.sent() == send.limit())
        trace_([&] {
            return formatted("stream %" PRIu64 ": blocked by its window at %" PRIu64, stream.id(),
                             send.limit());
        });
    else if (window_.credit() == 0)
        trace_([&] { return formatted("stream %" PRIu64 ": blocked by the session's window", stream.id()); });
}

void StreamTable::on_acked(const SentFrames& sent) {
    sent.for_each_range([&](const StreamRange& range) {
        Stream* stream = find(range.stream);
        if (!stream) return;
        const SendStream::Pending before = stream->pending();
        stream->send.on_acked(range);
        if (stream->pending() != before) schedule_data(*stream);
        report_progress(*stream);
    });
    for (const ControlRecord& record : sent.control()) {
        Stream* stream = find(record.stream);
        if (!stream) continue;
        stream->on_acked(record);
        if (record.type == FrameType::stream_fin) report_progress(*stream);
        forget_if_done(*stream);
    }
}

void StreamTable::on_lost(const SentFrames& sent) {
    sent.for_each_range([&](const StreamRange& range) {
        Stream* stream = find(range.stream);
        if (!stream || stream->is_reset()) return;
        stream->send.on_lost(range);
        schedule_data(*stream);
    });
    for (const ControlRecord& record : sent.control()) {
        if (record.type == FrameType::session_window) window_.on_frame_lost();
        Stream* stream = find(record.stream);
        if (!stream) continue;
        stream->on_lost(record);
        schedule_control(*stream);
        schedule_window(*stream);
    }
}

}  // namespace stt
