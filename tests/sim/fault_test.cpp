// SPDX-License-Identifier: LGPL-2.1-or-later
// What the application hears of faults in packets: each kind once, whatever happens.
#include <gtest/gtest.h>

#include "tests/lib/rogue_session.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

std::vector<Error> noted(const Node& node, ErrorCode code) {
    std::vector<Error> found;
    for (const Error& error : node.errors)
        if (error.code == code) found.push_back(error);
    return found;
}

void stream(World& world, uint64_t bytes) {
    world.caller.application.send(*world.session(world.caller), {.seed = 7, .payload = bytes});
    EXPECT_TRUE(world.run_until([&] { return world.idle(); }, 100s)) << world.failure() << world.describe();
}

TEST(SimFault, ANoisyLineIsToldOnceAndLosesNothing) {
    World world({});
    ASSERT_TRUE(world.establish());
    world.network.link(Side::caller).corruption = 0.15;
    stream(world, 4 << 20);
    const auto told = noted(world.listener, ErrorCode::checksum_mismatch);
    ASSERT_EQ(told.size(), 1u) << world.describe();
    EXPECT_EQ(told[0].origin, ErrorOrigin::network);
    EXPECT_EQ(told[0].reason, "line-noise");
    EXPECT_GT(std::stod(told[0].text), 9.0) << told[0].text;
    EXPECT_LT(std::stod(told[0].text), 22.0) << told[0].text;
    EXPECT_TRUE(noted(world.caller, ErrorCode::checksum_mismatch).empty()) << "its direction is clean";
    EXPECT_TRUE(world.both(SessionState::established));
}

TEST(SimFault, AFewDamagedPacketsAreNoNews) {
    World world({});
    ASSERT_TRUE(world.establish());
    world.network.link(Side::caller).corruption = 0.02;
    stream(world, 16 << 20);
    EXPECT_GT(world.session(world.listener)->stats().checksum_mismatches, 20u);
    EXPECT_TRUE(world.listener.errors.empty()) << world.describe();
}

TEST(SimFault, ForgedPacketsAreToldAtTheFirst) {
    World world({});
    ASSERT_TRUE(world.establish());
    unsigned forged = 0;
    world.network.tap = [&](Side from, Time, std::vector<uint8_t>& datagram) {
        if (from != Side::caller || !world.random.chance(0.1)) return true;
        datagram.back() ^= 1;
        seal_checksum(datagram);
        forged++;
        return true;
    };
    stream(world, 1 << 20);
    EXPECT_GT(forged, 20u);
    const auto told = noted(world.listener, ErrorCode::encryption_error);
    ASSERT_EQ(told.size(), 1u) << world.describe();
    EXPECT_EQ(told[0].origin, ErrorOrigin::network);
    EXPECT_FALSE(told[0].authenticated);
    EXPECT_FALSE(told[0].terminal);
    EXPECT_EQ(world.listener.errors.size(), 1u) << world.describe();
}

TEST(SimFault, UnknownFramesAreToldOnceForEachType) {
    const Now now{World::epoch, WallTime(1'700'000'000s)};
    SeededRandom random(5);
    const Identity identity = Identity::generate(random);
    EndpointConfig config;
    config.identity = &identity;
    config.listening = true;
    Endpoint endpoint(config, random);
    const std::string seed(2 * seed_size, '1');
    std::vector<SecretBytes> seeds;
    seeds.push_back(seed_from_hex(seed).value());
    endpoint.set_seeds(std::move(seeds));
    const Address address = Address::v4({10, 0, 0, 9}, 9);
    std::vector<uint8_t> batch(65536);
    const auto give = [&](std::vector<uint8_t> datagram) {
        endpoint.handle_datagram(now, address, datagram, nullptr);
    };

    test::RogueSession rogue(seed, random);
    give(rogue.hello(now.wall));
    const auto challenge = endpoint.poll_transmit(now, batch, 1);
    ASSERT_TRUE(challenge);
    const auto proof = rogue.auth_proof(Bytes(batch).first(challenge->size));
    ASSERT_FALSE(proof.empty());
    give(proof);
    // Types 500 and 501, each with a body of one byte.
    for (int i = 0; i < 100; i++)
        give(rogue.seal(now.time, std::vector<uint8_t>{0x41, 0xf4, 1, 9, 0x41, 0xf5, 1, 9}));

    std::vector<Error> told;
    bool closed = false;
    while (const auto event = endpoint.next_event()) {
        if (const auto* error = std::get_if<event::ErrorNoted>(&event->what)) told.push_back(error->error);
        const auto* state = std::get_if<event::StateChanged>(&event->what);
        closed = closed || (state && state->state == SessionState::closed);
    }
    EXPECT_FALSE(closed);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].code, ErrorCode::unknown_frame_type);
    EXPECT_TRUE(told[0].authenticated);
    EXPECT_NE(told[0].text.find("type 500"), std::string::npos);
    EXPECT_NE(told[1].text.find("type 501"), std::string::npos);
}

}  // namespace
}  // namespace stt::sim
