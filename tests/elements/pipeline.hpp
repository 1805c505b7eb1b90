// SPDX-License-Identifier: LGPL-2.1-or-later
/// Real pipelines, with sinks that preroll, block and synchronise, and what their sinks played when.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "tests/elements/support.hpp"

namespace stt::test {

/// A pipeline in gst-launch's syntax. Stopped at its end.
class Pipeline {
  public:
    explicit Pipeline(const std::string& description);
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// Asks for `state`, and does not wait for it.
    void set(GstState state);
    void play() { set(GST_STATE_PLAYING); }
    /// Waits until the state asked for is reached. False: not before the deadline, or never.
    bool settle();
    /// Waits for EOS. False: an ERROR came, which is reported, or nothing before the deadline.
    bool ends();
    GstClockTime base_time() const { return gst_element_get_base_time(pipeline_); }
    /// Has it run on a clock that is `skew` fast (0.01: 1 %) and that step() moves. Before it starts.
    void use_skewed_clock(double skew);
    void step_clock(GstClockTimeDiff by);
    /// The element of this name, which stays the pipeline's.
    GstElement* get(const std::string& name) const;
    GstElement* pipeline() const { return pipeline_; }
    Bus& bus() { return *bus_; }

  private:
    static GstBusSyncReply take_latency(GstBus* bus, GstMessage* message, gpointer pipeline);
    GstElement* pipeline_;
    std::unique_ptr<Bus> bus_;
    GstClock* clock_ = nullptr;
};

/// What came to a sink, and what of it the sink played.
class Played {
  public:
    struct Item {
        GstClockTime pts = GST_CLOCK_TIME_NONE, running_time = GST_CLOCK_TIME_NONE;
        GstClockTime base_time = 0;  ///< of the sink's pipeline
        GstClockTime sent =
            GST_CLOCK_TIME_NONE;    ///< the sender's running time, where sttsrc is next to the sink
        GstClockTimeDiff lead = 0;  ///< how long before its due time, latency included, it came; ns
        bool discont = false;
        bool rendered = false;  ///< a sink that synchronises drops what is too late

        /// How much later than at the sender, whose pipeline's base time this is, its time is here, ns; both
        /// on one clock.
        GstClockTimeDiff shift(GstClockTime sender_base) const {
            return GST_CLOCK_DIFF(sent + sender_base, running_time + base_time);
        }
    };
    /// `sink` is a fakesink, which is made to signal.
    explicit Played(GstElement* sink);
    ~Played();
    Played(const Played&) = delete;
    Played& operator=(const Played&) = delete;

    /// All that came.
    std::vector<Item> items() const;
    /// Number of those rendered.
    size_t count() const;
    /// Waits until it has rendered `count` buffers. False: not before the deadline.
    bool reaches(size_t count) const;

  private:
    static GstPadProbeReturn on_data(GstPad* pad, GstPadProbeInfo* info, gpointer self);
    static void on_handoff(GstElement* sink, GstBuffer* buffer, GstPad* pad, Played* self);
    void take(GstPad* pad, GstBuffer* buffer);
    GstElement* sink_;
    GstPad* pad_;
    gulong handler_, probe_;
    mutable std::mutex mutex_;
    std::vector<Item> items_;  // under mutex_
    size_t rendered_ = 0;      // under mutex_
};

/// What `sink`, an sttsink, holds that its peer has not acknowledged.
guint64 queued_bytes(GstElement* sink);
/// sttsrc listening on a free port of 127.0.0.1, as the start of a description.
std::string listening_src(const std::string& properties = "");
/// sttsink that calls 127.0.0.1:`port`, as the end of a description.
std::string calling_sink_to(unsigned port, const std::string& properties = "");

}  // namespace stt::test
