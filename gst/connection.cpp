// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/connection.hpp"

#include <gst/base/gstbasesink.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "gst/bus.hpp"
#include "gst/debug.hpp"
#include "gst/delayed_call.hpp"
#include "gst/link_config.hpp"
#include "gst/meta/serialized.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/receiver_report.hpp"
#include "gst/retry_signal.hpp"
#include "gst/undelivered.hpp"

GST_DEBUG_CATEGORY(stt_debug);
#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

enum : unsigned { property_node_id = own_property_first, property_stats, property_is_live };

/// How often the seed file is checked for a change.
constexpr uint32_t seed_file_interval_ms = 1000;

/// How often a caller that is not connected yet checks whether its upstream is live.
constexpr uint32_t upstream_interval_ms = 100;

GQuark connection_quark() {
    static const GQuark quark = g_quark_from_static_string("stt-connection");
    return quark;
}

/// How long a receiver has for its answer once the stream has been opened to it: some round trips.
constexpr Duration answer_patience = 500ms;

/// Distinguishes versions of a file. A file that does not exist has the version {}.
using FileVersion = std::array<int64_t, 4>;
FileVersion version_of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return {};
    return {static_cast<int64_t>(status.st_ino), status.st_size, status.st_mtim.tv_sec,
            status.st_mtim.tv_nsec};
}

bool stands(LinkState state) { return state == LinkState::connected || state == LinkState::resumed; }

}  // namespace

