// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/protection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace stt {
namespace {

using Buffer = std::vector<uint8_t>;
using Opened = PacketProtection::Opened;
constexpr Time start{1h};
constexpr SessionId receiver = 0xabcdef;

TEST(ReplayWindow, edges) {
    constexpr uint64_t size = ReplayWindow::size;
    ReplayWindow window;
    EXPECT_FALSE(window.any());
    EXPECT_TRUE(window.fresh(0));
    window.record(0);
    EXPECT_TRUE(window.any());
    EXPECT_FALSE(window.fresh(0));
    EXPECT_TRUE(window.fresh(1));

    window.record(size - 1);
    EXPECT_FALSE(window.fresh(0));  // still inside, and seen
    EXPECT_TRUE(window.fresh(1));
    window.record(size);
    EXPECT_FALSE(window.fresh(0));  // too old
    EXPECT_TRUE(window.fresh(1));
    window.record(1);
    EXPECT_FALSE(window.fresh(1));
    EXPECT_EQ(window.highest(), size);

    window.record(0);  // too old to be of consequence: shares its bit with `size`
    EXPECT_FALSE(window.fresh(size));
    EXPECT_TRUE(window.fresh(2 * size));
}

TEST(ReplayWindow, a_leap_forgets_what_falls_out) {
    constexpr uint64_t size = ReplayWindow::size;
    for (const uint64_t leap : {uint64_t{1}, size - 1, size, size + 1, 10 * size + 3, uint64_t{1} << 61}) {
        ReplayWindow window;
        for (uint64_t i = 0; i < size; i++) window.record(i);
        const uint64_t high = size - 1 + leap;
        window.record(high);
        for (uint64_t number = high - size + 1; number <= high; number++)
            ASSERT_EQ(window.fresh(number), number >= size && number < high) << leap << ' ' << number;
        EXPECT_FALSE(window.fresh(high - size));
    }
}

TEST(ReplayWindow, agrees_with_a_set) {
    ReplayWindow window;
    std::set<uint64_t> seen;
    std::mt19937_64 random(5);
    uint64_t base = 0, highest = 0;
    for (int i = 0; i < 50000; i++) {
        base += random() % 3 == 0 ? random() % 5 : 0;
        if (random() % 5000 == 0) base += random() % (3 * ReplayWindow::size);
        const uint64_t number = base + random() % (ReplayWindow::size + 100);
        const bool fresh = !seen.contains(number) && number + ReplayWindow::size > highest;
        ASSERT_EQ(window.fresh(number), fresh) << number;
        if (!fresh) continue;
        window.record(number);
        seen.insert(number);
        highest = std::max(highest, number);
    }
}

// A caller and a responder, with a renewal every `renew_every` packets.
class Protection : public testing::Test {
  protected:
    explicit Protection(uint64_t renew_every = 10, Cipher cipher = Cipher::aes256_gcm)
        : caller_(make(true, renew_every, cipher)), responder_(make(false, renew_every, cipher)) {}

    static PacketProtection make(bool caller, uint64_t renew_every, Cipher cipher) {
        const Buffer there(32, 1), back(32, 2);
        HandshakeSecrets secrets;
        secrets.send_key = SecretBytes::copy_of(caller ? there : back);
        secrets.receive_key = SecretBytes::copy_of(caller ? back : there);
        secrets.cipher = cipher;
        secrets.caller = caller;
        auto result = PacketProtection::create(secrets, start, renew_every);
        EXPECT_TRUE(result);
        EXPECT_TRUE(secrets.send_key.empty());
        EXPECT_TRUE(secrets.receive_key.empty());
        return std::move(*result);
    }
    static Buffer packet_with(Bytes payload) {
        Buffer packet(session_overhead + payload.size());
        std::copy(payload.begin(), payload.end(), packet.begin() + session_header_size);
        return packet;
    }
    Buffer from_caller(Time now = start) { return seal(caller_, caller_number_++, now); }
    Buffer from_responder(Time now = start) { return seal(responder_, responder_number_++, now); }
    static Buffer seal(PacketProtection& from, uint64_t number, Time now) {
        std::array<uint8_t, 8> payload;
        ByteWriter(payload).u64(number);
        Buffer packet = packet_with(payload);
        from.seal(now, receiver, number, packet);
        EXPECT_TRUE(checksum_fits(packet));
        return packet;
    }
    static Opened open(PacketProtection& at, Buffer packet) {
        const auto result = at.open(start, packet);
        if (result.verdict == Opened::ok) {
            EXPECT_EQ(ByteReader(result.payload).u64(), result.number);
            EXPECT_EQ(result.payload.size(), 8u);
        }
        return result.verdict;
    }
    static PacketType type_of(const Buffer& packet) { return *packet_type(packet); }
    // The caller's packets up to the first of the next phase, which is returned; the others arrive.
    Buffer first_of_next_phase() {
        const uint64_t before = caller_.send_phase();
        Buffer packet = from_caller();
        for (int i = 0; i < 100 && caller_.send_phase() == before; i++) {
            EXPECT_EQ(open(responder_, packet), Opened::ok);
            packet = from_caller();
        }
        EXPECT_EQ(caller_.send_phase(), before + 1);
        return packet;
    }

