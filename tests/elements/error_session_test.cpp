// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors of sessions and streams, each by its real cause: 0x02.. and 0x03..
#include <csignal>
#include <set>

#include "tests/elements/child.hpp"
#include "tests/elements/error_log.hpp"
#include "tests/lib/line.hpp"
#include "tests/lib/rogue_peer.hpp"
#include "tests/lib/wire_code.hpp"

namespace stt::test {
namespace {

uint16_t port_of(const std::unique_ptr<Playing>& end) { return static_cast<uint16_t>(end->port()); }

void stay_away(GstElement* element) { g_object_set(element, "auto-reconnect", FALSE, nullptr); }

void soon_lost(GstElement* element) {
    g_object_set(element, "keepalive-timeout", 300u, "retry-initial-delay", 10000u, nullptr);
}

/// A header as sttsink gives it: version, run, framing.
const std::vector<uint8_t> stream_header{1, 1, 2, 3, 4, 5, 6, 7, 8, 0};

TEST(ErrorSession, AStopOfThePeerIsAGracefulClose) {
    auto src = listening_src();
    auto sink = calling_sink(src->port());
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    ASSERT_TRUE(src->errors->wait_structure("stt-stream", "event", "opened"));
    gst_element_set_state(sink->element, GST_STATE_NULL);
    EXPECT_EQ(src->errors->wait(ErrorCode::session_closed),
              "0x0201/0 SESSION_CLOSED session graceful WARNING READ origin=peer authenticated can-retry "
              "retried");
    const auto told = src->errors->wait_structure("stt-error", "reason", "graceful");
    ASSERT_TRUE(told);
    const std::string text = gst_structure_get_string(told.get(), "message");
    EXPECT_NE(text.find("before the end of the stream"), std::string::npos) << text;

    auto listener = listening_src();
    auto caller = calling_sink(listener->port(), stay_away);
    ASSERT_TRUE(caller->errors->wait_state("connected"));
    gst_element_set_state(listener->element, GST_STATE_NULL);
    EXPECT_EQ(caller->errors->wait(ErrorCode::session_closed),
              "0x0201/0 SESSION_CLOSED session graceful ERROR WRITE origin=peer authenticated terminal "
              "can-retry");
    EXPECT_EQ(caller->errors->count(ErrorCode::session_closed), 1u);
}

TEST(ErrorSession, AClosingPeersReasonIsTold) {
    auto src = listening_src();
    const struct {
        CloseReason reason;
        const char* line;
    } table[] = {
        {CloseReason::timeout,
         "0x0201/0 SESSION_CLOSED session timeout WARNING READ origin=peer authenticated can-retry retried"},
        {CloseReason::error,
         "0x0201/0 SESSION_CLOSED session error WARNING READ origin=peer authenticated can-retry retried"},
        {CloseReason::auth_failure,
         "0x0201/0 SESSION_CLOSED session auth_failure WARNING READ origin=peer authenticated can-retry "
         "retried"},
    };
    size_t before = 0;
    for (const auto& row : table) {
        RoguePeer rogue(seed);
        ASSERT_TRUE(rogue.call(port_of(src)));
        rogue.send_frames({SessionCloseFrame{row.reason, 0, 0, "so it goes"}});
        EXPECT_EQ(src->errors->wait(ErrorCode::session_closed, before++), row.line);
    }
}

TEST(ErrorSession, ACutLineIsATimeoutOnBothEnds) {
    auto src = listening_src(soon_lost);
    Line line(port_of(src));
    auto sink = calling_sink(line.port(), soon_lost);
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    ASSERT_TRUE(src->errors->wait_state("connected"));
    line.cut();
    EXPECT_EQ(sink->errors->wait(ErrorCode::session_timeout),
              "0x0202/0 SESSION_TIMEOUT session keepalive-timeout WARNING WRITE origin=network can-retry "
              "retried");
    EXPECT_EQ(src->errors->wait(ErrorCode::session_timeout),
              "0x0202/0 SESSION_TIMEOUT session keepalive-timeout WARNING READ origin=network can-retry "
              "retried");
    EXPECT_EQ(
        sink->errors->count(ErrorCode::session_timeout) + src->errors->count(ErrorCode::session_timeout), 2u);
    const auto warns = [](Playing& end, const char* words) {
        return end.errors->wait_message([&](GstMessage* message) {
            if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_WARNING) return false;
            GError* error = nullptr;
            gst_message_parse_warning(message, &error, nullptr);
            const bool found = std::string(error->message).find(words) != std::string::npos;
            g_error_free(error);
            return found;
        });
    };
    EXPECT_TRUE(warns(*sink, " ms; trying again"));
    EXPECT_TRUE(warns(*src, " ms; waiting for a caller"));
}

TEST(ErrorSession, AStoppedProcessIsATimeout) {
    Child child("sttsrc local-address=127.0.0.1 uri=stt://:0 seed=" + std::string(seed) + " ! fakesink");
    const uint16_t port = child.listening_port();
    ASSERT_NE(port, 0);
    auto sink = calling_sink(port, [](GstElement* element) {
        soon_lost(element);
        stay_away(element);
    });
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    child.signal(SIGSTOP);
    EXPECT_EQ(sink->errors->wait(ErrorCode::session_timeout),
              "0x0202/0 SESSION_TIMEOUT session keepalive-timeout ERROR WRITE origin=network terminal "
              "can-retry");
}

TEST(ErrorSession, OneCallerTooManyIsToldOnBothEnds) {
    auto src = listening_src([](GstElement* element) { g_object_set(element, "max-sessions", 1u, nullptr); });
    auto first = calling_sink(src->port());
    ASSERT_TRUE(first->errors->wait_state("connected"));
    auto second = calling_sink(src->port());
    EXPECT_EQ(second->errors->wait(ErrorCode::too_many_sessions),
              "0x0203/0 TOO_MANY_SESSIONS session busy WARNING BUSY origin=peer authenticated can-retry "
              "retried");
    EXPECT_EQ(src->errors->wait(ErrorCode::too_many_sessions),
              "0x0203/0 TOO_MANY_SESSIONS session busy MESSAGE origin=local can-retry");
}

TEST(ErrorSession, WhoCallsAfterTheEndIsTold) {
    auto src = listening_src();
    auto first = calling_sink(src->port());
    first->start();
    ASSERT_EQ(first->push(1000), GST_FLOW_OK);
    ASSERT_TRUE(BufferPtr(gst_harness_pull(src->harness)));
    ASSERT_TRUE(gst_harness_push_event(first->harness, gst_event_new_eos()));  // once it is delivered
    first.reset();
    auto second = calling_sink(src->port());
    second->start();
    // It may come before the first one's farewell, and be told of that one at first.
    EXPECT_TRUE(eventually([&] {
        return second->errors->lines().find(
                   "0x0203/1 TOO_MANY_SESSIONS session ended WARNING BUSY origin=peer authenticated "
                   "can-retry "
                   "retried") != std::string::npos;
    })) << second->errors->lines();
}

TEST(ErrorSession, ARestartedPeerIsToldAndReached) {
    const auto pipeline = [](uint16_t port) {
        return "sttsrc local-address=127.0.0.1 uri=stt://:" + std::to_string(port) +
               " seed=" + std::string(seed) + " ! fakesink";
    };
    auto child = std::make_unique<Child>(pipeline(0));
    const uint16_t port = child->listening_port();
    ASSERT_NE(port, 0);
    auto sink = calling_sink(port, [](GstElement* element) {
        g_object_set(element, "keepalive-interval", 50u, "retry-initial-delay", 10u, nullptr);
    });
    sink->start();
    sink->push(1000);
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    child->signal(SIGKILL);
    child = std::make_unique<Child>(pipeline(port));
    ASSERT_EQ(child->listening_port(), port);
    EXPECT_EQ(sink->errors->wait(ErrorCode::session_not_found),
              "0x0204/0 SESSION_NOT_FOUND session unknown-session MESSAGE origin=peer can-retry");
    EXPECT_EQ(sink->errors->wait(ErrorCode::session_not_found, 1),
              "0x0204/0 SESSION_NOT_FOUND session peer-restarted WARNING WRITE origin=peer authenticated "
              "can-retry");
    EXPECT_TRUE(sink->errors->wait_state("reconnecting"));
    EXPECT_FALSE(child->wait_line("session connected").empty());
}

TEST(ErrorSession, ACallerInTheDeadOnesPlaceIsTold) {
    auto src = listening_src();
    const std::string sender =
        "videotestsrc is-live=true ! sttsink uri=stt://127.0.0.1:" + std::to_string(src->port()) +
        " seed=" + seed;
    auto child = std::make_unique<Child>(sender);
    ASSERT_TRUE(BufferPtr(gst_harness_pull(src->harness)));
    child->signal(SIGKILL);
    child = std::make_unique<Child>(sender);
    EXPECT_EQ(src->errors->wait(ErrorCode::session_timeout),
              "0x0202/0 SESSION_TIMEOUT session doubted WARNING READ origin=network can-retry retried");
    EXPECT_EQ(src->errors->wait(ErrorCode::session_timeout, 1),
              "0x0202/0 SESSION_TIMEOUT session replaced WARNING READ origin=peer authenticated can-retry");
}

// ---

/// A rogue that sends to a sttsrc, with a session that stands.
struct ToReceiver {
    explicit ToReceiver(const std::function<void(GstElement*)>& configure = {})
        : src(listening_src(configure)), rogue(seed) {
        EXPECT_TRUE(rogue.call(port_of(src)));
    }
    void open(StreamId id) { rogue.send_frames({StreamOpenFrame{id, 0, stream_header}}); }
    std::string error(ErrorCode code) { return src->errors->wait(code); }

