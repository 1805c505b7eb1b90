// SPDX-License-Identifier: LGPL-2.1-or-later
// What a receiver sends upstream and the pipeline has not taken yet.
#include "gst/upstream_backlog.hpp"

#include <gst/video/video.h>
#include <gtest/gtest.h>

#include "gst/key_unit_requests.hpp"

namespace stt {
namespace {

EventPtr custom(const char* name) {
    return EventPtr(gst_event_new_custom(GST_EVENT_CUSTOM_UPSTREAM, gst_structure_new_empty(name)));
}

EventPtr qos(GstClockTime time) { return EventPtr(gst_event_new_qos(GST_QOS_TYPE_OVERFLOW, 1, 0, time)); }

EventPtr request(GstClockTime time = GST_CLOCK_TIME_NONE, bool headers = false, unsigned count = 0) {
    return EventPtr(gst_video_event_new_upstream_force_key_unit(time, headers, count));
}

TEST(UpstreamBacklog, HoldsABoundedNumberOfEvents) {
    UpstreamBacklog backlog;
    size_t refused = 0, first = 0;
    for (int i = 0; i < 1000; i++) {
        const auto added = backlog.add(custom("mine"));
        refused += added == UpstreamBacklog::Added::refused;
        first += added == UpstreamBacklog::Added::first;
    }
    EXPECT_EQ(first, 1u);
    EXPECT_EQ(refused, 1000 - UpstreamBacklog::events_max);
    EXPECT_EQ(backlog.take().size(), UpstreamBacklog::events_max);
    EXPECT_EQ(backlog.add(custom("mine")), UpstreamBacklog::Added::first);
}

TEST(UpstreamBacklog, KeepsTheNewestQosOnly) {
    UpstreamBacklog backlog;
    backlog.add(custom("one"));
    for (GstClockTime time = 1; time <= 1000; time++)
        EXPECT_EQ(backlog.add(qos(time)), UpstreamBacklog::Added::another);
    const auto events = backlog.take();
    ASSERT_EQ(events.size(), 2u);
    GstClockTime time = 0;
    gst_event_parse_qos(events[1].get(), nullptr, nullptr, nullptr, &time);
    EXPECT_EQ(time, 1000u);
}

TEST(KeyUnitRequests, AreAtLeastTheSpacingApart) {
    KeyUnitRequests requests;
    KeyUnitRequests::TimePoint now{std::chrono::hours(1)};
    std::optional<KeyUnitRequests::TimePoint> take_at;
    std::vector<KeyUnitRequests::TimePoint> taken;
    for (int ms = 0; ms < 10'000; ms++, now += std::chrono::milliseconds(1)) {
        if (const auto delay = requests.add(request(), now)) {
            EXPECT_FALSE(take_at) << "one call at a time";
            take_at = now + std::chrono::duration_cast<KeyUnitRequests::TimePoint::duration>(*delay);
        }
        if (!take_at || now < *take_at) continue;
        take_at.reset();
        EXPECT_TRUE(requests.take(now));
        taken.push_back(now);
    }
    EXPECT_EQ(taken.size(), 100u) << "ten per second";
    for (size_t i = 1; i < taken.size(); i++) EXPECT_GE(taken[i] - taken[i - 1], KeyUnitRequests::spacing);
    EXPECT_TRUE(take_at) << "the last request is not lost";
}

TEST(KeyUnitRequests, AMergedRequestHasAllThatWasWanted) {
    const auto merged = [](EventPtr one, EventPtr other) {
        KeyUnitRequests requests;
        const KeyUnitRequests::TimePoint now{std::chrono::hours(1)};
        EXPECT_TRUE(requests.add(std::move(one), now));
        EXPECT_FALSE(requests.add(std::move(other), now));
        return requests.take(now);
    };
    GstClockTime time = 0;
    gboolean headers = FALSE;
    unsigned count = 0;
    gst_video_event_parse_upstream_force_key_unit(merged(request(5, true, 1), request(3, false, 2)).get(),
                                                  &time, &headers, &count);
    EXPECT_EQ(time, 3u);
    EXPECT_TRUE(headers);
    EXPECT_EQ(count, 2u);
    gst_video_event_parse_upstream_force_key_unit(merged(request(5), request()).get(), &time, &headers,
                                                  &count);
    EXPECT_EQ(time, GST_CLOCK_TIME_NONE) << "one of them is to be obeyed at once";
}

TEST(KeyUnitRequests, NothingIsLeftAfterClear) {
    KeyUnitRequests requests;
    const KeyUnitRequests::TimePoint now{std::chrono::hours(1)};
    requests.add(request(), now);
    requests.clear();
    EXPECT_FALSE(requests.take(now));
    EXPECT_EQ(requests.add(request(), now), Duration::zero());
}

}  // namespace
}  // namespace stt
