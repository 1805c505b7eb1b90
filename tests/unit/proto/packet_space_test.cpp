// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/packet_space.hpp"

#include <gtest/gtest.h>

#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

constexpr SessionId caller_id = 0x1111, responder_id = 0x2222;
const Time start = Time{} + 1s;

struct PacketSpaceTest : ::testing::Test {
    PacketSpace ours, theirs;
    Recovery recovery{make_congestion_controller(CongestionAlgorithm::bbr, datagram_min)};
    PacketSpace::Refusal refusal;

    void SetUp() override {
        SeededRandom random{31};
        const Identity a = Identity::generate(random), b = Identity::generate(random);
        const std::vector<uint8_t> seed(seed_size, 0x5e);
        std::vector<SecretBytes> seeds;
        seeds.push_back(SecretBytes::copy_of(seed));
        CallerHandshake caller(a, seed, AttemptId{1}, caller_id, preferred_ciphers(), random);
        const WallTime wall = 1'700'000'000s;
        auto responder = ResponderHandshake::open_hello(b, seeds, caller.make_hello(wall, Cookie{}), random);
        ASSERT_TRUE(responder);
        ASSERT_TRUE(caller
                        .read_challenge(
                            responder->make_challenge(responder_id, {}, preferred_ciphers(), wall).value())
                        .ok());
        ASSERT_TRUE(responder->read_auth_proof(caller.make_auth_proof({})).ok());
        HandshakeSecrets secrets = caller.finish();
        ASSERT_TRUE(ours.install(start, secrets).ok());
        secrets = responder->finish();
        ASSERT_TRUE(theirs.install(start, secrets).ok());
    }
    std::vector<uint8_t> seal(size_t pad_to = 0) {
        std::vector<uint8_t> memory(datagram_min);
        PacketBuilder packet(memory);
        packet.add(KeepAliveFrame{7});
        memory.resize(ours.seal(start, responder_id, packet, memory, pad_to, recovery));
        return memory;
    }
    SessionStats stats() const {
        SessionStats sum;
        theirs.add_to(sum);
        return sum;
    }
};

TEST_F(PacketSpaceTest, what_one_side_seals_the_other_opens) {
    std::vector<uint8_t> packet = seal();
    EXPECT_TRUE(recovery.anything_in_flight());
    const auto opened = theirs.open(start, packet, refusal);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->receiver, responder_id);
    EXPECT_EQ(opened->number, 0u);
    EXPECT_TRUE(opened->newest);
    FrameReader reader(opened->payload);
    Frame frame;
    ASSERT_TRUE(reader.next(frame));
    EXPECT_EQ(std::get<KeepAliveFrame>(frame).sequence, 7u);
    EXPECT_EQ(stats().packets_received, 1u);
}

TEST_F(PacketSpaceTest, pads_to_the_size_asked_for) { EXPECT_EQ(seal(datagram_min).size(), datagram_min); }

TEST_F(PacketSpaceTest, a_packet_that_was_overtaken_is_not_the_newest) {
    std::vector<uint8_t> first = seal(), second = seal();
    EXPECT_TRUE(theirs.open(start, second, refusal)->newest);
    EXPECT_FALSE(theirs.open(start, first, refusal)->newest);
}

TEST_F(PacketSpaceTest, a_copy_does_not_open_again) {
    std::vector<uint8_t> packet = seal(), copy = packet;
    EXPECT_TRUE(theirs.open(start, packet, refusal));
    EXPECT_FALSE(theirs.open(start, copy, refusal));
    EXPECT_FALSE(refusal.note) << "it is no news";
    EXPECT_EQ(stats().duplicates, 1u);
    EXPECT_EQ(stats().packets_received, 1u);
}

TEST_F(PacketSpaceTest, a_damaged_packet_is_counted_as_such) {
    std::vector<uint8_t> packet = seal();
    packet.back() ^= 1;
    EXPECT_FALSE(theirs.open(start, packet, refusal));
    EXPECT_EQ(refusal.cause, PacketSpace::Refusal::Cause::damaged);
    EXPECT_EQ(stats().checksum_mismatches, 1u);
    EXPECT_EQ(stats().undecryptable, 0u);
}

TEST_F(PacketSpaceTest, acknowledges_what_was_understood) {
    std::vector<uint8_t> packet = seal();
    const auto opened = theirs.open(start, packet, refusal);
    ASSERT_TRUE(opened);
    theirs.on_understood(start, *opened, true);
    std::vector<uint8_t> memory(datagram_min);
    PacketBuilder answer(memory);
    theirs.write_acks(start, answer);
    FrameReader reader(Bytes(memory).subspan(session_header_size, answer.out.size()));
    Frame frame;
    ASSERT_TRUE(reader.next(frame));
    EXPECT_EQ(std::get<AckFrame>(frame).ranges.list().front(), (PacketRange{0, 0}));
    EXPECT_FALSE(answer.ack_eliciting);
}

TEST_F(PacketSpaceTest, has_nothing_to_open_with_once_the_keys_are_gone) {
    EXPECT_TRUE(ours.has_keys());
    ours.drop_keys();
    EXPECT_FALSE(ours.has_keys());
}

}  // namespace
}  // namespace stt
