// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cinttypes>

#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {
namespace {

Error stream_error(ErrorCode code, Reason reason, std::string text) {
    return make_error(code, reason, ErrorOrigin::local, std::move(text));
}

/// With which a caller is refused after the one stream that the listener accepts.
Error stream_has_ended() {
    Error error =
        stream_error(ErrorCode::too_many_sessions, Reason::ended, tr("the listener's stream has ended"));
    error.sub_code = static_cast<uint8_t>(StreamSubCode::ended);
    return error;
}

const char* name_of(SessionState state) {
    switch (state) {
        case SessionState::init:
            return "new";
        case SessionState::handshaking:
            return "handshaking";
        case SessionState::established:
            return "established";
        case SessionState::closed:
            return "closed";
    }
    return "";
}

}  // namespace

void Link::Impl::on_event(Now now, Event event) {
    if (const auto* change = std::get_if<event::StateChanged>(&event.what)) {
        on_state(now, event.session, *change);
    } else if (auto* noted = std::get_if<event::ErrorNoted>(&event.what)) {
        const bool unknown = noted->error.code == ErrorCode::session_not_found;
        // What the peer says by an error of the same code is no measurement.
        const bool measured =
            noted->error.code == ErrorCode::path_loss && noted->error.origin == ErrorOrigin::network;
        if (session && event.session == session && measured)
            warn(std::move(noted->error));
        else if (session && event.session == session)
            report(std::move(noted->error));
        else if (noted->error.reason != Reason::both_call || seeks(noted->peer))
            report_other(std::move(noted->error), noted->peer);
        if (unknown && !closed && !given_up) call_beside(now, event.session);
    } else if (std::holds_alternative<event::Abandoned>(event.what)) {
        if (event.session == session && !given_up) on_abandoned();
    } else if (event.session != session || given_up) {
        return;  // of a session that is being closed
    } else if (const auto* opened = std::get_if<event::StreamOpened>(&event.what)) {
        on_stream_opened(*opened);
    } else if (const auto* closed_stream = std::get_if<event::StreamClosed>(&event.what)) {
        if (closed_stream->stream == stream) on_stream_closed(closed_stream->error);
    } else if (const auto* news = std::get_if<event::StreamReadable>(&event.what)) {
        if (news->stream == stream)
            readable = true;
        else if (is_sender())
            take_rest(now, news->stream);
        stream_moved_at = now.time;
    } else if (const auto* measured = std::get_if<event::ClockMeasured>(&event.what)) {
        on_clock_measured(now, measured->sample);
    } else if (const auto* progress = std::get_if<event::StreamProgress>(&event.what)) {
        if (progress->stream != stream) return;
        stream_moved_at = now.time;
        if (is_sender() && progress->finished) finished = true;
        outbox.progress(progress->acked, progress->delivered, progress->finished);
    } else if (const auto* skipped = std::get_if<event::StreamSkipped>(&event.what)) {
        if (skipped->stream == stream) outbox.skipped(skipped->from, skipped->to, skipped->kept);
    }
}

void Link::Impl::on_state(Now now, SessionHandle handle, const event::StateChanged& change) {
    trace(handle, change);
    switch (change.state) {
        case SessionState::handshaking:
            if (!established) set_state(LinkState::handshaking);
            return;
        case SessionState::established:
            return on_established(now, handle);
        case SessionState::closed:
            return on_closed(now, handle, change.error);
        case SessionState::init:
            return;
    }
}

void Link::Impl::trace(SessionHandle handle, const event::StateChanged& change) {
    const Session* const about = find(handle);
    std::string text = "session " + std::to_string(handle);
    if (about) text += " with " + about->info().peer.to_string();
    text += handle == session ? "" : handle == attempt ? " (the attempt)" : " (another)";
    text += std::string(" is ") + name_of(change.state);
    if (about && about->resumed() != 0) text += ", resumes session " + std::to_string(about->resumed());
    if (!change.error.text.empty()) text += ": " + change.error.text;
    observer.on_trace(text);
}

