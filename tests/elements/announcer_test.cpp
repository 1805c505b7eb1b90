// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/announcer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>

namespace stt {
namespace {

constexpr std::chrono::seconds patience{20};

/// An element that owns an announcer: jobs under way keep both.
GstElement* announcing_element() {
    GstElement* element = gst_bin_new(nullptr);
    gst_object_ref_sink(element);
    g_object_set_data_full(G_OBJECT(element), "announcer", new Announcer(element),
                           [](gpointer announcer) { delete static_cast<Announcer*>(announcer); });
    return element;
}

TEST(Announcer, WaitsForWhatWasQueuedBeforeAndNoLonger) {
    GstElement* element = announcing_element();
    Announcer& announcer = *static_cast<Announcer*>(g_object_get_data(G_OBJECT(element), "announcer"));
    std::atomic<bool> before = false, over = false;
    std::promise<void> stopped;
    // As a timer does whose messages are taken more slowly than it makes them.
    std::function<void()> again = [&] {
        if (over)
            stopped.set_value();
        else
            announcer.run(again);
    };
    announcer.run(again);
    announcer.run([&] { before = true; });
    auto waiting = std::async(std::launch::async, [&] {
        announcer.wait_posted();
        return before.load();
    });
    EXPECT_EQ(waiting.wait_for(patience), std::future_status::ready);
    over = true;
    EXPECT_TRUE(waiting.get());
    EXPECT_EQ(stopped.get_future().wait_for(patience), std::future_status::ready);
    gst_object_unref(element);
}

/// An announcer whose thread is held up by the application.
class HeldUp {
  public:
    HeldUp() : element(announcing_element()), bus(gst_bus_new()) {
        gst_element_set_bus(element, bus);
        announcer().run([&] { held_up_.get_future().wait(); });
    }
    ~HeldUp() {
        gst_element_set_bus(element, nullptr);
        gst_object_unref(bus);
        gst_object_unref(element);
    }
    HeldUp(const HeldUp&) = delete;
    HeldUp& operator=(const HeldUp&) = delete;

    Announcer& announcer() {
        return *static_cast<Announcer*>(g_object_get_data(G_OBJECT(element), "announcer"));
    }
    /// Lets the thread continue. Returns what it posts.
    std::vector<MessagePtr> released() {
        held_up_.set_value();
        announcer().wait_posted();
        std::vector<MessagePtr> messages;
        while (GstMessage* message = gst_bus_pop(bus)) messages.emplace_back(message);
        return messages;
    }

    GstElement* const element;

  private:
    GstBus* const bus;
    std::promise<void> held_up_;
};

TEST(Announcer, AddsUpGapsOfOneCertaintyWhileOneWaits) {
    HeldUp held_up;
    constexpr uint64_t count = 10'000;
    for (uint64_t i = 0; i < count; i++) {
        held_up.announcer().post_gap({1, 10, 100, false});
        held_up.announcer().post_gap({2, 20, 200, true});
        if (i == 5) held_up.announcer().post_latency();
    }
    const auto messages = held_up.released();
    ASSERT_EQ(messages.size(), 3u);
    for (const bool expected : {false, true}) {
        const GstStructure* gap = gst_message_get_structure(messages[expected].get());
        guint64 buffers = 0, bytes = 0, duration = 0;
        gboolean uncertain = FALSE;
        ASSERT_TRUE(gst_structure_get(gap, "buffers", G_TYPE_UINT64, &buffers, "bytes", G_TYPE_UINT64, &bytes,
                                      "duration", G_TYPE_UINT64, &duration, "uncertain", G_TYPE_BOOLEAN,
                                      &uncertain, nullptr));
        const uint64_t each = expected ? 2 : 1;
        EXPECT_EQ(buffers, each * count);
        EXPECT_EQ(bytes, each * 10 * count);
        EXPECT_EQ(duration, each * 100 * count);
        EXPECT_EQ(uncertain, expected);
    }
}

TEST(Announcer, ReportsAGapAfterAnotherWasPosted) {
    HeldUp held_up;
    held_up.announcer().post_gap({1, 10, 100, false});
    EXPECT_EQ(held_up.released().size(), 1u);
    held_up.announcer().post_gap({2, 20, 200, false});
    held_up.announcer().wait_posted();
    const MessagePtr second(gst_bus_pop(GST_ELEMENT_BUS(held_up.element)));
    ASSERT_TRUE(second);
    guint64 buffers = 0;
    gst_structure_get_uint64(gst_message_get_structure(second.get()), "buffers", &buffers);
    EXPECT_EQ(buffers, 2u);
}

TEST(Announcer, OneLatencyMessageWaits) {
    HeldUp held_up;
    for (int i = 0; i < 1000; i++) held_up.announcer().post_latency();
    const auto messages = held_up.released();
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_EQ(GST_MESSAGE_TYPE(messages[0].get()), GST_MESSAGE_LATENCY);
}

}  // namespace
}  // namespace stt
