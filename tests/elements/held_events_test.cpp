// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/held_events.hpp"

#include <gtest/gtest.h>

#include <string>

namespace stt {
namespace {

using Names = std::vector<std::string>;

EventPtr custom(const char* name, GstEventType type = GST_EVENT_CUSTOM_DOWNSTREAM) {
    return EventPtr(gst_event_new_custom(type, gst_structure_new_empty(name)));
}
EventPtr sticky(const char* name) { return custom(name, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY); }

/// Pushes what is held. The first `accepted` events pass.
class Pushed {
  public:
    explicit Pushed(HeldEvents& held, size_t accepted = SIZE_MAX) {
        held.begin_push();
        flow = held.push([&](EventPtr event) {
            names.emplace_back(gst_structure_get_name(gst_event_get_structure(event.get())));
            return names.size() <= accepted ? GST_FLOW_OK : GST_FLOW_FLUSHING;
        });
    }
    GstFlowReturn flow;
    Names names;
};

TEST(HeldEvents, ArePushedOnceAndInOrder) {
    HeldEvents held;
    held.add(custom("a"));
    held.add(sticky("b"));
    EXPECT_FALSE(held.empty());
    const Pushed pushed(held);
    EXPECT_EQ(pushed.flow, GST_FLOW_OK);
    EXPECT_EQ(pushed.names, (Names{"a", "b"}));
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(Pushed(held).names, Names{});
}

TEST(HeldEvents, AFlushKeepsState) {
    HeldEvents held;
    held.add(custom("a"));
    held.add(sticky("b"));
    held.add(custom("c"));
    const Pushed flushed(held, 1);
    EXPECT_EQ(flushed.flow, GST_FLOW_FLUSHING);
    EXPECT_EQ(flushed.names, (Names{"a", "b"}));
    EXPECT_EQ(Pushed(held).names, (Names{"b", "c"}));
}

TEST(HeldEvents, AFlushDiscardsTheEventThatMeetsItIfItIsNotState) {
    HeldEvents held;
    held.add(custom("a"));
    held.add(sticky("b"));
    EXPECT_EQ(Pushed(held, 0).names, (Names{"a"}));
    EXPECT_EQ(Pushed(held).names, (Names{"b"}));
}

TEST(HeldEvents, WhatEndsThePreviousRunComesFirstUnlessItIsReplaced) {
    HeldEvents held;
    std::vector<EventPtr> ended;
    ended.push_back(sticky("old"));
    ended.push_back(sticky("both"));
    held.add(custom("early"));
    held.set_ended(std::move(ended));
    EXPECT_FALSE(held.empty());
    held.add(sticky("both"));
    EXPECT_EQ(Pushed(held).names, (Names{"old", "early", "both"}));
}

TEST(HeldEvents, WhatEndsThePreviousRunIsNotHeldForATime) {
    HeldEvents held;
    std::vector<EventPtr> ended;
    ended.push_back(sticky("old"));
    held.set_ended(std::move(ended));
    EXPECT_TRUE(held.empty());
    held.add(custom("a"));
    held.discard();
    EXPECT_TRUE(held.empty());
    EXPECT_EQ(Pushed(held).names, (Names{"old"}));
}

TEST(HeldEvents, AreBounded) {
    HeldEvents held;
    for (size_t i = 1; i < HeldEvents::count_max; i++) held.add(custom("a"));
    EXPECT_FALSE(held.full());
    held.add(custom("a"));
    EXPECT_TRUE(held.full());
}

}  // namespace
}  // namespace stt
