// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/connection.hpp"

#include <gst/base/gstbasesink.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "gst/debug.hpp"
#include "gst/link_config.hpp"
#include "gst/meta/serialized.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/property_changes.hpp"
#include "gst/receiver_report.hpp"
#include "gst/retry_signal.hpp"
#include "gst/stats.hpp"
#include "gst/timeout_error.hpp"
#include "gst/undelivered.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

/// How often a caller that is not connected yet checks whether its upstream is live, milliseconds. No event
/// reports such a change: a live source behind a muxer sends none before it plays.
constexpr uint32_t upstream_interval_ms = 100;

GQuark connection_quark() {
    static const GQuark quark = g_quark_from_static_string("stt-connection");
    return quark;
}

/// The properties whose values depend on whether the connection is open.
PropertyChanges read_backs(GstElement* element) { return {element, {"local-port", "node-id"}}; }

}  // namespace

Connection::Connection(GstElement* element, Side side)
    : element_(element),
      side_(side),
      settings_(element, side),
      bus_(element, side, peer_),
      stats_job_(element, bus_.announcer()),
      wait_look_(element, bus_.announcer()),
      seed_watch_(element, bus_.announcer()) {
    g_object_set_qdata(G_OBJECT(element), connection_quark(), this);
}

Connection::~Connection() { close(); }

Connection& Connection::of(gpointer element) {
    return *static_cast<Connection*>(g_object_get_qdata(G_OBJECT(element), connection_quark()));
}

std::shared_ptr<Link> Connection::link() const {
    const std::lock_guard lock(mutex_);
    return link_;
}

std::optional<NodeId> Connection::node_id() const { return link() ? std::optional(node_) : std::nullopt; }

// Opening and closing.

bool Connection::open() {
    PropertyChanges changes = read_backs(element_);
    peer_.open();
    bus_.announcer().interrupt(false);
    const Status logged = bus_.open_log(setting(&Settings::event_log));
    Result<LinkConfig> config = settings_.read([this](const Settings& settings) {
        return make_link_config(settings, side_ == Side::sink ? StreamRole::sender : StreamRole::receiver);
    });
    const bool possible = logged.ok() && config.ok();
    if (!possible) bus_.refuse(logged ? config.error() : logged.error());
    if (!possible || !open_link(std::move(*config))) {
        bus_.close_log();
        peer_.close();
        return false;
    }
    // The stream may have been opened before link_ was set.
    if (side_ == Side::src && peer_.ready()) greet_sender();
    start_jobs();
    changes.notify();
    return true;
}

bool Connection::open_link(LinkConfig config) {
    if (side_ == Side::sink) config.stream_header = new_stream_header();
    caller_ = config.caller;
    node_ = config.identity->node_id();
    GST_DEBUG_OBJECT(element_, "opens as a %s", caller_ ? "caller" : "listener");
    const std::string start =
        caller_ ? tr("Connecting to %s:%u", config.host.c_str(), unsigned{config.port}) : tr("Listening");
    if (!bus_.start(caller_, node_, start)) return false;
    Result<std::shared_ptr<Link>> link = Link::open(std::move(config), *this);
    if (!link) {
        bus_.refuse(link.error());
        return false;
    }
    if (!caller_)
        bus_.end_progress(GST_PROGRESS_TYPE_COMPLETE,
                          tr("Listening on port %u", unsigned{(*link)->local_port()}));
    const std::lock_guard lock(mutex_);
    link_ = std::move(*link);
    return true;
}

void Connection::close() {
    stats_job_.stop();
    wait_look_.stop();
    seed_watch_.stop();
    if (!this->link()) return;
    GST_DEBUG_OBJECT(element_, "closes");
    PropertyChanges changes = read_backs(element_);
    std::shared_ptr<Link> link;
    {
        const std::lock_guard lock(mutex_);
        link.swap(link_);
    }
    peer_.close();
    // Messages that the link posts while it closes are still sent.
    bus_.drop_queued();
    link->close();
    bus_.close_log();
    cancel_progress(tr("Stopped while connecting"));
    changes.notify();
}

void Connection::start_jobs() {
    if (caller_ && hooks_.waits_for_peer)
        wait_look_.start(upstream_interval_ms, [this] { return look_if_waited_for(); });
    // Statistics may wait for the I/O thread, so the clock's thread must not read them.
    if (const uint32_t interval = setting(&Settings::stats_interval))
        stats_job_.start(interval, [this] { return post_stats(), true; });
    if (const std::string file = settings_.read(seed_file_of); !file.empty())
        seed_watch_.start(file, [this] { reload_seeds(); });
}

/// If the data does not wait for the connection, completes the progress. Otherwise an application that plays
/// only once a caller is connected would never play. Returns whether to look again.
bool Connection::look_if_waited_for() {
    if (bus_.progress_under_way() && !hooks_.waits_for_peer())
        bus_.end_progress(GST_PROGRESS_TYPE_COMPLETE, tr("Connecting continues while the pipeline plays"));
    return bus_.progress_under_way();
}

