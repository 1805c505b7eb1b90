// SPDX-License-Identifier: LGPL-2.1-or-later
// What attackers try: floods, forgeries, replays, reflections. Those on the path see and inject everything;
// the others guess.
#include <gtest/gtest.h>

#include "core/wire/handshake_packet.hpp"
#include "tests/lib/transports.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr Duration round_trip = 100ms;

WorldConfig config_with_latency() {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    return config;
}

/// What a link's datagrams of `type` looked like.
struct Capture {
    Capture(Link& link, PacketType type) {
        link.tap = [this, type](Time, std::vector<uint8_t>& datagram) {
            if (packet_type(datagram) == type) datagrams.push_back(datagram);
            return true;
        };
    }
    std::vector<std::vector<uint8_t>> datagrams;
};

void stream_something(World& world) {
    world.caller.send({.seed = 7, .payload = 100000});
    EXPECT_TRUE(world.finishes(20s));
}

TEST(SimAttack, FloodOfForeignHellosKeepsNoStateAndNeverAmplifies) {
    World world(config_with_latency());
    uint64_t bytes_in = 0;
    std::vector<Address> sources;
    for (int i = 0; i < 20000; i++) {
        std::vector<uint8_t> hello(datagram_min);
        world.random.fill(hello);
        HelloHeader header{.caller_session = world.random.next() | 1};
        world.random.fill(header.attempt);
        write_hello_header(hello, header);
        seal_handshake_checksum(hello);
        bytes_in += hello.size();
        sources.push_back(Address::v4({10, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}, 5000));
        world.network.inject(epoch + i * 100us, {sources.back(), world.listener.address(), std::move(hello)});
    }
    world.run_for(5s);
    EXPECT_EQ(world.listener.endpoint.session_count(), 0u);
    EXPECT_EQ(world.caller.host.datagrams_sent(), 0u);
    EXPECT_LT(world.listener.host.bytes_sent() * 10, bytes_in);
    for (const Address& source : sources) EXPECT_LE(world.network.bytes_elsewhere(source), datagram_min);
    EXPECT_TRUE(world.establishes()) << "afterwards";
}

TEST(SimAttack, MemberFloodingWithSpoofedSourcesMeetsCookiesAndACeiling) {
    WorldConfig config = config_with_latency();
    config.max_sessions = 10;
    config.hello_rate = 20;
    World world(config);
    const std::vector<uint8_t> seed(seed_size, 1);
    uint64_t bytes_in = 0;
    for (int i = 0; i < 2000; i++) {
        AttemptId attempt;
        world.random.fill(attempt);
        CallerHandshake member(world.caller.identity, seed, attempt, world.random.next() | 1,
                               preferred_ciphers(), world.random);
        std::vector<uint8_t> hello = member.make_hello(world.now(world.caller).wall, Cookie{});
        bytes_in += hello.size();
        const Address source =
            Address::v4({10, 0, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}, 5000);
        world.network.inject(epoch + i * 100us, {source, world.listener.address(), std::move(hello)});
    }
    world.run_for(1s);
    EXPECT_LE(world.listener.endpoint.session_count(), 11u) << "one may be somebody who comes back";
    EXPECT_LT(world.listener.host.bytes_sent() * 2, bytes_in);
    world.run_for(30s);
    EXPECT_EQ(world.listener.endpoint.session_count(), 0u) << "half-open sessions end";
    EXPECT_TRUE(world.establishes()) << "afterwards";
}

TEST(SimAttack, CallerGetsThroughWhileCookiesAreDemanded) {
    WorldConfig config = config_with_latency();
    config.hello_rate = 0;
    World world(config);
    EXPECT_TRUE(world.establishes());
    EXPECT_LE(world.elapsed(), 3 * round_trip + 1ms);
    stream_something(world);
}

/// An attacker on the path answers every HELLO faster than the listener can.
template <class MakeForgery>
void expect_forgery_does_not_stop(MakeForgery make) {
    World world(config_with_latency());
    int forged = 0;
    world.forward.tap = [&](Time now, std::vector<uint8_t>& datagram) {
        if (packet_type(datagram) == PacketType::hello) {
            make(world, now + round_trip * 3 / 4, *read_hello_header(datagram));
            forged++;
        }
        return true;
    };
    ASSERT_TRUE(world.establishes());
    EXPECT_GT(forged, 0);
    EXPECT_LE(world.elapsed(), 2 * round_trip + 1ms);
    stream_something(world);
}

