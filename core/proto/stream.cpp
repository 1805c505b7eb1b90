// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/stream.hpp"

#include <cassert>
#include <utility>

namespace stt {

namespace {

[[maybe_unused]] bool may_follow(Stream::State from, Stream::State to) {
    using State = Stream::State;
    switch (from) {
        case State::open:
            return to == State::ended || to == State::reset_due;
        case State::ended:
            return to == State::reset_due;  // by the side that does not know yet
        case State::reset_due:
            return to == State::reset_sent || to == State::reset_recvd;
        case State::reset_sent:
            return to == State::reset_due || to == State::reset_recvd;
        case State::reset_recvd:
            break;
    }
    return false;
}

}  // namespace

Stream::Stream(StreamId id, const Windows& windows, uint8_t priority, std::vector<uint8_t> header)
    : send(windows.send),
      receive(windows.receive, windows.receive_max),
      id_(id),
      priority_(priority),
      header_(std::move(header)),
      opening_(Opening::due) {}

Stream::Stream(StreamId id, const Windows& windows)
    : send(windows.send),
      receive(windows.receive, windows.receive_max),
      id_(id),
      opening_(Opening::awaited) {}

void Stream::enter(State next) {
    assert(may_follow(state_, next));
    state_ = next;
}

bool Stream::done() const {
    switch (state_) {
        case State::ended:
            return send.complete() && receive.state() == ReceiveStream::State::delivery_acked;
        case State::reset_recvd:
            // STREAM_CLOSE of the peer, or its STREAM_FIN, has told the final size of its data. The session's
            // window needs that size.
            return receive.size_known();
        default:
            return false;
    }
}

void Stream::on_open(uint8_t priority, Bytes header) {
    assert(opening_ == Opening::awaited);
    opening_ = Opening::received;
    priority_ = priority;
    header_.assign(header.begin(), header.end());
}

void Stream::reset(const Error& error) {
    enter(State::reset_due);
    reset_error_ = error;
}

bool Stream::end_if_delivered() {
    if (over() || !receive.complete() || !send.end_delivered()) return false;
    enter(State::ended);
    return true;
}

void Stream::on_all_lost() {
    send.on_all_lost();
    receive.on_all_lost();
    if (opening_ == Opening::sent) opening_ = Opening::due;
    if (state_ == State::reset_sent) enter(State::reset_due);
}

bool Stream::control_due() const {
    if (opening_ == Opening::due || state_ == State::reset_due) return true;
    return !is_reset() && (send.fin_due() || send.skip_due() || receive.passed_due());
}

void Stream::fill_control(ByteWriter& out, SentFrames& sent) {
    if (opening_ == Opening::due && !fill_open(out, sent)) return;
    if (state_ == State::reset_due) fill_close(out, sent);
    if (is_reset()) return;
    fill_skips(out, sent);
    if (send.fin_due() && write_frame(out, StreamFinFrame{id_, send.written()})) {
        send.on_fin_sent();
        sent.add(ControlRecord{FrameType::stream_fin, id_});
    }
}

bool Stream::fill_open(ByteWriter& out, SentFrames& sent) {
    if (!write_frame(out, StreamOpenFrame{id_, priority_, header_})) return false;
    opening_ = Opening::sent;
    sent.add(ControlRecord{FrameType::stream_open, id_});
    return true;
}

void Stream::fill_close(ByteWriter& out, SentFrames& sent) {
    const std::string_view text = std::string_view(reset_error_.text).substr(0, frame_text_max);
    const StreamCloseFrame frame{id_, send.sent(), static_cast<uint16_t>(reset_error_.code),
                                 reset_error_.sub_code, text};
    if (!write_frame(out, frame)) return;
    enter(State::reset_sent);
    sent.add(ControlRecord{FrameType::stream_close, id_});
}

void Stream::fill_skips(ByteWriter& out, SentFrames& sent) {
    while (const StreamSkip* skip = send.skip_due()) {
        if (!write_frame(out, StreamSkipFrame{id_, skip->from, skip->to})) return;
        sent.add(ControlRecord{FrameType::stream_skip, id_, skip->to});
        send.on_skip_sent();
    }
    while (const ReceiveStream::Passed* passed = receive.passed_due()) {
        if (!write_frame(out, StreamSkippedFrame{id_, passed->to, passed->kept})) return;
        sent.add(ControlRecord{FrameType::stream_skipped, id_, passed->to});
        receive.on_passed_sent();
    }
}

void Stream::on_acked(const ControlRecord& record) {
    assert(record.stream == id_);
    switch (record.type) {
        case FrameType::stream_open:
            assert(ours());
            opening_ = Opening::acked;
            break;
        case FrameType::stream_fin:
            send.on_fin_acked();
            break;
        case FrameType::stream_skipped:
            receive.on_passed_acked(record.value);
            break;
        case FrameType::stream_close:
            // Also of a copy that was declared lost.
            if (state_ != State::reset_recvd) enter(State::reset_recvd);
            break;
        case FrameType::stream_window:
            receive.on_window_frame_acked(record.value);
            break;
        default:
            break;
    }
}

void Stream::on_lost(const ControlRecord& record) {
    assert(record.stream == id_);
    switch (record.type) {
        case FrameType::stream_open:
            if (opening_ == Opening::sent) opening_ = Opening::due;
            break;
        case FrameType::stream_fin:
            send.on_fin_lost();
            break;
        case FrameType::stream_skip:
            send.on_skip_lost(record.value);
            break;
        case FrameType::stream_skipped:
            receive.on_passed_lost(record.value);
            break;
        case FrameType::stream_close:
            if (state_ == State::reset_sent) enter(State::reset_due);
            break;
        case FrameType::stream_window:
            receive.on_window_frame_lost();
            break;
        default:
            break;
    }
}

}  // namespace stt