// Settings of an open connection.

void Connection::setting_changed(unsigned id, const std::string& name) {
    if (!link()) {
        const std::optional<Error> refused = setting(&Settings::refused_uri);
        if (refused && name == "uri") GST_WARNING_OBJECT(element_, "%s", refused->text.c_str());
    } else if (needs_new_connection(id)) {
        GST_ELEMENT_WARNING(
            element_, RESOURCE, SETTINGS,
            ("%s",
             tr("'%s' takes effect with the next connection: set the element to READY and back", name.c_str())
                 .c_str()),
            (nullptr));
    } else if (name == "seed") {
        reload_seeds();
    } else if (name == "latency") {
        bus_.latency_changed();
        tell_playout();
    }
}

void Connection::reload_seeds() {
    Result<std::vector<SecretBytes>> seeds = settings_.read(read_seeds);
    const std::shared_ptr<Link> open_link = link();
    if (!open_link) return;
    GST_DEBUG_OBJECT(element_, "the seeds are read again: %s",
                     seeds ? "accepted" : seeds.error().text.c_str());
    if (!seeds)
        bus_.warn_now(seeds.error());  // the seeds read before stay in force
    else if (!seeds->empty())
        open_link->set_seeds(std::move(*seeds));
}

// Waiting.

void Connection::interrupt(bool on) {
    peer_.interrupt(on);
    bus_.announcer().interrupt(on);
    const std::shared_ptr<Link> open_link = link();
    if (!open_link) return;
    if (side_ == Side::sink)
        open_link->outbox().set_interrupted(on);
    else
        open_link->inbox().set_flushing(on);
    if (const auto clock = open_link->peer_clock()) clock->interrupt();
}

void Connection::limit_waits(std::optional<SteadyTime> until) {
    const std::shared_ptr<Link> open_link = link();
    if (!open_link) return;
    open_link->outbox().limit_waits(until);
    open_link->hurry(open_link->outbox().waits_until());
    peer_.limit_waits(until);
}

Error Connection::timed_out(Reason reason, const char* format, const char* name, uint32_t limit) const {
    return timeout_error({reason, format, name, limit}, caller_, peer_.reached(), peer_.ready());
}

// The peer.

std::shared_ptr<PeerClock> Connection::peer_clock() const {
    const std::shared_ptr<Link> open_link = link();
    return open_link ? open_link->peer_clock() : nullptr;
}

std::optional<Affine> Connection::from_peer_clock(Duration patience) const {
    const std::shared_ptr<PeerClock> clock = peer_clock();
    if (!clock) return std::nullopt;
    if (patience > Duration::zero()) clock->wait_line(patience, [this] { return peer_.interrupted(); });
    const std::optional<ClockLine> line = clock->line();
    if (!line) return std::nullopt;
    const int64_t now = monotonic_now();
    return Affine{line->peer_at(now), now, -line->drift / (1 + line->drift)};
}

GstClockTime Connection::base_delay() const {
    const std::shared_ptr<PeerClock> clock = peer_clock();
    const std::optional<ClockLine> line = clock ? clock->line() : std::nullopt;
    return line ? static_cast<GstClockTime>(std::max<int64_t>(line->base_delay_ns, 0)) : 0;
}

/// Reports the setting `latency` to the sender if a stream is open.
void Connection::tell_playout() {
    if (const std::shared_ptr<Link> open_link = link())
        open_link->send_upstream(encode_playout(setting(&Settings::latency) * GST_MSECOND));
}

/// Reports to the sender what it needs to know of its receiver.
void Connection::greet_sender() {
    tell_playout();
    const std::shared_ptr<Link> open_link = link();
    if (open_link && peer_serializes_) open_link->send_upstream(encode_reads_serialized(has_serialization()));
}

StreamHeader Connection::stream_header(uint64_t instance) const {
    const bool bytes = setting(&Settings::framing) == static_cast<uint32_t>(Framing::bytes);
    return {instance, bytes, setting(&Settings::stream_label), has_serialization()};
}

std::vector<uint8_t> Connection::new_stream_header() const {
    return encode(stream_header(system_random().u64()));
}

void Connection::begin_stream() {
    if (const std::shared_ptr<Link> open_link = link()) open_link->begin_stream(new_stream_header());
}

// Errors.

void Connection::report(const ErrorReport& report) {
    if (bus_.report(report) && report.error.terminal && hooks_.failed) hooks_.failed();
}

void Connection::fail(Error error) {
    GST_DEBUG_OBJECT(element_, "fails: %s", error.text.c_str());
    error.terminal = true;
    const ErrorReport failure = bus_.describe(std::move(error));
    report(failure);
    if (const std::shared_ptr<Link> open_link = link()) open_link->fail(failure.error);
    peer_.wait_error();
}

