// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"

namespace stt {
namespace {

Error stream_error(ErrorCode code, Reason reason, std::string text) {
    return make_error(code, reason, ErrorOrigin::local, std::move(text));
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
        if (session_.is(event.session) && measured)
            reporter_.warn(std::move(noted->error));
        else if (session_.is(event.session))
            reporter_.report(std::move(noted->error));
        else if (noted->error.reason != Reason::both_call || caller_.calls(noted->peer))
            reporter_.report_other(std::move(noted->error), noted->peer);
        if (unknown && session_.is(event.session) && !reporter_.ended()) caller_.call_in_parallel(now);
    } else if (std::holds_alternative<event::Abandoned>(event.what)) {
        if (session_.is(event.session) && !reporter_.ended()) on_abandoned();
    } else if (!session_.is(event.session) || reporter_.ended()) {
        return;  // of a session that is being closed
    } else if (const auto* opened = std::get_if<event::StreamOpened>(&event.what)) {
        heed(now, stream_->on_opened(now, *opened));
    } else if (const auto* closed_stream = std::get_if<event::StreamClosed>(&event.what)) {
        if (closed_stream->stream == stream_->stream()) on_stream_closed(now, closed_stream->error);
    } else if (const auto* news = std::get_if<event::StreamReadable>(&event.what)) {
        stream_->on_readable(now.time, news->stream);
    } else if (const auto* measured = std::get_if<event::ClockMeasured>(&event.what)) {
        if (Session* const from = session_.get()) clock_.on_measured(now.time, *from, measured->sample);
    } else if (const auto* progress = std::get_if<event::StreamProgress>(&event.what)) {
        stream_->on_progress(now.time, *progress);
    } else if (const auto* skipped = std::get_if<event::StreamSkipped>(&event.what)) {
        stream_->on_skipped(*skipped);
    }
}

void Link::Impl::on_state(Now now, SessionHandle handle, const event::StateChanged& change) {
    trace(handle, change);
    switch (change.state) {
        case SessionState::handshaking:
            if (!session_.established()) reporter_.set_state(LinkState::handshaking);
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
    const Session* const about = node->endpoint().find(handle);
    std::string text = "session " + std::to_string(handle);
    if (about) text += " with " + about->info().peer.to_string();
    text += session_.is(handle) ? "" : caller_.is_attempt(handle) ? " (the attempt)" : " (another)";
    text += std::string(" is ") + name_of(change.state);
    if (about && about->resumed() != 0) text += ", going on with " + std::to_string(about->resumed());
    if (!change.error.text.empty()) text += ": " + change.error.text;
    reporter_.trace(text);
}

void Link::Impl::on_established(Now now, SessionHandle handle) {
    Session* const fresh = node->endpoint().find(handle);
    if (!fresh) return;
    if (reporter_.ended()) {
        fresh->close(now, CloseReason::error, stream_has_ended());
        return;
    }
    if (caller_.is_attempt(handle)) caller_.on_attempt_established();
    if (session_.is(fresh->resumed())) {
        on_resumed(now, *fresh);
        return;
    }
    if (stream_->idle() && session_.established() && !config.caller) make_way(now);
    if (session_.established() && !config.caller) {
        // The one who is here may have crashed, and this be its successor.
        session_.get()->doubt(now.time, doubt_patience);
        fresh->close(now, CloseReason::error,
                     stream_error(ErrorCode::too_many_sessions, Reason::busy,
                                  tr("another caller has the listener's stream")));
        return;
    }
    Session* const earlier = session_.get();
    if (earlier && session_.established() && earlier->last_received() > caller_.attempt_began()) {
        // It knows the session after all: who said otherwise, and has answered now, is somebody else.
        fresh->close(now, CloseReason::graceful, {});
        return;
    }
    if (earlier) {
        // The peer has proved itself, and does not know the session any more: it falls.
        const bool stood = session_.established();
        earlier->close(now, CloseReason::error, {});
        earlier->abandon();
        caller_.restart(now.time);  // should this one be lost, too, its time begins now
        const Error why = begins_anew(*fresh);
        const bool cut = stream_->stream() && !stream_->finished();
        end_stream(why);
        if (stood) reporter_.set_state(LinkState::reconnecting);
        if (cut) reporter_.warn(why);
        if (reporter_.closed()) return;
    }
    drop_question();  // its answer would be about the session before
    session_.begin(*fresh);
    caller_.on_session(now.time);
    if (!is_sender()) clock_.follow(session_.info().peer_node, now.time);
    stream_->on_session();
    reporter_.set_state(LinkState::connected);
    if (!reporter_.closed()) heed(now, stream_->begin(now));
}

Error Link::Impl::begins_anew(const Session& fresh) const {
    const bool another = !config.caller && fresh.info().peer_node != session_.info().peer_node;
    Error why = another ? stream_error(ErrorCode::session_timeout, Reason::replaced,
                                       tr("the session was lost, and another caller has taken its place: the "
                                          "stream begins anew, and what came before may be incomplete"))
                        : stream_error(ErrorCode::session_not_found, Reason::peer_restarted,
                                       tr("the peer was restarted: the stream begins anew, and what came "
                                          "before may be incomplete"));
    why.origin = ErrorOrigin::peer;
    why.authenticated = true;
    return why;
}

void Link::Impl::on_resumed(Now now, const Session& fresh) {
    drop_question();
    session_.resume(fresh);
    caller_.on_resumption(now.time);
    if (!is_sender()) clock_.follow(session_.info().peer_node, now.time);
    stream_->on_resumption(now.time);
    reporter_.set_state(LinkState::resumed);
    if (!reporter_.closed() && !stream_->stream()) heed(now, stream_->begin(now));
}

void Link::Impl::heed(Now now, const StreamEnd::Outcome& outcome) {
    if (!outcome) return;
    switch (outcome->kind) {
        case StreamEnd::Fault::Kind::not_opened:
            return decide(now, outcome->error, false);
        case StreamEnd::Fault::Kind::misused:
            return stream_failed(now, outcome->error);
        case StreamEnd::Fault::Kind::closed:
            return on_stream_closed(now, outcome->error);
        case StreamEnd::Fault::Kind::unreadable:
            return give_up(outcome->error);
    }
}

void Link::Impl::on_stream_closed(Now now, const Error& error) {
    reporter_.stream_closed(*stream_->leave(), error);
    // A receiver that takes no other stream must not keep the next caller out.
    if (!reporter_.closed() && !config.caller && error.reason == Reason::ended) drop_session(error);
    if (!reporter_.closed()) stream_failed(now, error);
}

void Link::Impl::stream_failed(Now now, const Error& error) {
    if (question_.open()) {
        reporter_.report(error);  // what becomes of the session is being decided
        return;
    }
    // The listener stays for callers who do better.
    decide(now, error, !config.caller);
}

void Link::Impl::on_closed(Now now, SessionHandle handle, const Error& error) {
    if (caller_.is_attempt(handle)) return caller_.on_attempt_closed(now, error);
    if (!session_.is(handle)) {
        const Session* const other = node->endpoint().find(handle);
        if (other && error.code != ErrorCode::none) reporter_.report_other(error, other->info().peer);
        if (!session_.established() && reporter_.state() == LinkState::handshaking)
            reporter_.set_state(session_.exists() ? LinkState::reconnecting : LinkState::connecting);
        return;
    }
    session_.renew_info();
    Session* const lost = session_.get();
    const bool success = caller_.on_session_over();
    stream_->on_session_over();
    if (lost && lost->resumable() && !reporter_.ended() && !stream_->satisfied()) {
        session_.lose(now.time);
        on_path_lost(now, error);
        return;
    }
    if (lost) lost->abandon();
    session_.end();
    on_lost(now, handle, error, success);
}

void Link::Impl::on_path_lost(Now now, const Error& error) {
    caller_.restart(now.time);
    if (caller_.calling())
        reporter_.report(error, Duration::zero());
    else
        decide(now, error, true);
    if (!reporter_.ended()) reporter_.set_state(LinkState::reconnecting);
}

void Link::Impl::on_abandoned() {
    end_stream(stream_error(ErrorCode::session_timeout, Reason::not_resumed,
                            tr("the session was lost, and the peer did not go on with it")));
    if (!config.caller) reporter_.set_state(LinkState::connecting);
}

void Link::Impl::end_stream(const Error& why) {
    session_.end();
    caller_.on_session_over();
    stream_->on_session_over();
    if (const auto ended = stream_->leave()) reporter_.stream_closed(*ended, why);
}

void Link::Impl::on_lost(Now now, SessionHandle handle, const Error& error, bool success) {
    const auto ended = stream_->leave();
    if (reporter_.ended() || error.code == ErrorCode::none) return;
    if (stream_->complete()) {
        // Everything had been said before.
        if (config.keep_listening && config.caller) {
            call_for_next(now, error);
            return;
        }
        reporter_.set_state(config.caller ? LinkState::closed : LinkState::connecting);
        return;
    }
    if (ended) reporter_.stream_closed(*ended, error);
    if (reporter_.closed()) return;
    caller_.count_session(now.time, success);
    if (!config.caller && stream_->ended_in(handle) && error.origin == ErrorOrigin::peer) {
        // The peer goes since its stream was ended here, which was reported.
        reporter_.set_state(LinkState::connecting);
        return;
    }
    const bool retried = !config.caller || may_retry(error, true);
    decide(now, error, config.auto_reconnect && retried);
    if (!reporter_.ended()) reporter_.set_state(LinkState::reconnecting);
}

}  // namespace stt
