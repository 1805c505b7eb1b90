// SPDX-License-Identifier: LGPL-2.1-or-later
/// GStreamer's own players, given a stt:// URI.
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

/// A sender that waits to be called, and its port.
class Sender {
  public:
    Sender()
        : pipeline_(std::string("videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=50/1 ! "
                                "sttsink name=sink uri=stt://:0 local-address=127.0.0.1 "
                                "wait-for-connection=true seed=") +
                    seed) {
        pipeline_.play();
        g_setenv("STT_SEED_FILE", seed_file().c_str(), TRUE);
    }
    ~Sender() {
        g_unsetenv("STT_SEED_FILE");
        remove(seed_file().c_str());
    }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    std::string uri() { return "stt://127.0.0.1:" + std::to_string(local_port(pipeline_.get("sink"))); }

  private:
    /// Players set no properties but the URI.
    const std::string& seed_file() {
        if (!file_.empty()) return file_;
        char* path = nullptr;
        close(g_file_open_tmp("stt-seed-XXXXXX", &path, nullptr));
        file_ = path;
        g_file_set_contents_full(path, seed, -1, G_FILE_SET_CONTENTS_NONE, 0600, nullptr);
        g_free(path);
        return file_;
    }
    std::string file_;
    Pipeline pipeline_;
};

class Player : public testing::TestWithParam<const char*> {};

TEST_P(Player, PlaysWithoutBuffering) {
    Sender sender;
    const std::string description = GetParam();
    const size_t place = description.find("URI");
    Pipeline player(description.substr(0, place) + sender.uri() + description.substr(place + 3));
    const bool playbin = description.starts_with("playbin");
    GstElement* sink = playbin ? gst_element_factory_make("fakesink", "out") : player.get("out");
    if (playbin) g_object_set(player.pipeline(), "video-sink", sink, nullptr);
    g_object_set(sink, "sync", TRUE, nullptr);
    Played played(sink);
    player.play();
    EXPECT_TRUE(played.reaches(50));
    int buffering = 0, errors = 0;
    while (GstMessage* message = gst_bus_pop(player.bus().get())) {
        buffering += GST_MESSAGE_TYPE(message) == GST_MESSAGE_BUFFERING;
        errors += GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
        gst_message_unref(message);
    }
    EXPECT_EQ(buffering, 0);
    EXPECT_EQ(errors, 0);
}

INSTANTIATE_TEST_SUITE_P(OfGStreamer, Player,
                         testing::Values("playbin uri=URI", "playbin3 uri=URI",
                                         "uridecodebin uri=URI ! fakesink name=out",
                                         "uridecodebin use-buffering=true uri=URI ! fakesink name=out",
                                         "uridecodebin3 uri=URI ! fakesink name=out"));

TEST(Player, SeesALiveSource) {
    GstElement* src = gst_element_factory_make("sttsrc", nullptr);
    gst_object_ref_sink(src);
    gboolean live = FALSE;
    g_object_get(src, "is-live", &live, nullptr);
    EXPECT_TRUE(live);
    gst_object_unref(src);
}

}  // namespace
}  // namespace stt::test
