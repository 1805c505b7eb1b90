// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/proven_peers.hpp"

#include <sodium.h>

#include <deque>
#include <mutex>
#include <set>

#include "core/base/random.hpp"

namespace stt {
namespace {

constexpr size_t peers_max = 4096;

struct Peers {
    std::mutex mutex;
    std::set<PeerKey> keys;     // under the mutex
    std::deque<PeerKey> order;  // the same keys, oldest first; under the mutex
};

Peers& peers() {
    static Peers process;
    return process;
}

/// A random key for the hash, so that the stored values are of no use to an attacker who guesses seeds.
Bytes hash_key() {
    static const auto key = [] {
        std::array<uint8_t, crypto_generichash_KEYBYTES> fresh;
        system_random().fill(fresh);
        return fresh;
    }();
    return key;
}

}  // namespace

PeerKey peer_key(std::string_view host, uint16_t port, Bytes seed) {
    crypto_generichash_state state;
    const Bytes secret = hash_key();
    PeerKey key;
    crypto_generichash_init(&state, secret.data(), secret.size(), key.size());
    crypto_generichash_update(&state, seed.data(), seed.size());
    crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(&port), sizeof port);
    crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(host.data()), host.size());
    crypto_generichash_final(&state, key.data(), key.size());
    return key;
}

void add_proven_peer(const PeerKey& key) {
    const std::lock_guard lock(peers().mutex);
    if (!peers().keys.insert(key).second) return;
    peers().order.push_back(key);
    if (peers().order.size() <= peers_max) return;
    peers().keys.erase(peers().order.front());
    peers().order.pop_front();
}

bool is_proven_peer(const PeerKey& key) {
    const std::lock_guard lock(peers().mutex);
    return peers().keys.contains(key);
}

}  // namespace stt
