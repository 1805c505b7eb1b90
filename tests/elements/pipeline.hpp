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
    /// The element of this name, which stays the pipeline's.
    GstElement* get(const std::string& name) const;
    GstElement* pipeline() const { return pipeline_; }
    Bus& bus() { return *bus_; }

  private:
    GstElement* pipeline_;
    std::unique_ptr<Bus> bus_;
};

/// What a sink rendered, taken from its `handoff` signal: of a sink that synchronises, only what it did not
/// drop.
class Played {
  public:
    struct Item {
        GstClockTime pts, running_time;
        GstClockTimeDiff late;  ///< when it was rendered, against its due time, latency included; ns
        bool discont;
    };
    /// `sink` is a fakesink, which is made to signal.
    explicit Played(GstElement* sink);
    ~Played();
    Played(const Played&) = delete;
    Played& operator=(const Played&) = delete;

    std::vector<Item> items() const;
    size_t count() const;
    /// Waits until it has rendered `count` buffers. False: not before the deadline.
    bool reaches(size_t count) const;

  private:
    static void on_handoff(GstElement* sink, GstBuffer* buffer, GstPad* pad, Played* self);
    GstElement* sink_;
    gulong handler_;
    mutable std::mutex mutex_;
    std::vector<Item> items_;  // under mutex_
};

/// sttsrc listening on a free port of 127.0.0.1, as the start of a description.
std::string listening_src(const std::string& properties = "");
/// sttsink that calls 127.0.0.1:`port`, as the end of a description.
std::string calling_sink_to(unsigned port, const std::string& properties = "");

}  // namespace stt::test