Connection::Connection(GstElement* element, Side side)
    : element_(element), side_(side), announcer_(element), progress_(element, announcer_) {
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

std::string Connection::uri() const { return setting(&Settings::uri); }

Status Connection::set_uri(const std::string& uri) {
    Status set = success();
    bool changed = false;
    {
        const std::lock_guard lock(mutex_);
        const std::string before = settings_.uri;
        set = stt::set_uri(settings_, side_, uri);
        changed = settings_.uri != before;
    }
    if (changed) g_object_notify(G_OBJECT(element_), "uri");
    return set;
}

Connection::ReadBacks Connection::read_backs() const {
    ReadBacks values{{{"local-port", {}}, {"node-id", {}}}};
    for (auto& [name, text] : values) {
        GValue value = G_VALUE_INIT;
        g_object_get_property(G_OBJECT(element_), name, &value);
        char* written = g_strdup_value_contents(&value);
        text = written;
        g_free(written);
        g_value_unset(&value);
    }
    return values;
}

void Connection::notify_since(const ReadBacks& before) {
    const ReadBacks now = read_backs();
    for (size_t i = 0; i < now.size(); i++)
        if (now[i] != before[i]) g_object_notify(G_OBJECT(element_), now[i].first);
}

bool Connection::open() {
    const ReadBacks before = read_backs();
    Result<LinkConfig> config = [&] {
        const std::lock_guard lock(mutex_);
        failed_ = error_posted_ = ready_ = interrupted_ = false;
        reached_ = Reached::nothing;
        return make_link_config(settings_, side_ == Side::sink ? StreamRole::sender : StreamRole::receiver);
    }();
    announcer_.interrupt(false);
    const auto refuse = [&](const Error& error) {
        ErrorReport report = describe(error);
        report.error.terminal = true;
        for (GstMessage* message : error_messages(element_, report, side_ == Side::src))
            announcer_.post_now(message);
        announcer_.set_log(nullptr);
        return false;
    };
    if (const std::string file = setting(&Settings::event_log); !file.empty()) {
        Result<std::shared_ptr<EventLog>> log = EventLog::open(file);
        if (!log) return refuse(log.error());
        announcer_.set_log(std::move(*log));
    }
    if (!config) return refuse(config.error());
    if (side_ == Side::sink) config->stream_header = new_stream_header();
    caller_ = config->caller;
    told_state_ = LinkState::closed;
    status_digest_.clear();
    node_ = config->identity->node_id();
    const std::string start =
        caller_ ? tr("Connecting to %s:%u", config->host.c_str(), unsigned{config->port}) : tr("Listening");
    if (!progress_.start(start)) {
        progress_.end(GST_PROGRESS_TYPE_CANCELED, tr("Stopped before connecting began"));
        announcer_.set_log(nullptr);
        return false;
    }
    Result<std::shared_ptr<Link>> link = Link::open(std::move(*config), *this);
    if (!link) {
        progress_.end(GST_PROGRESS_TYPE_ERROR, link.error().text);
        return refuse(link.error());
    }
    if (!caller_)
        progress_.end(GST_PROGRESS_TYPE_COMPLETE,
                      tr("Listening on port %u", unsigned{(*link)->local_port()}));
    {
        const std::lock_guard lock(mutex_);
        link_ = std::move(*link);
    }
    // The stream may have been opened before link_ was set.
    if (side_ == Side::src && ready()) greet_sender();
    start_timers();
    notify_since(before);
    return true;
}

std::vector<uint8_t> Connection::new_stream_header() const {
    const std::lock_guard lock(mutex_);
    return encode(StreamHeader{system_random().u64(),
                               settings_.framing == static_cast<uint32_t>(Framing::bytes),
                               settings_.stream_label, has_serialization()});
}

void Connection::begin_stream() {
    if (const std::shared_ptr<Link> open_link = link()) open_link->begin_stream(new_stream_header());
}

void Connection::close() {
    for (PeriodicCall* timer : {&stats_timer_, &seeds_timer_, &wait_timer_}) timer->stop();
    if (!this->link()) return;
    const ReadBacks before = read_backs();
    std::shared_ptr<Link> link;
    {
        const std::lock_guard lock(mutex_);
        link.swap(link_);
        ready_ = false;
        changed_.notify_all();
    }
    // Messages that the link posts while it closes are still sent.
    announcer_.clear();
    link->close();
    announcer_.set_log(nullptr);  // messages posted before are still written
    cancel_progress(tr("Stopped while connecting"));
    notify_since(before);
}

void Connection::start_timers() {
    GWeakRef* weak = g_new0(GWeakRef, 1);
    g_weak_ref_init(weak, element_);
    // Timers run on a thread that outlives the element, so they hold a weak reference to it.
    const std::shared_ptr<GWeakRef> element(weak, [](GWeakRef* last) {
        g_weak_ref_clear(last);
        g_free(last);
    });
    const auto guarded = [element](bool (*call)(Connection&)) {
        gpointer strong = g_weak_ref_get(element.get());
        if (!strong) return false;
        const bool again = call(of(strong));
        gst_object_unref(strong);
        return again;
    };
    look_due_ = false;
    if (caller_ && hooks_.waits_for_peer) {
        // No event reports such a change: a live source behind a muxer sends none before it plays.
        wait_timer_.start(upstream_interval_ms, [guarded] {
            return guarded([](Connection& self) {
                if (!self.progress_.under_way()) return false;
                if (self.look_due_.exchange(true)) return true;
                self.announcer_.run([&self] {
                    self.look_due_ = false;
                    self.complete_unless_waited_for();
                });
                return true;
            });
        });
    }
    stats_due_ = false;
    if (const uint32_t interval = setting(&Settings::stats_interval)) {
        // The timer thread must not read the statistics: this may wait for the I/O thread, and would delay
        // every user of the system clock.
        stats_timer_.start(interval, [guarded] {
            return guarded([](Connection& self) {
                // If messages are taken more slowly than at this rate, they do not pile up.
                if (self.stats_due_.exchange(true)) return true;
                self.announcer_.run([&self] {
                    self.stats_due_ = false;
                    self.post_stats();
                });
                return true;
            });
        });
    }
    const std::string file = [&] {
        const std::lock_guard lock(mutex_);
        return seed_file_of(settings_);
    }();
    if (file.empty()) return;
    // The first check always reloads, as the file may have changed since it was read.
    seeds_timer_.start(seed_file_interval_ms, [guarded, file, seen = std::optional<FileVersion>()]() mutable {
        const FileVersion version = version_of(file);
        if (version == seen) return true;
        seen = version;
        return guarded([](Connection& self) {
            self.announcer_.run([&self] { self.reload_seeds(); });
            return true;
        });
    });
}

/// If the data does not wait for the connection, completes the progress. Otherwise an application that plays
/// only once a caller is connected would never play.
void Connection::complete_unless_waited_for() {
    if (progress_.under_way() && !hooks_.waits_for_peer())
        progress_.end(GST_PROGRESS_TYPE_COMPLETE, tr("Connecting continues while the pipeline plays"));
}

void Connection::reload_seeds() {
    Result<std::vector<SecretBytes>> seeds = [&] {
        const std::lock_guard lock(mutex_);
        return read_seeds(settings_);
    }();
    const std::shared_ptr<Link> open_link = link();
    if (!open_link) return;
    if (seeds) {
        if (!seeds->empty()) open_link->set_seeds(std::move(*seeds));
        return;
    }
    ErrorReport report = describe(seeds.error());
    report.error.terminal = false;
    report.warned_of = true;  // the seeds read before stay in force
    for (GstMessage* message : error_messages(element_, report, side_ == Side::src))
        announcer_.post_now(message);
}

void Connection::interrupt(bool on) {
    {
        const std::lock_guard lock(mutex_);
        interrupted_ = on;
        changed_.notify_all();
    }
    announcer_.interrupt(on);
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
    if (open_link) {
        open_link->outbox().limit_waits(until);
        open_link->hurry(open_link->outbox().waits_until());
    }
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
}

std::optional<SteadyTime> Connection::waits_until() const {
    return link_ ? link_->outbox().waits_until() : std::nullopt;
}

bool Connection::waits_expired() const {
    const std::lock_guard lock(mutex_);
    const std::optional<SteadyTime> until = waits_until();
    return until && std::chrono::steady_clock::now() >= *until;
}

void Connection::cancel_progress(const std::string& text) { progress_.end(GST_PROGRESS_TYPE_CANCELED, text); }

std::optional<Affine> Connection::from_peer_clock(Duration patience) const {
    const std::shared_ptr<Link> open_link = link();
    const std::shared_ptr<PeerClock> clock = open_link ? open_link->peer_clock() : nullptr;
    if (!clock) return std::nullopt;
    if (patience > Duration::zero()) {
        clock->wait_line(patience, [this] {
            const std::lock_guard lock(mutex_);
            return interrupted_;
        });
    }
    const std::optional<ClockLine> line = clock->line();
    if (!line) return std::nullopt;
    const int64_t now = monotonic_now();
    return Affine{line->peer_at(now), now, -line->drift / (1 + line->drift)};
}

GstClockTime Connection::base_delay() const {
    const std::shared_ptr<Link> open_link = link();
    const std::shared_ptr<PeerClock> clock = open_link ? open_link->peer_clock() : nullptr;
    const std::optional<ClockLine> line = clock ? clock->line() : std::nullopt;
    return line ? static_cast<GstClockTime>(std::max<int64_t>(line->base_delay_ns, 0)) : 0;
}

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

std::optional<bool> Connection::peer_reads_serialized() const {
    const std::lock_guard lock(mutex_);
    return peer_reads_serialized_;
}

void Connection::set_peer_reads_serialized(bool reads) {
    const std::lock_guard lock(mutex_);
    peer_reads_serialized_ = reads;
    changed_.notify_all();
}

Waited Connection::wait_peer_reads_serialized() {
    std::unique_lock lock(mutex_);
    const SteadyTime until = std::min(std::chrono::steady_clock::now() + answer_patience,
                                      waits_until().value_or(SteadyTime::max()));
    const bool woken = changed_.wait_until(
        lock, until, [this] { return peer_reads_serialized_ || !ready_ || interrupted_ || failed_; });
    if (!woken) peer_reads_serialized_ = false;
    return failed_ ? Waited::failed : interrupted_ ? Waited::interrupted : Waited::ready;
}

void Connection::announce_latency() { announcer_.post_latency(); }

bool Connection::ready() const { return ready_; }

Error Connection::timed_out(Reason reason, const char* format, const char* name, uint32_t limit) const {
    const Reached reached = caller_ ? Reached::stream : reached_.load();
    if (reached == Reached::nothing)
        return make_error(ErrorCode::timeout, Reason::no_caller, ErrorOrigin::network,
                          tr("no caller connected within the %s of %u ms", name, unsigned{limit}));
    if (reached == Reached::call)
        return make_error(ErrorCode::timeout, reason, ErrorOrigin::network,
                          tr("a caller has called, but no session was established within the %s of %u ms",
                             name, unsigned{limit}));
    if (reached == Reached::session)
        return make_error(
            ErrorCode::timeout, reason, ErrorOrigin::peer,
            tr("a caller has called, but opened no stream within the %s of %u ms", name, unsigned{limit}));
    return make_error(ErrorCode::timeout, reason, ready_ ? ErrorOrigin::peer : ErrorOrigin::network,
                      tr(format, name, unsigned{limit}));
}

bool Connection::failed() const { return failed_; }

void Connection::note_reached(Reached now) {
    const std::lock_guard lock(mutex_);
    reached_ = std::max(reached_.load(), now);
}

void Connection::set_ready(bool ready) {
    const std::lock_guard lock(mutex_);
    ready_ = ready;
    if (ready) reached_ = Reached::stream;
    peer_reads_serialized_.reset();
    changed_.notify_all();
}

Waited Connection::wait_ready() {
    std::unique_lock lock(mutex_);
    while (!ready_ && !interrupted_ && !failed_) {
        const std::optional<SteadyTime> until = waits_until();
        if (!until)
            changed_.wait(lock);
        else if (std::chrono::steady_clock::now() < *until)
            changed_.wait_until(lock, *until);
        else
            return Waited::expired;
    }
    return failed_ ? Waited::failed : interrupted_ ? Waited::interrupted : Waited::ready;
}

ErrorReport Connection::describe(Error error) const {
    ErrorReport report;
    report.error = std::move(error);
    report.caller = caller_;
    return report;
}

void Connection::fail(Error error) {
    error.terminal = true;
    const ErrorReport report = describe(std::move(error));
    announce_error(report);
    if (const std::shared_ptr<Link> open_link = link()) open_link->fail(report.error);
    wait_error();
}

bool Connection::announce_undelivered(const std::vector<Gap>& missing) {
    const uint32_t timeout = setting(&Settings::drain_timeout);
    if (timeout > 0) {
        const std::lock_guard lock(mutex_);
        if (failed_.exchange(true)) return false;
    }
    Gap all;
    for (const Gap& gap : missing) all += gap;
    ErrorReport report = describe(undelivered_error(all, reached_, caller_, timeout));
    report.warned_of = true;
    // The session fails first: a handler of the message that stops the element would make it end in the usual
    // way.
    if (const std::shared_ptr<Link> open_link = link(); open_link && timeout > 0)
        open_link->fail(cut_off_error(all, timeout));
    announcer_.post(undelivered_messages(element_, missing, report));
    announcer_.wait_posted();
    const std::lock_guard lock(mutex_);
    error_posted_ = error_posted_ || timeout > 0;
    changed_.notify_all();
    return timeout == 0;
}

void Connection::warn(Error error) {
    ErrorReport report = describe(std::move(error));
    report.warned_of = true;
    announce_error(report);
}

void Connection::wait_error() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return error_posted_ || interrupted_ || !link_; });
}