void Link::Impl::set_session(SessionHandle next) {
    if (const Session* earlier = current()) past.add_counters(earlier->stats());
    session = next;
}

void Link::Impl::on_established(Now now, SessionHandle handle) {
    Session* const fresh = find(handle);
    if (!fresh) return;
    if (given_up) {
        fresh->close(now, CloseReason::error, stream_has_ended());
        return;
    }
    if (handle == attempt) {
        attempt = 0;
        retry_at = time_never;
    }
    if (session && fresh->resumed() == session) {
        on_resumed(now, *fresh);
        return;
    }
    if (idle() && established && !config.caller) make_way(now);
    if (established && !config.caller) {
        // The one who is here may have crashed, and this be its successor.
        current()->doubt(now.time, doubt_patience);
        fresh->close(now, CloseReason::error,
                     stream_error(ErrorCode::too_many_sessions, Reason::busy,
                                  tr("the listener already serves another caller")));
        return;
    }
    Session* const earlier = current();
    if (earlier && established && earlier->last_received() > attempt_at) {
        // It knows the session after all: who said otherwise, and has answered now, is somebody else.
        fresh->close(now, CloseReason::graceful, {});
        return;
    }
    if (earlier) {
        // The peer has proved itself, and does not know the session any more: it falls.
        const bool stood = established;
        earlier->close(now, CloseReason::error, {});
        earlier->abandon();
        retry.start(now.time);  // should this one fall, too, its time begins now
        const Error why = begins_anew(*fresh);
        const bool cut = stream && !finished;
        end_stream(why);
        if (!closed && stood) set_state(LinkState::reconnecting);
        if (!closed && cut) warn(why);
        if (closed) return;
    }
    drop_question();  // its answer would be about the session before
    set_session(handle);
    established = true;
    proven_at = now.time + config.retry_initial_delay;
    sessions++;
    if (config.caller) add_proven_peer(peer_known_as);
    info = fresh->info();
    know_clock(now);
    readable = complete = false;
    finished = finished && is_sender();
    upstream = {};
    upstream_taken = 0;
    set_state(LinkState::connected);
    if (closed) return;
    open_or_expect_stream(now);
}

Error Link::Impl::begins_anew(const Session& fresh) const {
    const bool another = !config.caller && fresh.info().peer_node != info.peer_node;
    Error why =
        another
            ? stream_error(ErrorCode::session_timeout, Reason::replaced,
                           tr("the session was lost, and another caller has connected: the stream begins "
                              "anew, and earlier data may be incomplete"))
            : stream_error(
                  ErrorCode::session_not_found, Reason::peer_restarted,
                  tr("the peer was restarted: the stream begins anew, and earlier data may be incomplete"));
    why.origin = ErrorOrigin::peer;
    why.authenticated = true;
    return why;
}

void Link::Impl::on_resumed(Now now, const Session& fresh) {
    drop_question();
    set_session(fresh.handle());
    established = true;
    proven_at = now.time + config.retry_initial_delay;
    retry.start(now.time);
    sessions++;
    resumptions++;
    stream_moved_at = now.time;
    info = fresh.info();
    know_clock(now);
    readable = true;  // what came before the loss may not have been read
    upstream_open = !is_sender() && stream && !finished;
    set_state(LinkState::resumed);
    if (closed || stream) return;
    open_or_expect_stream(now);
}

void Link::Impl::open_or_expect_stream(Now now) {
    if (is_sender())
        open_stream();
    else if (!config.keep_listening || !config.caller || streams == 0)
        stream_expected_by = now.time + config.session.handshake_timeout;
}