TEST(SimAttack, ForgedRejectDoesNotStopAHandshake) {
    for (const ErrorCode code : {ErrorCode::authentication_failed, ErrorCode::protocol_version_mismatch,
                                 ErrorCode::too_many_sessions, ErrorCode::handshake_failure})
        expect_forgery_does_not_stop([&](World& world, Time at, const HelloHeader& hello) {
            RejectPacket reject{.attempt = hello.attempt,
                                .receiver_session = hello.caller_session,
                                .code = static_cast<uint16_t>(code)};
            reject.mac.fill(3);
            world.network.inject(at, {world.listener.address(), world.caller.address(), encode(reject)});
        });
}

TEST(SimAttack, ForgedChallengeDoesNotStopAHandshake) {
    expect_forgery_does_not_stop([](World& world, Time at, const HelloHeader& hello) {
        std::vector<uint8_t> challenge(400);
        world.random.fill(challenge);
        write_handshake_header(challenge, PacketType::challenge,
                               {.attempt = hello.attempt, .receiver_session = hello.caller_session});
        seal_handshake_checksum(challenge);
        world.network.inject(at, {world.listener.address(), world.caller.address(), std::move(challenge)});
    });
}

TEST(SimAttack, ForgedCookieDoesNotStopAHandshake) {
    expect_forgery_does_not_stop([](World& world, Time at, const HelloHeader& hello) {
        // Behind the genuine CHALLENGE: one before it starts the HELLO anew and costs a round trip.
        CookiePacket cookie{.attempt = hello.attempt, .receiver_session = hello.caller_session};
        cookie.cookie.fill(5);
        world.network.inject(at + round_trip,
                             {world.listener.address(), world.caller.address(), encode(cookie)});
    });
}

TEST(SimAttack, ForgedIcmpDoesNotStopAHandshakeOrASession) {
    World world(config_with_latency());
    world.connect();
    world.run_for(round_trip * 3 / 4);
    const Address listener = world.listener.address();
    world.caller.endpoint.handle_network_report(world.now(world.caller), refused_at(listener));
    ASSERT_TRUE(world.reaches([&] { return world.both(SessionState::established); }, 1s));
    for (const NetworkReport& report : {refused_at(listener), failed_to(listener)})
        world.caller.endpoint.handle_network_report(world.now(world.caller), report);
    stream_something(world);
    EXPECT_TRUE(world.both(SessionState::established));
}

TEST(SimAttack, GenuineIcmpIsReported) {
    World world(config_with_latency());
    world.forward.config.loss = 1;
    world.connect();
    world.run_for(10ms);
    world.caller.endpoint.handle_network_report(world.now(world.caller),
                                                refused_at(world.listener.address()));
    ASSERT_TRUE(world.reaches([&] { return world.caller.state() == SessionState::closed; }, 5s));
    EXPECT_EQ(world.caller.closed_by().code, ErrorCode::connection_refused);
    EXPECT_LE(world.elapsed(), 1100ms);
}

TEST(SimAttack, ReplayedHelloIsRefused) {
    World world(config_with_latency());
    Capture hellos(world.forward, PacketType::hello);
    ASSERT_TRUE(world.establishes());
    ASSERT_EQ(hellos.datagrams.size(), 1u);
    const Address attacker = Address::v4({203, 0, 113, 5}, 99);
    // While the session stands …
    world.network.inject(world.time(), {attacker, world.listener.address(), hellos.datagrams[0]});
    world.run_for(1s);
    EXPECT_EQ(world.listener.endpoint.session_count(), 1u);
    EXPECT_EQ(world.network.bytes_elsewhere(attacker), 0u);
    // … and once it is gone.
    world.close(world.caller);
    ASSERT_TRUE(world.reaches([&] { return world.empty(); }, 20s));
    world.network.inject(world.time(), {attacker, world.listener.address(), hellos.datagrams[0]});
    world.run_for(1s);
    EXPECT_EQ(world.listener.endpoint.session_count(), 0u);
    ASSERT_FALSE(world.listener.errors.empty());
    EXPECT_EQ(world.listener.errors.back().code, ErrorCode::handshake_failure);
    EXPECT_EQ(world.listener.errors.back().sub_code, static_cast<uint8_t>(HandshakeSubCode::nonce_reuse));
    // Long after, the nonce is forgotten; the time gives it away.
    world.run_for(1000s);
    world.network.inject(world.time(), {attacker, world.listener.address(), hellos.datagrams[0]});
    world.run_for(1s);
    EXPECT_EQ(world.listener.endpoint.session_count(), 0u);
    EXPECT_EQ(world.listener.errors.back().sub_code,
              static_cast<uint8_t>(HandshakeSubCode::timestamp_expired));
    EXPECT_LT(world.network.bytes_elsewhere(attacker), datagram_min);
}