void Connection::announce_error(const ErrorReport& report) {
    const bool terminal = report.error.terminal;
    if (terminal) {
        const std::lock_guard lock(mutex_);
        if (failed_.exchange(true)) return;
        changed_.notify_all();
    }
    announcer_.post(error_messages(element_, report, side_ == Side::src));
    if (!terminal) return;
    // The ERROR comes last, as programs exit on it and would miss the messages after it.
    progress_.end(GST_PROGRESS_TYPE_ERROR, report.error.text);
    if (hooks_.failed) hooks_.failed();
    announcer_.run([this] {
        const std::lock_guard lock(mutex_);
        error_posted_ = true;
        changed_.notify_all();
    });
}

void Connection::on_status(const LinkStatus& status) {
    // A stream that was lost with its session may resume: data sent in the meantime is held for it.
    if (status.state == LinkState::connecting || status.state == LinkState::closed) set_ready(false);
    if (status.state == LinkState::handshaking) note_reached(Reached::call);
    if (stands(status.state)) note_reached(Reached::session);
    announce_status(status);
    // The progress of a listener ends when it listens, even if a caller comes before that is posted.
    if (!caller_ || !progress_.under_way()) return;
    // The state is the same if only the circuit or the peer's address has changed.
    if (std::exchange(told_state_, status.state) == status.state) return;
    if (status.state == LinkState::handshaking)
        progress_.proceed(tr("Authenticating with %s", status.peer.c_str()));
    else if (stands(status.state))
        progress_.end(GST_PROGRESS_TYPE_COMPLETE, tr("Connected to %s", status.peer.c_str()));
}