void Link::Impl::open_stream() {
    // A session that the peer has ended already has an event to follow.
    if (finished || current()->state() != SessionState::established) return;
    auto id = current()->open_stream(stream_header, config.priority, config.stream_id);
    if (!id) {
        decide(clock_now(), id.error(), false);
        return;
    }
    stream = *id;
    stream_moved_at = clock_now().time;
    std::vector<OutMessage> first;
    const auto tell = [&](const SendQueue::Account& lost, bool uncertain) {
        if (lost.buffers == 0 || closed) return;
        if (auto message = observer.on_gap(lost, uncertain)) first.push_back(std::move(*message));
    };
    tell(outbox.give_up_undelivered(), true);
    const bool same_peer = std::exchange(stream_peer, info.peer_node) == info.peer_node;
    const SendQueue::GivenUp skipped =
        outbox.take_skipped(same_peer ? SendQueue::Taker::returning : SendQueue::Taker::newcomer);
    if (same_peer) {
        tell(skipped.uncertain, true);
        tell(skipped.certain, false);
    }
    if (closed) return;
    streams++;
    const bool again = !std::exchange(stream_begins, false) || skipped.certain.buffers > 0;
    if (again && first.empty()) {
        if (auto message = observer.on_late_start()) first.push_back(std::move(*message));
    }
    if (closed) return;
    outbox.restart(std::move(first));
    observer.on_stream_ready(*id, again);
}

void Link::Impl::on_stream_opened(const event::StreamOpened& opened) {
    if (is_sender()) {
        const Error error = stream_error(ErrorCode::stream_closed, Reason::both_send,
                                         tr("both ends are senders: one of them has to receive"));
        current()->reset(opened.stream, error);
        ended_here = session;
        stream_failed(error);
        return;
    }
    if (const auto error = refuse_another()) {
        current()->reset(opened.stream, *error);
        report(*error);
        return;
    }
    // The end against the direction may still be in the outbox, which goes over to the next stream.
    if (stream) current()->finish(*stream);
    leave_stream();
    stream_expected_by = time_never;
    if (config.stream_id && *config.stream_id != opened.stream) {
        const Error error =
            stream_error(ErrorCode::stream_id_conflict, Reason::other_stream,
                         tr("stream %" PRIu64 " was opened, but the receiver accepts only stream %" PRIu64,
                            opened.stream, *config.stream_id));
        current()->reset(opened.stream, error);
        ended_here = session;
        stream_failed(error);
        return;
    }
    const bool ended = inbox.finished() && !config.keep_listening;
    if (streams > 0 && (ended || inbox.behind())) {
        // The caller may try again: there may be room, or another receiver, by then.
        current()->close(clock_now(), CloseReason::error,
                         ended ? stream_has_ended()
                               : stream_error(ErrorCode::too_many_sessions, Reason::behind,
                                              tr("the listener has not finished the previous stream yet")));
        return;
    }
    readable = finished = complete = false;
    ended_here = 0;
    stream = opened.stream;
    stream_moved_at = clock_now().time;
    if (streams++ > 0) inbox.restart();
    outbox.clear();
    upstream_open = true;
    observer.on_stream_opened(opened.stream, opened.header);
}

void Link::Impl::on_stream_closed(const Error& error) {
    observer.on_stream_closed(*leave_stream(), error);
    // A receiver that takes no other stream must not keep the next caller out.
    if (!closed && !config.caller && error.reason == Reason::ended) drop_session(error);
    if (!closed) stream_failed(error);
}

void Link::Impl::on_stream_idle() {
    Error error = stream_error(ErrorCode::stream_closed, Reason::stream_timeout,
                               tr("the stream carried no data in either direction within stream-timeout"));
    if (Session* s = current()) s->reset(*stream, error);
    ended_here = session;
    on_stream_closed(error);
}

void Link::Impl::stream_failed(const Error& error) {
    if (question) {
        report(error);  // what becomes of the session is being decided
        return;
    }
    // The listener stays for callers who do better.
    decide(clock_now(), error, !config.caller);
}

