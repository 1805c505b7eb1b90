// SPDX-License-Identifier: LGPL-2.1-or-later
/// Converts the buffers and events that are pushed into sttsink to messages, and passes them to the link in
/// order.
#pragma once

#include <gst/base/gstbasesink.h>

#include <atomic>
#include <optional>
#include <set>
#include <string>

#include "gst/connection.hpp"
#include "gst/metadata.hpp"
#include "gst/origin.hpp"
#include "gst/owned.hpp"
#include "gst/pipeline_clock.hpp"
#include "gst/pool_watch.hpp"

namespace stt {

/// Used on the streaming thread with the preroll lock held, as GstBaseSink calls its subclasses, except where
/// noted.
class Transmitter {
  public:
    /// `connection` belongs to the element and outlives the transmitter.
    Transmitter(GstBaseSink* element, Connection& connection)
        : element_(element),
          connection_(connection),
          metas_([this](const Error& error) { connection_.warn(error); }) {}

    /// Resets the state. Called while no streaming thread runs.
    void start();

    /// Sets the caps of the buffers that follow.
    void set_caps(const GstCaps* caps);
    GstFlowReturn take(GstBuffer* buffer);
    GstFlowReturn take(GstBufferList* list);
    /// Sends a GAP event when its time has come.
    GstFlowReturn take_gap(GstEvent* event);
    /// Ends the stream. Blocks until the peer's pipeline has everything, or has taken nothing for
    /// `drain-timeout`.
    GstFlowReturn take_eos();
    /// Sends any other serialized event. Returns false if the event ends the stream.
    bool take_event(GstEvent* event);
    /// Sends an event that is not serialized, immediately or not at all. Callable from any thread.
    bool take_out_of_band(GstEvent* event);
    /// Called on FLUSH_STOP: discards the data that the session does not have yet.
    void flush();

    /// Called when the application has sent EOS to the pipeline. The EOS event itself may be held up behind a
    /// buffer that waits in this sink. Therefore all waits end `drain-timeout` from now. Callable from any
    /// thread.
    void expect_eos();
    /// Called when the pipeline has started to play, or when its latency, its clock or the elements upstream
    /// have changed. Callable from any thread.
    void pipeline_changed() { pipeline_changed_ = true; }
    /// Whether data would wait for a peer that has never been there, according to the elements upstream now.
    /// Callable from any thread that holds no lock.
    bool will_wait_for_peer() const;
    /// Sets `latency` (ns): how long after its running time the receiver plays an item without delay.
    /// Callable from any thread.
    void set_playout(GstClockTime latency);

  private:
    GstFlowReturn wait_playing(GstMiniObject* object);
    void look_if_changed();
    void look_upstream();
    void begin_next();
    GstFlowReturn wait_next();
    GstFlowReturn prepare();
    GstFlowReturn wait_for_peer();
    GstFlowReturn learn_forms();
    GstFlowReturn send(GstBuffer* buffer);
    GstFlowReturn send(GstEvent* event);
    GstFlowReturn send_state();
    GstFlowReturn send_headers();
    template <class Push>
    GstFlowReturn hand_over(Push push);
    GstFlowReturn cut_off();
    GstFlowReturn push_data(OutMessage message, GstBuffer* buffer);
    Unit unit_of(GstBuffer* buffer) const;
    bool waits_for_key_unit(GstBuffer* buffer);
    GstFlowReturn push_passing(OutMessage message);
    GstFlowReturn push_state(OutMessage message, uint64_t key);
    GstFlowReturn end_tags(GstEvent* stream_start);
    bool timing_due();
    GstFlowReturn send_timing();
    bool waits_for_peer() const;
    bool unheard() const;
    bool skip(GstBuffer* buffer);
    void discard(GstBuffer* buffer);
    GstFlowReturn end_undelivered(Link& link);

    GstBaseSink* const element_;
    Connection& connection_;
    MetaEncoder metas_;
    PoolWatch pools_;
    /// The state of one run from READY to PAUSED and back.
    struct Run {
        bool bytes = false;        // framing=bytes
        bool state_sent = true;    // the link has the caps, segment and tags in force
        bool headers_due = false;  // data was dropped, as no peer was there, and the stream's headers with it
        bool flushed = false;      // a flush must be announced
        bool finished = false;     // EOS was sent, and another stream follows
        bool cut_off = false;      // discards all data until EOS, as no time is left to wait
        Gap discarded;             // while cut_off is set
        // A new receiver cannot use what precedes a key unit. It is waited for until this time
        // (g_get_monotonic_time()); 0: there is no wait.
        gint64 key_unit_by = 0;
        std::string stream_id;
        std::set<uint64_t> tags;  // keys of the tags that the link has since STREAM_START
        Origin origin;
        PipelineClock clock;
        std::optional<Timing> timing;  // the timing that the link has
        int64_t timing_looked = 0;     // coarse_now() of the last check; 0: a check is due
    } run_;
    std::atomic<bool> pipeline_changed_{true};
    std::atomic<GstClockTime> playout_{200 * GST_MSECOND};  // of the receiver, ns; any thread
};

}  // namespace stt
