// SPDX-License-Identifier: LGPL-2.1-or-later
/// What sttsink does with what is pushed into it: buffers and events, in order, as messages to the link.
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

/// Streaming thread with the preroll lock held, as GstBaseSink calls its subclasses, except where noted.
class Transmitter {
  public:
    /// `connection` is the element's and outlives the transmitter.
    Transmitter(GstBaseSink* element, Connection& connection)
        : element_(element),
          connection_(connection),
          metas_([this](const Error& error) { connection_.warn(error); }) {}

    /// Begins anew; while no streaming thread runs.
    void start();

    /// Of what follows.
    void set_caps(const GstCaps* caps);
    GstFlowReturn take(GstBuffer* buffer);
    GstFlowReturn take(GstBufferList* list);
    /// A GAP event, once it is its time.
    GstFlowReturn take_gap(GstEvent* event);
    /// The end of the stream: blocks until the peer's pipeline has everything, or has taken nothing for
    /// `drain-timeout`.
    GstFlowReturn take_eos();
    /// Any other serialized event. False: it ends the stream.
    bool take_event(GstEvent* event);
    /// An event that is not serialized: it goes out at once, or not at all. Any thread.
    bool take_out_of_band(GstEvent* event);
    /// FLUSH_STOP came: what the session has not been given is discarded.
    void flush();

    /// The application has sent EOS to the pipeline. The EOS event itself may be held up behind a buffer that
    /// waits in this sink, so all waits end `drain-timeout` from now. Any thread.
    void expect_eos();
    /// The pipeline has started to play, or its latency, clock or what is upstream has changed. Any thread.
    void pipeline_changed() { pipeline_changed_ = true; }
    /// Whether data will wait for a peer that was never there, as far as what is upstream says now. Any
    /// thread that holds no lock.
    bool will_wait_for_peer() const;
    /// The receiver plays what was not delayed `latency` (ns) after its time. Any thread.
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
    /// Of one run from READY to PAUSED and back.
    struct Run {
        bool bytes = false;        // framing
        bool state_sent = true;    // the link was given the caps, segment and tags in force, as they came
        bool headers_due = false;  // those of the stream went by unheard
        bool flushed = false;      // a flush is to be announced
        bool finished = false;     // EOS was sent, and what comes next is another stream
        bool cut_off = false;      // what comes is discarded until EOS: there is no time left to wait
        Gap discarded;             // since then
        // Whoever joins cannot use what comes before a key unit, which is waited for until then
        // (g_get_monotonic_time()); 0: nothing is waited for.
        gint64 key_unit_by = 0;
        std::string stream_id;
        std::set<uint64_t> tags;  // keys of the states that the link was given since STREAM_START
        Origin origin;
        PipelineClock clock;
        std::optional<Timing> timing;  // the link was given
        int64_t timing_looked = 0;     // coarse_now(); 0: to be looked at once more
    } run_;
    std::atomic<bool> pipeline_changed_{true};
    std::atomic<GstClockTime> playout_{200 * GST_MSECOND};  // of the receiver
};

}  // namespace stt
