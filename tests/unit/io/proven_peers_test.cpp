// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/proven_peers.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace stt {
namespace {

const std::vector<uint8_t> seed(32, 1), other_seed(32, 2);

// The process keeps them, so each test has hosts of its own.

TEST(ProvenPeers, AreKnownByHostPortAndSeed) {
    add_proven_peer(peer_key("known.example", 7600, seed));
    EXPECT_TRUE(is_proven_peer(peer_key("known.example", 7600, seed)));
    EXPECT_FALSE(is_proven_peer(peer_key("other.example", 7600, seed)));
    EXPECT_FALSE(is_proven_peer(peer_key("known.example", 7601, seed)));
    EXPECT_FALSE(is_proven_peer(peer_key("known.example", 7600, other_seed)));
}

TEST(ProvenPeers, HostAndPortDoNotRunTogether) {
    // As "1" and port 0x3131 would, were the bytes just joined.
    EXPECT_NE(peer_key("a1", 0x3131, seed), peer_key("a", 0x3131, seed));
    EXPECT_NE(peer_key("a", 0x6100, seed), peer_key("aa", 0x0061, seed));
}

TEST(ProvenPeers, TheOldestOfTooManyIsForgotten) {
    const PeerKey first = peer_key("many.example", 1, seed), again = peer_key("many.example", 2, seed);
    add_proven_peer(first);
    add_proven_peer(again);
    for (uint16_t port = 3; port < 3 + 4095; port++) {
        add_proven_peer(again);  // which makes it no younger, and takes no room
        add_proven_peer(peer_key("many.example", port, seed));
    }
    EXPECT_FALSE(is_proven_peer(first));
    EXPECT_TRUE(is_proven_peer(again));
    EXPECT_TRUE(is_proven_peer(peer_key("many.example", 3, seed)));
    add_proven_peer(peer_key("many.example", 5000, seed));
    EXPECT_FALSE(is_proven_peer(again));
}

TEST(ProvenPeers, AnyThreadMayAskAndAdd) {
    std::vector<std::jthread> threads;
    for (uint16_t i = 0; i < 4; i++)
        threads.emplace_back([i] {
            for (uint16_t port = 0; port < 200; port++) {
                const PeerKey key = peer_key("thread" + std::to_string(i), port, seed);
                add_proven_peer(key);
                EXPECT_TRUE(is_proven_peer(key));
            }
        });
}

}  // namespace
}  // namespace stt
