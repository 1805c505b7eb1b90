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

}  // namespace
}  // namespace stt
