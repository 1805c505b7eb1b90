// SPDX-License-Identifier: LGPL-2.1-or-later
/// Queries, and requests against the stream's direction.
#include <glib/gstdio.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/elements/child.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

TEST(Query, LatencyIsTheProperty) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "latency", 250u, nullptr); });
    GstQuery* query = gst_query_new_latency();
    ASSERT_TRUE(gst_pad_peer_query(pair.src->sinkpad, query));
    gboolean live = FALSE;
    GstClockTime min = 0, max = 0;
    gst_query_parse_latency(query, &live, &min, &max);
    EXPECT_TRUE(live);
    EXPECT_EQ(min, static_cast<GstClockTime>(250 * GST_MSECOND));
    EXPECT_EQ(max, GST_CLOCK_TIME_NONE) << "sinks may add their own without a queue";
    gst_query_unref(query);
    g_object_set(pair.src_element, "latency", 10u, nullptr);
    EXPECT_TRUE(pair.src_bus->wait_type(GST_MESSAGE_LATENCY));
}

TEST(Query, SchedulingIsSequentialPush) {
    Pair pair;
    GstQuery* query = gst_query_new_scheduling();
    ASSERT_TRUE(gst_pad_peer_query(pair.src->sinkpad, query));
    GstSchedulingFlags flags;
    gst_query_parse_scheduling(query, &flags, nullptr, nullptr, nullptr);
    EXPECT_TRUE(flags & GST_SCHEDULING_FLAG_SEQUENTIAL);
    EXPECT_TRUE(gst_query_has_scheduling_mode(query, GST_PAD_MODE_PUSH));
    EXPECT_FALSE(gst_query_has_scheduling_mode(query, GST_PAD_MODE_PULL));
    gst_query_unref(query);
}

TEST(Query, UriOfBoth) {
    Pair pair;
    for (GstPad* pad : {pair.src->sinkpad, pair.sink->srcpad}) {
        GstQuery* query = gst_query_new_uri();
        ASSERT_TRUE(gst_pad_peer_query(pad, query));
        char* uri = nullptr;
        gst_query_parse_uri(query, &uri);
        EXPECT_TRUE(g_str_has_prefix(uri, "stt://"));
        g_free(uri);
        gst_query_unref(query);
    }
}

TEST(Query, SeekingIsNotPossible) {
    Pair pair;
    EXPECT_FALSE(gst_element_seek_simple(pair.src_element, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
}

TEST(Query, ForceKeyUnitReachesTheSendersPipeline) {
    Pair pair;
    pair.start();
    BufferPtr buffer = make_buffer(1);
    GST_BUFFER_PTS(buffer.get()) = 0;
    pair.push(buffer.release());
    EXPECT_TRUE(pair.pull());
    gst_harness_push_upstream_event(
        pair.src,
        gst_event_new_custom(
            GST_EVENT_CUSTOM_UPSTREAM,
            gst_structure_new("GstForceKeyUnit", "running-time", GST_TYPE_CLOCK_TIME, GST_CLOCK_TIME_NONE,
                              "all-headers", G_TYPE_BOOLEAN, TRUE, "count", G_TYPE_UINT, 5u, nullptr)));
    for (;;) {
        const EventPtr event(gst_harness_pull_upstream_event(pair.sink));
        ASSERT_TRUE(event);
        if (!gst_event_has_name(event.get(), "GstForceKeyUnit")) continue;
        unsigned count = 0;
        gboolean all = FALSE;
        gst_structure_get_uint(gst_event_get_structure(event.get()), "count", &count);
        gst_structure_get_boolean(gst_event_get_structure(event.get()), "all-headers", &all);
        EXPECT_EQ(count, 5u);
        EXPECT_TRUE(all);
        break;
    }
}

TEST(Query, StatsNameTheSession) {
    Pair pair;
    pair.start();
    pair.push(make_buffer(5000).release());
    EXPECT_TRUE(pair.pull());
    for (GstElement* element : {pair.sink_element, pair.src_element}) {
        GstStructure* stats = nullptr;
        g_object_get(element, "stats", &stats, nullptr);
        ASSERT_NE(stats, nullptr);
        EXPECT_TRUE(gst_structure_has_name(stats, "application/x-stt-stats"));
        guint64 packets = 0;
        gboolean connected = FALSE;
        gst_structure_get_uint64(stats, "packets-received", &packets);
        gst_structure_get_boolean(stats, "connected", &connected);
        EXPECT_GT(packets, 0u);
        EXPECT_TRUE(connected);
        const bool is_sink = element == pair.sink_element;
        EXPECT_EQ(static_cast<bool>(gst_structure_has_field(stats, "rendered")), is_sink);
        EXPECT_NE(static_cast<bool>(gst_structure_has_field(stats, "clock-state")), is_sink)
            << "a sender does not ask for its peer's clock";
        gst_structure_free(stats);
    }
}

TEST(Query, StatsTellOfTheSendersClock) {
    Pair pair;
    const auto state_at = [](GstElement* element, gint64& offset, guint64& delay) {
        GstStructure* stats = nullptr;
        g_object_get(element, "stats", &stats, nullptr);
        const std::string state = gst_structure_get_string(stats, "clock-state");
        double rate = 1e9;
        guint64 sigma = 0;
        EXPECT_TRUE(gst_structure_get(stats, "clock-offset", G_TYPE_INT64, &offset, "clock-rate",
                                      G_TYPE_DOUBLE, &rate, "base-delay", G_TYPE_UINT64, &delay,
                                      "clock-sigma", G_TYPE_UINT64, &sigma, nullptr));
        EXPECT_LE(std::abs(rate), 1000) << "parts per million";
        gst_structure_free(stats);
        return state;
    };
    gint64 offset = 0;
    guint64 delay = 0;
    EXPECT_TRUE(eventually([&] { return state_at(pair.src_element, offset, delay) != "none"; }));
    EXPECT_GT(delay, 0u);
    EXPECT_LE(std::abs(offset), 100'000'000) << "both have the same clock";
}

TEST(Query, StatsArePostedAtTheirInterval) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "stats-interval", 10u, nullptr); });
    EXPECT_TRUE(pair.src_bus->wait_element("stt-stats"));
    EXPECT_TRUE(pair.src_bus->wait_element("stt-stats"));
}