void Link::Impl::on_closed(Now now, SessionHandle handle, const Error& error) {
    if (handle == attempt) {
        attempt = 0;
        // Beside a session that stands, nobody was there, or not the peer; its own time-out decides. What was
        // answered may be why nothing is heard any more.
        if (!established)
            attempt_failed(now, error);
        else if (error.origin == ErrorOrigin::peer && error.authenticated)
            report(error);
        else if (error.origin == ErrorOrigin::peer)
            report_hearsay(error);
        return;
    }
    if (handle != session) {
        const Session* const other = find(handle);
        if (other && error.code != ErrorCode::none) report_other(error, other->info().peer);
        if (!established && !closed && state == LinkState::handshaking)
            set_state(session ? LinkState::reconnecting : LinkState::connecting);
        return;
    }
    Session* const lost = current();
    if (lost) info = lost->info();
    established = false;
    const bool proven = std::exchange(proven_at, time_never) == time_never;
    stream_expected_by = time_never;
    upstream_open = false;
    // A receiver that has everything may not have been able to say so.
    if (lost && lost->resumable() && !given_up && !(finished && is_sender())) {
        on_path_lost(now, error);
        return;
    }
    if (lost) lost->abandon();
    set_session(0);
    on_lost(now, handle, error, proven);
}

void Link::Impl::on_path_lost(Now now, const Error& error) {
    away_since = now.time;
    if (config.caller) retry.start(now.time);
    if (attempt)
        report(error, Duration::zero());
    else
        decide(now, error, true);
    if (!given_up) set_state(LinkState::reconnecting);
}

bool Link::Impl::waits_for_path(const Error& error) const {
    if (!session || established) return false;
    switch (error.code) {
        case ErrorCode::connection_timeout:
        case ErrorCode::connection_refused:
        case ErrorCode::network_unreachable:
        case ErrorCode::udp_send_failed:
            return !error.authenticated;
        default:
            return is_path_lost(error);
    }
}

Duration Link::Impl::call_again_after(Now now, const Error& error) const {
    if (error.code == ErrorCode::connection_timeout || is_path_lost(error)) return Duration::zero();
    // An answer that comes at once must not make a storm of calls.
    return now.time - away_since < silence_fast_for ? silence_probe_fast : silence_probe_slow;
}

std::optional<StreamId> Link::Impl::leave_stream() {
    outbox.end_stream();
    return std::exchange(stream, std::nullopt);
}

void Link::Impl::on_abandoned() {
    end_stream(stream_error(ErrorCode::session_timeout, Reason::not_resumed,
                            tr("the session was lost, and the peer did not resume it")));
    if (!config.caller && !closed) set_state(LinkState::connecting);
}

void Link::Impl::tell_undelivered() {
    if (!is_sender() || closed) return;
    const SendQueue::GivenUp lost = outbox.give_up_all();
    if (lost.uncertain.buffers > 0) observer.on_gap(lost.uncertain, true);
    if (lost.certain.buffers > 0 && !closed) observer.on_gap(lost.certain, false);
}

void Link::Impl::end_stream(const Error& why) {
    established = false;
    proven_at = time_never;
    set_session(0);
    upstream_open = false;
    stream_expected_by = time_never;
    if (const auto ended = leave_stream()) observer.on_stream_closed(*ended, why);
}

void Link::Impl::on_lost(Now now, SessionHandle handle, const Error& error, bool proven) {
    const auto ended = leave_stream();
    if (given_up || error.code == ErrorCode::none) return;
    if (finished || complete) {
        // Everything had been said before.
        if (config.keep_listening && config.caller) {
            call_for_next(now, error);
            return;
        }
        set_state(config.caller ? LinkState::closed : LinkState::connecting);
        return;
    }
    if (ended) observer.on_stream_closed(*ended, error);
    if (closed) return;
    if (config.caller) stood(now, proven);
    if (!config.caller && handle == ended_here && error.origin == ErrorOrigin::peer) {
        // The peer goes since its stream was ended here, which was reported.
        set_state(LinkState::connecting);
        return;
    }
    const bool retried = !config.caller || may_retry(error, true);
    decide(now, error, config.auto_reconnect && retried);
    if (!given_up) set_state(LinkState::reconnecting);
}

}  // namespace stt
