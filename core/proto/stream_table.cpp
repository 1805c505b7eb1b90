// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens and ends streams, and handles received frames. stream_table_send.cpp handles what is sent.
#include "core/proto/stream_table.hpp"

#include <algorithm>
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

}  // namespace

bool StreamTable::Stream::done() const {
    // The final size of the peer's data must be known, for the session's window.
    if (is_reset()) return reset == Reset::acked && (reset_by_peer || receive.size_known());
    return send.complete() && over() && final_window_acked;
}

StreamTable::StreamTable(bool caller, uint64_t window_max, uint64_t max_streams)
    : caller_(caller),
      window_max_(window_max),
      max_streams_(max_streams),
      next_id_(caller ? 0 : 1),
      receive_limit_(initial_limits().session_window),
      receive_limit_sent_(receive_limit_) {}

SessionLimits StreamTable::initial_limits() const {
    const uint64_t window = std::min(window_initial, window_max_);
    return {.session_window = 2 * window, .stream_window = window, .max_streams = max_streams_};
}

void StreamTable::start(const SessionLimits& peer) {
    peer_ = peer;
    sent_limit_ = peer.session_window;
}

void StreamTable::resume(const SessionLimits& peer) {
    peer_ = peer;
    for (auto& [id, stream] : streams_) {
        stream.send.on_all_lost();
        stream.receive.on_all_lost();
        if (stream.ours && stream.opening == Stream::Opening::announced)
            stream.opening = Stream::Opening::none;
        if (stream.reset == Stream::Reset::sent) stream.reset = Stream::Reset::due;
        control_.insert(id);
        active_.insert(id);
        mark_progress(id, stream);
        stream.readable_told = false;
        tell_readable(id, stream);
    }
    session_window_due_ = true;
    window_frame_at_ = Time{};
}

StreamTable::Stream* StreamTable::find(StreamId id) {
    const auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : &it->second;
}

const StreamTable::Stream* StreamTable::find(StreamId id) const {
    const auto it = streams_.find(id);
    return it == streams_.end() ? nullptr : &it->second;
}

Result<StreamId> StreamTable::open(std::vector<uint8_t> header, uint8_t priority,
                                   std::optional<StreamId> wanted) {
    if (ours_open_ >= peer_.max_streams)
        return local_error(
            ErrorCode::too_many_streams, Reason::max_streams,
            tr("the session has reached the peer's max-streams of %" PRIu64, peer_.max_streams));
    StreamId id = wanted.value_or(next_id_);
    if (wanted && !is_ours(id))
        return local_error(
            ErrorCode::stream_id_conflict, Reason::wrong_side,
            caller_ ? tr("only the peer can open stream %" PRIu64 ": a caller's stream ids are even", id)
                    : tr("only the peer can open stream %" PRIu64 ": a listener's stream ids are odd", id));
    if (wanted && (find(id) || is_retired(id)))
        return local_error(ErrorCode::stream_id_conflict, Reason::in_use,
                           tr("stream %" PRIu64 " is in use or was used before", id));
    // Ids that the application has chosen itself are skipped.
    while (find(id) || is_retired(id)) id += 2;
    if (!wanted) next_id_ = id + 2;

    Stream& stream =
        streams_.try_emplace(id, peer_.stream_window, initial_limits().stream_window, window_max_)
            .first->second;
    stream.ours = true;
    ours_open_++;
    stream.priority = priority;
    stream.header = std::move(header);
    control_.insert(id);
    return id;
}

bool StreamTable::write(StreamId id, OutMessage message) {
    Stream* stream = find(id);
    if (!stream || stream->send.finish_written() || stream->is_reset()) return false;
    stream->send.write(std::move(message));
    active_.insert(id);
    return true;
}

bool StreamTable::finish(StreamId id) {
    Stream* stream = find(id);
    if (!stream) return false;
    stream->send.finish();
    control_.insert(id);
    return true;
}

void StreamTable::reset(StreamId id, const Error& error) {
    Stream* stream = find(id);
    if (stream && !stream->is_reset()) reset(id, *stream, error);
}

void StreamTable::reset(StreamId id, Stream& stream, const Error& error) {
    stream.reset = Stream::Reset::due;
    stream.reset_error = error;
    control_.insert(id);
    active_.erase(id);
}

ReceiveStream::Read StreamTable::read(StreamId id) {
    Stream* stream = find(id);
    if (!stream || stream->is_reset()) return {};
    stream->readable_told = false;
    return stream->receive.read();
}

