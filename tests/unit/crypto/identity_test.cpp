// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/identity.hpp"

#include <gtest/gtest.h>

#include "tests/lib/seeded_random.hpp"

namespace stt {
namespace {

// RFC 7748, section 6.1.
TEST(Identity, public_key_is_x25519s) {
    auto secret = seed_from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    ASSERT_TRUE(secret);
    EXPECT_EQ(to_hex(Identity::from_secret(std::move(*secret)).node_id()),
              "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}

TEST(Identity, generates_another_each_time) {
    SeededRandom random(1);
    EXPECT_NE(Identity::generate(random).node_id(), Identity::generate(random).node_id());
}

TEST(Identity, hex_goes_both_ways) {
    SeededRandom random(2);
    const NodeId id = Identity::generate(random).node_id();
    const std::string hex = to_hex(id);
    EXPECT_EQ(hex.size(), 64u);
    EXPECT_EQ(node_id_from_hex(hex), id);
    EXPECT_FALSE(node_id_from_hex(hex.substr(1)));
    EXPECT_FALSE(node_id_from_hex(hex + "0"));
    EXPECT_FALSE(node_id_from_hex(hex.substr(1) + "g"));
    EXPECT_FALSE(node_id_from_hex(hex.substr(2) + " 0"));
    EXPECT_FALSE(node_id_from_hex(""));
    EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace stt
