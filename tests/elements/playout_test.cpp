// SPDX-License-Identifier: LGPL-2.1-or-later
/// When live streams play, by real pipelines whose sinks synchronise. Both ends are on one host, so that what
/// a frame's time is here can be compared with what it was at the sender.
#include <algorithm>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

constexpr GstClockTime ms = GST_MSECOND;

std::string video(int frames, const char* more = "") {
    return "videotestsrc is-live=true num-buffers=" + std::to_string(frames) +
           " ! video/x-raw,format=GRAY8,width=16,height=16,framerate=50/1 ! " + more;
}

std::string listening_sink(const std::string& properties = "") {
    return std::string("sttsink name=sink uri=stt://:0 local-address=127.0.0.1 seed=") + seed + " " +
           properties;
}

std::string calling_src(unsigned port, const std::string& properties = "") {
    return "sttsrc name=src uri=stt://127.0.0.1:" + std::to_string(port) + " seed=" + seed + " " + properties;
}

/// A second for a machine that is busy with other things: what counts is that frames come before they
/// are due.
const char slack[] = "latency=1000";
const char played_by[] = " ! fakesink name=played sync=true";

/// All but the first second.
std::vector<Played::Item> settled(const Played& played) {
    std::vector<Played::Item> items = played.items();
    const GstClockTime from = items.empty() ? 0 : items.front().running_time + GST_SECOND;
    std::erase_if(items, [&](const Played::Item& item) { return item.running_time < from; });
    return items;
}

/// Each frame's time is what it was at the sender. On a busy machine the first estimate of the sender's clock
/// may be wrong by as much as is not a jump.
void expect_current(const std::vector<Played::Item>& items, GstClockTime sender_base,
                    GstClockTimeDiff tolerance = 40 * ms) {
    ASSERT_FALSE(items.empty());
    for (const Played::Item& item : items) {
        EXPECT_LE(std::abs(item.shift(sender_base)), tolerance) << GST_TIME_AS_MSECONDS(item.sent) << " ms";
    }
}

/// No frame is missing between the first and the last.
void expect_whole(const std::vector<Played::Item>& items) {
    for (size_t i = 1; i < items.size(); i++) {
        EXPECT_EQ(items[i].sent - items[i - 1].sent, 20 * ms) << GST_TIME_AS_MSECONDS(items[i].sent) << " ms";
    }
}

size_t discontinuities(const std::vector<Played::Item>& items) {
    return static_cast<size_t>(std::ranges::count_if(items, [](const auto& item) { return item.discont; }));
}

TEST(Playout, AReceiverThatStartsLateIsCurrent) {
    Pipeline sender(video(150) + listening_sink());
    sender.play();
    const unsigned port = local_port(sender.get("sink"));
    ASSERT_TRUE(
        eventually([&] { return gst_element_get_current_running_time(sender.pipeline()) > 900 * ms; }));
    Pipeline receiver(calling_src(port, slack) + played_by);
    Played played(receiver.get("played"));
    receiver.play();
    EXPECT_TRUE(receiver.ends());
    EXPECT_GE(played.count(), 50u);
    expect_current(settled(played), sender.base_time());
    EXPECT_GT(played.items().front().sent, 500 * ms) << "what nobody heard is over";
}

TEST(Playout, ACallerThatCalledLongBeforeIsCurrent) {
    // Takes the port, and is not there yet.
    Pipeline finder(listening_src() + " ! fakesink");
    finder.play();
    const unsigned port = local_port(finder.get("src"));
    finder.set(GST_STATE_NULL);
    Pipeline sender(video(150) + calling_sink_to(port, "retry-initial-delay=50 retry-max-delay=50"));
    sender.play();
    ASSERT_TRUE(
        eventually([&] { return gst_element_get_current_running_time(sender.pipeline()) > 900 * ms; }));
    Pipeline receiver("sttsrc name=src uri=stt://:" + std::to_string(port) + " seed=" + seed + " " + slack +
                      played_by);
    Played played(receiver.get("played"));
    receiver.play();
    EXPECT_TRUE(receiver.ends());
    expect_current(settled(played), sender.base_time());
    EXPECT_GT(played.items().front().sent, 500 * ms);
}

