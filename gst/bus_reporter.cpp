// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/bus_reporter.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "gst/delayed_call.hpp"

namespace stt {
Status BusReporter::open_log(const std::string& path) {
    if (path.empty()) return success();
    Result<std::shared_ptr<EventLog>> log = EventLog::open(path);
    if (!log) return log.error();
    announcer_.set_log(std::move(*log));
    return success();
}

bool BusReporter::start(bool caller, const NodeId& node, const std::string& text) {
    caller_ = caller;
    node_ = node;
    told_state_ = LinkState::closed;
    status_digest_.clear();
    if (progress_.start(text)) return true;
    progress_.end(GST_PROGRESS_TYPE_CANCELED, tr("Stopped before connecting began"));
    return false;
}

ErrorReport BusReporter::describe(Error error) const {
    ErrorReport report;
    report.error = std::move(error);
    report.caller = caller_;
    return report;
}

std::vector<GstMessage*> BusReporter::messages(const ErrorReport& report) const {
    return error_messages(element_, report, side_ == Side::src);
}

void BusReporter::post_now(const ErrorReport& report) {
    for (GstMessage* message : messages(report)) announcer_.post_now(message);
}

void BusReporter::refuse(const Error& error) {
    progress_.end(GST_PROGRESS_TYPE_ERROR, error.text);
    ErrorReport report = describe(error);
    report.error.terminal = true;
    post_now(report);
}

void BusReporter::on_status(const LinkStatus& status) {
    announce(status);
    // The progress of a listener ends when it listens, even if a caller comes before that is posted.
    if (!caller_ || !progress_.under_way()) return;
    // The state is the same if only the circuit or the peer's address has changed.
    if (std::exchange(told_state_, status.state) == status.state) return;
    if (status.state == LinkState::handshaking)
        progress_.proceed(tr("Authenticating with %s", status.peer.c_str()));
    else if (is_established(status.state))
        progress_.end(GST_PROGRESS_TYPE_COMPLETE, tr("Connected to %s", status.peer.c_str()));
}

/// A caller's retry policy limits how often its state changes. A listener's state changes as its callers
/// like.
void BusReporter::announce(const LinkStatus& status) {
    const StatusDigest::Outcome outcome =
        caller_ ? StatusDigest::Outcome{.report = true, .merged = 0, .later = std::nullopt}
                : status_digest_.add(status, RateLimit::Clock::now());
    if (outcome.report) announcer_.post(session_message(element_, status, caller_, node_, outcome.merged));
    if (!outcome.later) return;
    // It is taken and posted in one job, so that no later status can be posted in between.
    const auto post = [this] {
        if (const auto waiting = status_digest_.take(RateLimit::Clock::now()))
            announcer_.post_now(session_message(element_, waiting->status, caller_, node_, waiting->merged));
    };
    call_later(element_, *outcome.later, [this, post] { announcer_.run(post); });
}

void BusReporter::stream_opened(StreamId stream, const StreamHeader* header) {
    announcer_.post(stream_opened_message(element_, stream, header));
}

void BusReporter::stream_closed(StreamId stream, const Error& error) {
    announcer_.post(stream_closed_message(element_, stream, error));
}

bool BusReporter::report(const ErrorReport& report) {
    const bool terminal = report.error.terminal;
    if (terminal && !peer_.fail()) return false;
    announcer_.post(messages(report));
    if (!terminal) return true;
    // After the ERROR, on which programs exit: those that follow PROGRESS play when it ends.
    progress_.end(GST_PROGRESS_TYPE_ERROR, report.error.text);
    announcer_.run([this] { peer_.note_error_posted(); });
    return true;
}

void BusReporter::warn(Error error) {
    ErrorReport warning = describe(std::move(error));
    warning.warned_of = true;
    report(warning);
}

void BusReporter::warn_now(Error error) {
    error.terminal = false;
    ErrorReport warning = describe(std::move(error));
    warning.warned_of = true;
    post_now(warning);
}

void BusReporter::report_undelivered(const std::vector<Gap>& missing, const ErrorReport& report) {
    announcer_.post(undelivered_messages(element_, missing, report));
    announcer_.wait_posted();
    if (report.error.terminal) peer_.note_error_posted();
}

void BusReporter::post(GstStructure* structure) {
    announcer_.post(gst_message_new_element(GST_OBJECT(element_), structure));
}

}  // namespace stt