TEST(Query, SessionsAndStreamsAreAnnounced) {
    Pair pair(
        [](GstElement* sink, GstElement*) { g_object_set(sink, "stream-label", "stage left", nullptr); });
    const MessagePtr connected = pair.sink_bus->wait_element("stt-session", "state", "connected");
    ASSERT_TRUE(connected);
    const GstStructure* session = gst_message_get_structure(connected.get());
    char* node = nullptr;
    g_object_get(pair.src_element, "node-id", &node, nullptr);
    EXPECT_STREQ(gst_structure_get_string(session, "peer-node-id"), node);
    g_free(node);
    EXPECT_NE(gst_structure_get_string(session, "session-id"), nullptr);
    EXPECT_NE(gst_structure_get_string(session, "cipher"), nullptr);
    const MessagePtr opened = pair.src_bus->wait_element("stt-stream", "event", "opened");
    ASSERT_TRUE(opened);
    EXPECT_STREQ(gst_structure_get_string(gst_message_get_structure(opened.get()), "stream-label"),
                 "stage left");
}

TEST(Query, TheDebugLogTellsWhatHappens) {
    char* file = nullptr;
    close(g_file_open_tmp("stt-debug-XXXXXX", &file, nullptr));
    const std::string pipeline = " seed=" + std::string(seed);
    Child receiver("sttsrc uri=stt://:0 local-address=127.0.0.1" + pipeline + " ! fakesink");
    g_setenv("GST_DEBUG", "stt*:6", TRUE);
    g_setenv("GST_DEBUG_FILE", file, TRUE);
    Child sender("videotestsrc num-buffers=2 ! sttsink uri=stt://127.0.0.1:" +
                 std::to_string(receiver.listening_port()) + pipeline);
    g_unsetenv("GST_DEBUG");
    g_unsetenv("GST_DEBUG_FILE");
    const char* const parts[] = {"attempt 1 calls 127.0.0.1:",
                                 "is handshaking",
                                 "is established",
                                 "stt-session",
                                 "stt-stream",
                                 "buffer: 0x",
                                 "the stream ends"};
    std::string log;
    const auto missing = [&] {
        std::stringstream content;
        content << std::ifstream(file).rdbuf();
        log = content.str();
        return std::find_if(std::begin(parts), std::end(parts),
                            [&](const char* part) { return log.find(part) == std::string::npos; });
    };
    EXPECT_TRUE(eventually([&] { return missing() == std::end(parts); })) << log;
    EXPECT_EQ(log.find(seed), std::string::npos);
    remove(file);
    g_free(file);
}

TEST(Query, ProgressCoversTheFirstConnect) {
    Pair pair;
    std::vector<GstProgressType> types;
    while (types.empty() || types.back() != GST_PROGRESS_TYPE_COMPLETE) {
        const MessagePtr message = pair.sink_bus->wait_type(GST_MESSAGE_PROGRESS);
        ASSERT_TRUE(message);
        GstProgressType type;
        gst_message_parse_progress(message.get(), &type, nullptr, nullptr);
        types.push_back(type);
    }
    EXPECT_EQ(types.front(), GST_PROGRESS_TYPE_START);
}

}  // namespace
}  // namespace stt::test
