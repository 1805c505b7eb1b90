// SPDX-License-Identifier: LGPL-2.1-or-later
/// What sttsink and sttsrc have in common: settings, the link, and what is said about it on the bus.
#pragma once

#include <gst/gst.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/io/link.hpp"
#include "gst/announcer.hpp"
#include "gst/bus.hpp"
#include "gst/element_settings.hpp"
#include "gst/metadata.hpp"
#include "gst/progress.hpp"
#include "gst/stats.hpp"

namespace stt {

/// How far a peer has ever come since the element was opened; each step includes those before.
enum class Reached : uint8_t { nothing, call, session, stream };

/// Why an element that waited for its peer waits no more: the stream stands, the element is stopped or
/// flushed, the time that it had has passed, or a terminal error was announced.
enum class Waited : uint8_t { ready, interrupted, expired, failed };

class Connection final : public LinkObserver {
  public:
    /// `element` owns the connection, and finds it by of().
    Connection(GstElement* element, Side side);
    ~Connection() override;
    static Connection& of(gpointer element);

    /// What only one kind of element does. They are called on the I/O thread except where noted, and none may
    /// block. They are set before open().
    struct Hooks {
        std::function<void(InMessage)> upstream_message;  // sink: a message from the receiver
        std::function<void()> key_unit_wanted;            // sink: the peer lacks what came before
        std::function<void()> failed;                     // sink: an ERROR was announced; any thread
        std::function<bool()> waits_for_peer;             // sink: it waits until a peer is there; any thread
        std::function<void(const StreamHeader*)> stream_opened;  // src; null: the header is malformed
        std::function<void(GstStructure*)> add_stats;            // src: to `stats`; any thread
    };
    void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }

    // Any thread.

    /// Implementations of GObject's functions; stats and node-id included.
    void set_property(unsigned id, const GValue* value, GParamSpec* spec);
    void get_property(unsigned id, GValue* value, GParamSpec* spec);
    /// Of GstURIHandler.
    Status set_uri(const std::string& uri);
    std::string uri() const;
    /// A copy of one setting.
    template <class T>
    T setting(T Settings::*field) const {
        const std::lock_guard lock(mutex_);
        return settings_.*field;
    }
    Announcer& announcer() { return announcer_; }
    /// Null unless open.
    std::shared_ptr<Link> link() const;

    // State changes.

    /// Binds and starts. False after an ERROR, and after PROGRESS CANCELED where the application has stopped
    /// the element in a handler of its first message.
    bool open();
    void close();
    /// Wakes, and keeps from waiting, everything of the element's that waits; nothing is lost by it.
    void interrupt(bool on);
    /// Sink: from then on the element waits for its peer no more, be it for it to come, for room in the
    /// outbox or for the end to be delivered; none: it waits for as long as it takes. Of several in a row the
    /// first counts. Any thread.
    void limit_waits(std::optional<SteadyTime> until);
    /// The stream is to end: cancels the PROGRESS of a caller's first connect, so that an application that
    /// waits for it plays. The call itself continues. Any thread.
    void cancel_progress();

    // Streaming thread.

    bool is_caller() const { return caller_; }
    /// This host's CLOCK_MONOTONIC as a function of the peer's; null until there is an estimate, which may be
    /// waited for.
    std::optional<Affine> from_peer_clock(Duration patience) const;
    /// The least delay of the path there is, ns; 0 until it is known.
    GstClockTime base_delay() const;
    /// The LATENCY query will be answered differently from now on. Any thread.
    void announce_latency();
    /// Source: tells the peer of `latency`, where there is a stream.
    void tell_playout();
    /// Sink: whether the receiver reads metas as GStreamer serialises them; none: it has not said so yet. Any
    /// thread.
    std::optional<bool> peer_reads_serialized() const;
    void set_peer_reads_serialized(bool reads);
    /// Sink: blocks until the receiver has said so, or is gone. One that does not in time does not read them.
    Waited wait_peer_reads_serialized();
    /// Whether the stream stands.
    bool ready() const;
    /// The error of an element that has waited in vain for the `limit` milliseconds of its property `name`.
    /// `format`: of the sentence about a peer that was there, with places for both. A listener whose peer
    /// never got as far as a stream says how far it got instead, with the reason `no-caller` if nobody has
    /// called. It is the peer's doing once there was a session, and the network's before. Any thread.
    Error timed_out(Reason reason, const char* format, const char* name, uint32_t limit) const;
    /// Whether a terminal error was announced.
    bool failed() const;
    /// Blocks until the stream stands.
    Waited wait_ready();
    /// Whether the time of limit_waits() is over.
    bool waits_expired() const;
    /// Sink: what is sent from now on is another stream. The one before was delivered, its end included.
    void begin_stream();
    /// Posts a WARNING of what the stream goes on in spite of.
    void warn(Error error);
    /// Ends the connection's usefulness with an ERROR of its own, and waits as wait_error does.
    void fail(Error error);
    /// The stream ends, and the peer's pipeline has not got what is `missing`: an ERROR, with which the
    /// session ends as well, or a WARNING where nobody waited for it. Returns once that is on the bus. False:
    /// it was an ERROR.
    bool announce_undelivered(const std::vector<Gap>& missing);
    /// The link failed: blocks until its ERROR is on the bus, so that nothing that follows can come first.
    void wait_error();

