// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors of this machine and of time, each by its real cause: 0x05.. and 0x06..
#include "tests/elements/child.hpp"
#include "tests/elements/error_log.hpp"
#include "tests/lib/line.hpp"
#include "tests/lib/rogue_peer.hpp"
#include "tests/net/namespace.hpp"

namespace stt::test {
namespace {

uint16_t port_of(const std::unique_ptr<Playing>& end) { return static_cast<uint16_t>(end->port()); }

TEST(ErrorTransport, ASystemThatDoesNotSendIsTold) {
    // The kernel says EINVAL to whoever sends into a black hole.
    STT_IN_NAMESPACE("ip route add blackhole 192.0.2.0/24", [] {
        Playing sink("sttsink", "stt://192.0.2.1:7600",
                     [](GstElement* element) { g_object_set(element, "auto-reconnect", FALSE, nullptr); });
        EXPECT_EQ(sink.errors->wait(ErrorCode::udp_send_failed),
                  "0x0501/0 UDP_SEND_FAILED transport send ERROR WRITE origin=local terminal can-retry");
        Playing src("sttsrc", "stt://192.0.2.1:7600");
        EXPECT_EQ(src.errors->wait(ErrorCode::udp_send_failed),
                  "0x0501/0 UDP_SEND_FAILED transport send WARNING READ origin=local can-retry retried");
    });
}

TEST(ErrorTransport, ASystemThatDoesNotSendAnyMoreEndsNothingByItself) {
    STT_IN_NAMESPACE("true", [] {
        auto src = listening_src();
        auto sink = calling_sink(src->port());
        ASSERT_TRUE(sink->errors->wait_state("connected"));
        sink->start();
        ASSERT_TRUE(run("ip route replace blackhole 127.0.0.1 table local"));
        sink->push(1000);
        EXPECT_EQ(sink->errors->wait(ErrorCode::udp_send_failed),
                  "0x0501/0 UDP_SEND_FAILED transport send MESSAGE origin=local can-retry");
        ASSERT_TRUE(run("ip route replace local 127.0.0.1 dev lo table local"));
        EXPECT_TRUE(BufferPtr(gst_harness_pull(src->harness)));
    });
}

TEST(ErrorTransport, AnMtuThatDoesNotFitIsTold) {
    STT_IN_NAMESPACE("ip link set lo mtu 1400", [] {
        auto src = listening_src();
        auto sink = calling_sink(src->port(),
                                 [](GstElement* element) { g_object_set(element, "mtu", 1500u, nullptr); });
        sink->start();
        sink->push(10'000);
        EXPECT_EQ(sink->errors->wait(ErrorCode::udp_send_failed),
                  "0x0501/0 UDP_SEND_FAILED transport mtu MESSAGE origin=local can-retry");
        EXPECT_TRUE(BufferPtr(gst_harness_pull(src->harness))) << "it goes on with smaller packets";
    });
}

TEST(ErrorTransport, APathThatBecomesTooNarrowIsToldAndGivenUp) {
    constexpr auto setup =
        "ip link set lo mtu 1500 && nft add table inet t && "
        "nft 'add chain inet t in { type filter hook input priority 0; }'";
    const bool possible = in_namespace(setup, [] {
        auto src = listening_src();
        auto sink = calling_sink(src->port(), [](GstElement* element) {
            g_object_set(element, "keepalive-timeout", 2000u, nullptr);
        });
        ASSERT_TRUE(sink->errors->wait_state("connected"));
        sink->start();
        sink->push(10'000);
        EXPECT_TRUE(BufferPtr(gst_harness_pull(src->harness)));
        // On the way, where nobody reports it.
        ASSERT_TRUE(run("nft 'add rule inet t in meta length > 1200 drop'"));
        sink->push(100'000);
        EXPECT_EQ(sink->errors->wait(ErrorCode::udp_send_failed),
                  "0x0501/0 UDP_SEND_FAILED transport mtu MESSAGE origin=network can-retry");
        EXPECT_EQ(sink->errors->wait(ErrorCode::session_timeout),
                  "0x0202/0 SESSION_TIMEOUT session mtu WARNING WRITE origin=network can-retry retried");
        ASSERT_TRUE(run("nft flush chain inet t in"));
        EXPECT_TRUE(BufferPtr(gst_harness_pull(src->harness))) << "nothing is lost";
    });
    if (!possible) GTEST_SKIP() << "no namespace: " << setup;
}

TEST(ErrorTransport, AnMtuFitsWhateverThePeersFamily) {
    // Of a listener on all addresses nothing tells the family but the caller's address.
    STT_IN_NAMESPACE("ip link set lo mtu 1500 && ip -6 address show dev lo | grep ::1", [] {
        for (const char* host : {"127.0.0.1", "[::1]"}) {
            Playing sink("sttsink", "stt://:0",
                         [](GstElement* element) { g_object_set(element, "mtu", 1500u, nullptr); });
            Playing src("sttsrc", "stt://" + std::string(host) + ":" + std::to_string(sink.port()));
            ASSERT_TRUE(sink.errors->wait_state("connected"));
            sink.start();
            sink.push(100'000);
            EXPECT_TRUE(BufferPtr(gst_harness_pull(src.harness))) << host;
            EXPECT_EQ(sink.errors->count(ErrorCode::udp_send_failed), 0u) << host << sink.errors->lines();
        }
    });
}

TEST(ErrorApplication, ASendTimeoutIsTold) {
    const LoopbackSocket silent;
    auto sink = calling_sink(silent.port(), [](GstElement* element) {
        g_object_set(element, "send-queue-bytes", guint64{1000}, "send-timeout", 100u, nullptr);
    });
    sink->start();
    while (sink->push(2000) == GST_FLOW_OK) {
    }
    EXPECT_EQ(sink->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application send-timeout ERROR WRITE origin=network terminal can-retry");
    EXPECT_EQ(sink->errors->count(ErrorCode::timeout), 1u);
}

TEST(ErrorApplication, AReceiveTimeoutIsTold) {
    const auto patient = [](GstElement* element) { g_object_set(element, "receive-timeout", 100u, nullptr); };
    auto listener = listening_src(patient);
    EXPECT_EQ(listener->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application no-caller ERROR READ origin=network terminal can-retry");
    EXPECT_EQ(listener->errors->count(ErrorCode::timeout), 1u);
    const LoopbackSocket silent;
    auto caller = calling_src(silent.port(), patient);
    EXPECT_EQ(caller->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application receive-timeout ERROR READ origin=network terminal can-retry");
    EXPECT_EQ(caller->errors->count(ErrorCode::timeout), 1u);
}

TEST(ErrorApplication, ACallerWithoutAStreamIsToldFromNone) {
    // Long enough for a caller on the same machine, and less than what a caller without a stream is given.
    auto listener =
        listening_src([](GstElement* element) { g_object_set(element, "receive-timeout", 5000u, nullptr); });
    auto caller = calling_src(listener->port());
    ASSERT_TRUE(listener->errors->wait_state("connected"));
    EXPECT_EQ(listener->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application receive-timeout ERROR READ origin=peer terminal can-retry");
    const auto told = listener->errors->wait_structure("stt-error", "reason", "receive-timeout");
    ASSERT_TRUE(told);
    const std::string text = gst_structure_get_string(told.get(), "message");
    EXPECT_NE(text.find("has called"), std::string::npos) << text;
    EXPECT_NE(text.find("no stream"), std::string::npos) << text;
}

TEST(ErrorApplication, ADrainTimeoutWithoutAConnectionIsTold) {
    const LoopbackSocket silent;
    auto sink = calling_sink(
        silent.port(), [](GstElement* element) { g_object_set(element, "drain-timeout", 100u, nullptr); });
    sink->start();
    sink->push(2000);
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    EXPECT_EQ(sink->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application no-connection ERROR WRITE origin=network terminal can-retry");
    Playing listener("sttsink", "stt://:0", [](GstElement* element) {
        g_object_set(element, "local-address", "127.0.0.1", "drain-timeout", 100u, nullptr);
    });
    listener.start();
    // The buffer waits for somebody to call.
    Beside sending(listener.element, [&] {
        listener.push(2000);
        gst_harness_push_event(listener.harness, gst_event_new_eos());
    });
    gst_element_send_event(listener.element, gst_event_new_eos());
    EXPECT_EQ(listener.errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application no-caller ERROR WRITE origin=network terminal can-retry");
}

TEST(ErrorApplication, ADrainTimeoutIsToldToBothEnds) {
    auto src = listening_src(
        [](GstElement* element) { g_object_set(element, "max-window", guint64{65536}, nullptr); });
    auto sink = calling_sink(src->port(), [](GstElement* element) {
        g_object_set(element, "drain-timeout", 200u, "live", 0, nullptr);
    });
    sink->start();
    ASSERT_TRUE(src->errors->wait_structure("stt-stream", "event", "opened"));
    gst_element_set_state(src->element, GST_STATE_PAUSED);  // takes nothing of a stored stream
    // More than the window. One buffer of that size would be taken while it arrives.
    for (int i = 0; i < 40; i++) ASSERT_EQ(sink->push(5000), GST_FLOW_OK);
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    EXPECT_EQ(sink->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application drain-timeout ERROR WRITE origin=local terminal can-retry");
    EXPECT_EQ(src->errors->wait(ErrorCode::stream_closed),
              "0x0301/1 STREAM_CLOSED stream drain-timeout WARNING READ origin=peer authenticated can-retry "
              "retried");
    const auto told = src->errors->wait_structure("stt-error", "reason", "drain-timeout");
    ASSERT_TRUE(told);
    const std::string hint = gst_structure_get_string(told.get(), "hint");
    EXPECT_NE(hint.find("at the sending sttsink"), std::string::npos) << hint;
}

TEST(ErrorApplication, AnEndThatDoesNotWaitIsTold) {
    const LoopbackSocket silent;
    auto sink = calling_sink(silent.port(), [](GstElement* element) {
        g_object_set(element, "drain-timeout", 0u, "live", 0, nullptr);
    });
    sink->start();
    ASSERT_EQ(sink->push(2000), GST_FLOW_OK);
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    EXPECT_EQ(sink->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application not-awaited WARNING WRITE origin=local can-retry");
    const auto gap = sink->errors->wait_structure("stt-stream", "event", "gap");
    ASSERT_TRUE(gap);
    gboolean uncertain = FALSE;
    EXPECT_TRUE(gst_structure_get_boolean(gap.get(), "uncertain", &uncertain));
    EXPECT_TRUE(uncertain) << "it is still queued, and the caller still calls";
}

TEST(ErrorApplication, AStoredStreamThatNoReceiverIsAwaitedForIsToldOnce) {
    Playing listener("sttsink", "stt://:0", [](GstElement* element) {
        g_object_set(element, "local-address", "127.0.0.1", "live", 0, "wait-for-connection", 0, nullptr);
    });
    listener.start();
    for (int i = 0; i < 3; i++) ASSERT_EQ(listener.push(1000), GST_FLOW_OK);
    EXPECT_EQ(
        listener.errors->wait(ErrorCode::buffer_overflow),
        "0x0602/0 BUFFER_OVERFLOW application no-receiver WARNING NO_SPACE_LEFT origin=local can-retry");
    {
        auto src = calling_src(listener.port());
        ASSERT_TRUE(listener.errors->wait_structure("stt-stream", "event", "opened"));
        ASSERT_EQ(listener.push(1000), GST_FLOW_OK);
        ASSERT_TRUE(BufferPtr(gst_harness_pull(src->harness)));
        EXPECT_EQ(listener.errors->count(ErrorCode::buffer_overflow), 1u) << listener.errors->lines();
    }
    ASSERT_TRUE(listener.errors->wait_structure("stt-stream", "event", "closed"));
    ASSERT_EQ(listener.push(1000), GST_FLOW_OK);
    EXPECT_EQ(listener.errors->wait(ErrorCode::buffer_overflow, 1),
              listener.errors->wait(ErrorCode::buffer_overflow))
        << "and once for each receiver";
}

TEST(ErrorApplication, APeerThatOpensNoStreamIsTold) {
    auto src =
        listening_src([](GstElement* element) { g_object_set(element, "handshake-timeout", 200u, nullptr); });
    auto other = calling_src(src->port());
    EXPECT_EQ(src->errors->wait(ErrorCode::timeout),
              "0x0601/0 TIMEOUT application no-stream WARNING READ origin=peer");
    const auto told = src->errors->wait_structure("stt-error", "reason", "no-stream");
    ASSERT_TRUE(told);
    const std::string hint = gst_structure_get_string(told.get(), "hint");
    EXPECT_NE(hint.find("sttsink"), std::string::npos) << hint;
}

TEST(ErrorApplication, HundredsOfSkipsOverflow) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    ASSERT_TRUE(rogue.call(port_of(src)));
    std::vector<Frame> frames;
    for (uint64_t i = 0; i < 64; i++) frames.push_back(StreamSkipFrame{0, 2 * i, 2 * i + 1});
    for (uint64_t batch = 0; batch < 5; batch++) {
        for (Frame& frame : frames) {
            auto& skip = std::get<StreamSkipFrame>(frame);
            skip = {0, skip.from + 128, skip.to + 128};
        }
        rogue.send_plain(encode_frames(frames));
    }
    EXPECT_EQ(src->errors->wait(ErrorCode::buffer_overflow),
              "0x0602/0 BUFFER_OVERFLOW application skips WARNING NO_SPACE_LEFT origin=peer authenticated "
              "can-retry retried");
}

TEST(ErrorApplication, ThousandsOfFragmentsOverflow) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    ASSERT_TRUE(rogue.call(port_of(src)));
    // Every other byte, and never the first: nothing joins.
    const uint8_t byte = 7;
    std::vector<uint8_t> frames;
    for (uint64_t i = 0; i < 65'536 + 1; i++) {
        const auto frame = data_frame(0, 2 * i + 1, {&byte, 1});
        frames.insert(frames.end(), frame.begin(), frame.end());
        if (frames.size() < 8000 && i < 65'536) continue;
        rogue.send_plain(frames);
        frames.clear();
        // Loopback drops what a socket's buffer does not hold: one by one.
        ASSERT_TRUE(rogue.wait_frame([](const Frame& answer) {
            return std::holds_alternative<AckFrame>(answer) ||
                   std::holds_alternative<SessionCloseFrame>(answer);
        }));
    }
    EXPECT_EQ(
        src->errors->wait(ErrorCode::buffer_overflow),
        "0x0602/0 BUFFER_OVERFLOW application fragments WARNING NO_SPACE_LEFT origin=peer authenticated "
        "can-retry retried");
}

TEST(ErrorApplication, ExhaustedDescriptorsAreTold) {
    Child child("sttsrc uri=stt://:0 seed=" + std::string(seed) + " ! fakesink",
                Child::Shortage::descriptors);
    EXPECT_EQ(child.wait_line("error "),
              "error 0x0603/0 RESOURCE_EXHAUSTED application descriptors ERROR NO_SPACE_LEFT origin=local "
              "terminal can-retry");
}

TEST(ErrorApplication, ExhaustedMemoryIsTold) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's own memory does not fit under a limit";
#endif
    Child child("sttsrc uri=stt://:0 passphrase=correct-horse-battery-staple ! fakesink",
                Child::Shortage::memory);
    EXPECT_EQ(child.wait_line("error "),
              "error 0x0603/0 RESOURCE_EXHAUSTED application passphrase ERROR NO_SPACE_LEFT origin=local "
              "terminal can-retry");
}

}  // namespace
}  // namespace stt::test
