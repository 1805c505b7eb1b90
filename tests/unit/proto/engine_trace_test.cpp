// SPDX-License-Identifier: LGPL-2.1-or-later
// What the engine reports of its decisions (core/base/trace.hpp).
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/proto/joined_endpoints.hpp"

namespace stt {
namespace {

struct EngineTraceTest : JoinedEndpoints {
    struct Line {
        Time at;
        SessionHandle session;
        std::string text;
    };
    std::vector<Line> lines;  // of the caller

    EndpointConfig traced() {
        EndpointConfig config;
        config.trace = [this](Time at, SessionHandle session, const std::string& text) {
            lines.push_back({at, session, text});
        };
        return config;
    }
    void connect() {
        start_listener();
        caller.start(traced());
        call();
        ASSERT_TRUE(establish());
    }
    /// Returns how many lines begin with `text`.
    size_t count(const std::string& text) const {
        return static_cast<size_t>(std::count_if(
            lines.begin(), lines.end(), [&](const Line& line) { return line.text.starts_with(text); }));
    }
    /// Returns whether lines that begin with the texts follow each other in this order, others between them.
    bool in_order(const std::vector<std::string>& texts) const {
        auto next = texts.begin();
        for (const Line& line : lines)
            if (next != texts.end() && line.text.starts_with(*next)) ++next;
        if (next != texts.end()) ADD_FAILURE() << "missing: " << *next << "\n" << text();
        return next == texts.end();
    }
    std::string text() const {
        std::string all;
        for (const Line& line : lines) all += line.text + "\n";
        return all;
    }
};

TEST_F(EngineTraceTest, a_session_is_told_from_its_handshake_to_its_end) {
    connect();
    const StreamId stream = caller.session().open_stream({}, 0, {}).value();
    const std::vector<uint8_t> payload(100);
    caller.session().write(stream, {.owner = nullptr, .head = payload, .payload = {}});
    run(1s);
    caller.session().reset(stream,
                           make_error(ErrorCode::stream_closed, Reason::reset, ErrorOrigin::local, "enough"));
    run(1s);
    caller.session().close(now, CloseReason::graceful, {});
    run(10s);
    EXPECT_TRUE(
        in_order({"state: handshaking", "handshake: packet of type 4 leaves", "handshake: CHALLENGE from",
                  "handshake: packet of type 6 leaves", "state: established", "stream 0: opened by this end",
                  "path: bbr", "stream 0: reset", "stream 0: forgotten", "state: closed", "timer: linger"}));
    for (size_t i = 1; i < lines.size(); i++) EXPECT_GE(lines[i].at, lines[i - 1].at);
    for (const Line& line : lines) EXPECT_EQ(line.session, 1u) << line.text;
}

TEST_F(EngineTraceTest, a_lost_packet_is_named_with_the_timer_and_the_probe) {
    connect();
    run(1s);
    const StreamId stream = caller.session().open_stream({}, 0, {}).value();
    const std::vector<uint8_t> payload(100);
    caller.session().write(stream, {.owner = nullptr, .head = payload, .payload = {}});
    unsigned left = 1;
    weather = [&](const JoinedNode& from, Datagram&) {
        if (&from != &caller || left == 0) return true;
        left--;
        return false;
    };
    lines.clear();
    run(2s);
    EXPECT_TRUE(in_order({"timer: loss_detection", "probe timeout 1", "packet "}));
}

TEST_F(EngineTraceTest, what_is_dropped_is_told_with_its_reason) {
    connect();
    run(1s);
    // The listener's next datagram arrives, and the one after it does not.
    Datagram arrived, unseen;
    weather = [&](const JoinedNode& from, Datagram& datagram) {
        if (&from != &listener || !unseen.empty()) return true;
        (arrived.empty() ? arrived : unseen) = datagram;
        return unseen.empty();
    };
    ASSERT_TRUE(run(60s, [&] { return !unseen.empty(); }));
    run(100ms);  // in which the first one arrives
    unseen.back() ^= 1;
    Datagram foreign(20, 0xff);
    lines.clear();
    for (Datagram* datagram : {&arrived, &unseen, &foreign})
        caller.endpoint->handle_datagram(now, listener.address, *datagram, nullptr);
    EXPECT_TRUE(
        in_order({"packet from 192.0.2.2:7600 dropped: a copy", "packet from 192.0.2.2:7600 dropped: damaged",
                  "datagram from 192.0.2.2:7600 dropped: malformed"}));
}

TEST_F(EngineTraceTest, nothing_is_reported_while_it_is_off) {
    start_listener();
    caller.start(traced());
    caller.endpoint->set_tracing(false);
    call();
    ASSERT_TRUE(establish());
    EXPECT_EQ(text(), "");
    caller.endpoint->set_tracing(true);
    caller.session().close(now, CloseReason::graceful, {});
    EXPECT_EQ(count("state: closed"), 1u) << text();
}

}  // namespace
}  // namespace stt
