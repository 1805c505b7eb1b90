// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/packet_faults.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

/// A line that damages every `period`th packet.
struct Line {
    PacketFaults faults;
    uint64_t opened = 0, arrived = 0;
    std::vector<Error> told;

    void carry(uint64_t packets, uint64_t period) {
        for (uint64_t i = 0; i < packets; i++) {
            if (++arrived % period != 0) {
                opened++;
            } else if (auto error = faults.on_damaged(opened)) {
                told.push_back(std::move(*error));
            }
        }
    }
};

TEST(PacketFaults, a_noisy_line_is_told_once_with_its_share) {
    Line line;
    line.carry(10'000, 10);
    ASSERT_EQ(line.told.size(), 1u);
    const Error& error = line.told.front();
    EXPECT_EQ(error.code, ErrorCode::checksum_mismatch);
    EXPECT_EQ(error.origin, ErrorOrigin::network);
    EXPECT_FALSE(error.authenticated);
    EXPECT_FALSE(error.terminal);
    EXPECT_EQ(error.reason, Reason::line_noise);
    EXPECT_EQ(error.text.find("10.0 % of the last 520 packets"), 0u) << error.text;
}

TEST(PacketFaults, not_more_than_one_in_twenty_is_no_news) {
    Line line;
    line.carry(100'000, 20);
    EXPECT_TRUE(line.told.empty());
    line.carry(2'000, 19);
    EXPECT_EQ(line.told.size(), 1u);
}

TEST(PacketFaults, a_few_packets_say_nothing) {
    Line line;
    line.carry(PacketFaults::window - 1, 2);
    EXPECT_TRUE(line.told.empty());
}

TEST(PacketFaults, noise_after_a_long_quiet_is_noticed_as_soon) {
    Line line;
    line.carry(10'000'000, 1'000'000);
    line.carry(2 * PacketFaults::window, 10);
    EXPECT_EQ(line.told.size(), 1u);
}

TEST(PacketFaults, the_first_forgery_is_told) {
    PacketFaults faults;
    const auto error = faults.on_forged();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::encryption_error);
    EXPECT_EQ(error->origin, ErrorOrigin::network);
    EXPECT_FALSE(error->authenticated);
    EXPECT_FALSE(error->terminal);
    for (int i = 0; i < 1000; i++) EXPECT_FALSE(faults.on_forged());
}

TEST(PacketFaults, every_unknown_type_is_told_once_and_their_number_is_bounded) {
    PacketFaults faults;
    const auto error = faults.on_unknown_frame(0);
    ASSERT_TRUE(error) << "a type of zero is a type";
    EXPECT_EQ(error->code, ErrorCode::unknown_frame_type);
    EXPECT_EQ(error->origin, ErrorOrigin::peer);
    EXPECT_TRUE(error->authenticated);
    EXPECT_FALSE(faults.on_unknown_frame(0));
    EXPECT_NE(faults.on_unknown_frame(77)->text.find("type 77"), std::string::npos);
    size_t told = 2;
    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t type = 100; type < 1000; type++) told += faults.on_unknown_frame(type).has_value();
    EXPECT_EQ(told, PacketFaults::types_max);
}

}  // namespace
}  // namespace stt
