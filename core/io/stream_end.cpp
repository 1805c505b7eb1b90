// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stream_end.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace stt {

Error stream_has_ended() {
    Error error = make_error(ErrorCode::too_many_sessions, Reason::ended, ErrorOrigin::local,
                             tr("the listener's stream has ended"));
    error.sub_code = static_cast<uint8_t>(StreamSubCode::ended);
    return error;
}

// Its session.

void StreamEnd::on_resumption(Time now) {
    moved_at_ = now;
    readable_ = true;  // what came before the loss may not have been read
}

void StreamEnd::on_session_over() {
    upstream_open_ = false;
    expected_by_ = time_never;
}

std::optional<StreamId> StreamEnd::leave() {
    parts_.outbox.end_stream();
    return std::exchange(stream_, std::nullopt);
}

void StreamEnd::reset(Session& session, StreamId stream, const Error& error) {
    session.reset(stream, error);
    ended_in_ = session.handle();
}

// Events.

void StreamEnd::on_readable(Time now, StreamId stream) {
    if (stream == stream_) readable_ = true;
    moved_at_ = now;
}

void StreamEnd::on_progress(Time now, const event::StreamProgress& progress) {
    if (progress.stream != stream_) return;
    moved_at_ = now;
    parts_.outbox.progress(progress.acked, progress.delivered, progress.finished);
}

void StreamEnd::on_skipped(const event::StreamSkipped& skipped) {
    if (skipped.stream == stream_) parts_.outbox.skipped(skipped.from, skipped.to, skipped.kept);
}

// A turn.

/// When it has been idle for too long.
Time StreamEnd::idle_at() const {
    return stream_ && !finished() && parts_.config.stream_timeout > Duration::zero()
               ? moved_at_ + parts_.config.stream_timeout
               : time_never;
}

StreamEnd::Outcome StreamEnd::expire(Time now) {
    if (now >= expected_by_) {
        expected_by_ = time_never;
        parts_.reporter.warn(make_error(ErrorCode::timeout, Reason::no_stream, ErrorOrigin::peer,
                                        tr("the peer has opened no stream: are both ends receivers?")));
    }
    if (now < idle_at()) return std::nullopt;
    Error error = make_error(ErrorCode::stream_closed, Reason::stream_timeout, ErrorOrigin::local,
                             tr("the stream carried no data in either direction within stream-timeout"));
    if (Session* const session = parts_.session.get()) session->reset(*stream_, error);
    ended_in_ = parts_.session.handle();
    return Fault{Fault::Kind::closed, std::move(error)};
}

StreamEnd::Outcome StreamEnd::move(Time now) {
    // The same for a lost session: what has arrived is passed on, and what is written is taken over by the
    // session that resumes it.
    Session* const session = stream_ ? parts_.session.get() : nullptr;
    if (!session) return std::nullopt;
    feed(*session);
    if (parts_.reporter.closed()) return std::nullopt;
    return receive(now, *session);
}

void StreamEnd::feed(Session& session) {
    while (const auto gap = feeder_.feed(session, *stream_)) {
        auto notice = parts_.reporter.gap(*gap, false);
        if (parts_.reporter.closed()) return;
        if (notice) feeder_.write_notice(session, *stream_, std::move(*notice));
    }
}

}  // namespace stt
