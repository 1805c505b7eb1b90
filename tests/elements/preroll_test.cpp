// SPDX-License-Identifier: LGPL-2.1-or-later
/// Streams whose first buffers lie before their segment, as those with B-frames do.
#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

const char h264[] =
    "videotestsrc num-buffers=40 ! video/x-raw,width=64,height=48,framerate=20/1 ! "
    "x264enc bframes=2 key-int-max=20 ! ";

/// A pipeline's uptime is what a receiver would wait for, were it told a base time of 0.
TEST(Preroll, AReceiverPlaysAStreamWithBFramesAtOnce) {
    Pipeline receiver(listening_src() + " ! decodebin ! fakesink name=played sync=true");
    Played played(receiver.get("played"));
    receiver.play();
    Pipeline sender(h264 + calling_sink_to(local_port(receiver.get("src"))));
    sender.play();
    EXPECT_TRUE(sender.ends());
    EXPECT_TRUE(receiver.ends());
    EXPECT_EQ(played.count(), 40u);
}

TEST(Preroll, AListeningSinkPrerollsWithBFrames) {
    Pipeline sender(h264 + std::string("sttsink name=sink uri=stt://:0 local-address=127.0.0.1 seed=") +
                    seed);
    sender.set(GST_STATE_PAUSED);
    ASSERT_TRUE(sender.settle()) << "nobody has to call for that";
    sender.play();
    ASSERT_TRUE(sender.settle());
    Pipeline receiver("sttsrc uri=stt://127.0.0.1:" + std::to_string(local_port(sender.get("sink"))) +
                      " seed=" + seed + " ! decodebin ! fakesink name=played sync=true");
    Played played(receiver.get("played"));
    receiver.play();
    EXPECT_TRUE(sender.ends());
    EXPECT_TRUE(receiver.ends());
    EXPECT_EQ(played.count(), 40u);
}

}  // namespace
}  // namespace stt::test
