// SPDX-License-Identifier: LGPL-2.1-or-later
// Errors on the way to a session, each by its real cause: 0x01.. and 0x0405.
#include "tests/elements/error_log.hpp"
#include "tests/lib/rogue_peer.hpp"
#include "tests/lib/wire_code.hpp"
#include "tests/net/namespace.hpp"

namespace stt::test {
namespace {

/// One attempt, and no long wait for an answer.
void once(GstElement* element) {
    g_object_set(element, "auto-reconnect", FALSE, "handshake-timeout", 200u, nullptr);
}

TEST(ErrorConnection, ASilentHostIsATimeout) {
    const LoopbackSocket silent;
    auto sink = calling_sink(silent.port(), once);
    EXPECT_EQ(sink->errors->wait(ErrorCode::connection_timeout),
              "0x0101/0 CONNECTION_TIMEOUT connection handshake-timeout ERROR OPEN_READ_WRITE "
              "origin=network terminal can-retry");
    sink.reset();
    auto src = calling_src(silent.port(), [](GstElement* element) {
        g_object_set(element, "handshake-timeout", 200u, nullptr);
    });
    EXPECT_EQ(src->errors->wait(ErrorCode::connection_timeout),
              "0x0101/0 CONNECTION_TIMEOUT connection handshake-timeout WARNING OPEN_READ_WRITE "
              "origin=network can-retry retried");
}

TEST(ErrorConnection, ACallerThatFallsSilentIsATimeoutAtTheListener) {
    auto src = listening_src(once);
    RoguePeer rogue(seed);
    rogue.socket.send(static_cast<uint16_t>(src->port()), rogue.session.hello(RoguePeer::wall()));
    EXPECT_EQ(src->errors->wait(ErrorCode::connection_timeout),
              "0x0101/0 CONNECTION_TIMEOUT connection handshake-timeout MESSAGE origin=network can-retry");
}

TEST(ErrorConnection, AClosedPortIsRefused) {
    const auto closed_port = [] { return LoopbackSocket().port(); };
    auto sink = calling_sink(closed_port(), once);
    EXPECT_EQ(sink->errors->wait(ErrorCode::connection_refused),
              "0x0102/0 CONNECTION_REFUSED connection port-closed ERROR NOT_FOUND origin=network terminal "
              "can-retry");
    auto src = calling_src(closed_port());
    EXPECT_EQ(src->errors->wait(ErrorCode::connection_refused),
              "0x0102/0 CONNECTION_REFUSED connection port-closed WARNING NOT_FOUND origin=network can-retry "
              "retried");
    EXPECT_EQ(sink->errors->count(ErrorCode::connection_refused), 1u) << sink->errors->lines();
}

TEST(ErrorConnection, WhoeverAnswersInsteadIsTold) {
    const auto patient = [](GstElement* element) {
        g_object_set(element, "auto-reconnect", FALSE, "handshake-timeout", 5000u, nullptr);
    };
    RoguePeer other(seed), echo(seed);
    auto to_other = calling_sink(other.port(), patient);
    auto to_echo = calling_src(echo.port(), patient);
    ASSERT_FALSE(other.receive(PacketType::hello).empty());
    other.send(std::vector<uint8_t>{'H', 'T', 'T', 'P', '/', '1', '.', '1', ' ', '4', '0', '0'});
    const auto hello = echo.receive(PacketType::hello);
    ASSERT_FALSE(hello.empty());
    echo.send(hello);
    EXPECT_EQ(to_other->errors->wait(ErrorCode::connection_refused),
              "0x0102/0 CONNECTION_REFUSED connection other-protocol MESSAGE origin=peer can-retry");
    EXPECT_EQ(to_other->errors->wait(ErrorCode::connection_refused, 1),
              "0x0102/0 CONNECTION_REFUSED connection other-protocol ERROR NOT_FOUND origin=peer terminal "
              "can-retry");
    EXPECT_EQ(to_echo->errors->wait(ErrorCode::connection_refused, 1),
              "0x0102/0 CONNECTION_REFUSED connection echo ERROR NOT_FOUND origin=peer terminal can-retry");
}

TEST(ErrorConnection, TwoCallersAreToldThatOneHasToListen) {
    // Nobody else takes their ports there.
    STT_IN_NAMESPACE("true", [] {
        const auto from = [](unsigned local_port) {
            return [=](GstElement* element) { g_object_set(element, "local-port", local_port, nullptr); };
        };
        auto sink = calling_sink(7601, from(7602));
        auto src = calling_src(7602, from(7601));
        const auto told = [](ErrorLog& log) {
            return log.wait_message([](GstMessage* message) {
                const GstStructure* details = gst_message_get_structure(message);
                const char* reason = details ? gst_structure_get_string(details, "reason") : nullptr;
                return reason && std::string_view(reason) == "both-call";
            });
        };
        // Whichever comes first may find the other's port closed.
        EXPECT_TRUE(told(*sink->errors)) << sink->errors->lines();
        EXPECT_TRUE(told(*src->errors)) << src->errors->lines();
    });
}

TEST(ErrorConnection, AWrongSeedIsToldOnBothEnds) {
    auto src = listening_src();
    auto sink = calling_sink(src->port(),
                             [](GstElement* element) { g_object_set(element, "seed", other_seed, nullptr); });
    EXPECT_EQ(
        sink->errors->wait(ErrorCode::authentication_failed),
        "0x0103/3 AUTHENTICATION_FAILED connection wrong-seed ERROR NOT_AUTHORIZED origin=peer terminal");
    EXPECT_EQ(src->errors->wait(ErrorCode::authentication_failed),
              "0x0103/3 AUTHENTICATION_FAILED connection wrong-seed MESSAGE origin=peer");
    EXPECT_EQ(sink->errors->count(ErrorCode::authentication_failed), 1u);
    EXPECT_EQ(src->errors->count(ErrorCode::authentication_failed), 1u);
}

TEST(ErrorConnection, AnotherNodeThanTheExpectedIsToldOnBothEnds) {
    auto src = listening_src();
    auto sink = calling_sink(src->port(), [](GstElement* element) {
        g_object_set(element, "peer-node-id", std::string(64, '7').c_str(), nullptr);
    });
    EXPECT_EQ(sink->errors->wait(ErrorCode::authentication_failed),
              "0x0103/0 AUTHENTICATION_FAILED connection unexpected-peer ERROR NOT_AUTHORIZED origin=local "
              "authenticated terminal");
    EXPECT_EQ(src->errors->wait(ErrorCode::authentication_failed),
              "0x0103/0 AUTHENTICATION_FAILED connection unexpected-peer MESSAGE origin=peer authenticated");
}

TEST(ErrorConnection, ACallerThatIsNotTheExpectedIsToldOnBothEnds) {
    auto src = listening_src([](GstElement* element) {
        g_object_set(element, "peer-node-id", std::string(64, '7').c_str(), nullptr);
    });
    auto sink = calling_sink(src->port());
    EXPECT_EQ(src->errors->wait(ErrorCode::authentication_failed),
              "0x0103/0 AUTHENTICATION_FAILED connection unexpected-peer MESSAGE origin=local authenticated");
    EXPECT_EQ(sink->errors->wait(ErrorCode::authentication_failed),
              "0x0103/0 AUTHENTICATION_FAILED connection unexpected-peer ERROR NOT_AUTHORIZED origin=peer "
              "authenticated terminal");
}

TEST(ErrorConnection, AChallengeOfAnotherSeedIsAWrongSeed) {
    RoguePeer rogue(seed);
    auto sink = calling_sink(rogue.port());
    ASSERT_TRUE(rogue.wait_hello());
    auto challenge = rogue.session.challenge(RoguePeer::wall());
    challenge.back() ^= 1;
    seal_handshake_checksum(challenge);
    rogue.send(challenge);
    EXPECT_EQ(
        sink->errors->wait(ErrorCode::authentication_failed),
        "0x0103/3 AUTHENTICATION_FAILED connection wrong-seed ERROR NOT_AUTHORIZED origin=peer terminal");
}

TEST(ErrorConnection, WithoutARouteTheNetworkIsUnreachable) {
    STT_IN_NAMESPACE("true", [] {
        auto sink = std::make_unique<Playing>("sttsink", "stt://192.0.2.1:7600", once);
        EXPECT_EQ(sink->errors->wait(ErrorCode::network_unreachable),
                  "0x0104/0 NETWORK_UNREACHABLE connection no-route ERROR OPEN_READ_WRITE origin=local "
                  "terminal can-retry");
        auto src = std::make_unique<Playing>("sttsrc", "stt://192.0.2.1:7600");
        EXPECT_EQ(src->errors->wait(ErrorCode::network_unreachable),
                  "0x0104/0 NETWORK_UNREACHABLE connection no-route WARNING OPEN_READ_WRITE origin=local "
                  "can-retry retried");
    });
}

TEST(ErrorConnection, AHostThatIsNotThereIsUnreachable) {
    // Nobody answers at the other end of a cable, which is known as soon as it has been asked three times.
    constexpr auto setup =
        "ip link add near type veth peer name far && ip address add 192.0.2.2/24 dev near && "
        "ip link set near up && ip link set far up && echo 20 > "
        "/proc/sys/net/ipv4/neigh/near/retrans_time_ms";
    const bool possible = in_namespace(setup, [] {
        auto sink = std::make_unique<Playing>("sttsink", "stt://192.0.2.1:7600", [](GstElement* element) {
            g_object_set(element, "auto-reconnect", FALSE, nullptr);
        });
        EXPECT_EQ(sink->errors->wait(ErrorCode::network_unreachable),
                  "0x0104/0 NETWORK_UNREACHABLE connection no-host ERROR OPEN_READ_WRITE origin=network "
                  "terminal can-retry");
    });
    if (!possible) GTEST_SKIP() << "no namespace: " << setup;
}

TEST(ErrorConnection, ANameThatDoesNotResolveIsUnreachable) {
    // An empty label: no server need be asked.
    Playing sink("sttsink", "stt://no..such.name:7600", once);
    EXPECT_EQ(sink.errors->wait(ErrorCode::network_unreachable),
              "0x0104/0 NETWORK_UNREACHABLE connection resolve ERROR OPEN_READ_WRITE origin=network terminal "
              "can-retry");
}

TEST(ErrorConnection, AListenerOfAnotherVersionIsToldAtTheCaller) {
    RoguePeer rogue(seed);
    auto sink = calling_sink(rogue.port());
    const auto hello = rogue.receive(PacketType::hello);
    ASSERT_FALSE(hello.empty());
    const auto header = read_hello_header(hello);
    rogue.send(encode(RejectPacket{.version = wire_version + 1,
                                   .attempt = header->attempt,
                                   .receiver_session = header->caller_session,
                                   .code = wire_code(ErrorCode::protocol_version_mismatch)}));
    EXPECT_EQ(sink->errors->wait(ErrorCode::protocol_version_mismatch),
              "0x0105/0 PROTOCOL_VERSION_MISMATCH connection version ERROR OPEN_READ_WRITE origin=peer "
              "terminal");
}

TEST(ErrorConnection, ACallerOfAnotherVersionIsToldAtTheListener) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    std::vector<uint8_t> hello(datagram_min);
    HelloHeader header{.version = wire_version + 1, .caller_session = 1};
    write_hello_header(hello, header);
    seal_handshake_checksum(hello);
    rogue.socket.send(static_cast<uint16_t>(src->port()), hello);
    EXPECT_EQ(src->errors->wait(ErrorCode::protocol_version_mismatch),
              "0x0105/0 PROTOCOL_VERSION_MISMATCH connection version MESSAGE origin=peer");
    const auto reject = read_reject(rogue.receive(PacketType::reject));
    ASSERT_TRUE(reject);
    EXPECT_EQ(reject->version, wire_version);
    EXPECT_EQ(reject->code, wire_code(ErrorCode::protocol_version_mismatch));
}

// ---

/// Gives the same numbers after each rewind().
class TapeRandom : public Random {
  public:
    void fill(MutableBytes out) override {
        for (uint8_t& byte : out) byte = static_cast<uint8_t>(state_ = state_ * 1103515245 + 12345);
    }
    void rewind() { state_ = 1; }