TEST(Playout, StreamsOfTwoElementsAreInStep) {
    Pipeline receiver(listening_src(slack) + " ! fakesink name=video sync=true " +
                      "sttsrc name=other uri=stt://:0 local-address=127.0.0.1 latency=1000 seed=" + seed +
                      " ! fakesink name=audio sync=true");
    Played video_played(receiver.get("video")), audio_played(receiver.get("audio"));
    receiver.play();
    Pipeline sender(
        video(100) + calling_sink_to(local_port(receiver.get("src"))) +
        "audiotestsrc is-live=true samplesperbuffer=441 num-buffers=200 ! audio/x-raw,rate=44100 ! "
        "sttsink uri=stt://127.0.0.1:" +
        std::to_string(local_port(receiver.get("other"))) + " seed=" + seed);
    sender.play();
    EXPECT_TRUE(receiver.ends());
    expect_current(settled(video_played), sender.base_time());
    expect_current(settled(audio_played), sender.base_time());
    for (const Played::Item& item : audio_played.items())
        EXPECT_FALSE(item.discont && item.sent > GST_SECOND);
}

/// The stream's own time line at the receiver follows a clock that is wrong by `skew`.
void play_on_a_skewed_clock(double sender_skew, double receiver_skew) {
    Pipeline receiver(listening_src(slack) + played_by);
    Played played(receiver.get("played"));
    if (receiver_skew != 0) receiver.use_skewed_clock(receiver_skew);
    receiver.play();
    Pipeline sender(video(250) + calling_sink_to(local_port(receiver.get("src"))));
    if (sender_skew != 0) sender.use_skewed_clock(sender_skew);
    sender.play();
    EXPECT_TRUE(receiver.ends());
    const std::vector<Played::Item> items = settled(played);
    EXPECT_GE(items.size(), 100u);
    expect_whole(items);
    EXPECT_EQ(discontinuities(items), 0u);
    // Frames are as far apart here as the two clocks make them.
    const double there = static_cast<double>(items.back().sent - items.front().sent);
    const double here = static_cast<double>(items.back().running_time - items.front().running_time);
    EXPECT_NEAR(here / there, (1 + receiver_skew) / (1 + sender_skew), 0.002);
}

TEST(Playout, AReceiversClockMayBeFast) { play_on_a_skewed_clock(0, 0.01); }
TEST(Playout, AReceiversClockMayBeSlow) { play_on_a_skewed_clock(0, -0.01); }
TEST(Playout, ASendersClockMayBeFast) { play_on_a_skewed_clock(0.01, 0); }
TEST(Playout, ASendersClockMayBeSlow) { play_on_a_skewed_clock(-0.01, 0); }

TEST(Playout, ASteppedClockIsAHiccup) {
    for (const bool of_receiver : {false, true}) {
        Pipeline receiver(listening_src(slack) + played_by);
        Played played(receiver.get("played"));
        receiver.use_skewed_clock(0);
        receiver.play();
        Pipeline sender(video(150) + calling_sink_to(local_port(receiver.get("src"))));
        sender.use_skewed_clock(0);
        sender.play();
        ASSERT_TRUE(played.reaches(50));
        (of_receiver ? receiver : sender).step_clock(20 * GST_SECOND);
        EXPECT_TRUE(receiver.ends());
        const std::vector<Played::Item> items = played.items();
        ASSERT_GE(items.size(), 60u);
        // What came after the step was due as long before it was rendered as what came before.
        EXPECT_GE(items.back().lead, -10 * static_cast<GstClockTimeDiff>(GST_SECOND)) << of_receiver;
        EXPECT_LE(items.back().lead, static_cast<GstClockTimeDiff>(1100 * ms)) << of_receiver;
    }
}

