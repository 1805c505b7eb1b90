// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/stream_table.hpp"

#include <algorithm>
#include <utility>

namespace stt {

namespace {

/// Room that the account of the streams leaves in a packet for a stream's frame and SESSION_CLOSE with its
/// text.
constexpr size_t close_frame_max = frame_text_max + 64;

Error local_error(ErrorCode code, std::string reason, std::string text) {
    return {.code = code, .reason = std::move(reason), .text = std::move(text)};
}

Error peer_error(ErrorCode code, std::string reason, std::string text) {
    return {.code = code,
            .origin = ErrorOrigin::peer,
            .authenticated = true,
            .reason = std::move(reason),
            .text = std::move(text)};
}

}  // namespace

bool StreamTable::Stream::done() const {
    // What the peer had sent must be known, for the session's window.
    if (reset()) return reset_acked && (reset_by_peer || receive.size_known());
    return send.complete() && over() && final_window_acked;
}

StreamTable::StreamTable(bool caller, uint64_t window_max, uint64_t max_streams)
    : caller_(caller),
      window_max_(window_max),
      max_streams_(max_streams),
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
        stream.receive.on_window_frame_lost();
        if (stream.ours && !stream.open_acked) stream.announced = false;
        if (stream.reset_sent && !stream.reset_acked) stream.reset_due = true;
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
    const auto count =
        std::count_if(streams_.begin(), streams_.end(), [](const auto& s) { return s.second.ours; });
    if (static_cast<uint64_t>(count) >= peer_.max_streams)
        return local_error(ErrorCode::too_many_streams, "max-streams",
                           "the peer allows " + std::to_string(peer_.max_streams) + " streams at a time");
    StreamId id = wanted.value_or(caller_ ? 0 : 1);
    if (wanted && !is_ours(id))
        return local_error(ErrorCode::stream_id_conflict, "wrong-side",
                           "stream " + std::to_string(id) + " is the peer's to open: the ids of a " +
                               (caller_ ? "caller are even" : "listener are odd"));
    if (wanted && (find(id) || is_retired(id)))
        return local_error(ErrorCode::stream_id_conflict, "in-use",
                           "stream " + std::to_string(id) + " is in use or was used before");
    while (find(id) || is_retired(id)) id += 2;

    Stream& stream =
        streams_.try_emplace(id, peer_.stream_window, initial_limits().stream_window, window_max_)
            .first->second;
    stream.ours = true;
    stream.priority = priority;
    stream.header = std::move(header);
    control_.insert(id);
    return id;
}

bool StreamTable::write(StreamId id, OutMessage message) {
    Stream* stream = find(id);
    if (!stream || stream->send.finish_written() || stream->reset()) return false;
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
    if (stream && !stream->reset()) reset(id, *stream, error);
}

void StreamTable::reset(StreamId id, Stream& stream, const Error& error) {
    stream.reset_due = true;
    stream.reset_error = error;
    control_.insert(id);
    active_.erase(id);
}

ReceiveStream::Read StreamTable::read(StreamId id) {
    Stream* stream = find(id);
    if (!stream || stream->reset()) return {};
    stream->readable_told = false;
    return stream->receive.read();
}

