// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/closing.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

namespace {

Reason reason_of(CloseReason reason) {
    switch (reason) {
        case CloseReason::graceful:
            return Reason::graceful;
        case CloseReason::timeout:
            return Reason::timeout;
        case CloseReason::error:
            return Reason::error;
        case CloseReason::auth_failure:
            return Reason::auth_failure;
    }
    return Reason::error;
}

}  // namespace

void Closing::close(CloseReason reason, const Error& error) {
    reason_ = reason;
    error_ = error;
    due_ = true;
}

void Closing::answer() {
    peer_ = Peer::closed_first;
    reason_ = CloseReason::graceful;
    error_ = {};
    due_ = true;
}

void Closing::stop() {
    due_ = false;
    next_ = time_never;
}

SessionCloseFrame Closing::make_frame(Time now, Duration probe_timeout) {
    due_ = false;
    if (sent_++ == 0) first_sent_ = now;
    const bool insists = sent_ < sent_max || now < first_sent_ + insistence;
    // After a timeout, the peer most likely receives nothing.
    if (peer_ == Peer::unaware && reason_ != CloseReason::timeout && insists) {
        next_ = now + std::min<Duration>(probe_timeout * (1 << std::min(sent_ - 1, sent_max)), insistence);
        linger_until_ = std::max(linger_until_, next_);
    }
    const std::string_view text = std::string_view(error_.text).substr(0, frame_text_max);
    return {reason_, static_cast<uint16_t>(error_.code), error_.sub_code, text};
}

void Closing::on_late_packet(Time now, bool says_closed) {
    if (says_closed) {
        if (peer_ == Peer::unaware) peer_ = Peer::closed_too;
        next_ = time_never;
    }
    const bool owed = says_closed ? peer_ == Peer::closed_first : peer_ == Peer::unaware;
    if (!owed || now < next_answer_) return;
    next_answer_ = now + answer_interval;
    due_ = true;
}

void Closing::on_repetition() {
    next_ = time_never;
    due_ = true;
}

Error closed_by_peer(const SessionCloseFrame& frame) {
    Error error =
        make_error(ErrorCode::session_closed, reason_of(frame.reason), ErrorOrigin::peer,
                   frame.reason == CloseReason::graceful ? tr("the peer closed the session: it was stopped")
                   : frame.reason == CloseReason::timeout
                       ? tr("the peer closed the session: it has lost the path")
                       : tr("the peer closed the session"))
            .proven();
    const auto code = static_cast<ErrorCode>(frame.code);
    if (frame.code != 0) error.text += ": " + std::string(error_name(code));
    if (!frame.text.empty()) error.text += " (" + std::string(frame.text) + ")";
    if (code == ErrorCode::too_many_sessions) {
        // The peer turned the session away, although only after it had learnt the reason for it.
        error.code = ErrorCode::too_many_sessions;
        error.sub_code = frame.sub_code;
        error.reason =
            frame.sub_code == static_cast<uint8_t>(StreamSubCode::ended) ? Reason::ended : Reason::busy;
    } else if (code == ErrorCode::stream_closed &&
               frame.sub_code == static_cast<uint8_t>(StreamSubCode::ended)) {
        // The sender has reached its end and no longer waits for the peer to take the rest. There is nothing
        // to resume.
        error.code = ErrorCode::stream_closed;
        error.sub_code = frame.sub_code;
        error.reason = Reason::drain_timeout;
    }
    return error;
}

}  // namespace stt