bool Connection::announce_undelivered(const std::vector<Gap>& missing) {
    const uint32_t timeout = setting(&Settings::drain_timeout);
    if (timeout > 0 && !peer_.fail()) return false;
    Gap all;
    for (const Gap& gap : missing) all += gap;
    ErrorReport undelivered = bus_.describe(undelivered_error(all, peer_.reached(), caller_, timeout));
    undelivered.warned_of = true;
    // The session fails first: a handler of the message that stops the element would make it end in the usual
    // way.
    if (const std::shared_ptr<Link> open_link = link(); open_link && timeout > 0)
        open_link->fail(cut_off_error(all, timeout));
    bus_.report_undelivered(missing, undelivered);
    return timeout == 0;
}

// LinkObserver.

void Connection::on_status(const LinkStatus& status) {
    // A stream that was lost with its session may resume: data sent in the meantime is held for it.
    if (status.state == LinkState::connecting || status.state == LinkState::closed) peer_.set_ready(false);
    if (status.state == LinkState::handshaking) peer_.note_reached(Reached::call);
    if (is_established(status.state)) peer_.note_reached(Reached::session);
    bus_.on_status(status);
}

void Connection::on_error(const ErrorReport& error) {
    // A peer that is rejected before the handshake, for instance for another seed, has called as well.
    if (error.error.origin == ErrorOrigin::peer) peer_.note_reached(Reached::call);
    report(error);
}

void Connection::on_trace(const std::string& text) { GST_DEBUG_OBJECT(element_, "%s", text.c_str()); }

bool Connection::traces_engine() const {
    return gst_debug_category_get_threshold(stt_debug) >= GST_LEVEL_TRACE;
}

void Connection::on_engine_trace(SessionHandle session, const std::string& text) {
    GST_TRACE_OBJECT(element_, "session %" G_GUINT64_FORMAT ": %s", session, text.c_str());
}

void Connection::on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) {
    if (!retry_signal_is_heard(element_)) {
        reply(RetryDecision::standard);
        return;
    }
    GST_DEBUG_OBJECT(element_, "retry-decision is asked about: %s", report.error.text.c_str());
    bus_.announcer().run([element = element_, report, reply = std::move(reply)] {
        reply(emit_retry_signal(element, report));
    });
}

void Connection::on_stream_opened(StreamId stream, const std::vector<uint8_t>& header) {
    const std::optional<StreamHeader> decoded = decode_stream_header(header);
    const StreamHeader* known = decoded ? &*decoded : nullptr;
    if (hooks_.stream_opened) hooks_.stream_opened(known);
    peer_serializes_ = known && known->serializes;
    peer_.set_ready(true);
    greet_sender();
    bus_.stream_opened(stream, known);
}

void Connection::on_stream_ready(StreamId stream, bool again) {
    if (again && hooks_.key_unit_wanted) hooks_.key_unit_wanted();
    peer_.set_ready(true);
    const StreamHeader header = stream_header(0);
    bus_.stream_opened(stream, &header);
}

void Connection::on_giving_up() {
    GST_DEBUG_OBJECT(element_, "data is dropped, or the path is back after that: a key unit is wanted");
    if (hooks_.key_unit_wanted) hooks_.key_unit_wanted();
}

void Connection::on_stream_closed(StreamId stream, const Error& error) {
    peer_.set_ready(false);
    bus_.stream_closed(stream, error);
}

std::optional<OutMessage> Connection::on_gap(const SendQueue::Account& lost, bool uncertain) {
    const Gap gap{lost.buffers, lost.bytes, lost.duration_ns, uncertain};
    bus_.gap(gap);
    return encode_given_up(gap);
}

void Connection::on_upstream_message(InMessage message) {
    if (hooks_.upstream_message) hooks_.upstream_message(std::move(message));
}

// Statistics.

void Connection::post_stats() {
    if (setting(&Settings::stats_interval) == 0) return;
    GstStructure* statistics = stats();
    gst_structure_set_name(statistics, "stt-stats");
    bus_.post(statistics);
}

GstStructure* Connection::stats() const {
    GstStructure* structure = GST_IS_BASE_SINK(element_) ? gst_base_sink_get_stats(GST_BASE_SINK(element_))
                                                         : gst_structure_new_empty("application/x-stt-stats");
    gst_structure_set_name(structure, "application/x-stt-stats");
    const std::shared_ptr<Link> open_link = link();
    const LinkStats stats = open_link ? open_link->stats() : LinkStats{};
    set_stats(structure, stats);
    if (side_ == Side::src) set_clock(structure, stats.clock);
    if (hooks_.add_stats) hooks_.add_stats(structure);
    return structure;
}

}  // namespace stt