void StreamTable::consumed(Time now, StreamId id, uint64_t taken, uint64_t delivered, bool finished,
                           Duration rtt) {
    Stream* stream = find(id);
    if (!stream || stream->reset()) return;
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

void StreamTable::take_news(std::vector<StreamNews>& news) {
    for (const StreamId id : std::exchange(changed_, {})) {
        Stream* stream = find(id);
        if (!stream) continue;
        stream->progress_changed = false;
        const SendStream& send = stream->send;
        if (!stream->reset())
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
    if (stream.readable_told || stream.reset() || !(stream.announced || stream.ours) ||
        !stream.receive.readable())
        return;
    stream.readable_told = true;
    news_.push_back(event::StreamReadable{id});
}

StreamTable::Stream* StreamTable::for_frame(StreamId id) {
    if (Stream* stream = find(id)) return stream;
    // A stream of ours is known or gone; a frame for one that is gone was merely late.
    if (is_ours(id) || is_retired(id)) return nullptr;
    // Only who leaves out every other id makes so many; what it opens is not answered any more.
    if (retired_.list().size() >= retired_ranges_max) return nullptr;
    uint64_t all = 0, open = 0;
    for (const auto& [other, stream] : streams_) {
        if (stream.ours) continue;
        all++;
        // The peer has forgotten one that is over, or will once it hears what we know.
        if (!stream.over()) open++;
    }
    // Refusals cost memory, too: a peer that ignores so many is not answered any more.
    if (all >= 2 * max_streams_ + refusals_max) return nullptr;
    Stream& stream =
        streams_.try_emplace(id, peer_.stream_window, initial_limits().stream_window, window_max_)
            .first->second;
    if (open >= max_streams_) {
        const Error error = local_error(
            ErrorCode::too_many_streams, "max-streams",
            "the peer opened a stream too many: at most " + std::to_string(max_streams_) + " at a time");
        // As many as the peer likes, but once for the application.
        if (!std::exchange(refusal_told_, true)) news_.push_back(event::ErrorNoted{error, {}});
        reset(id, stream, error);
    }
    return &stream;
}

Status StreamTable::account(const Result<uint64_t>& growth) {
    if (!growth.ok()) return growth.error();
    received_total_ += growth.value();
    if (received_total_ > receive_limit_)
        return peer_error(ErrorCode::flow_control_violation, "session-window",
                          "the peer sent more than the session's window allows");
    return success();
}

Status StreamTable::on_open(const StreamOpenFrame& frame) {
    if (is_ours(frame.stream))
        return peer_error(
            ErrorCode::stream_id_conflict, "wrong-side",
            "the peer opened stream " + std::to_string(frame.stream) + ", which is not its to open");
    Stream* stream = for_frame(frame.stream);
    if (!stream || stream->announced || stream->reset()) return success();
    stream->announced = true;
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
    if (!stream->reset()) {
        const auto code = frame.code == 0 ? ErrorCode::stream_closed : static_cast<ErrorCode>(frame.code);
        Error error = peer_error(code, "reset",
                                 frame.text.empty() ? "the peer ended the stream" : std::string(frame.text));
        error.sub_code = frame.sub_code;
        // The answer says what we had sent.
        reset(frame.stream, *stream, error);
        if (stream->ours || stream->announced)
            news_.push_back(event::StreamClosed{frame.stream, std::move(error)});
    }
    retire_if_done(frame.stream);
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
                ErrorCode::invalid_frame, "unknown-stream",
                "a window for stream " + std::to_string(frame.stream) + ", which was never opened");
        return success();
    }
    stream->send.on_window(frame.limit, frame.delivered);
    mark_progress(frame.stream, *stream);
    return success();
}

uint64_t StreamTable::session_credit() const {
    return sent_limit_ > sent_total_ ? sent_limit_ - sent_total_ : 0;
}

bool StreamTable::control_pending(Time now) const {
    return !control_.empty() || session_window_due_ || window_frame_at_ <= now;
}

bool StreamTable::data_pending() const {
    const uint64_t credit = session_credit();
    return std::any_of(active_.begin(), active_.end(), [&](StreamId id) {
        const Stream* stream = find(id);
        return stream && stream->send.next(credit).size > 0;
    });
}

void StreamTable::fill_stream_control(StreamId id, Stream& stream, ByteWriter& out, SentFrames& sent) {
    if (stream.ours && !stream.announced) {
        if (!write_frame(out, StreamOpenFrame{id, stream.priority, stream.header})) return;
        stream.announced = true;
        sent.add(ControlRecord{FrameType::stream_open, id});
    }
    if (stream.reset_due) {
        const Error& error = stream.reset_error;
        const std::string_view text = std::string_view(error.text).substr(0, frame_text_max);
        if (!write_frame(out, StreamCloseFrame{id, stream.send.sent(), static_cast<uint16_t>(error.code),
                                               error.sub_code, text}))
            return;
        stream.reset_due = false;
        stream.reset_sent = true;
        sent.add(ControlRecord{FrameType::stream_close, id});
    } else if (!stream.reset() && stream.send.fin_due()) {
        if (!write_frame(out, StreamFinFrame{id, stream.send.written()})) return;
        stream.send.on_fin_sent();
        sent.add(ControlRecord{FrameType::stream_fin, id});
    }
}

void StreamTable::fill_windows(Time now, ByteWriter& out, SentFrames& sent) {
    if (session_window_due_ && write_frame(out, SessionWindowFrame{receive_limit_})) {
        receive_limit_sent_ = receive_limit_;
        session_window_due_ = false;
        sent.add(ControlRecord{FrameType::session_window});
    }
    if (window_frame_at_ > now) return;
    window_frame_at_ = time_never;
    for (auto& [id, stream] : streams_) {
        ReceiveStream& receive = stream.receive;
        if (receive.window_frame_due() <= now &&
            write_frame(out, StreamWindowFrame{id, receive.limit(), receive.delivered()})) {
            sent.add(ControlRecord{FrameType::stream_window, id, receive.delivered()});
            receive.on_window_frame_sent();
        }
        window_frame_at_ = std::min(window_frame_at_, receive.window_frame_due());
    }
}

void StreamTable::fill_account(ByteWriter& out) const {
    for (const auto& [id, stream] : streams_) {
        if (out.remaining() < close_frame_max) return;
        const ReceiveStream& receive = stream.receive;
        if (receive.delivered() > 0)
            write_frame(out, StreamWindowFrame{id, receive.limit(), receive.delivered()});
    }
}

void StreamTable::fill_control(Time now, ByteWriter& out, SentFrames& sent) {
    for (auto it = control_.begin(); it != control_.end();) {
        Stream* stream = find(*it);
        if (stream) fill_stream_control(*it, *stream, out, sent);
        const bool more = stream && (stream->reset_due || (stream->ours && !stream->announced) ||
                                     (!stream->reset() && stream->send.fin_due()));
        it = more ? std::next(it) : control_.erase(it);
    }
    fill_windows(now, out, sent);
}