    std::unique_ptr<Playing> src;
    RoguePeer rogue;
};

TEST(ErrorStream, AResetStreamIsClosed) {
    ToReceiver to;
    to.open(0);
    to.rogue.send_frames(
        {StreamCloseFrame{0, 0, wire_code(ErrorCode::stream_closed), 0, "the camera is gone"}});
    EXPECT_EQ(to.error(ErrorCode::stream_closed),
              "0x0301/0 STREAM_CLOSED stream reset WARNING READ origin=peer authenticated can-retry "
              "retried");

    RoguePeer listener(seed);
    auto sink = calling_sink(listener.port());
    ASSERT_TRUE(listener.wait_hello());
    ASSERT_TRUE(listener.accept());
    ASSERT_TRUE(listener.wait_frame<StreamOpenFrame>());
    listener.send_frames({StreamCloseFrame{0, 0, 0, 0, ""}});
    EXPECT_EQ(sink->errors->wait(ErrorCode::stream_closed),
              "0x0301/0 STREAM_CLOSED stream reset ERROR WRITE origin=peer authenticated terminal can-retry");
}

TEST(ErrorStream, TwoSendersAreToldThatOneHasToReceive) {
    Playing listener("sttsink", "stt://:0", [](GstElement* element) {
        g_object_set(element, "local-address", "127.0.0.1", nullptr);
    });
    auto caller = calling_sink(listener.port());
    EXPECT_EQ(caller->errors->wait(ErrorCode::stream_closed),
              "0x0301/0 STREAM_CLOSED stream both-send ERROR WRITE origin=local terminal");
    // By its own finding, or by what the caller says as it leaves: whichever gets there first, and once.
    const auto names_it = [](GstMessage* message) {
        const GstStructure* details = gst_message_get_structure(message);
        const char* text = details ? gst_structure_get_string(details, "message") : nullptr;
        return text && std::string_view(text).find("both ends are senders") != std::string_view::npos;
    };
    EXPECT_TRUE(listener.errors->wait_message(names_it)) << listener.errors->lines();
    // What there is to say of a session has been said when the next one is told of.
    const auto first = listener.errors->wait_structure("stt-session", "state", "connected");
    ASSERT_TRUE(first);
    const std::string earlier = gst_structure_get_string(first.get(), "session-id");
    const auto next = calling_src(listener.port());
    EXPECT_TRUE(listener.errors->wait_message([&](GstMessage* message) {
        const GstStructure* session = gst_message_get_structure(message);
        return session && gst_structure_has_name(session, "stt-session") &&
               g_strcmp0(gst_structure_get_string(session, "state"), "connected") == 0 &&
               earlier != gst_structure_get_string(session, "session-id");
    }));
    EXPECT_EQ(
        listener.errors->count(ErrorCode::session_closed) + listener.errors->count(ErrorCode::stream_closed),
        1u)
        << listener.errors->lines();
    const auto told = caller->errors->wait_structure("stt-error", "reason", "both-send");
    ASSERT_TRUE(told);
    const std::string hint = gst_structure_get_string(told.get(), "hint");
    EXPECT_NE(hint.find("sttsrc"), std::string::npos) << hint;
}

TEST(ErrorStream, ASenderWhoseReceiverHasEndedWithTheStreamBeforeIsToldSo) {
    auto src = listening_src();
    auto sink = calling_sink(src->port());
    sink->start();
    sink->push(1000);
    gst_harness_push_event(sink->harness, gst_event_new_eos());
    gst_harness_push_event(sink->harness, gst_event_new_flush_start());
    gst_harness_push_event(sink->harness, gst_event_new_flush_stop(FALSE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(sink->harness, gst_event_new_segment(&segment));
    sink->push(1000);
    EXPECT_EQ(sink->errors->wait(ErrorCode::stream_closed),
              "0x0301/1 STREAM_CLOSED stream ended ERROR WRITE origin=peer authenticated terminal can-retry");
    const auto told = sink->errors->wait_structure("stt-error", "reason", "ended");
    ASSERT_TRUE(told);
    const std::string hint = gst_structure_get_string(told.get(), "hint");
    EXPECT_NE(hint.find("keep-listening"), std::string::npos) << hint;
    EXPECT_EQ(src->errors->wait(ErrorCode::stream_closed),
              "0x0301/1 STREAM_CLOSED stream ended MESSAGE origin=local can-retry");
}

TEST(ErrorStream, ASecondStreamIsOneTooManyAndToldToBoth) {
    ToReceiver to;
    to.open(0);
    to.open(2);
    EXPECT_EQ(to.error(ErrorCode::too_many_streams),
              "0x0302/0 TOO_MANY_STREAMS stream one-stream MESSAGE origin=local");
    EXPECT_TRUE(to.rogue.wait_frame([](const Frame& frame) {
        const auto* close = std::get_if<StreamCloseFrame>(&frame);
        return close && close->stream == 2 && close->code == wire_code(ErrorCode::too_many_streams);
    }));
}

TEST(ErrorStream, MoreThanMaxStreamsAreToldOnceAndToThePeer) {
    ToReceiver to([](GstElement* element) { g_object_set(element, "max-streams", 1u, nullptr); });
    for (const StreamId id : {0, 2, 4, 6}) to.open(id);
    EXPECT_EQ(to.error(ErrorCode::too_many_streams),
              "0x0302/0 TOO_MANY_STREAMS stream max-streams MESSAGE origin=local");
    std::set<StreamId> refused;
    EXPECT_TRUE(to.rogue.wait_frame([&](const Frame& frame) {
        const auto* close = std::get_if<StreamCloseFrame>(&frame);
        if (close && close->code == wire_code(ErrorCode::too_many_streams)) refused.insert(close->stream);
        return refused == std::set<StreamId>{2, 4, 6};
    }));
    EXPECT_EQ(to.src->errors->count(ErrorCode::too_many_streams), 1u) << to.src->errors->lines();
}

TEST(ErrorStream, ASenderWhosePeerTakesNoStreamIsToldSo) {
    RoguePeer listener(seed);
    auto sink = calling_sink(listener.port());
    ASSERT_TRUE(listener.wait_hello());
    ASSERT_TRUE(listener.accept());
    ASSERT_TRUE(listener.wait_frame<StreamOpenFrame>());
    listener.send_frames({StreamCloseFrame{0, 0, wire_code(ErrorCode::too_many_streams), 0,
                                           "the session has reached the receiver's max-streams of 0"}});
    EXPECT_EQ(sink->errors->wait(ErrorCode::too_many_streams),
              "0x0302/0 TOO_MANY_STREAMS stream reset ERROR BUSY origin=peer authenticated terminal");
}

TEST(ErrorStream, AnIdOfTheOtherSideIsAConflict) {
    const struct {
        const char *factory, *uri, *text;
    } cases[] = {
        {"sttsink", "stt://127.0.0.1:1?stream-id=7", "stream-id=7 is not possible: the sender calls, "},
        {"sttsink", "stt://:0?stream-id=8", "stream-id=8 is not possible: the sender listens, "},
        {"sttsrc", "stt://127.0.0.1:1?stream-id=8", "stream-id=8 is not possible: the sender listens, "},
        {"sttsrc", "stt://:0?stream-id=7", "stream-id=7 is not possible: the sender calls, "},
    };
    for (const auto& [factory, uri, text] : cases) {
        GstElement* element = make_element(factory, uri);
        {
            ErrorLog errors(element);
            EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE) << uri;
            EXPECT_EQ(errors.wait(ErrorCode::stream_id_conflict),
                      "0x0303/0 STREAM_ID_CONFLICT stream wrong-side ERROR BUSY origin=local terminal");
            const auto told = errors.wait_structure("stt-error", "reason", "wrong-side");
            ASSERT_TRUE(told);
            const std::string message = gst_structure_get_string(told.get(), "message");
            EXPECT_EQ(message.rfind(text, 0), 0u) << factory << ": " << message;
        }
        gst_element_set_state(element, GST_STATE_NULL);
        gst_object_unref(element);
    }
}

TEST(ErrorStream, AnotherStreamThanTheOneWantedIsRefused) {
    auto src = listening_src([](GstElement* element) { g_object_set(element, "stream-id", 4, nullptr); });
    auto sink = calling_sink(src->port(),
                             [](GstElement* element) { g_object_set(element, "stream-id", 2, nullptr); });
    EXPECT_EQ(src->errors->wait(ErrorCode::stream_id_conflict),
              "0x0303/0 STREAM_ID_CONFLICT stream other-stream WARNING BUSY origin=local can-retry retried");
    EXPECT_EQ(sink->errors->wait(ErrorCode::stream_id_conflict),
              "0x0303/0 STREAM_ID_CONFLICT stream reset ERROR BUSY origin=peer authenticated terminal");
    auto wanted = calling_sink(src->port(),
                               [](GstElement* element) { g_object_set(element, "stream-id", 4, nullptr); });
    wanted->start();
    wanted->push(10);
    EXPECT_TRUE(BufferPtr(gst_harness_pull(src->harness)));
}

TEST(ErrorStream, AReceiverThatCallsForAnotherStreamEnds) {
    Playing sink("sttsink", "stt://:0");
    auto src =
        calling_src(sink.port(), [](GstElement* element) { g_object_set(element, "stream-id", 3, nullptr); });
    EXPECT_EQ(src->errors->wait(ErrorCode::stream_id_conflict),
              "0x0303/0 STREAM_ID_CONFLICT stream other-stream ERROR BUSY origin=local terminal");
}

TEST(ErrorStream, APeerThatOpensAnIdOfOursIsSentAway) {
    ToReceiver to;
    to.open(1);
    EXPECT_EQ(to.error(ErrorCode::stream_id_conflict),
              "0x0303/0 STREAM_ID_CONFLICT stream wrong-side WARNING BUSY origin=peer authenticated "
              "can-retry retried");
    EXPECT_TRUE(to.rogue.wait_frame([](const Frame& frame) {
        const auto* close = std::get_if<SessionCloseFrame>(&frame);
        return close && close->reason == CloseReason::error &&
               close->code == wire_code(ErrorCode::stream_id_conflict);
    }));
}

TEST(ErrorStream, AnOverrunWindowIsAViolation) {
    const std::vector<uint8_t> some(100);
    ToReceiver to;
    to.open(0);
    to.rogue.send_plain(data_frame(0, (512 << 10) - some.size() + 1, some));
    EXPECT_EQ(to.error(ErrorCode::flow_control_violation),
              "0x0304/0 FLOW_CONTROL_VIOLATION stream stream-window WARNING READ origin=peer authenticated "
              "can-retry retried");
    EXPECT_TRUE(to.rogue.wait_frame([](const Frame& frame) {
        const auto* close = std::get_if<SessionCloseFrame>(&frame);
        return close && close->code == wire_code(ErrorCode::flow_control_violation);
    }));
}

TEST(ErrorStream, AnOverrunWindowOfTheSessionIsAViolation) {
    const std::vector<uint8_t> some(100);
    ToReceiver to;
    // Two full streams are what the session allows; a third is beyond.
    for (const StreamId id : {0, 2, 4}) to.rogue.send_plain(data_frame(id, (512 << 10) - some.size(), some));
    EXPECT_EQ(to.error(ErrorCode::flow_control_violation),
              "0x0304/0 FLOW_CONTROL_VIOLATION stream session-window WARNING READ origin=peer authenticated "
              "can-retry retried");
}

}  // namespace
}  // namespace stt::test