/// A caller's retry policy limits how often its state changes. A listener's state changes as its callers
/// like.
void Connection::announce_status(const LinkStatus& status) {
    const StatusDigest::Outcome outcome = caller_
                                              ? StatusDigest::Outcome{.report = true, .later = std::nullopt}
                                              : status_digest_.add(status, RateLimit::Clock::now());
    if (outcome.report) announcer_.post(session_message(element_, status, caller_, node_));
    if (!outcome.later) return;
    // It is taken and posted in one job, so that no later status can be posted in between.
    const auto post = [this] {
        if (const auto waiting = status_digest_.take(RateLimit::Clock::now()))
            announcer_.post_now(session_message(element_, waiting->status, caller_, node_, waiting->merged));
    };
    call_later(element_, *outcome.later, [this, post] { announcer_.run(post); });
}

void Connection::on_error(const ErrorReport& report) {
    // A peer that is rejected before the handshake, for instance for another seed, has called as well.
    if (report.error.origin == ErrorOrigin::peer) note_reached(Reached::call);
    announce_error(report);
}

void Connection::on_trace(const std::string& text) { GST_DEBUG_OBJECT(element_, "%s", text.c_str()); }

void Connection::on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) {
    if (!retry_signal_is_heard(element_)) {
        reply(RetryDecision::standard);
        return;
    }
    announcer_.run([element = element_, report, reply = std::move(reply)] {
        reply(emit_retry_signal(element, report));
    });
}