TEST(SimAttack, ReflectedAndReplayedPacketsChangeNothing) {
    World world(config_with_latency());
    int echoes = 0;
    for (Link* link : {&world.forward, &world.backward})
        link->tap = [&, link](Time now, std::vector<uint8_t>& datagram) {
            // Back to the sender, and to the receiver again, later.
            if (echoes++ < 5000) {
                const Address &sender = link->from.address(), &receiver = link->to.address();
                world.network.inject(now + 1ms, {receiver, sender, datagram});
                world.network.inject(now + 300ms, {sender, receiver, datagram});
            }
            return true;
        };
    ASSERT_TRUE(world.establishes());
    stream_something(world);
    EXPECT_TRUE(world.both(SessionState::established));
    EXPECT_GT(world.listener.session()->stats().duplicates, 10u);
}

TEST(SimAttack, TamperedPacketsAreCountedNotFatal) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    uint64_t tampered = 0, flipped = 0;
    world.forward.tap = [&](Time, std::vector<uint8_t>& datagram) {
        if (datagram.size() < 300) return true;
        switch (world.random.below(4)) {
            case 0:  // with the checksum mended: an attacker
                datagram[200] ^= 1;
                seal_checksum(datagram);
                tampered++;
                break;
            case 1:  // without: the line
                datagram[200] ^= 1;
                flipped++;
                break;
            default:
                break;
        }
        return true;
    };
    stream_something(world);
    world.run_for(1s);
    const SessionStats stats = world.listener.session()->stats();
    EXPECT_EQ(stats.undecryptable, tampered);
    EXPECT_EQ(stats.checksum_mismatches, flipped);
    EXPECT_GT(tampered, 0u);
}

TEST(SimAttack, UnknownSessionsAreAnsweredSmallAndNotTooOften) {
    World world(config_with_latency());
    const Address stranger = Address::v4({203, 0, 113, 9}, 1234);
    uint64_t bytes_in = 0;
    constexpr int count = 10000;
    for (int i = 0; i < count; i++) {
        std::vector<uint8_t> packet(60);
        world.random.fill(packet);
        write_session_header(packet, {PacketType::session_even, world.random.next() | 1, 0});
        seal_checksum(packet);
        bytes_in += packet.size();
        world.network.inject(epoch + i * 100us, {stranger, world.listener.address(), std::move(packet)});
    }
    world.run_for(2s);
    EXPECT_EQ(world.listener.endpoint.stats().unknown_sessions, uint64_t{count});
    const Host& out = world.listener.host;
    EXPECT_GT(out.datagrams_sent(), 0u);
    EXPECT_LT(out.datagrams_sent(), 200u);
    EXPECT_LT(out.bytes_sent(), bytes_in / 20);
}

TEST(SimAttack, ForgedSessionUnknownDoesNotEndASession) {
    World world(config_with_latency());
    ASSERT_TRUE(world.establishes());
    const SessionUnknownPacket forged{.session = world.caller.session()->ids().remote()};
    for (int i = 0; i < 1000; i++)
        world.network.inject(world.time() + i * 1ms,
                             {world.listener.address(), world.caller.address(), encode(forged)});
    stream_something(world);
    world.run_for(2s);
    EXPECT_TRUE(world.both(SessionState::established));
    EXPECT_LT(world.caller.errors.size(), 20u) << "the application is not flooded either";
}

}  // namespace
}  // namespace stt::sim
