// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which peers have proved to this process that they have the seed they are called with. An unauthenticated
/// refusal in such a peer's name need not be its own, also when another link calls it later on.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.hpp"

namespace stt {

/// Names a peer and the seed, without giving the seed away.
using PeerKey = std::array<uint8_t, 16>;
/// `host` and `port` as they are called. Any thread.
PeerKey peer_key(std::string_view host, uint16_t port, Bytes seed);

/// Any thread. The oldest of too many (4096) is forgotten.
void add_proven_peer(const PeerKey& key);
bool is_proven_peer(const PeerKey& key);

}  // namespace stt
