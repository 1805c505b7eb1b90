// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/injected_events.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace stt {
namespace {

/// An event that has `number` as its sequence number.
EventPtr event(uint32_t number) {
    EventPtr made(
        gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("of-the-application")));
    gst_event_set_seqnum(made.get(), number);
    return made;
}

using Numbers = std::vector<uint32_t>;

Numbers numbers(const std::vector<EventPtr>& events) {
    Numbers numbers;
    for (const EventPtr& taken : events) numbers.push_back(gst_event_get_seqnum(taken.get()));
    return numbers;
}

TEST(InjectedEvents, AreTakenOnceAndInOrder) {
    InjectedEvents events;
    EXPECT_TRUE(events.take().empty());
    events.add(event(1));
    events.add(event(2));
    EXPECT_EQ(numbers(events.take()), (Numbers{1, 2}));
    EXPECT_TRUE(events.take().empty());
    events.add(event(3));
    EXPECT_EQ(numbers(events.take()), (Numbers{3}));
}

TEST(InjectedEvents, AreDiscardedAtTheStart) {
    InjectedEvents events;
    events.add(event(1));
    events.clear();
    EXPECT_TRUE(events.take().empty());
}

TEST(InjectedEvents, NoneIsLostWhileTheyAreTaken) {
    constexpr uint32_t count = 2000;
    InjectedEvents events;
    std::thread adding([&] {
        for (uint32_t number = 1; number <= count; number++) events.add(event(number));
    });
    Numbers taken;
    // The other thread adds all of them, so that this ends.
    while (taken.size() < count) {
        const Numbers more = numbers(events.take());
        taken.insert(taken.end(), more.begin(), more.end());
    }
    adding.join();
    EXPECT_TRUE(events.take().empty());
    for (uint32_t number = 1; number <= count; number++) ASSERT_EQ(taken[number - 1], number);
}

}  // namespace
}  // namespace stt
