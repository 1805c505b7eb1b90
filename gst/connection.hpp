// SPDX-License-Identifier: LGPL-2.1-or-later
/// The part that sttsink and sttsrc share: it opens the link, and connects it with the settings and the bus.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/io/link.hpp"
#include "gst/affine.hpp"
#include "gst/awaited_peer.hpp"
#include "gst/bus_reporter.hpp"
#include "gst/file_watch.hpp"
#include "gst/gap.hpp"
#include "gst/periodic_job.hpp"
#include "gst/settings_store.hpp"
#include "gst/stream_header_codec.hpp"

namespace stt {

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

    SettingsStore& settings() { return settings_; }
    const SettingsStore& settings() const { return settings_; }
    /// Returns a copy of one setting.
    template <class T>
    T setting(T Settings::*field) const {
        return settings_.get(field);
    }
    /// The property `id`, called `name`, was set. Does what an open connection has to do about it.
    void setting_changed(unsigned id, const std::string& name);
    /// Returns the property `stats`, which the caller owns.
    GstStructure* stats() const;
    /// Returns the node's own id, or null unless the connection is open.
    std::optional<NodeId> node_id() const;
    /// Returns null unless the connection is open.
    std::shared_ptr<Link> link() const;
    /// What is known of the peer, and the waits for it.
    AwaitedPeer& peer() { return peer_; }
    const AwaitedPeer& peer() const { return peer_; }
    BusReporter& bus() { return bus_; }

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
    void cancel_progress(const std::string& text) { bus_.end_progress(GST_PROGRESS_TYPE_CANCELED, text); }

    // Called on the streaming thread, except where noted.

    bool is_caller() const { return caller_; }
    /// Returns the local CLOCK_MONOTONIC as a function of the peer's. Waits at most `patience` for an
    /// estimate and returns null if there is none.
    std::optional<Affine> from_peer_clock(Duration patience) const;
    /// Returns the base delay of the path, ns, or 0 while it is unknown.
    GstClockTime base_delay() const;
    /// Returns the error of an element that has waited in vain for the time in its property `name`: `limit`
    /// milliseconds. See timeout_error() for `reason` and `format`.
    Error timed_out(Reason reason, const char* format, const char* name, uint32_t limit) const;
    /// Sink: begins another stream, to which all further data belongs. The previous stream was delivered,
    /// including its end.
    void begin_stream();
    /// Ends the connection with an ERROR of the element's own, and waits until it is on the bus.
    void fail(Error error);
    /// Reports that the stream ends while the peer's pipeline lacks what is `missing`. This is an ERROR that
    /// also ends the session, or a WARNING if the element was not to wait. Returns once the message is on the
    /// bus; false means that it was an ERROR.
    bool announce_undelivered(const std::vector<Gap>& missing);
    /// Posts stt-stats, unless stats-interval is 0. The code that sees a stream end calls it, so that the
    /// last stt-stats are complete. Callable from any thread.
    void post_stats();

    // LinkObserver, called on the I/O thread.

    void on_status(const LinkStatus& status) override;
    void on_error(const ErrorReport& report) override;
    void on_trace(const std::string& text) override;
    bool traces_engine() const override;
    void on_engine_trace(SessionHandle session, const std::string& text) override;
    void on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) override;
    void on_stream_opened(StreamId stream, const std::vector<uint8_t>& header) override;
    void on_stream_ready(StreamId stream, bool again) override;
    std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool uncertain) override;
    void on_giving_up() override;
    std::optional<OutMessage> on_late_start() override { return encode_flush(); }
    void on_stream_closed(StreamId stream, const Error& error) override;
    void on_upstream_message(InMessage message) override;

  private:
    bool open_link(LinkConfig config);
    void report(const ErrorReport& report);
    std::shared_ptr<PeerClock> peer_clock() const;  // null: none is known
    void tell_playout();
    void greet_sender();
    /// Returns the header for another run of the sender's stream.
    std::vector<uint8_t> new_stream_header() const;
    StreamHeader stream_header(uint64_t instance) const;
    void start_jobs();
    bool look_if_waited_for();
    void reload_seeds();

    GstElement* const element_;
    const Side side_;
    SettingsStore settings_;
    AwaitedPeer peer_;
    BusReporter bus_;
    // State changes only.
    PeriodicJob stats_job_, wait_look_;
    FileWatch seed_watch_;
    Hooks hooks_;
    bool caller_ = false;  // written by open()
    NodeId node_{};        // written by open()
    /// Source: the stream's sender wants to know whether this end reads serialised metas. Written on the I/O
    /// thread.
    std::atomic<bool> peer_serializes_{false};

    mutable std::mutex mutex_;
    std::shared_ptr<Link> link_;  // under mutex_
};

}  // namespace stt