    PacketProtection caller_, responder_;
    uint64_t caller_number_ = 0, responder_number_ = 0;
};

TEST_F(Protection, opens_what_it_sealed_once) {
    const Buffer packet = from_caller();
    EXPECT_EQ(read_session_header(packet)->session, receiver);
    EXPECT_EQ(open(responder_, packet), Opened::ok);
    EXPECT_EQ(open(responder_, packet), Opened::duplicate);
    EXPECT_EQ(responder_.failures(), 0u);
    EXPECT_TRUE(responder_.received().any());
}

TEST_F(Protection, own_packets_said_back_do_not_open) {
    EXPECT_EQ(open(caller_, from_caller()), Opened::refused);
    EXPECT_EQ(caller_.failures(), 1u);
}

TEST_F(Protection, no_bit_may_change_and_a_refused_packet_stays_as_it_was) {
    const Buffer packet = from_caller();
    for (size_t bit = 0; bit < 8 * packet.size(); bit++) {
        if (bit / 8 >= session_aad_size && bit / 8 < session_header_size) continue;  // the checksum
        Buffer forged = packet;
        forged[bit / 8] = static_cast<uint8_t>(forged[bit / 8] ^ (1u << bit % 8));
        const Buffer before = forged;
        const auto result = responder_.open(start, forged);
        EXPECT_NE(result.verdict, Opened::ok) << bit;
        EXPECT_EQ(forged, before);
        EXPECT_FALSE(checksum_fits(forged));
        const bool of_a_session = read_session_header(forged).has_value();
        EXPECT_EQ(result.checksum_fits, !of_a_session) << bit;

        seal_checksum(forged);  // an attacker can do that too
        const auto tampered = responder_.open(start, forged);
        EXPECT_NE(tampered.verdict, Opened::ok) << bit;
        EXPECT_TRUE(tampered.checksum_fits) << bit;
    }
    for (size_t size = 0; size < packet.size(); size++)
        EXPECT_EQ(open(responder_, Buffer(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(size))),
                  Opened::refused);
    EXPECT_FALSE(responder_.received().any());
    EXPECT_EQ(open(responder_, packet), Opened::ok);
}

TEST_F(Protection, an_empty_payload_will_do) {
    Buffer packet = packet_with({});
    caller_.seal(start, receiver, 0, packet);
    const auto result = responder_.open(start, packet);
    EXPECT_EQ(result.verdict, Opened::ok);
    EXPECT_TRUE(result.payload.empty());
}

TEST_F(Protection, numbers_go_beyond_32_bits) {
    for (const uint64_t number : {uint64_t{0}, uint64_t{1} << 31, uint64_t{3} << 30, (uint64_t{1} << 32) + 5})
        EXPECT_EQ(open(responder_, seal(caller_, number, start)), Opened::ok);
    EXPECT_EQ(responder_.received().highest(), (uint64_t{1} << 32) + 5);
}

TEST_F(Protection, keys_change_by_volume_and_the_responder_follows) {
    for (int phase = 1; phase <= 5; phase++) {
        const Buffer first = first_of_next_phase();
        EXPECT_EQ(caller_.send_phase(), static_cast<uint64_t>(phase));
        EXPECT_EQ(type_of(first), phase % 2 ? PacketType::session_odd : PacketType::session_even);
        EXPECT_EQ(open(responder_, first), Opened::ok);
        const Buffer answer = from_responder();
        EXPECT_EQ(responder_.send_phase(), static_cast<uint64_t>(phase));
        EXPECT_EQ(type_of(answer), type_of(first));
        EXPECT_EQ(open(caller_, answer), Opened::ok);
    }
    EXPECT_EQ(responder_.failures() + caller_.failures(), 0u);
}

TEST_F(Protection, keys_change_by_the_peers_volume) {
    for (int i = 0; i <= 10; i++) EXPECT_EQ(open(caller_, from_responder()), Opened::ok);
    EXPECT_EQ(responder_.send_phase(), 0u);  // the caller begins
    from_caller();
    EXPECT_EQ(caller_.send_phase(), 1u);
}

TEST_F(Protection, keys_change_by_time) {
    from_caller(start + PacketProtection::renew_after - 1ns);
    EXPECT_EQ(caller_.send_phase(), 0u);
    const Buffer packet = from_caller(start + PacketProtection::renew_after);
    EXPECT_EQ(caller_.send_phase(), 1u);
    EXPECT_EQ(open(responder_, packet), Opened::ok);
}

// One bit names the phase: two renewals ahead of the peer would lock it out.
TEST_F(Protection, never_two_phases_ahead_of_a_silent_peer) {
    for (int i = 0; i < 100; i++) from_caller(start + i * PacketProtection::renew_after);
    EXPECT_EQ(caller_.send_phase(), 1u);
    EXPECT_EQ(open(responder_, from_caller()), Opened::ok);
    EXPECT_EQ(open(caller_, from_responder()), Opened::ok);
    from_caller(start + 1000 * PacketProtection::renew_after);
    EXPECT_EQ(caller_.send_phase(), 2u);
}

// Phases long enough that no packet is overtaken by two of them.
class ProtectionWithLongPhases : public Protection {
  protected:
    ProtectionWithLongPhases() : Protection(300) {}
};

TEST_F(ProtectionWithLongPhases, packets_cross_the_change_of_phase_in_any_order) {
    std::mt19937_64 random(17);
    std::vector<Buffer> under_way;
    for (int i = 0; i < 10000; i++) {
        under_way.push_back(from_caller());
        if (under_way.size() < 8) continue;
        const auto at = under_way.begin() + static_cast<ptrdiff_t>(random() % under_way.size());
        ASSERT_EQ(open(responder_, *at), Opened::ok) << i;
        under_way.erase(at);
        ASSERT_EQ(open(caller_, from_responder()), Opened::ok);
    }
    EXPECT_GT(caller_.send_phase(), 30u);
    EXPECT_EQ(responder_.failures(), 0u);
}

TEST_F(Protection, a_late_packet_of_the_phase_before_opens_and_an_older_one_does_not) {
    const Buffer ancient = from_caller();
    Buffer late;
    for (int phase = 1; phase <= 2; phase++) {
        late = from_caller();
        EXPECT_EQ(open(responder_, first_of_next_phase()), Opened::ok);
        EXPECT_EQ(open(caller_, from_responder()), Opened::ok);
    }
    EXPECT_EQ(open(responder_, late), Opened::ok);
    EXPECT_EQ(open(responder_, late), Opened::duplicate);
    EXPECT_EQ(open(responder_, ancient), Opened::refused);
}

// Whoever flips the bit of a packet changes no key of ours, early or late in a phase.
TEST_F(Protection, a_flipped_phase_bit_changes_nothing) {
    for (int i = 0; i < 35; i++) {
        const Buffer genuine = from_caller();
        Buffer forged = genuine;
        forged[0] ^=
            static_cast<uint8_t>(PacketType::session_even) ^ static_cast<uint8_t>(PacketType::session_odd);
        EXPECT_EQ(open(responder_, forged), Opened::refused);
        ASSERT_EQ(open(responder_, genuine), Opened::ok) << i;
        ASSERT_EQ(open(caller_, from_responder()), Opened::ok);
    }
    EXPECT_GE(caller_.send_phase(), 3u);
    EXPECT_EQ(responder_.send_phase(), caller_.send_phase());
    EXPECT_EQ(responder_.failures(), 35u);
}

TEST_F(Protection, each_phase_has_its_own_key) {
    PacketProtection other = make(true, 1, Cipher::aes256_gcm);
    // Same number, same plaintext, another phase: another ciphertext.
    const Buffer first = seal(caller_, 1, start);
    seal(other, 0, start);
    const Buffer second = seal(other, 1, start);
    EXPECT_EQ(other.send_phase(), 1u);
    EXPECT_NE(Buffer(first.begin() + session_header_size, first.end()),
              Buffer(second.begin() + session_header_size, second.end()));

    const SecretBytes secret = derive_secret(Buffer(32, 1), "stt next phase");
    auto key = AeadKey::derive(Cipher::aes256_gcm, secret.bytes());
    Buffer packet = second;
    const MutableBytes all(packet);
    EXPECT_TRUE(key->open(1, all.first(session_aad_size),
                          all.subspan(session_header_size, all.size() - session_overhead),
                          all.last(aead_tag_size)));
}

class ProtectionWithChaCha : public Protection {
  protected:
    ProtectionWithChaCha() : Protection(10, Cipher::chacha20_poly1305) {}
};

TEST_F(ProtectionWithChaCha, renews_too) {
    EXPECT_EQ(caller_.cipher(), Cipher::chacha20_poly1305);
    const Buffer first = first_of_next_phase();
    EXPECT_EQ(open(responder_, first), Opened::ok);
    EXPECT_EQ(open(caller_, from_responder()), Opened::ok);
    EXPECT_EQ(responder_.send_phase(), 1u);
}

}  // namespace
}  // namespace stt
