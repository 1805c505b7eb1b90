// SPDX-License-Identifier: LGPL-2.1-or-later
/// Viewers that join a live stream that runs: they get its headers, and begin at a key unit.
#include <memory>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

std::string listening_sink(const std::string& properties = "") {
    return std::string("sttsink name=sink uri=stt://:0 local-address=127.0.0.1 seed=") + seed + " " +
           properties;
}

std::string calling_src(unsigned port) {
    return "sttsrc uri=stt://127.0.0.1:" + std::to_string(port) + " seed=" + seed;
}

const char encoded[] =
    "videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=50/1 ! "
    "x264enc tune=zerolatency key-int-max=25 ! h264parse ! ";

/// Joins after the sender has run for a while; true: frames are decoded.
void join(const std::string& sender_end, const std::string& receiver_middle) {
    Pipeline sender(encoded + sender_end);
    sender.play();
    const unsigned port = local_port(sender.get("sink"));
    ASSERT_TRUE(eventually(
        [&] { return gst_element_get_current_running_time(sender.pipeline()) > 700 * GST_MSECOND; }));
    Pipeline receiver(calling_src(port) + receiver_middle +
                      " ! avdec_h264 ! fakesink name=played sync=false");
    Played played(receiver.get("played"));
    receiver.play();
    EXPECT_TRUE(played.reaches(30));
}

/// The receiver goes after some frames, and another one takes its place.
void take_over(const std::string& sender_middle, const std::string& receiver_middle) {
    const std::string end = receiver_middle + " ! avdec_h264 ! fakesink name=played sync=false";
    auto first = std::make_unique<Pipeline>(listening_src() + end);
    auto played = std::make_unique<Played>(first->get("played"));
    first->play();
    const unsigned port = local_port(first->get("src"));
    Pipeline sender(encoded + sender_middle + calling_sink_to(port));
    sender.play();
    ASSERT_TRUE(played->reaches(30));
    played.reset();
    first.reset();
    Pipeline second(listening_src() + end);
    g_object_set(second.get("src"), "uri", ("stt://:" + std::to_string(port)).c_str(), nullptr);
    Played again(second.get("played"));
    second.play();
    ASSERT_TRUE(again.reaches(30));
    EXPECT_EQ(second.bus().count(GST_MESSAGE_ERROR), 0);
    EXPECT_TRUE(again.items().front().discont) << "the stream does not begin here";
}

TEST(Join, AStreamWithoutContainer) { join(listening_sink(), " ! h264parse"); }
TEST(Join, AMatroskaStream) { join("matroskamux streamable=true ! " + listening_sink(), " ! matroskademux"); }
TEST(Join, AMatroskaStreamAsBytes) {
    join("matroskamux streamable=true ! " + listening_sink("framing=bytes wait-for-connection=false"),
         " ! matroskademux");
}
TEST(Join, AnMpegTransportStream) { join("mpegtsmux ! " + listening_sink(), " ! tsdemux ! h264parse"); }

TEST(Join, InPlaceOfAnotherAStreamWithoutContainer) { take_over("", " ! h264parse"); }
TEST(Join, InPlaceOfAnotherAMatroskaStream) {
    take_over("matroskamux streamable=true ! ", " ! matroskademux");
}
TEST(Join, InPlaceOfAnotherAnFlvStream) { take_over("flvmux streamable=true ! ", " ! flvdemux ! h264parse"); }

}  // namespace
}  // namespace stt::test
