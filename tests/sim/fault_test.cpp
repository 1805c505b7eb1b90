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
    world.caller.send({.seed = 7, .payload = bytes});
    EXPECT_TRUE(world.finishes(100s));
}

TEST(SimFault, ANoisyLineIsToldOnceAndLosesNothing) {
    World world({});
    ASSERT_TRUE(world.establishes());
    world.forward.config.corruption = 0.15;
    stream(world, 4 << 20);
    const auto told = noted(world.listener, ErrorCode::checksum_mismatch);
    ASSERT_EQ(told.size(), 1u) << world.describe();
    EXPECT_EQ(told[0].origin, ErrorOrigin::network);
    EXPECT_EQ(told[0].reason, Reason::line_noise);
    EXPECT_GT(std::stod(told[0].text), 9.0) << told[0].text;
    EXPECT_LT(std::stod(told[0].text), 22.0) << told[0].text;
    EXPECT_TRUE(noted(world.caller, ErrorCode::checksum_mismatch).empty()) << "its direction is clean";
    EXPECT_TRUE(world.both(SessionState::established));
}

TEST(SimFault, AFewDamagedPacketsAreNoNews) {
    World world({});
    ASSERT_TRUE(world.establishes());
    world.forward.config.corruption = 0.02;
    stream(world, 16 << 20);
    EXPECT_GT(world.listener.session()->stats().checksum_mismatches, 20u);
    EXPECT_TRUE(world.listener.errors.empty()) << world.describe();
}

TEST(SimFault, ForgedPacketsAreToldAtTheFirst) {
    World world({});
    ASSERT_TRUE(world.establishes());
    unsigned forged = 0;
    world.forward.tap = [&](Time, std::vector<uint8_t>& datagram) {
        if (!world.random.chance(0.1)) return true;
        datagram.back() ^= 1;
        seal_checksum(datagram);
        forged++;
        return true;
    };
    stream(world, 8 << 20);
    EXPECT_GT(forged, 20u);
    const auto told = noted(world.listener, ErrorCode::encryption_error);
    ASSERT_EQ(told.size(), 1u) << world.describe();
    EXPECT_EQ(told[0].origin, ErrorOrigin::network);
    EXPECT_FALSE(told[0].authenticated);
    EXPECT_FALSE(told[0].terminal);
    EXPECT_EQ(world.listener.errors.size(), 1u) << world.describe();
}

/// A member that does not keep to the protocol, in a session with a listening endpoint.
class Member {
  public:
    Member() {
        std::vector<SecretBytes> seeds;
        seeds.push_back(seed_from_hex(seed_).value());
        endpoint_.set_seeds(std::move(seeds));
        give(rogue_.hello(now_.wall));
        const auto challenge = endpoint_.poll_transmit(now_, batch_, 1);
        EXPECT_TRUE(challenge);
        if (challenge) give(rogue_.auth_proof(Bytes(batch_).first(challenge->size)));
    }
    void send(std::vector<uint8_t> frames) { give(rogue_.seal(now_.time, frames)); }
    /// What was noted since the last call, and what ended the session.
    std::vector<Error> told() {
        std::vector<Error> errors;
        while (const auto event = endpoint_.next_event()) {
            if (const auto* error = std::get_if<event::ErrorNoted>(&event->what))
                errors.push_back(error->error);
            const auto* state = std::get_if<event::StateChanged>(&event->what);
            if (state && state->state == SessionState::closed) closed = state->error;
        }
        return errors;
    }
    std::optional<Error> closed;

  private:
    void give(std::vector<uint8_t> datagram) {
        endpoint_.handle_datagram(now_, Address::v4({10, 0, 0, 9}, 9), datagram, nullptr);
    }
    EndpointConfig config() {
        EndpointConfig config;
        config.identity = &identity_;
        config.listening = true;
        return config;
    }

    const Now now_{epoch, WallTime(1'700'000'000s)};
    const std::string seed_ = std::string(2 * seed_size, '1');
    SeededRandom random_{5};
    const Identity identity_ = Identity::generate(random_);
    Endpoint endpoint_{config(), random_};
    test::RogueSession rogue_{seed_, random_};
    std::vector<uint8_t> batch_ = std::vector<uint8_t>(65536);
};

TEST(SimFault, UnknownFramesAreToldOnceForEachType) {
    Member member;
    // Types 500 and 501, each with a body of one byte.
    for (int i = 0; i < 100; i++) member.send({0x41, 0xf4, 1, 9, 0x41, 0xf5, 1, 9});
    const std::vector<Error> told = member.told();
    EXPECT_FALSE(member.closed);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].code, ErrorCode::unknown_frame_type);
    EXPECT_TRUE(told[0].authenticated);
    EXPECT_NE(told[0].text.find("type 500"), std::string::npos);
    EXPECT_NE(told[1].text.find("type 501"), std::string::npos);
}

TEST(SimFault, SkipsThatMakeNoSenseEndTheSession) {
    using Frames = std::vector<Frame>;
    const StreamOpenFrame open{0, 0, {}};
    const struct {
        const char* what;
        Frames frames;
        ErrorCode code;
    } cases[] = {
        {"beyond the window", {open, StreamSkipFrame{0, 0, varint_max}}, ErrorCode::flow_control_violation},
        {"overlapping",
         {open, StreamSkipFrame{0, 10, 20}, StreamSkipFrame{0, 19, 30}},
         ErrorCode::invalid_frame},
        {"around another",
         {open, StreamSkipFrame{0, 0, 20}, StreamSkipFrame{0, 0, 30}},
         ErrorCode::invalid_frame},
        {"behind the end", {open, StreamFinFrame{0, 9}, StreamSkipFrame{0, 0, 10}}, ErrorCode::invalid_frame},
        {"an answer to nothing", {open, StreamSkippedFrame{0, 10, 10}}, ErrorCode::invalid_frame},
    };
    for (const auto& [what, frames, code] : cases) {
        SCOPED_TRACE(what);
        Member member;
        member.send(test::encode_frames(frames));
        member.told();
        ASSERT_TRUE(member.closed);
        EXPECT_EQ(member.closed->code, code);
        EXPECT_TRUE(member.closed->authenticated);
        EXPECT_EQ(member.closed->origin, ErrorOrigin::peer);
    }
}

TEST(SimFault, SkipsForStreamsThatAreNotThereAreIgnored) {
    Member member;
    const Frame frames[] = {StreamSkippedFrame{1, 10, 10}, StreamSkipFrame{1, 0, 10}};
    member.send(test::encode_frames(frames));
    EXPECT_TRUE(member.told().empty());
    EXPECT_FALSE(member.closed);
}

TEST(SimFault, SkipsThatAreNeverAcknowledgedAreRememberedOnlySoFar) {
    Member member;
    uint64_t skips = 0;
    for (; skips < 10'000 && !member.closed; skips++) {
        const Frame frames[] = {StreamSkipFrame{0, 3 * skips, 3 * skips + 2},
                                StreamSkipFrame{0, 3 * skips, 3 * skips + 2}};
        member.send(test::encode_frames(frames));
        member.told();
    }
    EXPECT_EQ(skips, ReceiveStream::skips_max + 1);
    ASSERT_TRUE(member.closed);
    EXPECT_EQ(member.closed->code, ErrorCode::buffer_overflow);
}

}  // namespace
}  // namespace stt::sim
