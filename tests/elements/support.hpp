// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the tests of the elements share: a pair of elements in one process, and waits with deadlines.
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gst/owned.hpp"

namespace stt::test {

inline constexpr char seed[] = "5f1ad7c1e2b3948576a0ff00112233445566778899aabbccddeeff0123456789";
inline constexpr char other_seed[] = "00000000000000000000000000000000000000000000000000000000000000aa";
/// Nothing here takes this long; it ends a test that hangs.
inline constexpr GstClockTime deadline = 30 * GST_SECOND;

/// Looks again and again whether `condition` holds, where nothing tells of it. False: not before the
/// deadline.
bool eventually(const std::function<bool()>& condition);

/// An element's own bus.
class Bus {
  public:
    explicit Bus(GstElement* element);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    /// The next message that `wanted` accepts; others are dropped. Null when none came in time.
    MessagePtr wait(const std::function<bool(GstMessage*)>& wanted, GstClockTime timeout = deadline);
    MessagePtr wait_type(GstMessageType type, GstClockTime timeout = deadline);
    /// The next element message with this structure name and, unless empty, this value of `field`.
    MessagePtr wait_element(const std::string& name, const std::string& field = "",
                            const std::string& value = "");
    /// Messages of a type that are there now.
    int count(GstMessageType type);
    GstBus* get() { return bus_; }

  private:
    GstBus* bus_;
    GstElement* element_;
};

/// A thread that may be held up in `element`, which outlives it. An assertion may end the test at any place:
/// the element is stopped then, which lets the thread go, and the thread is waited for.
class Beside {
  public:
    Beside(GstElement* element, std::function<void()> work) : element_(element), thread_(std::move(work)) {}
    ~Beside() {
        if (!thread_.joinable()) return;
        gst_element_set_state(element_, GST_STATE_NULL);
        thread_.join();
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    /// Waits for its end by itself.
    void join() { thread_.join(); }

  private:
    GstElement* element_;
    std::thread thread_;
};

GstElement* make_element(const char* factory, const std::string& uri, const char* with_seed = seed);
unsigned local_port(GstElement* element);

/// A listening sttsrc and a sttsink that calls it, each in a harness. `configure` sees both before they
/// start.
class Pair {
  public:
    explicit Pair(const std::function<void(GstElement* sink, GstElement* src)>& configure = {});
    ~Pair();
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    /// STREAM_START, CAPS (unless null) and a TIME segment into the sink.
    void start(const char* caps = "application/x-test");
    bool push_event(GstEvent* event) { return gst_harness_push_event(sink, event); }
    GstFlowReturn push(GstBuffer* buffer) { return gst_harness_push(sink, buffer); }
    /// EOS on a thread of its own, as it blocks until the other side has everything.
    void push_eos();
    void join();

    BufferPtr pull() { return BufferPtr(gst_harness_pull(src)); }
    /// The next event of `type` at the receiver; others are dropped. Null when none came in time.
    EventPtr pull_event(GstEventType type);
    /// Everything up to EOS, events' type names and "buffer", in order.
    std::vector<std::string> pull_names();

    GstElement* sink_element;
    GstElement* src_element;
    std::unique_ptr<Bus> sink_bus, src_bus;
    GstHarness* sink;
    GstHarness* src;

  private:
    GThread* eos_ = nullptr;
};

/// `size` bytes that depend on `salt`.
BufferPtr make_buffer(size_t size, unsigned salt = 0);
bool same_bytes(GstBuffer* a, GstBuffer* b);

}  // namespace stt::test