void Connection::on_stream_opened(StreamId stream, const std::vector<uint8_t>& header) {
    const std::optional<StreamHeader> decoded = decode_stream_header(header);
    if (hooks_.stream_opened) hooks_.stream_opened(decoded ? &*decoded : nullptr);
    peer_serializes_ = decoded && decoded->serializes;
    set_ready(true);
    greet_sender();
    announcer_.post(stream_opened_message(element_, stream, decoded ? &*decoded : nullptr));
}

void Connection::on_stream_ready(StreamId stream, bool again) {
    if (again && hooks_.key_unit_wanted) hooks_.key_unit_wanted();
    set_ready(true);
    const StreamHeader header{0, setting(&Settings::framing) == static_cast<uint32_t>(Framing::bytes),
                              setting(&Settings::stream_label), has_serialization()};
    announcer_.post(stream_opened_message(element_, stream, &header));
}

void Connection::on_giving_up() {
    if (hooks_.key_unit_wanted) hooks_.key_unit_wanted();
}

void Connection::on_stream_closed(StreamId stream, const Error& error) {
    set_ready(false);
    announcer_.post(stream_closed_message(element_, stream, error));
}

std::optional<OutMessage> Connection::on_gap(const SendQueue::Account& lost, bool uncertain) {
    const Gap gap{lost.buffers, lost.bytes, lost.duration_ns, uncertain};
    announce_gap(gap);
    return encode_given_up(gap);
}

void Connection::on_upstream_message(InMessage message) {
    if (hooks_.upstream_message) hooks_.upstream_message(std::move(message));
}