    // LinkObserver, I/O thread.

    void on_status(const LinkStatus& status) override;
    void on_error(const ErrorReport& report) override;
    void on_trace(const std::string& text) override;
    void on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) override;
    void on_stream_opened(StreamId stream, const std::vector<uint8_t>& header) override;
    void on_stream_ready(StreamId stream, bool again) override;
    std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool uncertain) override;
    void on_giving_up() override;
    std::optional<OutMessage> on_late_start() override { return encode_flush(); }
    void on_stream_closed(StreamId stream, const Error& error) override;
    void on_upstream_message(InMessage message) override;
    /// Any thread.
    void announce_gap(const Gap& gap) { announcer_.post(gap_message(element_, gap)); }
    /// Posts stt-stats, unless stats-interval is 0. The timer calls it, and who sees a stream end does so
    /// once more, so that the last stt-stats are complete. Any thread.
    void post_stats();

  private:
    void announce_error(const ErrorReport& report);
    /// What reads back differently in different states, by property.
    using ReadBacks = std::array<std::pair<const char*, std::string>, 2>;
    ReadBacks read_backs() const;
    void notify_since(const ReadBacks& before);
    void set_ready(bool ready);
    void note_reached(Reached now);
    std::optional<SteadyTime> waits_until() const;  // under mutex_
    void greet_sender();
    GstStructure* stats() const;
    /// Of another run of the sender's stream.
    std::vector<uint8_t> new_stream_header() const;
    void start_timers();
    void complete_unless_waited_for();
    void reload_seeds();

    GstElement* const element_;
    const Side side_;
    Announcer announcer_;
    Progress progress_;
    Hooks hooks_;
    bool caller_ = false;                                  // written by open()
    NodeId node_{};                                        // written by open()
    LinkState told_state_{};                               // the last one that PROGRESS told of; I/O thread
    PeriodicCall stats_timer_, seeds_timer_, wait_timer_;  // state changes only
    std::atomic<bool> stats_due_{false};                   // stt-stats wait to be posted
    std::atomic<bool> look_due_{false};                    // complete_unless_waited_for() is to be run

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Settings settings_;                // under mutex_
    std::shared_ptr<Link> link_;       // under mutex_
    std::atomic<bool> ready_{false};   // written under mutex_
    std::atomic<Reached> reached_{};   // written under mutex_
    bool interrupted_ = false;         // under mutex_
    std::atomic<bool> failed_{false};  // a terminal error was announced; written under mutex_
    bool error_posted_ = false;        // and is on the bus; under mutex_
    /// Sink: whether the receiver of the stream reads metas as GStreamer serialises them; none: it has not
    /// said so yet. Under mutex_.
    std::optional<bool> peer_reads_serialized_;
    /// Source: the sender of the stream asks for that. Written on the I/O thread.
    std::atomic<bool> peer_serializes_{false};
};

/// Installs what the elements share on one's class: properties, `stats` and `node-id` with them, the GObject
/// functions and signals.
void install_properties(GObjectClass* object_class, Side side);
/// Interface init functions of GstURIHandler.
void init_sink_uri_handler(gpointer interface, gpointer data);
void init_src_uri_handler(gpointer interface, gpointer data);

}  // namespace stt