void StreamTable::consumed(Time now, StreamId id, uint64_t taken, uint64_t delivered, bool finished,
                           Duration rtt) {
    Stream* stream = find(id);
    if (!stream || stream->is_reset()) return;
    const uint64_t before = stream->receive.taken();
    stream->receive.consumed(now, taken, delivered, finished, rtt);
    taken_total_ += stream->receive.taken() - before;
    window_frame_at_ = std::min(window_frame_at_, stream->receive.window_frame_due());
    update_session_limit();
}

void StreamTable::update_session_limit() {
    uint64_t window = initial_limits().session_window;
    for (const auto& [id, stream] : streams_) window = std::max(window, 2 * stream.receive.window());
    receive_limit_ = std::max(receive_limit_, taken_total_ + window);
    if (receive_limit_ - receive_limit_sent_ >= window / 4) session_window_due_ = true;
}

uint64_t StreamTable::unacknowledged(StreamId id) const {
    const Stream* stream = find(id);
    return stream ? stream->send.written() - stream->send.acked() : 0;
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
    return stream ? stream->send.skip_limit(session_credit()) : 0;
}

size_t StreamTable::skips_left(StreamId id) const {
    const Stream* stream = find(id);
    return stream && !stream->is_reset() ? stream->send.skips_left() : 0;
}

void StreamTable::skip(StreamId id, const StreamSkip& range) {
    Stream* stream = find(id);
    if (!stream || stream->is_reset()) return;
    sent_total_ += stream->send.skip(range);
    control_.insert(id);
    active_.insert(id);
}

void StreamTable::take_news(std::vector<StreamNews>& news) {
    for (const StreamId id : std::exchange(changed_, {})) {
        Stream* stream = find(id);
        if (!stream) continue;
        stream->progress_changed = false;
        const SendStream& send = stream->send;
        if (!stream->is_reset())
            news_.push_back(event::StreamProgress{id, send.acked(), send.delivered(), send.end_delivered()});
        retire_if_done(id);
    }
    std::move(news_.begin(), news_.end(), std::back_inserter(news));
    news_.clear();
}

void StreamTable::mark_progress(StreamId id, Stream& stream) {
    if (stream.progress_changed) return;
    stream.progress_changed = true;
    changed_.push_back(id);
}

void StreamTable::tell_readable(StreamId id, Stream& stream) {
    if (stream.readable_told || stream.is_reset() || !(stream.announced() || stream.ours) ||
        !stream.receive.readable())
        return;
    stream.readable_told = true;
    news_.push_back(event::StreamReadable{id});
}

StreamTable::Stream* StreamTable::for_frame(StreamId id) {
    if (Stream* stream = find(id)) return stream;
    // A stream of this side either exists or has ended. A frame for one that has ended merely arrived late.
    if (is_ours(id) || is_retired(id)) return nullptr;
    // Only a peer that skips every other id makes so many ranges. Further streams that it opens are ignored.
    if (retired_.list().size() >= retired_ranges_max) return nullptr;
    uint64_t all = 0, open = 0;
    for (const auto& [other, stream] : streams_) {
        if (stream.ours) continue;
        all++;
        // The peer has forgotten a stream that is over, or will do so once it receives the final reports of
        // this side.
        if (!stream.over()) open++;
    }
    // Refusals occupy memory, too. A peer that ignores this many is no longer answered.
    if (all >= 2 * max_streams_ + refusals_max) return nullptr;
    Stream& stream =
        streams_.try_emplace(id, peer_.stream_window, initial_limits().stream_window, window_max_)
            .first->second;
    if (open >= max_streams_) {
        const Error error =
            local_error(ErrorCode::too_many_streams, Reason::max_streams,
                        tr("the session has reached the receiver's max-streams of %" PRIu64, max_streams_));
        // The peer may cause any number of these, but the application receives one report.
        if (!std::exchange(refusal_told_, true)) news_.push_back(event::ErrorNoted{error, {}});
        reset(id, stream, error);
    }
    return &stream;
}

Status StreamTable::account(const Result<uint64_t>& growth) {
    if (!growth.ok()) return growth.error();
    received_total_ += growth.value();
    if (received_total_ > receive_limit_)
        return peer_error(ErrorCode::flow_control_violation, Reason::session_window,
                          tr("the peer sent more than the session's window allows"));
    return success();
}

