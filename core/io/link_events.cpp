// SPDX-License-Identifier: LGPL-2.1-or-later
// What the events of its sessions mean to a link.
#include <utility>

#include "core/base/text.hpp"
#include "core/io/link_impl.hpp"
#include "core/io/reached_hosts.hpp"

namespace stt {
namespace {

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

/// Why the stream does not continue in the session that replaces its own. `other_node`: that session is with
/// another node.
Error begins_anew(bool other_node) {
    Error why =
        other_node
            ? make_error(ErrorCode::session_timeout, Reason::replaced, ErrorOrigin::peer,
                         tr("the session was lost, and another caller has connected: the stream begins "
                            "anew, and earlier data may be incomplete"))
            : make_error(
                  ErrorCode::session_not_found, Reason::peer_restarted, ErrorOrigin::peer,
                  tr("the peer was restarted: the stream begins anew, and earlier data may be incomplete"));
    return std::move(why).proven();
}

}  // namespace

void Link::Impl::on_event(Now now, Event event) {
    if (const auto* change = std::get_if<event::StateChanged>(&event.what)) {
        on_state(now, event.session, *change);
    } else if (auto* noted = std::get_if<event::ErrorNoted>(&event.what)) {
        on_note(now, event.session, std::move(*noted));
    } else if (!session_.is(event.session) || reporter_.ended()) {
        return;  // of a session that is being closed
    } else if (std::holds_alternative<event::Abandoned>(event.what)) {
        on_abandoned();
    } else if (const auto* opened = std::get_if<event::StreamOpened>(&event.what)) {
        conclude(now, stream_->on_opened(now, *opened));
    } else if (const auto* closed = std::get_if<event::StreamClosed>(&event.what)) {
        if (closed->stream == stream_->stream()) on_stream_closed(now, closed->error);
    } else if (const auto* readable = std::get_if<event::StreamReadable>(&event.what)) {
        stream_->on_readable(now.time, readable->stream);
    } else if (const auto* measured = std::get_if<event::ClockMeasured>(&event.what)) {
        if (Session* const from = session_.get()) clock_.on_measured(now.time, *from, measured->sample);
    } else if (const auto* progress = std::get_if<event::StreamProgress>(&event.what)) {
        stream_->on_progress(now.time, *progress);
    } else if (const auto* skipped = std::get_if<event::StreamSkipped>(&event.what)) {
        stream_->on_skipped(*skipped);
    }
}

void Link::Impl::on_note(Now now, SessionHandle handle, event::ErrorNoted noted) {
    const ErrorCode code = noted.error.code;
    if (session_.is(handle)) {
        // What the peer says by an error of the same code is no measurement.
        if (code == ErrorCode::path_loss && noted.error.origin == ErrorOrigin::network)
            reporter_.warn(std::move(noted.error));
        else
            reporter_.report(std::move(noted.error));
        if (code == ErrorCode::session_not_found && !reporter_.ended()) caller_.call_in_parallel(now);
    } else if (noted.error.reason != Reason::both_call || caller_.calls(noted.peer)) {
        reporter_.report_other(std::move(noted.error), noted.peer);
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
    const Session* const about = node_->endpoint().find(handle);
    std::string text = "session " + std::to_string(handle);
    if (about) text += " with " + about->info().peer.to_string();
    text += session_.is(handle) ? "" : caller_.is_attempt(handle) ? " (the attempt)" : " (another)";
    text += std::string(" is ") + name_of(change.state);
    if (about && about->resumed() != 0) text += ", resumes session " + std::to_string(about->resumed());
    if (!change.error.text.empty()) text += ": " + change.error.text;
    reporter_.trace(text);
}

// A session is established.

Link::Impl::Arrival Link::Impl::classify(const Session& fresh) const {
    if (reporter_.ended()) return Arrival::too_late;
    if (session_.is(fresh.resumed())) return Arrival::resumption;
    const Session* const present = session_.get();
    if (!present) return Arrival::first;
    if (!session_.established()) return Arrival::replacement;
    if (!config_.caller) return stream_->idle() ? Arrival::relief : Arrival::rival;
    return present->last_received() > caller_.attempt_began() ? Arrival::unneeded : Arrival::replacement;
}

void Link::Impl::on_established(Now now, SessionHandle handle) {
    Session* const fresh = node_->endpoint().find(handle);
    if (!fresh) return;
    const Arrival arrival = classify(*fresh);
    if (arrival != Arrival::too_late && caller_.is_attempt(handle)) caller_.on_attempt_established();
    arriving_ = handle;
    receive_arrival(now, *fresh, arrival);
    arriving_ = 0;
}

void Link::Impl::receive_arrival(Now now, Session& fresh, Arrival arrival) {
    switch (arrival) {
        case Arrival::too_late:
            return fresh.close(now, CloseReason::error, stream_has_ended());
        case Arrival::resumption:
            return resume_session(now, fresh);
        case Arrival::first:
            return begin_session(now, fresh);
        case Arrival::rival:
            // The present caller may have crashed, and the other may be its successor.
            session_.get()->doubt(now.time, doubt_patience);
            return fresh.close(now, CloseReason::error,
                               make_error(ErrorCode::too_many_sessions, Reason::busy, ErrorOrigin::local,
                                          tr("the listener already serves another caller")));
        case Arrival::relief:
            yield_session(now);
            return begin_session(now, fresh);
        case Arrival::unneeded:
            // Its peer knows it after all: another node has said otherwise, and has answered now.
            return fresh.close(now, CloseReason::graceful, {});
        case Arrival::replacement:
            if (replace_session(now, fresh)) begin_session(now, fresh);
            return;
    }
}

/// A session that the peer has closed already shows nothing that lasts.
void Link::Impl::announce_host(const Session& fresh) {
    if (fresh.state() == SessionState::established) ReachedHosts::process().announce(fresh.info().peer);
}

void Link::Impl::begin_session(Now now, const Session& fresh) {
    withdraw_question();  // its answer would be about the session before
    if (reporter_.closed()) return;
    session_.begin(fresh);
    announce_host(fresh);
    caller_.on_session(now.time);
    if (config_.role == StreamRole::receiver) clock_.follow(session_.info().peer_node, now.time);
    stream_->on_session();
    reporter_.set_state(LinkState::connected);
    if (!reporter_.closed()) conclude(now, stream_->begin(now));
}

void Link::Impl::resume_session(Now now, const Session& fresh) {
    withdraw_question();
    if (reporter_.closed()) return;
    session_.resume(fresh);
    announce_host(fresh);
    caller_.on_resumption(now.time);
    if (config_.role == StreamRole::receiver) clock_.follow(session_.info().peer_node, now.time);
    stream_->on_resumption(now.time);
    reporter_.set_state(LinkState::resumed);
    if (!reporter_.closed() && !stream_->stream()) conclude(now, stream_->begin(now));
}

bool Link::Impl::replace_session(Now now, const Session& fresh) {
    Session& present = *session_.get();
    const bool established = session_.established();
    const bool incomplete = stream_->stream() && !stream_->finished();
    present.close(now, CloseReason::error, {});
    present.abandon();
    caller_.restart(now.time);  // should the fresh one be lost, too, the time begins now
    const Error why = begins_anew(!config_.caller && fresh.info().peer_node != session_.info().peer_node);
    end_session(why);
    if (established) reporter_.set_state(LinkState::reconnecting);
    if (incomplete) reporter_.warn(why);
    return !reporter_.closed();
}

void Link::Impl::yield_session(Now now) {
    Session& idle = *session_.get();
    idle.close(now, CloseReason::graceful, {});
    idle.abandon();
    stream_->leave();
    session_.end();
}

// A session is closed.

void Link::Impl::on_closed(Now now, SessionHandle handle, const Error& error) {
    if (caller_.is_attempt(handle)) return caller_.on_attempt_closed(now, error);
    if (!session_.is(handle)) return on_other_closed(handle, error);
    session_.renew_info();
    Session* const session = session_.get();
    const bool success = caller_.on_session_over();
    stream_->on_session_over();
    if (session && session->resumable() && !reporter_.ended() && !stream_->satisfied()) {
        session_.lose(now.time);
        return on_lost(now, error);
    }
    if (session) session->abandon();
    session_.end();
    on_over(now, handle, error, success);
}

/// The session was neither the stream's nor an attempt's.
void Link::Impl::on_other_closed(SessionHandle handle, const Error& error) {
    const Session* const other = node_->endpoint().find(handle);
    const bool reported = handle == dropped_;
    if (reported) dropped_ = 0;
    if (other && error.code != ErrorCode::none && !reported)
        reporter_.report_other(error, other->info().peer);
    if (!session_.established() && reporter_.state() == LinkState::handshaking)
        reporter_.set_state(session_.exists() ? LinkState::reconnecting : LinkState::connecting);
}

void Link::Impl::on_lost(Now now, const Error& error) {
    caller_.restart(now.time);
    if (caller_.calling())
        reporter_.report(error, Duration::zero());
    else
        decide(now, error, true);
    if (!reporter_.ended()) reporter_.set_state(LinkState::reconnecting);
}

void Link::Impl::on_abandoned() {
    end_session(make_error(ErrorCode::session_timeout, Reason::not_resumed, ErrorOrigin::local,
                           tr("the session was lost, and the peer did not resume it")));
    if (!config_.caller) reporter_.set_state(LinkState::connecting);
}

void Link::Impl::on_over(Now now, SessionHandle handle, Error error, bool success) {
    const auto ended = stream_->leave();
    if (reporter_.ended() || error.code == ErrorCode::none) return;
    if (stream_->complete()) {
        // Nothing is missing. A caller with keep_listening calls for the next stream.
        if (!config_.keep_listening || !config_.caller)
            return reporter_.set_state(config_.caller ? LinkState::closed : LinkState::connecting);
        if (!config_.auto_reconnect) return decide(now, error, false);
        caller_.call_later(now.time, error);
        return reporter_.set_state(LinkState::reconnecting);
    }
    if (ended && error.code == ErrorCode::session_closed && error.reason == Reason::graceful)
        error.text = tr("the peer closed the session: it was stopped before the end of the stream");
    if (ended) reporter_.stream_closed(*ended, error);
    if (reporter_.closed()) return;
    caller_.count_session(now.time, success);
    if (!config_.caller && stream_->ended_in(handle) && error.origin == ErrorOrigin::peer) {
        // The peer has left because this end ended its stream, which was reported.
        return reporter_.set_state(LinkState::connecting);
    }
    const bool retried = !config_.caller || may_retry(error, true);
    decide(now, std::move(error), config_.auto_reconnect && retried);
    if (!reporter_.ended()) reporter_.set_state(LinkState::reconnecting);
}

void Link::Impl::end_session(const Error& why) {
    session_.end();
    caller_.on_session_over();
    stream_->on_session_over();
    if (const auto ended = stream_->leave()) reporter_.stream_closed(*ended, why);
}

// The stream.

void Link::Impl::conclude(Now now, const StreamEnd::Outcome& outcome) {
    if (!outcome) return;
    switch (outcome->kind) {
        case StreamEnd::Fault::Kind::not_opened:
            return decide(now, outcome->error, false);
        case StreamEnd::Fault::Kind::misused:
            return on_stream_failed(now, outcome->error);
        case StreamEnd::Fault::Kind::closed:
            return on_stream_closed(now, outcome->error);
        case StreamEnd::Fault::Kind::unreadable:
            return end(outcome->error);
    }
}

void Link::Impl::on_stream_closed(Now now, const Error& error) {
    if (const auto ended = stream_->leave()) reporter_.stream_closed(*ended, error);
    // A receiver that takes no other stream must not keep the next caller out.
    if (!reporter_.closed() && !config_.caller && error.reason == Reason::ended) drop_session(now, error);
    if (!reporter_.closed()) on_stream_failed(now, error);
}

void Link::Impl::on_stream_failed(Now now, const Error& error) {
    if (question_.open()) {
        reporter_.report(error);  // what becomes of the session is being decided
        return;
    }
    // A listener remains for other callers.
    decide(now, error, !config_.caller);
}

void Link::Impl::begin_next_stream(std::vector<uint8_t> header) {
    if (reporter_.ended()) return;
    const Now now = clock_now();
    stream_->set_next(now.time, std::move(header));
    if (session_.established()) {
        conclude(now, stream_->begin(now));
    } else if (config_.caller && !session_.exists() && !caller_.calling()) {
        reporter_.set_state(LinkState::connecting);
        if (!reporter_.closed()) caller_.start(now);
    }
}

}  // namespace stt
