// SPDX-License-Identifier: LGPL-2.1-or-later
// Selects what is sent for the streams and in which order, and handles acknowledgement and loss.
#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/proto/stream_table.hpp"

namespace stt {

namespace {

/// The largest SESSION_CLOSE: type, length of two bytes, reason, code, sub-code and text.
constexpr size_t close_frame_max = 1 + 2 + 1 + 2 + 1 + frame_text_max;
/// The largest STREAM_WINDOW: type, length and three varints.
constexpr size_t stream_window_frame_max = 1 + 1 + 3 * 8;

}  // namespace

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
    if (stream.ours && !stream.announced()) {
        if (!write_frame(out, StreamOpenFrame{id, stream.priority, stream.header})) return;
        stream.opening = Stream::Opening::announced;
        sent.add(ControlRecord{FrameType::stream_open, id});
    }
    if (stream.reset == Stream::Reset::due) {
        const Error& error = stream.reset_error;
        const std::string_view text = std::string_view(error.text).substr(0, frame_text_max);
        if (!write_frame(out, StreamCloseFrame{id, stream.send.sent(), static_cast<uint16_t>(error.code),
                                               error.sub_code, text}))
            return;
        stream.reset = Stream::Reset::sent;
        sent.add(ControlRecord{FrameType::stream_close, id});
        return;
    }
    if (stream.is_reset()) return;
    fill_skips(id, stream, out, sent);
    if (stream.send.fin_due()) {
        if (!write_frame(out, StreamFinFrame{id, stream.send.written()})) return;
        stream.send.on_fin_sent();
        sent.add(ControlRecord{FrameType::stream_fin, id});
    }
}

void StreamTable::fill_skips(StreamId id, Stream& stream, ByteWriter& out, SentFrames& sent) {
    while (const StreamSkip* skip = stream.send.skip_due()) {
        if (!write_frame(out, StreamSkipFrame{id, skip->from, skip->to})) return;
        sent.add(ControlRecord{FrameType::stream_skip, id, skip->to});
        stream.send.on_skip_sent();
    }
    while (const ReceiveStream::Passed* passed = stream.receive.passed_due()) {
        if (!write_frame(out, StreamSkippedFrame{id, passed->to, passed->kept})) return;
        sent.add(ControlRecord{FrameType::stream_skipped, id, passed->to});
        stream.receive.on_passed_sent();
    }
}

/// Returns whether fill_stream_control() has more to write than fitted.
bool StreamTable::control_due(const Stream& stream) {
    if (stream.reset == Stream::Reset::due || (stream.ours && !stream.announced())) return true;
    return !stream.is_reset() &&
           (stream.send.fin_due() || stream.send.skip_due() || stream.receive.passed_due());
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

void StreamTable::fill_control(Time now, ByteWriter& out, SentFrames& sent) {
    for (auto it = control_.begin(); it != control_.end();) {
        Stream* stream = find(*it);
        if (stream) fill_stream_control(*it, *stream, out, sent);
        it = stream && control_due(*stream) ? std::next(it) : control_.erase(it);
    }
    fill_windows(now, out, sent);
}

StreamTable::Streams::iterator StreamTable::next_to_send() {
    const uint64_t credit = session_credit();
    auto best = streams_.end();
    // The highest priority comes first. Among equals it is the stream after the one last served, in cyclic
    // order of ids.
    const auto rank = [&](StreamId id) { return id > last_served_ || last_served_ == no_stream ? 0 : 1; };
    for (auto it = active_.begin(); it != active_.end();) {
        const auto stream = streams_.find(*it);
        if (stream == streams_.end()) {
            it = active_.erase(it);
            continue;
        }
        const SendStream& send = stream->second.send;
        if (send.next(credit).size == 0) {
            // Blocked streams stay in active_, because a window frame makes them ready again.
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
    // A frame needs a type, a length, a stream id and an offset. With less space than this, another frame is
    // not worthwhile.
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
                stream->opening = Stream::Opening::acked;
            else if (stream->opening == Stream::Opening::announced)
                stream->opening = Stream::Opening::none;
            break;
        case FrameType::stream_fin:
            if (acked) {
                stream->send.on_fin_acked();
                mark_progress(record.stream, *stream);
            } else {
                stream->send.on_fin_lost();
            }
            break;
        case FrameType::stream_skip:
            if (!acked) stream->send.on_skip_lost(record.value);
            break;
        case FrameType::stream_skipped:
            if (acked)
                stream->receive.on_passed_acked(record.value);
            else
                stream->receive.on_passed_lost(record.value);
            break;
        case FrameType::stream_close:
            if (acked)
                stream->reset = Stream::Reset::acked;
            else if (stream->reset == Stream::Reset::sent)
                stream->reset = Stream::Reset::due;
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
        if (!stream || stream->is_reset()) return;
        stream->send.on_lost(range);
        active_.insert(range.stream);
    });
    for (const ControlRecord& record : sent.control()) on_control(record, false);
}

}  // namespace stt
