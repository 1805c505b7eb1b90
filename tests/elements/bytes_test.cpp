// SPDX-License-Identifier: LGPL-2.1-or-later
/// framing=bytes: a file through two pipelines.
#include <glib/gstdio.h>

#include <fstream>
#include <iterator>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

std::vector<char> contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool run_until_eos(GstElement* pipeline) {
    GstBus* bus = gst_element_get_bus(pipeline);
    const MessagePtr message(gst_bus_timed_pop_filtered(
        bus, deadline, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS)));
    gst_object_unref(bus);
    return message && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS;
}

TEST(Bytes, AFileArrivesWhole) {
    char* dir = g_dir_make_tmp("stt-test-XXXXXX", nullptr);
    const std::string in = std::string(dir) + "/in", out = std::string(dir) + "/out";
    std::vector<char> data(7777777);
    for (size_t i = 0; i < data.size(); i++) data[i] = static_cast<char>(i * 2654435761u >> 13);
    g_file_set_contents(in.c_str(), data.data(), static_cast<gssize>(data.size()), nullptr);

    GstElement* receiver =
        gst_parse_launch(("sttsrc name=src framing=bytes uri=stt://:0 seed=" + std::string(seed) +
                          " ! filesink location=" + out)
                             .c_str(),
                         nullptr);
    ASSERT_NE(receiver, nullptr);
    gst_element_set_state(receiver, GST_STATE_PLAYING);
    GstElement* src = gst_bin_get_by_name(GST_BIN(receiver), "src");
    const std::string port = std::to_string(local_port(src));
    gst_object_unref(src);
    GstElement* sender = gst_parse_launch(
        ("filesrc location=" + in + " ! sttsink framing=bytes uri=stt://127.0.0.1:" + port + " seed=" + seed)
            .c_str(),
        nullptr);
    ASSERT_NE(sender, nullptr);
    gst_element_set_state(sender, GST_STATE_PLAYING);
    EXPECT_TRUE(run_until_eos(receiver));
    EXPECT_TRUE(run_until_eos(sender));
    for (GstElement* pipeline : {sender, receiver}) {
        gst_element_set_state(pipeline, GST_STATE_NULL);
        gst_object_unref(pipeline);
    }
    EXPECT_EQ(contents(out), data);
    g_remove(in.c_str());
    g_remove(out.c_str());
    g_rmdir(dir);
    g_free(dir);
}

TEST(Bytes, MetadataStaysBehind) {
    Pair pair([](GstElement* sink, GstElement* src) {
        for (GstElement* element : {sink, src})
            gst_util_set_object_arg(G_OBJECT(element), "framing", "bytes");
    });
    pair.start();
    BufferPtr buffer = make_buffer(100);
    GST_BUFFER_PTS(buffer.get()) = GST_SECOND;
    pair.push(gst_buffer_ref(buffer.get()));
    const BufferPtr got = pair.pull();
    ASSERT_TRUE(got);
    EXPECT_TRUE(same_bytes(buffer.get(), got.get()));
    EXPECT_FALSE(GST_BUFFER_PTS_IS_VALID(got.get()));
    pair.push_eos();
    const std::vector<std::string> expected{"stream-start", "segment", "eos"};
    EXPECT_EQ(pair.pull_names(), expected);
}

}  // namespace
}  // namespace stt::test