Status StreamTable::on_open(const StreamOpenFrame& frame) {
    if (is_ours(frame.stream))
        return peer_error(
            ErrorCode::stream_id_conflict, Reason::wrong_side,
            tr("the peer opened stream %" PRIu64 ", which only this end can open", frame.stream));
    Stream* stream = for_frame(frame.stream);
    if (!stream || stream->announced() || stream->is_reset()) return success();
    stream->opening = Stream::Opening::announced;
    stream->priority = frame.priority;
    stream->header.assign(frame.header.begin(), frame.header.end());
    news_.push_back(event::StreamOpened{frame.stream, frame.priority, stream->header});
    tell_readable(frame.stream, *stream);
    return success();
}

Status StreamTable::on_data(StreamId id, uint64_t offset, Chunk data) {
    Stream* stream = for_frame(id);
    if (!stream) return success();
    if (Status status = account(stream->receive.on_data(offset, std::move(data))); !status.ok())
        return status;
    if (stream->receive.passed_due()) control_.insert(id);
    tell_readable(id, *stream);
    return success();
}

Status StreamTable::on_fin(const StreamFinFrame& frame) {
    Stream* stream = for_frame(frame.stream);
    if (!stream) return success();
    if (Status status = account(stream->receive.on_fin(frame.final_size)); !status.ok()) return status;
    tell_readable(frame.stream, *stream);
    return success();
}

Status StreamTable::on_close(const StreamCloseFrame& frame) {
    Stream* stream = for_frame(frame.stream);
    if (!stream || stream->reset_by_peer) return success();
    if (Status status = account(stream->receive.on_fin(frame.final_size)); !status.ok()) return status;
    stream->reset_by_peer = true;
    if (!stream->is_reset()) {
        const auto code = frame.code == 0 ? ErrorCode::stream_closed : static_cast<ErrorCode>(frame.code);
        const bool ended =
            code == ErrorCode::stream_closed && frame.sub_code == static_cast<uint8_t>(StreamSubCode::ended);
        Error error =
            peer_error(code, ended ? Reason::ended : Reason::reset,
                       frame.text.empty() ? tr("the peer ended the stream") : std::string(frame.text));
        error.sub_code = frame.sub_code;
        // The answer reports how much this side had sent.
        reset(frame.stream, *stream, error);
        if (stream->ours || stream->announced())
            news_.push_back(event::StreamClosed{frame.stream, std::move(error)});
    }
    retire_if_done(frame.stream);
    return success();
}

Status StreamTable::on_skip(const StreamSkipFrame& frame) {
    Stream* stream = for_frame(frame.stream);
    if (!stream) return success();
    if (Status status = account(stream->receive.on_skip(frame.from, frame.to)); !status.ok()) return status;
    if (stream->receive.passed_due()) control_.insert(frame.stream);
    tell_readable(frame.stream, *stream);
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
    news_.push_back(event::StreamSkipped{frame.stream, skip->from, skip->to, frame.kept});
    mark_progress(frame.stream, *stream);
    if (stream->send.fin_due()) control_.insert(frame.stream);
    return success();
}

void StreamTable::on_session_window(const SessionWindowFrame& frame) {
    sent_limit_ = std::max(sent_limit_, frame.limit);
}

Status StreamTable::on_stream_window(const StreamWindowFrame& frame) {
    Stream* stream = find(frame.stream);
    if (!stream) {
        if (is_ours(frame.stream) && !is_retired(frame.stream))
            return peer_error(
                ErrorCode::invalid_frame, Reason::unknown_stream,
                tr("the peer sent a window for stream %" PRIu64 ", which was never opened", frame.stream));
        return success();
    }
    stream->send.on_window(frame.limit, frame.delivered);
    mark_progress(frame.stream, *stream);
    return success();
}

void StreamTable::retire_if_done(StreamId id) {
    const auto it = streams_.find(id);
    if (it == streams_.end() || !it->second.done()) return;
    // The last progress must be reported before the stream is removed. take_news() calls this function again.
    if (it->second.progress_changed) return;
    // Bytes that will never be taken must not occupy the session's window.
    taken_total_ += it->second.receive.highest() - it->second.receive.taken();
    control_.erase(id);
    active_.erase(id);
    if (it->second.ours) ours_open_--;
    streams_.erase(it);
    retired_.add(retired_key(id), retired_key(id) + 1);
    update_session_limit();
}

Time StreamTable::next_timeout() const { return window_frame_at_; }

}  // namespace stt
