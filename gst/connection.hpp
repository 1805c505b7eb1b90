// SPDX-License-Identifier: LGPL-2.1-or-later
/// The part that sttsink and sttsrc share: settings, the link, and the messages about it on the bus.
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
#include "gst/gap.hpp"
#include "gst/progress.hpp"
#include "gst/stats.hpp"
#include "gst/status_digest.hpp"
#include "gst/stream_header_codec.hpp"

namespace stt {

/// The furthest state that any peer has reached since the element was opened. Each state includes the
/// preceding ones.
enum class Reached : uint8_t { nothing, call, session, stream };

/// Why an element stopped waiting for its peer: the stream is open; the element is being stopped or flushed;
/// the time limit has expired; or a terminal error was announced.
enum class Waited : uint8_t { ready, interrupted, expired, failed };

class Connection final : public LinkObserver {
  public:
    /// `element` owns the connection; of() finds the connection of an element.
    Connection(GstElement* element, Side side);
    ~Connection() override;
    static Connection& of(gpointer element);

    /// Callbacks for what only one kind of element does. They are called on the I/O thread except where
    /// noted, must not block, and are set before open().
    struct Hooks {
        std::function<void(InMessage)> upstream_message;  // sink: a message from the receiver has arrived
        std::function<void()> key_unit_wanted;            // sink: the peer lacks the preceding data
        std::function<void()> failed;                     // sink: an ERROR was announced; any thread
        std::function<bool()> waits_for_peer;             // sink: whether it waits for a peer; any thread
        std::function<void(const StreamHeader*)> stream_opened;  // src; null: the header is malformed
        std::function<void(GstStructure*)> add_stats;  // src: adds its fields to `stats`; any thread
    };
    void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }

    // Callable from any thread.

    /// Implement the functions of GObject, including `stats` and `node-id`.
    void set_property(unsigned id, const GValue* value, GParamSpec* spec);
    void get_property(unsigned id, GValue* value, GParamSpec* spec);
    /// Implement GstURIHandler.
    Status set_uri(const std::string& uri);
    std::string uri() const;
    /// Returns a copy of one setting.
    template <class T>
    T setting(T Settings::*field) const {
        const std::lock_guard lock(mutex_);
        return settings_.*field;
    }
    Announcer& announcer() { return announcer_; }
    /// Returns null unless the connection is open.
    std::shared_ptr<Link> link() const;

    // Called in state changes only.

    /// Binds the socket and starts the link. Returns false after an ERROR, and after PROGRESS CANCELED if the
    /// application has stopped the element in a handler of its first message.
    bool open();
    void close();
    /// While `on` is set, every wait of the element returns early and new waits return at once. No data is
    /// lost.
    void interrupt(bool on);
    /// Sink: ends all waits for the peer at `until`: for its arrival, for space in the outbox and for
    /// delivery of the end. Without a value there is no limit. Of several calls in a row the first one
    /// applies. Callable from any thread.
    void limit_waits(std::optional<SteadyTime> until);
    /// Announces that the stream is about to end: cancels the PROGRESS of a caller's first connect, so that
    /// an application that waits for it starts to play. The call itself continues, which `text` should not
    /// deny. Callable from any thread.
    void cancel_progress(const std::string& text);

    // Called on the streaming thread, except where noted.

