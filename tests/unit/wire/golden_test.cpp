// SPDX-License-Identifier: LGPL-2.1-or-later
/// The committed vectors against the code, in both directions, whole and cut short.
#include "golden.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "describe.hpp"

namespace stt {
namespace {

// What the bytes mean, or "malformed".
std::string read_frames(Bytes bytes) {
    FrameReader in(bytes);
    std::string text;
    for (Frame frame; in.next(frame);) text += (text.empty() ? "" : "; ") + describe(frame);
    return in.error() != nullptr ? "malformed" : text;
}

template <class Packet>
std::string or_malformed(const std::optional<Packet>& packet) {
    return packet ? describe(*packet) : "malformed";
}

std::string read_packet(Bytes bytes) {
    const auto type = packet_type(bytes);
    if (!type) return "malformed";
    if (*type >= PacketType::session_even) {
        return checksum_fits(bytes) ? or_malformed(read_session_header(bytes)) : "malformed";
    }
    if (handshake_version(bytes) != wire_version) return "malformed";
    switch (*type) {
        case PacketType::hello:
            return or_malformed(read_hello_header(bytes));
        case PacketType::cookie:
            return or_malformed(read_cookie(bytes));
        case PacketType::reject:
            return or_malformed(read_reject(bytes));
        case PacketType::session_unknown:
            return or_malformed(read_session_unknown(bytes));
        default:
            return or_malformed(read_handshake_header(bytes));
    }
}

std::string read_message(Bytes bytes) {
    MessageReader reader;
    reader.push(Chunk::copy_of(bytes));
    InMessage message;
    return reader.next(message) && reader.at_boundary() ? describe(message) : "malformed";
}

template <class Payload>
std::string or_malformed(const Result<Payload>& payload) {
    return payload ? describe(*payload) : "malformed";
}

std::string read_payload(std::string_view means, Bytes bytes) {
    if (means.starts_with("HELLO")) return or_malformed(decode_hello_payload(bytes));
    if (means.starts_with("CHALLENGE")) return or_malformed(decode_challenge_payload(bytes));
    return or_malformed(decode_auth_proof_payload(bytes));
}

// Both directions. The message of a failure is what the file would have to hold.
void expect_same(const std::vector<Golden>& file, const std::vector<Golden>& made) {
    ASSERT_EQ(file.size(), made.size());
    for (size_t i = 0; i < made.size(); i++) {
        EXPECT_EQ(file[i].means, made[i].means);
        EXPECT_EQ(hex(file[i].bytes), hex(made[i].bytes)) << made[i].means;
    }
}

// Reads every proper beginning of `whole` from memory that ends with it, so that an over-read is seen by the
// address sanitizer.
void for_each_cut(const std::vector<uint8_t>& whole, const std::function<void(Bytes)>& read) {
    for (size_t size = 0; size < whole.size(); size++) {
        const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
        read(cut);
    }
}

TEST(Golden, FramesAreWrittenAndRead) {
    const auto file = read_golden("frames");
    expect_same(file, made_frames());
    for (const Golden& golden : file) EXPECT_EQ(read_frames(golden.bytes), golden.means);
}

TEST(Golden, FramesCoverEveryType) {
    std::set<uint8_t> types;
    for (const Golden& golden : read_golden("frames")) types.insert(golden.bytes.at(0));
    for (uint8_t type = 0; type <= static_cast<uint8_t>(FrameType::stream_skipped); type++) {
        EXPECT_TRUE(types.contains(type)) << frame_name(type);
    }
}

TEST(Golden, CutFramesAreMalformed) {
    for (const Golden& golden : read_golden("frames")) {
        for_each_cut(golden.bytes, [&](Bytes cut) {
            if (!cut.empty()) {
                EXPECT_EQ(read_frames(cut), "malformed") << golden.means << " cut to " << cut.size();
            }
        });
    }
}

// A body cut short or grown together with its length is refused, unless what varies in length is at its end:
// then it is another, equally valid frame.
TEST(Golden, BodiesOfAnotherLengthAreRefusedOrMeanWhatTheySay) {
    const std::set<FrameType> open_ended{FrameType::stream_open, FrameType::data, FrameType::stream_close,
                                         FrameType::session_close, FrameType::final};
    for (const Golden& golden : read_golden("frames")) {
        const auto type = static_cast<FrameType>(golden.bytes.at(0));
        if (type == FrameType::padding || type > FrameType::stream_skipped) continue;
        std::vector<uint8_t> body(golden.bytes.begin() + 2,
                                  golden.bytes.end());  // all lengths are of one byte
        ASSERT_EQ(golden.bytes[1], body.size());
        const size_t whole = body.size();
        body.push_back('x');
        for (size_t size = 0; size <= body.size(); size++) {
            if (size == whole) continue;
            std::vector<uint8_t> bytes{golden.bytes[0], static_cast<uint8_t>(size)};
            bytes.insert(bytes.end(), body.begin(), body.begin() + static_cast<ptrdiff_t>(size));
            FrameReader in(bytes);
            Frame frame;
            if (!in.next(frame)) {
                EXPECT_NE(in.error(), nullptr);
                continue;
            }
            EXPECT_TRUE(open_ended.contains(type)) << golden.means << " with a body of " << size;
            EXPECT_EQ(type_of(frame), static_cast<uint64_t>(type));
        }
    }
}

TEST(Golden, PacketsAreWrittenAndRead) {
    const auto file = read_golden("packets");
    expect_same(file, made_packets());
    std::set<PacketType> types;
    for (const Golden& golden : file) {
        EXPECT_EQ(read_packet(golden.bytes), golden.means);
        types.insert(*packet_type(golden.bytes));
    }
    EXPECT_EQ(types.size(), 8u) << "every packet type has a vector";
}

TEST(Golden, CutPacketsAreMalformed) {
    for (const Golden& golden : read_golden("packets")) {
        for_each_cut(golden.bytes, [&](Bytes cut) {
            EXPECT_EQ(read_packet(cut), "malformed") << golden.means << " cut to " << cut.size();
            // The readers must not rely on the checksum having been looked at.
            (void)read_hello_header(cut);
            (void)read_handshake_header(cut);
            EXPECT_FALSE(read_cookie(cut).has_value() && cut.size() != 55);
            EXPECT_FALSE(read_reject(cut).has_value() && cut.size() != 58);
            EXPECT_FALSE(read_session_unknown(cut).has_value() && cut.size() != 15);
        });
    }
}

TEST(Golden, ADamagedPacketIsNoticed) {
    for (const Golden& golden : read_golden("packets")) {
        for (size_t bit = 0; bit < 8 * golden.bytes.size(); bit++) {
            std::vector<uint8_t> damaged = golden.bytes;
            damaged[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
            EXPECT_EQ(read_packet(damaged), "malformed") << golden.means << " bit " << bit;
        }
    }
}

TEST(Golden, PayloadsAreWrittenAndRead) {
    const auto file = read_golden("payloads");
    expect_same(file, made_payloads());
    for (const Golden& golden : file) EXPECT_EQ(read_payload(golden.means, golden.bytes), golden.means);
}

TEST(Golden, CutPayloadsAreRefusedButForOptionalFields) {
    for (const Golden& golden : read_golden("payloads")) {
        for_each_cut(golden.bytes, [&](Bytes cut) {
            const std::string read = read_payload(golden.means, cut);
            if (read == "malformed") return;
            EXPECT_TRUE(golden.means.starts_with("AUTH-PROOF")) << "cut to " << cut.size();
            EXPECT_NE(read, golden.means);
        });
    }
}

TEST(Golden, MessagesAreWrittenAndRead) {
    const auto file = read_golden("messages");
    expect_same(file, made_messages());
    for (const Golden& golden : file) {
        EXPECT_EQ(read_message(golden.bytes), golden.means);
        for_each_cut(golden.bytes, [&](Bytes cut) { EXPECT_EQ(read_message(cut), "malformed"); });
    }
}

}  // namespace
}  // namespace stt