  private:
    uint32_t state_ = 1;
};

TEST(ErrorHandshake, ANonceThatComesAgainIsToldOnBothEnds) {
    auto src = listening_src();
    const auto port = static_cast<uint16_t>(src->port());
    TapeRandom tape;
    RoguePeer rogue(seed, tape);
    tape.rewind();
    rogue.socket.send(port, rogue.session.hello(RoguePeer::wall()));
    ASSERT_FALSE(rogue.receive(PacketType::challenge).empty());
    tape.rewind();
    rogue.socket.send(port, rogue.session.hello(RoguePeer::wall()));
    EXPECT_EQ(src->errors->wait(ErrorCode::handshake_failure),
              "0x0405/1 HANDSHAKE_FAILURE protocol nonce-reuse MESSAGE origin=peer can-retry");
    const auto reject = read_reject(rogue.receive(PacketType::reject));
    ASSERT_TRUE(reject);
    EXPECT_EQ(reject->sub_code, 1);

    RoguePeer listener(seed);
    auto sink = calling_sink(listener.port(), once);
    ASSERT_TRUE(listener.wait_hello());
    listener.send(listener.session.reject(ErrorCode::handshake_failure, 1, RoguePeer::wall()));
    EXPECT_EQ(sink->errors->wait(ErrorCode::handshake_failure),
              "0x0405/1 HANDSHAKE_FAILURE protocol nonce-reuse ERROR OPEN_READ_WRITE origin=peer "
              "authenticated terminal can-retry");
}

TEST(ErrorHandshake, AClockThatIsOffIsToldOnBothEnds) {
    auto src = listening_src();
    RoguePeer rogue(seed);
    constexpr auto day = std::chrono::hours(24);
    rogue.socket.send(static_cast<uint16_t>(src->port()), rogue.session.hello(RoguePeer::wall() - day));
    EXPECT_EQ(src->errors->wait(ErrorCode::handshake_failure),
              "0x0405/2 HANDSHAKE_FAILURE protocol timestamp-expired MESSAGE origin=peer can-retry");

    // A caller takes the responder's time over, once. This responder's differs each time.
    RoguePeer listener(seed);
    auto sink = calling_sink(listener.port(), [](GstElement* element) {
        g_object_set(element, "auto-reconnect", FALSE, nullptr);
    });
    for (int days = 1; days <= 2; days++) {
        ASSERT_TRUE(listener.wait_hello());
        listener.send(
            listener.session.reject(ErrorCode::handshake_failure, 2, RoguePeer::wall() - days * day));
    }
    EXPECT_EQ(sink->errors->wait(ErrorCode::handshake_failure),
              "0x0405/2 HANDSHAKE_FAILURE protocol timestamp-expired ERROR OPEN_READ_WRITE origin=peer "
              "authenticated terminal can-retry");
}

TEST(ErrorHandshake, AChallengeThatDoesNotOpenOfAPeerThatHadProvedItselfIsRetried) {
    RoguePeer rogue(seed);
    auto sink = calling_sink(
        rogue.port(), [](GstElement* element) { g_object_set(element, "retry-initial-delay", 1u, nullptr); });
    ASSERT_TRUE(rogue.wait_hello());
    ASSERT_TRUE(rogue.accept());
    ASSERT_TRUE(sink->errors->wait_state("connected"));
    rogue.send_frames({SessionCloseFrame{CloseReason::error, 0, 0, ""}});
    ASSERT_TRUE(rogue.wait_hello()) << "it comes back";
    auto challenge = rogue.session.challenge(RoguePeer::wall());
    challenge.back() ^= 1;
    seal_handshake_checksum(challenge);
    rogue.send(challenge);
    EXPECT_EQ(sink->errors->wait(ErrorCode::handshake_failure),
              "0x0405/3 HANDSHAKE_FAILURE protocol challenge WARNING OPEN_READ_WRITE origin=peer can-retry "
              "retried");
    EXPECT_EQ(sink->errors->count(ErrorCode::authentication_failed), 0u) << sink->errors->lines();
}

TEST(ErrorHandshake, AProofThatDoesNotOpenIsToldByTheListener) {
    auto src = listening_src();
    const auto port = static_cast<uint16_t>(src->port());
    RoguePeer rogue(seed);
    rogue.socket.send(port, rogue.session.hello(RoguePeer::wall()));
    auto proof = rogue.session.auth_proof(rogue.receive(PacketType::challenge));
    ASSERT_FALSE(proof.empty());
    const auto genuine = proof;
    proof.back() ^= 1;
    seal_handshake_checksum(proof);
    rogue.send(proof);
    EXPECT_EQ(src->errors->wait(ErrorCode::handshake_failure),
              "0x0405/4 HANDSHAKE_FAILURE protocol proof MESSAGE origin=peer can-retry");
    rogue.send(genuine);
    EXPECT_TRUE(rogue.wait_frame<FinalFrame>()) << "it could have been anybody's: the genuine one counts";
}

}  // namespace
}  // namespace stt::test
