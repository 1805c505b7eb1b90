// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/receiving_end.hpp"

#include <algorithm>
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

// Its session.

void ReceivingEnd::on_session() {
    readable_ = false;
    progress_ = Progress::open;
}

void ReceivingEnd::on_resumption(Time now) {
    StreamEnd::on_resumption(now);
    upstream_open_ = stream_ && !finished();
}

StreamEnd::Outcome ReceivingEnd::begin(Now now) {
    if (!parts_.config.keep_listening || !parts_.config.caller || !had_stream_)
        expected_by_ = now.time + parts_.config.session.handshake_timeout;
    return std::nullopt;
}

// Events.

/// Why another stream is not accepted in parallel with, or after, the present one. None: it is accepted.
std::optional<Error> ReceivingEnd::refuse_another() const {
    if (!stream_ || (parts_.config.keep_listening && finished())) return std::nullopt;
    if (!finished())
        return make_error(ErrorCode::too_many_streams, Reason::one_stream, ErrorOrigin::local,
                          tr("the receiver accepts one stream per session"));
    Error error = make_error(ErrorCode::stream_closed, Reason::ended, ErrorOrigin::local,
                             tr("the receiver ended with the previous stream"));
    error.sub_code = static_cast<uint8_t>(StreamSubCode::ended);
    return error;
}

StreamEnd::Outcome ReceivingEnd::on_opened(Now now, const event::StreamOpened& opened) {
    const LinkConfig& config = parts_.config;
    Session& session = *parts_.session.get();
    if (const auto error = refuse_another()) {
        session.reset(opened.stream, *error);
        parts_.reporter.report(*error);
        return std::nullopt;
    }
    // The end of the other half may still be in the outbox, which now serves the next stream.
    if (stream_) session.finish(*stream_);
    leave();
    expected_by_ = time_never;
    if (config.stream_id && *config.stream_id != opened.stream) {
        Error error =
            make_error(ErrorCode::stream_id_conflict, Reason::other_stream, ErrorOrigin::local,
                       tr("stream %" PRIu64 " was opened, but the receiver accepts only stream %" PRIu64,
                          opened.stream, *config.stream_id));
        reset(session, opened.stream, error);
        return Fault{Fault::Kind::misused, std::move(error)};
    }
    const bool ended = inbox_.finished() && !config.keep_listening;
    if (had_stream_ && (ended || inbox_.behind())) {
        // The caller may try again: by then there may be space, or another receiver.
        session.close(now, CloseReason::error,
                      ended ? stream_has_ended()
                            : make_error(ErrorCode::too_many_sessions, Reason::behind, ErrorOrigin::local,
                                         tr("the listener has not finished the previous stream yet")));
        return std::nullopt;
    }
    readable_ = false;
    progress_ = Progress::open;
    ended_in_ = 0;
    stream_ = opened.stream;
    moved_at_ = now.time;
    if (std::exchange(had_stream_, true)) inbox_.restart();
    parts_.outbox.clear();
    upstream_open_ = true;
    parts_.reporter.stream_opened(opened.stream, opened.header);
    return std::nullopt;
}

// A turn.

StreamEnd::Outcome ReceivingEnd::receive(Time now, Session& session) {
    if (std::exchange(readable_, false)) {
        auto read = session.read(*stream_);
        if (read.finished) progress_ = std::max(progress_, Progress::complete);
        inbox_.push(std::move(read.chunks), read.finished, std::move(read.cuts), now);
    }
    report_taken(now, session);
    if (auto error = inbox_.take_error()) return Fault{Fault::Kind::unreadable, std::move(*error)};
    return std::nullopt;
}

void ReceivingEnd::report_taken(Time now, Session& session) {
    const auto consumed = stream_ ? inbox_.take_consumed() : std::nullopt;
    if (!consumed) return;
    session.consumed(now, *stream_, consumed->taken, consumed->delivered, consumed->finished);
    if (!consumed->finished || std::exchange(progress_, Progress::finished) == Progress::finished) return;
    // Nothing is to be sent upstream any more: the stream ends in this direction, too.
    upstream_open_ = false;
    parts_.outbox.finish();
}

}  // namespace stt
