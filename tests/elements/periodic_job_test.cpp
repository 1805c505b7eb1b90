// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/periodic_job.hpp"

#include <atomic>
#include <future>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

constexpr std::chrono::seconds patience{20};

/// What an element owns that repeats jobs.
struct Parts {
    explicit Parts(GstElement* element)
        : announcer(element), job(element, announcer), other(element, announcer) {}
    Announcer announcer;
    PeriodicJob job, other;
};

GstElement* make_owner() {
    GstElement* element = gst_bin_new(nullptr);
    gst_object_ref_sink(element);
    g_object_set_data_full(G_OBJECT(element), "parts", new Parts(element),
                           [](gpointer parts) { delete static_cast<Parts*>(parts); });
    return element;
}

class PeriodicJobTest : public testing::Test {
  protected:
    ~PeriodicJobTest() override {
        parts.job.stop();
        parts.other.stop();
        parts.announcer.clear();
        parts.announcer.wait_posted();
        gst_object_unref(element);
    }
    /// Waits for `count` ticks of another job.
    bool ticks(int count) {
        std::atomic<int> seen{0};
        parts.other.start(1, [&] { return ++seen < count; });
        const bool came = eventually([&] { return seen >= count; });
        parts.other.stop();
        parts.announcer.wait_posted();
        return came;
    }

    GstElement* element = make_owner();
    Parts& parts = *static_cast<Parts*>(g_object_get_data(G_OBJECT(element), "parts"));
    std::atomic<int> runs{0};
};

TEST_F(PeriodicJobTest, RunsUntilItNeedNotBeRunAgain) {
    parts.job.start(1, [this] { return ++runs < 3; });
    EXPECT_TRUE(eventually([this] { return runs >= 3; }));
    EXPECT_TRUE(ticks(3));
    EXPECT_EQ(runs, 3);
}

TEST_F(PeriodicJobTest, RunsUntilItIsStopped) {
    parts.job.start(1, [this] { return ++runs, true; });
    EXPECT_TRUE(eventually([this] { return runs > 0; }));
    parts.job.stop();
    parts.announcer.wait_posted();
    const int before = runs;
    EXPECT_TRUE(ticks(3));
    EXPECT_LE(runs, before + 1) << "a tick may have been under way";
}

TEST_F(PeriodicJobTest, DoesNotPileUpWhileItTakesLong) {
    std::promise<int> after;
    parts.job.start(1, [&] {
        if (runs++ > 0) return true;
        const gint64 end = g_get_monotonic_time() + 20'000;  // long against 1 ms
        while (g_get_monotonic_time() < end) std::this_thread::yield();
        parts.announcer.run([&] { after.set_value(runs); });
        return true;
    });
    auto queued_before = after.get_future();
    ASSERT_EQ(queued_before.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(queued_before.get(), 1);
}

TEST_F(PeriodicJobTest, StartsAnewWhenWhatWasQueuedIsDropped) {
    std::promise<void> held, go_on;
    parts.announcer.run([&] {
        held.set_value();
        go_on.get_future().wait();
    });
    held.get_future().wait();
    parts.job.start(1, [this] { return ++runs, true; });
    const gint64 end = g_get_monotonic_time() + 20'000;  // it is queued by then, or is later
    while (g_get_monotonic_time() < end) std::this_thread::yield();
    parts.job.stop();
    parts.announcer.clear();
    parts.job.start(1, [this] { return ++runs, true; });
    go_on.set_value();
    EXPECT_TRUE(eventually([this] { return runs > 1; }));
}

/// Ticks come on another thread, and the last one may come late.
TEST(PeriodicJobs, MayEndWithTheirElement) {
    for (int i = 0; i < 50; i++) {
        GstElement* element = make_owner();
        auto* parts = static_cast<Parts*>(g_object_get_data(G_OBJECT(element), "parts"));
        auto ran = std::make_shared<std::promise<void>>();
        parts->job.start(1, [ran, first = true]() mutable {
            if (std::exchange(first, false)) ran->set_value();
            return true;
        });
        ASSERT_EQ(ran->get_future().wait_for(patience), std::future_status::ready);
        gst_object_unref(element);
    }
}

}  // namespace
}  // namespace stt::test