StreamTable::Streams::iterator StreamTable::next_to_send() {
    const uint64_t credit = session_credit();
    auto best = streams_.end();
    // Highest priority first; among equals the one after the last served, in the circle of ids.
    const auto rank = [&](StreamId id) { return id > last_served_ || last_served_ == no_stream ? 0 : 1; };
    for (auto it = active_.begin(); it != active_.end();) {
        const auto stream = streams_.find(*it);
        if (stream == streams_.end()) {
            it = active_.erase(it);
            continue;
        }
        const SendStream& send = stream->second.send;
        if (send.next(credit).size == 0) {
            // Blocked streams stay: a window frame revives them.
            it = send.sent() == send.written() ? active_.erase(it) : std::next(it);
            continue;
        }
        if (best == streams_.end() || stream->second.priority > best->second.priority ||
            (stream->second.priority == best->second.priority && rank(stream->first) < rank(best->first)))
            best = stream;
        ++it;
    }
    return best;
}

void StreamTable::fill_data(ByteWriter& out, SentFrames& sent) {
    // A type, a length, a stream id, an offset: less room than this is not worth another frame.
    constexpr size_t worthwhile = 16;
    while (out.remaining() >= worthwhile) {
        const auto it = next_to_send();
        if (it == streams_.end()) return;
        const StreamId id = it->first;
        SendStream& send = it->second.send;
        const SendStream::Piece piece = send.next(session_credit());
        const size_t size = write_data_header(out, id, piece.offset, static_cast<size_t>(piece.size));
        if (size == 0) return;
        send.copy(piece.offset, out.reserve(size));
        send.on_sent(piece, size);
        if (!piece.again) sent_total_ += size;
        sent.add(StreamRange{id, piece.offset, static_cast<uint32_t>(size)});
        last_served_ = id;
        if (send.fin_due()) control_.insert(id);
    }
}

void StreamTable::on_control(const ControlRecord& record, bool acked) {
    if (record.type == FrameType::session_window) {
        if (!acked) session_window_due_ = true;
        return;
    }
    Stream* stream = find(record.stream);
    if (!stream) return;
    switch (record.type) {
        case FrameType::stream_open:
            if (acked)
                stream->open_acked = true;
            else if (!stream->open_acked)
                stream->announced = false;
            break;
        case FrameType::stream_fin:
            if (acked) {
                stream->send.on_fin_acked();
                mark_progress(record.stream, *stream);
            } else {
                stream->send.on_fin_lost();
            }
            break;
        case FrameType::stream_close:
            if (acked)
                stream->reset_acked = true;
            else if (!stream->reset_acked)
                stream->reset_due = true;
            break;
        case FrameType::stream_window:
            if (!acked) {
                stream->receive.on_window_frame_lost();
                window_frame_at_ = Time{};
            } else if (stream->receive.complete() && record.value == stream->receive.delivered()) {
                stream->final_window_acked = true;
            }
            break;
        default:
            break;
    }
    if (acked)
        retire_if_done(record.stream);
    else
        control_.insert(record.stream);
}

void StreamTable::on_acked(const SentFrames& sent) {
    sent.for_each_range([&](const StreamRange& range) {
        if (Stream* stream = find(range.stream)) {
            stream->send.on_acked(range);
            mark_progress(range.stream, *stream);
            if (stream->send.complete()) retire_if_done(range.stream);
        }
    });
    for (const ControlRecord& record : sent.control()) on_control(record, true);
}

void StreamTable::on_lost(const SentFrames& sent) {
    sent.for_each_range([&](const StreamRange& range) {
        Stream* stream = find(range.stream);
        if (!stream || stream->reset()) return;
        stream->send.on_lost(range);
        active_.insert(range.stream);
    });
    for (const ControlRecord& record : sent.control()) on_control(record, false);
}

void StreamTable::retire_if_done(StreamId id) {
    const auto it = streams_.find(id);
    if (it == streams_.end() || !it->second.done()) return;
    // Its last progress must be told before it goes; take_news comes back here.
    if (it->second.progress_changed) return;
    // Bytes that nobody will take any more must not eat the session's window.
    taken_total_ += it->second.receive.highest() - it->second.receive.taken();
    control_.erase(id);
    active_.erase(id);
    streams_.erase(it);
    retired_.add(retired_key(id), retired_key(id) + 1);
    update_session_limit();
}

Time StreamTable::next_timeout() const { return window_frame_at_; }

bool StreamTable::drained() const {
    return std::all_of(streams_.begin(), streams_.end(), [](const auto& entry) {
        const Stream& stream = entry.second;
        return stream.reset() || (stream.send.acked() == stream.send.written() &&
                                  (!stream.send.finish_written() || stream.send.end_delivered()));
    });
}

}  // namespace stt
