// SPDX-License-Identifier: LGPL-2.1-or-later
// No node sends more to an address that is not validated than thrice what came from there. Every simulation
// checks that at every datagram.
#include "tests/sim/amplification.hpp"

#include <gtest/gtest.h>

#include "core/proto/path_validation.hpp"
#include "core/wire/handshake_packet.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

const Address stranger = Address::v4({203, 0, 113, 66}, 6);

Arrival arrival_of(size_t size, PacketType type, std::optional<Address> heard_at = std::nullopt) {
    std::vector<uint8_t> datagram(size);
    datagram[0] = static_cast<uint8_t>(type);
    return {.datagram = {stranger, {}, datagram}, .heard_at = heard_at};
}

/// How many bytes more the limit allows, in datagrams of one byte.
size_t allowed(AmplificationLimit& limit) {
    const uint8_t byte = 0;
    for (size_t count = 0; count < 10'000; count++)
        if (!limit.on_sent(stranger, {&byte, 1})) return count;
    return 10'000;
}

TEST(AmplificationLimit, IsThriceWhatWasReceived) {
    AmplificationLimit limit;
    limit.on_received(arrival_of(100, PacketType::hello));
    limit.on_received(arrival_of(20, PacketType::hello));
    EXPECT_EQ(allowed(limit), 360u);
    EXPECT_NE(limit.describe(stranger).find("361 bytes were sent to 203.0.113.66"), std::string::npos)
        << limit.describe(stranger);
}

TEST(AmplificationLimit, AllowsNothingUnasked) {
    AmplificationLimit limit;
    EXPECT_EQ(allowed(limit), 0u);
}

TEST(AmplificationLimit, EndsWithAnAnswer) {
    AmplificationLimit limit;
    limit.on_received(arrival_of(100, PacketType::auth_proof, stranger));
    EXPECT_EQ(allowed(limit), 10'000u);
}

TEST(AmplificationLimit, AHelloIsNoAnswer) {
    AmplificationLimit limit;
    limit.on_received(arrival_of(100, PacketType::hello, stranger));
    EXPECT_EQ(allowed(limit), 300u);
}

TEST(AmplificationLimit, AnAnswerProvesTheAddressAtWhichItsSenderHeard) {
    AmplificationLimit limit;
    limit.on_received(arrival_of(100, PacketType::session_even, Address::v4({192, 0, 2, 1}, 1)));
    EXPECT_EQ(allowed(limit), 300u);
}

TEST(AmplificationLimit, DoesNotApplyToACall) {
    AmplificationLimit limit;
    limit.on_called(stranger);
    EXPECT_EQ(allowed(limit), 10'000u);
}

// The listener moves, and the caller challenges its new address. A node on the path delivers the challenge to
// the listener, from elsewhere.
TEST(SimAmplification, AStolenChallengeIsAnsweredWithThriceItsSizeAtMost) {
    World world({});
    ASSERT_TRUE(world.establishes());
    world.run_for(1s);
    uint64_t stolen = 0;
    world.forward.tap = [&](Time now, std::vector<uint8_t>& datagram) {
        if (stolen > 0) return true;
        stolen = datagram.size();
        world.network.inject(now + 1ms, {stranger, world.listener.address(), datagram});
        return false;
    };
    world.network.rebind(world.listener.host);
    world.listener.send({.seed = 1, .payload = 10});
    EXPECT_TRUE(world.finishes(10s));
    ASSERT_GT(stolen, 0u);
    EXPECT_LT(stolen, datagram_min / 3) << "a challenge to an address from which little came is not padded";
    const uint64_t response = AmplificationLimit::path_responses_exceed_it ? datagram_min : 0;
    EXPECT_LE(world.network.bytes_elsewhere(stranger), response + PathValidation::amplification_max * stolen);
}

}  // namespace
}  // namespace stt::sim