TEST(Playout, TheSenderPipelinesLatencyIsAddedToTheReceivers) {
    // The encoder looks two seconds ahead.
    Pipeline receiver(listening_src() +
                      " ! avdec_h264 ! fakesink name=played sync=true qos=true "
                      "max-lateness=20000000");
    Played played(receiver.get("played"));
    receiver.play();
    Pipeline sender(video(250,
                          "videoconvert ! x264enc key-int-max=25 speed-preset=ultrafast rc-lookahead=40 "
                          "sync-lookahead=40 ! ") +
                    calling_sink_to(local_port(receiver.get("src"))));
    sender.play();
    EXPECT_TRUE(receiver.ends());
    EXPECT_GE(settled(played).size(), 100u);
    GstQuery* query = gst_query_new_latency();
    ASSERT_TRUE(gst_element_query(receiver.get("src"), query));
    GstClockTime minimum = 0;
    gst_query_parse_latency(query, nullptr, &minimum, nullptr);
    gst_query_unref(query);
    EXPECT_GE(minimum, 400 * ms) << "more than latency, by the frames in the encoder";
}

TEST(Playout, ARelayAddsItsOwn) {
    Pipeline receiver(listening_src(slack) + played_by);
    Played played(receiver.get("played"));
    receiver.play();
    std::vector<std::unique_ptr<Pipeline>> relays;
    unsigned port = local_port(receiver.get("src"));
    for (int i = 0; i < 2; i++) {
        relays.push_back(std::make_unique<Pipeline>(listening_src(slack) + " ! " + calling_sink_to(port)));
        relays.back()->play();
        port = local_port(relays.back()->get("src"));
    }
    Pipeline sender(video(200) + calling_sink_to(port));
    sender.play();
    EXPECT_TRUE(receiver.ends());
    const std::vector<Played::Item> items = settled(played);
    EXPECT_GE(items.size(), 100u);
    // Capture times pass unchanged, and what each hop waits adds up.
    GstQuery* query = gst_query_new_latency();
    ASSERT_TRUE(gst_element_query(receiver.get("src"), query));
    GstClockTime minimum = 0;
    gst_query_parse_latency(query, nullptr, &minimum, nullptr);
    gst_query_unref(query);
    EXPECT_GE(minimum, 3000 * ms);
    EXPECT_LE(minimum, 3100 * ms);
}

TEST(Playout, AStoredStreamBehindALiveSourceOfOursIsStored) {
    Pipeline receiver(listening_src() + " ! fakesink name=played sync=true");
    Played played(receiver.get("played"));
    receiver.play();
    Pipeline relay(listening_src() + " ! " + calling_sink_to(local_port(receiver.get("src"))));
    relay.play();
    Pipeline sender(
        "videotestsrc num-buffers=50 ! video/x-raw,format=GRAY8,width=16,height=16,framerate=50/1 ! " +
        calling_sink_to(local_port(relay.get("src"))));
    sender.play();
    EXPECT_TRUE(receiver.ends());
    EXPECT_EQ(played.count(), 50u) << "nothing of it is lost";
}

TEST(Playout, StoredStreamsOfOneSenderAreInStep) {
    Pipeline receiver(listening_src(slack) + " ! fakesink name=video sync=true " +
                      "sttsrc name=other uri=stt://:0 local-address=127.0.0.1 latency=1000 seed=" + seed +
                      " ! fakesink name=audio sync=true");
    Played video_played(receiver.get("video")), audio_played(receiver.get("audio"));
    receiver.play();
    Pipeline sender(
        "videotestsrc num-buffers=100 ! video/x-raw,format=GRAY8,width=16,height=16,framerate=50/1 ! " +
        calling_sink_to(local_port(receiver.get("src"))) +
        "audiotestsrc samplesperbuffer=441 num-buffers=200 ! audio/x-raw,rate=44100 ! "
        "sttsink uri=stt://127.0.0.1:" +
        std::to_string(local_port(receiver.get("other"))) + " seed=" + seed);
    sender.play();
    EXPECT_TRUE(receiver.ends());
    EXPECT_EQ(video_played.count(), 100u);
    EXPECT_EQ(audio_played.count(), 200u);
    const Played::Item last_video = video_played.items().back(), last_audio = audio_played.items().back();
    EXPECT_LE(std::abs(last_video.shift(0) - last_audio.shift(0)), static_cast<GstClockTimeDiff>(5 * ms));
}

}  // namespace
}  // namespace stt::test