    bool is_caller() const { return caller_; }
    /// Returns the local CLOCK_MONOTONIC as a function of the peer's. Waits at most `patience` for an
    /// estimate and returns null if there is none.
    std::optional<Affine> from_peer_clock(Duration patience) const;
    /// Returns the base delay of the path, ns, or 0 while it is unknown.
    GstClockTime base_delay() const;
    /// Posts LATENCY, as the LATENCY query will be answered differently from now on. Callable from any
    /// thread.
    void announce_latency();
    /// Source: reports the setting `latency` to the peer if a stream is open.
    void tell_playout();
    /// Sink: whether the receiver reads metas as GStreamer serialises them; null until it has reported that.
    /// Callable from any thread.
    std::optional<bool> peer_reads_serialized() const;
    void set_peer_reads_serialized(bool reads);
    /// Sink: blocks until the receiver has reported that or is gone. A receiver that does not report in time
    /// is treated as one that does not read them.
    Waited wait_peer_reads_serialized();
    /// Whether the stream is open.
    bool ready() const;
    /// Returns the error of an element that has waited in vain for `limit`, the value in milliseconds of its
    /// property `name`. `format` is the sentence for the case that a peer was there, with placeholders for
    /// `name` and `limit`.
    /// If no peer of a listener ever reached a stream, the text says how far one got. The reason is
    /// `no-caller` if there was no call. The origin is the peer while the stream is open, and for a listener
    /// whose peer had a session but opened no stream. Otherwise it is the network. Callable from any thread.
    Error timed_out(Reason reason, const char* format, const char* name, uint32_t limit) const;
    /// Whether a terminal error was announced.
    bool failed() const;
    /// Blocks until the stream is open.
    Waited wait_ready();
    /// Whether the time limit set by limit_waits() has passed.
    bool waits_expired() const;
    /// Sink: begins another stream, to which all further data belongs. The previous stream was delivered,
    /// including its end.
    void begin_stream();
    /// Posts a WARNING about a problem that does not stop the stream.
    void warn(Error error);
    /// Ends the connection with an ERROR of the element's own, and waits as wait_error() does.
    void fail(Error error);
    /// Reports that the stream ends while the peer's pipeline lacks what is `missing`. This is an ERROR that
    /// also ends the session, or a WARNING if the element was not to wait. Returns once the message is on the
    /// bus; false means that it was an ERROR.
    bool announce_undelivered(const std::vector<Gap>& missing);
    /// Called after the link has failed: blocks until its ERROR is on the bus, so that no later message can
    /// precede it.
    void wait_error();

    // LinkObserver, called on the I/O thread.

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
    /// Callable from any thread.
    void announce_gap(const Gap& gap) { announcer_.post_gap(gap); }
    /// Posts stt-stats, unless stats-interval is 0. The timer calls it. The code that sees a stream end calls
    /// it once more, so that the last stt-stats are complete. Callable from any thread.
    void post_stats();

  private:
    /// Returns a report of an error of the element's own.
    ErrorReport describe(Error error) const;
    void announce_error(const ErrorReport& report);
    /// Properties whose values read back depend on the state, by name.
    using ReadBacks = std::array<std::pair<const char*, std::string>, 2>;
    ReadBacks read_backs() const;
    void notify_since(const ReadBacks& before);
    void announce_status(const LinkStatus& status);
    void set_ready(bool ready);
    void note_reached(Reached now);
    std::optional<SteadyTime> waits_until() const;  // under mutex_
    void greet_sender();
    GstStructure* stats() const;
    /// Returns the header for another run of the sender's stream.
    std::vector<uint8_t> new_stream_header() const;
    void start_timers();
    void complete_unless_waited_for();
    void reload_seeds();

    GstElement* const element_;
    const Side side_;
    Announcer announcer_;
    Progress progress_;
    StatusDigest status_digest_;
    Hooks hooks_;
    bool caller_ = false;     // written by open()
    NodeId node_{};           // written by open()
    LinkState told_state_{};  // the last state that PROGRESS has reported; I/O thread
    PeriodicCall stats_timer_, seeds_timer_, wait_timer_;  // state changes only
    std::atomic<bool> stats_due_{false};                   // a post of stt-stats is queued
    std::atomic<bool> look_due_{false};                    // a call of complete_unless_waited_for() is due

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Settings settings_;                // under mutex_
    std::shared_ptr<Link> link_;       // under mutex_
    std::atomic<bool> ready_{false};   // written under mutex_
    std::atomic<Reached> reached_{};   // written under mutex_
    bool interrupted_ = false;         // under mutex_
    std::atomic<bool> failed_{false};  // a terminal error was announced; written under mutex_
    bool error_posted_ = false;        // the ERROR is on the bus; under mutex_
    /// Sink: whether the receiver of the stream reads metas as GStreamer serialises them; null until it has
    /// reported that. Under mutex_.
    std::optional<bool> peer_reads_serialized_;
    /// Source: the stream's sender wants to know whether this end reads serialised metas. Written on the I/O
    /// thread.
    std::atomic<bool> peer_serializes_{false};
};

/// Installs what the elements share on the class: the properties, including `stats` and `node-id`, the
/// functions of GObject, and the signals.
void install_properties(GObjectClass* object_class, Side side);
/// The functions that initialise the interface GstURIHandler.
void init_sink_uri_handler(gpointer interface, gpointer data);
void init_src_uri_handler(gpointer interface, gpointer data);

}  // namespace stt