void Connection::post_stats() {
    if (setting(&Settings::stats_interval) == 0) return;
    GstStructure* statistics = stats();
    gst_structure_set_name(statistics, "stt-stats");
    announcer_.post(gst_message_new_element(GST_OBJECT(element_), statistics));
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

void Connection::set_property(unsigned id, const GValue* value, GParamSpec* spec) {
    std::shared_ptr<Link> open_link;
    {
        const std::lock_guard lock(mutex_);
        if (!set_setting(settings_, side_, id, value)) {
            G_OBJECT_WARN_INVALID_PROPERTY_ID(element_, id, spec);
            return;
        }
        open_link = link_;
        if (!open_link && settings_.refused_uri && spec->name == std::string_view("uri"))
            GST_WARNING_OBJECT(element_, "%s", settings_.refused_uri->text.c_str());
    }
    if (!open_link) return;
    if (needs_new_connection(id))
        GST_ELEMENT_WARNING(
            element_, RESOURCE, SETTINGS,
            ("%s",
             tr("'%s' takes effect with the next connection: set the element to READY and back", spec->name)
                 .c_str()),
            (nullptr));
    else if (spec->name == std::string_view("seed"))
        reload_seeds();
    else if (spec->name == std::string_view("latency")) {
        announce_latency();
        tell_playout();
    }
}

void Connection::get_property(unsigned id, GValue* value, GParamSpec* spec) {
    if (id == property_stats) {
        g_value_take_boxed(value, stats());
        return;
    }
    if (id == property_is_live) {
        g_value_set_boolean(value, TRUE);
        return;
    }
    const std::lock_guard lock(mutex_);
    if (id == property_node_id) {
        if (!link_ && !settings_.identity_file.empty()) return;
        const NodeId node = link_ ? node_ : process_identity()->node_id();
        g_value_set_string(value, to_hex(node).c_str());
        return;
    }
    if (!get_setting(settings_, id, value)) {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(element_, id, spec);
    } else if (link_ && spec->name == std::string_view("local-port")) {
        g_value_set_uint(value, link_->local_port());
    }
}

void install_properties(GObjectClass* object_class, Side side) {
    GST_DEBUG_CATEGORY_INIT(stt_debug, "stt", 0, "STT connections");
    object_class->set_property = [](GObject* object, guint id, const GValue* value, GParamSpec* spec) {
        Connection::of(object).set_property(id, value, spec);
    };
    object_class->get_property = [](GObject* object, guint id, GValue* value, GParamSpec* spec) {
        Connection::of(object).get_property(id, value, spec);
    };
    install_settings(object_class, side);
    install_retry_signal(object_class);
    const auto flags = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        object_class, property_node_id,
        g_param_spec_string("node-id", "Node id",
                            "This node's identity, for the peer's peer-node-id: 64 hexadecimal digits. With "
                            "identity-file, it is known once the element has left READY",
                            nullptr, flags));
    g_object_class_install_property(
        object_class, property_stats,
        g_param_spec_boxed("stats", "Statistics",
                           side == Side::sink
                               ? "Counters of the session (application/x-stt-stats), and those of GstBaseSink"
                               : "Counters of the session (application/x-stt-stats)",
                           GST_TYPE_STRUCTURE, flags));
    if (side == Side::sink) return;
    g_object_class_install_property(
        object_class, property_is_live,
        g_param_spec_boolean("is-live", "Is live",
                             "Always true: data is played as it arrives, and a player need not buffer it",
                             TRUE, flags));
}

static void init_uri_handler(GstURIHandlerInterface* handler) {
    handler->get_protocols = [](GType) -> const gchar* const* {
        static const gchar* const protocols[] = {"stt", "stt+udp", nullptr};
        return protocols;
    };
    handler->get_uri = [](GstURIHandler* element) -> gchar* {
        const std::string uri = Connection::of(element).uri();
        return uri.empty() ? nullptr : g_strdup(uri.c_str());
    };
    handler->set_uri = [](GstURIHandler* element, const gchar* uri, GError** error) -> gboolean {
        Connection& connection = Connection::of(element);
        if (connection.link()) {
            g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
                                tr("the URI can only be changed in NULL or READY").c_str());
            return FALSE;
        }
        const Status set = connection.set_uri(uri);
        if (!set) g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, set.error().text.c_str());
        return set.ok();
    };
}

void init_sink_uri_handler(gpointer interface, gpointer) {
    auto* handler = static_cast<GstURIHandlerInterface*>(interface);
    handler->get_type = [](GType) { return GST_URI_SINK; };
    init_uri_handler(handler);
}

void init_src_uri_handler(gpointer interface, gpointer) {
    auto* handler = static_cast<GstURIHandlerInterface*>(interface);
    handler->get_type = [](GType) { return GST_URI_SRC; };
    init_uri_handler(handler);
}

}  // namespace stt
