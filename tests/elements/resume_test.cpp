// SPDX-License-Identifier: LGPL-2.1-or-later
// A path that breaks and comes back, and peers that die, freeze and start again.
#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "core/wire/handshake_packet.hpp"
#include "core/wire/packet.hpp"
#include "tests/elements/child.hpp"
#include "tests/elements/error_log.hpp"
#include "tests/lib/line.hpp"

namespace stt::test {
namespace {

constexpr GstClockTime frame = 10 * GST_MSECOND;

void soon_lost(GstElement* element) { g_object_set(element, "keepalive-timeout", 300u, nullptr); }

BufferPtr numbered(unsigned number) {
    BufferPtr buffer = make_buffer(1000, number);
    GST_BUFFER_PTS(buffer.get()) = number * frame;
    GST_BUFFER_DURATION(buffer.get()) = frame;
    GST_BUFFER_OFFSET(buffer.get()) = number;
    return buffer;
}

GstFlowReturn push(const std::unique_ptr<Playing>& sink, unsigned number) {
    return gst_harness_push(sink->harness, numbered(number).release());
}

uint64_t number_of(const GstStructure* structure, const char* field) {
    uint64_t number = 0;
    gst_structure_get_uint64(structure, field, &number);
    return number;
}

/// A pipeline that listens on 127.0.0.1:`port` and takes everything.
std::string receiver(uint16_t port) {
    return "sttsrc uri=stt://127.0.0.1:" + std::to_string(port) + "?mode=listener seed=" + seed +
           " ! fakesink sync=false";
}

/// Until the peer's transport has everything.
void wait_acknowledged(const std::unique_ptr<Playing>& sink) {
    EXPECT_TRUE(eventually([&] {
        GstStructure* stats = nullptr;
        g_object_get(sink->element, "stats", &stats, nullptr);
        guint64 queued = 1;
        gst_structure_get_uint64(stats, "queued-bytes", &queued);
        gst_structure_free(stats);
        return queued == 0;
    }));
}

BufferPtr pull(const std::unique_ptr<Playing>& src) { return BufferPtr(gst_harness_pull(src->harness)); }

TEST(Resume, ALongCutIsAPauseAndNothingMore) {
    auto src = listening_src(soon_lost);
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(line.port(), soon_lost);
    sink->start();
    for (unsigned i = 0; i < 100; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    ASSERT_TRUE(pull(src));
    line.cut();
    for (unsigned i = 100; i < 200; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    EXPECT_NE(sink->errors->wait(ErrorCode::session_timeout), "");
    EXPECT_NE(src->errors->wait(ErrorCode::session_timeout), "");
    line.set_weather(nullptr);
    EXPECT_TRUE(sink->errors->wait_state("resumed"));
    EXPECT_TRUE(src->errors->wait_state("resumed"));
    for (unsigned i = 200; i < 300; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    for (unsigned i = 1; i < 300; i++) {
        const BufferPtr buffer = pull(src);
        ASSERT_TRUE(buffer);
        ASSERT_EQ(GST_BUFFER_OFFSET(buffer.get()), i);
        EXPECT_FALSE(GST_BUFFER_IS_DISCONT(buffer.get())) << "nothing is missing";
    }
}

TEST(Resume, ThePeersNewAddressIsTold) {
    auto src = listening_src();
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(line.port());
    sink->start();
    ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
    ASSERT_TRUE(pull(src));
    const StructurePtr connected = src->errors->wait_structure("stt-session", "state", "connected");
    ASSERT_TRUE(connected);
    const std::string before = gst_structure_get_string(connected.get(), "peer");
    line.rebind();
    ASSERT_EQ(push(sink, 1), GST_FLOW_OK);
    ASSERT_TRUE(pull(src));
    EXPECT_TRUE(src->errors->wait_message([&](GstMessage* message) {
        const GstStructure* session = gst_message_get_structure(message);
        return session && gst_structure_has_name(session, "stt-session") &&
               !g_strcmp0(gst_structure_get_string(session, "state"), "connected") &&
               gst_structure_get_string(session, "peer") != before;
    }));
}

TEST(Resume, WhatIsSentMeanwhileIsHeldAndThenBlocks) {
    auto src = listening_src(soon_lost);
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(line.port(), [](GstElement* element) {
        soon_lost(element);
        g_object_set(element, "send-queue-bytes", guint64{20000}, nullptr);
    });
    sink->start();
    ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
    ASSERT_TRUE(pull(src));
    line.cut();
    EXPECT_NE(sink->errors->wait(ErrorCode::session_timeout), "");
    std::atomic<unsigned> pushed{1};
    Beside streaming(sink->element, [&] {
        for (unsigned i = 1; i < 100; i++, pushed++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    });
    // Until it is full, and nothing more goes in for a while.
    for (unsigned same = 0, last = 0; pushed < 6 || same < 20;) {
        g_usleep(5000);
        same = last == pushed ? same + 1 : 0;
        last = pushed;
    }
    EXPECT_GT(pushed, 5u);
    EXPECT_LT(pushed, 25u);
    line.set_weather(nullptr);
    for (unsigned i = 1; i < 100; i++) {
        const BufferPtr buffer = pull(src);
        ASSERT_TRUE(buffer);
        ASSERT_EQ(GST_BUFFER_OFFSET(buffer.get()), i);
    }
    streaming.join();
}

TEST(Resume, TheEndWaitsForThePathToReturn) {
    auto src = listening_src(soon_lost);
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(line.port(), soon_lost);
    sink->start();
    ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
    ASSERT_TRUE(pull(src));
    line.cut();
    ASSERT_EQ(push(sink, 1), GST_FLOW_OK);
    Beside ending(sink->element, [&] { gst_harness_push_event(sink->harness, gst_event_new_eos()); });
    EXPECT_NE(sink->errors->wait(ErrorCode::session_timeout), "");
    line.set_weather(nullptr);
    const BufferPtr buffer = pull(src);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), 1u);
    ending.join();
    EXPECT_EQ(sink->errors->count(ErrorCode::timeout), 0u) << "nothing was undelivered";
}

TEST(Resume, TheEndIsReportedWhenThePathDoesNotReturn) {
    auto src = listening_src();
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(
        line.port(), [](GstElement* element) { g_object_set(element, "drain-timeout", 300u, nullptr); });
    sink->start();
    ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
    ASSERT_TRUE(pull(src));
    wait_acknowledged(sink);
    line.cut();
    for (unsigned i = 1; i <= 3; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    const auto gap = sink->errors->wait_structure("stt-stream", "event", "gap");
    ASSERT_TRUE(gap);
    EXPECT_GE(number_of(gap.get(), "buffers"), 3u);
    EXPECT_LE(number_of(gap.get(), "buffers"), 4u) << "that the first was passed on may not have been told";
    gboolean uncertain = FALSE;
    gst_structure_get_boolean(gap.get(), "uncertain", &uncertain);
    EXPECT_TRUE(uncertain) << "they were under way";
    EXPECT_NE(sink->errors->wait(ErrorCode::timeout).find("drain-timeout"), std::string::npos);
}

TEST(Resume, WhatADeadReceiverHadIsReportedAtBothEnds) {
    // Takes everything off the network, and passes nothing on.
    auto first =
        std::make_unique<Child>("sttsrc uri=stt://:0 local-address=127.0.0.1 seed=" + std::string(seed) +
                                " ! identity sleep-time=1000000000 ! fakesink");
    const uint16_t port = first->listening_port();
    ASSERT_NE(port, 0);
    auto sink = calling_sink(port);
    sink->start();
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    constexpr unsigned held = 20;
    for (unsigned i = 0; i < held; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    wait_acknowledged(sink);
    first.reset();
    ASSERT_EQ(push(sink, held), GST_FLOW_OK);
    Playing second("sttsrc", "stt://127.0.0.1:" + std::to_string(port) + "?mode=listener");
    for (ErrorLog* log : {sink->errors.get(), second.errors.get()}) {
        const auto gap = log->wait_structure("stt-stream", "event", "gap");
        ASSERT_TRUE(gap);
        EXPECT_EQ(number_of(gap.get(), "buffers"), held);
        EXPECT_EQ(number_of(gap.get(), "bytes"), held * 1000u);
        EXPECT_EQ(number_of(gap.get(), "duration"), held * frame);
        gboolean uncertain = FALSE;
        gst_structure_get_boolean(gap.get(), "uncertain", &uncertain);
        EXPECT_TRUE(uncertain);
    }
    const BufferPtr next(gst_harness_pull(second.harness));
    ASSERT_TRUE(next);
    EXPECT_EQ(GST_BUFFER_OFFSET(next.get()), held);
    EXPECT_TRUE(GST_BUFFER_IS_DISCONT(next.get()));
}

TEST(Resume, WhatNobodyGetsIsReportedAtTheEnd) {
    auto src = listening_src();
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(line.port(), soon_lost);
    sink->start();
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    line.cut();
    for (unsigned i = 0; i < 5; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    gst_element_set_state(sink->element, GST_STATE_NULL);
    // In one gap or two: what the session had taken may have arrived, the rest has not.
    uint64_t buffers = 0, bytes = 0;
    std::set<GstMessage*> seen;
    EXPECT_TRUE(sink->errors->wait_message([&](GstMessage* message) {
        const GstStructure* structure = gst_message_get_structure(message);
        if (structure && gst_structure_has_field(structure, "uncertain") && seen.insert(message).second) {
            buffers += number_of(structure, "buffers");
            bytes += number_of(structure, "bytes");
        }
        return buffers == 5;
    })) << buffers;
    EXPECT_EQ(bytes, 5000u);
}

TEST(Resume, AListenerThatDoesNotWaitServesTheNextViewerWhatIsNew) {
    Playing sink("sttsink", "stt://:0", [](GstElement* element) {
        g_object_set(element, "local-address", "127.0.0.1", "wait-for-connection", FALSE, nullptr);
    });
    sink.start();
    const auto push_one = [&](unsigned number) {
        ASSERT_EQ(gst_harness_push(sink.harness, numbered(number).release()), GST_FLOW_OK);
    };
    auto viewer = calling_src(sink.port());
    ASSERT_TRUE(sink.errors->wait_structure("stt-stream", "event", "opened"));  // until then, nobody hears it
    unsigned number = 0;
    for (; number < 5; number++) push_one(number);
    ASSERT_TRUE(pull(viewer));
    gst_element_set_state(viewer->element, GST_STATE_NULL);
    ASSERT_TRUE(sink.errors->wait_structure("stt-stream", "event", "closed"));
    for (; number < 50; number++) push_one(number);
    auto next = calling_src(sink.port());
    ASSERT_TRUE(next->errors->wait_structure("stt-stream", "event", "opened"));
    push_one(number);
    const BufferPtr buffer = pull(next);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), number) << "nothing stale";
    EXPECT_TRUE(GST_BUFFER_IS_DISCONT(buffer.get()));
    // The same node comes back; another gap may tell what the first viewer had not passed on.
    EXPECT_TRUE(next->errors->wait_message([](GstMessage* message) {
        const GstStructure* structure = gst_message_get_structure(message);
        return structure && gst_structure_has_field(structure, "uncertain") &&
               number_of(structure, "buffers") >= 45;
    }));
}

TEST(Resume, WhatAReturningViewerCannotDecodeIsInAGap) {
    Playing sink("sttsink", "stt://:0", [](GstElement* element) {
        g_object_set(element, "local-address", "127.0.0.1", "wait-for-connection", FALSE, nullptr);
    });
    sink.start();
    unsigned number = 0;
    const auto push_one = [&](bool delta) {
        BufferPtr buffer = numbered(number++);
        if (delta) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
        ASSERT_EQ(gst_harness_push(sink.harness, buffer.release()), GST_FLOW_OK);
    };
    auto viewer = calling_src(sink.port());
    ASSERT_TRUE(sink.errors->wait_structure("stt-stream", "event", "opened"));
    push_one(false);
    ASSERT_TRUE(pull(viewer));
    gst_element_set_state(viewer->element, GST_STATE_NULL);
    ASSERT_TRUE(sink.errors->wait_structure("stt-stream", "event", "closed"));
    for (unsigned i = 0; i < 10; i++) push_one(true);
    auto next = calling_src(sink.port());
    ASSERT_TRUE(next->errors->wait_structure("stt-stream", "event", "opened"));
    for (unsigned i = 0; i < 3; i++) push_one(true);
    push_one(false);
    const BufferPtr buffer = pull(next);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(GST_BUFFER_OFFSET(buffer.get()), 14u);
    for (ErrorLog* log : {sink.errors.get(), next->errors.get()}) {
        EXPECT_TRUE(log->wait_message([](GstMessage* message) {
            const GstStructure* structure = gst_message_get_structure(message);
            gboolean uncertain = TRUE;
            if (!structure || !gst_structure_get_boolean(structure, "uncertain", &uncertain) || uncertain)
                return false;
            // If the gap of what was dropped meanwhile still waits to be posted, both are one message.
            const guint64 buffers = number_of(structure, "buffers");
            return (buffers == 3 || buffers == 13) && number_of(structure, "bytes") == 1000 * buffers;
        }));
    }
}

TEST(Resume, AReceiverThatIsRestartedTwiceAtOnceIsWaitedFor) {
    auto first = std::make_unique<Child>(
        "sttsrc uri=stt://:0 local-address=127.0.0.1 seed=" + std::string(seed) + " ! fakesink sync=false");
    const uint16_t port = first->listening_port();
    ASSERT_NE(port, 0);
    // Its time without a session would long be over, were it counted from the first connection on.
    auto sink = calling_sink(port, [](GstElement* element) {
        g_object_set(element, "reconnect-timeout", 2000u, "retry-initial-delay", 1500u, nullptr);
    });
    sink->start();
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    const gint64 later = g_get_monotonic_time() + 2 * G_USEC_PER_SEC + G_USEC_PER_SEC / 10;
    while (g_get_monotonic_time() < later) {
        ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
        g_usleep(10000);
    }
    first.reset();
    auto second = std::make_unique<Child>(receiver(port));
    ASSERT_EQ(push(sink, 1), GST_FLOW_OK);
    ASSERT_NE(second->wait_line("session connected"), "");
    second->signal(SIGINT);  // a close, so that the session falls as soon as it stands
    second.reset();
    EXPECT_EQ(push(sink, 2), GST_FLOW_OK);
    EXPECT_NE(sink->errors->wait(ErrorCode::session_not_found), "");
    EXPECT_EQ(sink->errors->count(ErrorCode::authentication_failed), 0u);
    Child third(receiver(port));
    EXPECT_NE(third.wait_line("session connected"), "");
}

TEST(Resume, WhatNetworksSayOfALostPathIsNoRetry) {
    auto first = std::make_unique<Child>(
        "sttsrc uri=stt://:0 local-address=127.0.0.1 seed=" + std::string(seed) + " ! fakesink sync=false");
    const uint16_t port = first->listening_port();
    ASSERT_NE(port, 0);
    auto sink = calling_sink(port, [](GstElement* element) {
        soon_lost(element);
        g_object_set(element, "max-retries", 2, nullptr);
    });
    sink->start();
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
    first.reset();
    // Refused again and again, as a machine that starts answers.
    for (size_t i = 0; i < 4; i++) ASSERT_NE(sink->errors->wait(ErrorCode::connection_refused, i), "");
    ASSERT_EQ(push(sink, 1), GST_FLOW_OK);
    Child second(receiver(port));
    EXPECT_NE(second.wait_line("session connected"), "");
}

TEST(Resume, ASeatIsNotHeldForTheDeadWhereThereIsButOne) {
    auto src = listening_src([](GstElement* element) { g_object_set(element, "max-sessions", 1u, nullptr); });
    const std::string sender =
        "videotestsrc is-live=true ! sttsink uri=stt://127.0.0.1:" + std::to_string(src->port()) +
        " seed=" + seed;
    auto first = std::make_unique<Child>(sender);
    ASSERT_TRUE(pull(src));
    first.reset();
    Child second(sender);
    EXPECT_NE(second.wait_line("session connected"), "");
}

TEST(Resume, AReceiverThatWasKilledIsReplacedByItsSuccessor) {
    auto first = std::make_unique<Child>(
        "sttsrc uri=stt://:0 local-address=127.0.0.1 seed=" + std::string(seed) + " ! fakesink sync=false");
    const uint16_t port = first->listening_port();
    ASSERT_NE(port, 0);
    auto sink = calling_sink(port);
    sink->start();
    for (unsigned i = 0; i < 50; i++) ASSERT_EQ(push(sink, i), GST_FLOW_OK);
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    first.reset();
    Child second(receiver(port));
    ASSERT_NE(second.listening_port(), 0);
    ASSERT_EQ(push(sink, 50), GST_FLOW_OK);
    EXPECT_NE(sink->errors->wait(ErrorCode::session_not_found), "");
    EXPECT_NE(second.wait_line("session connected"), "");
    bool asked = false;
    while (!asked) {
        const EventPtr event(gst_harness_pull_upstream_event(sink->harness));
        ASSERT_TRUE(event) << "no key unit was asked for";
        asked = gst_event_has_name(event.get(), "GstForceKeyUnit");
    }
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    EXPECT_EQ(sink->errors->count(ErrorCode::timeout), 0u) << "the successor took everything";
}

TEST(Resume, ASenderThatWasKilledMakesRoomForItsSuccessor) {
    auto src = listening_src();  // would wait for the dead one for thirty seconds
    const std::string sender =
        "videotestsrc is-live=true ! sttsink uri=stt://127.0.0.1:" + std::to_string(src->port()) +
        " seed=" + seed;
    auto first = std::make_unique<Child>(sender);
    ASSERT_TRUE(pull(src));
    first.reset();
    Child second(sender);
    EXPECT_NE(second.wait_line("session connected"), "");
    EXPECT_NE(src->errors->wait(ErrorCode::session_timeout), "") << "the one before did not show itself";
    const gint64 until = g_get_monotonic_time() + 15 * G_USEC_PER_SEC;
    bool anew = false;
    while (!anew && g_get_monotonic_time() < until) {
        const BufferPtr buffer = pull(src);
        ASSERT_TRUE(buffer);
        anew = GST_BUFFER_IS_DISCONT(buffer.get());
    }
    EXPECT_TRUE(anew);
}

TEST(Resume, AnotherMemberCannotTakeALiveStreamOver) {
    auto src = listening_src();
    Child thief("sttsrc uri=stt://:0 local-address=127.0.0.1 seed=" + std::string(seed) + " ! fakesink");
    const uint16_t port = thief.listening_port();
    ASSERT_NE(port, 0);
    Line line(static_cast<uint16_t>(src->port()));
    auto sink = calling_sink(line.port());
    sink->start();
    unsigned number = 0;
    const auto push_and_pull = [&] {
        if (push(sink, number) != GST_FLOW_OK) return false;
        const BufferPtr buffer = pull(src);
        return buffer && GST_BUFFER_OFFSET(buffer.get()) == number++;
    };
    ASSERT_TRUE(push_and_pull());
    // He says in the receiver's name that it does not know the session, and answers the call that follows.
    line.divert_handshakes(port);
    std::atomic<bool> forged = false;
    std::atomic<SessionId> session = 0;
    line.set_weather([&](bool from_caller, std::vector<uint8_t>& datagram) {
        const auto header = read_session_header(datagram);
        if (from_caller && header) session = header->session;
        if (from_caller || !header || !session || forged.exchange(true)) return true;
        SessionUnknownPacket packet;
        packet.session = session;
        datagram = encode(packet);
        return true;
    });
    std::string met;
    std::atomic<bool> waited = false;
    std::jthread waiting([&] {
        met = thief.wait_line("session connected");
        waited = true;
    });
    while (!waited) ASSERT_TRUE(push_and_pull());
    ASSERT_NE(met, "");
    for (int i = 0; i < 20; i++) ASSERT_TRUE(push_and_pull());
    EXPECT_EQ(src->errors->count(ErrorCode::session_closed), 0u);
    EXPECT_EQ(sink->errors->count(ErrorCode::session_not_found), 1u) << "the hint, and nothing came of it";
}

TEST(Resume, AFrozenReceiverComesBack) {
    Child receiver("sttsrc uri=stt://:0 local-address=127.0.0.1 keepalive-timeout=300 seed=" +
                   std::string(seed) + " ! fakesink sync=false");
    const uint16_t port = receiver.listening_port();
    ASSERT_NE(port, 0);
    auto sink = calling_sink(port, soon_lost);
    sink->start();
    ASSERT_EQ(push(sink, 0), GST_FLOW_OK);
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    receiver.signal(SIGSTOP);
    ASSERT_EQ(push(sink, 1), GST_FLOW_OK);
    EXPECT_NE(sink->errors->wait(ErrorCode::session_timeout), "");
    receiver.signal(SIGCONT);
    EXPECT_TRUE(sink->errors->wait_state("resumed"));
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    EXPECT_EQ(sink->errors->count(ErrorCode::timeout), 0u) << "it took everything";
}

}  // namespace
}  // namespace stt::test
