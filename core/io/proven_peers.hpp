// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which peers have proved to this process that they have the seed with which they are called. An
/// unauthenticated refusal in the name of such a peer may be forged. That holds for later calls of other
/// links too.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.hpp"

namespace stt {

/// Identifies a peer together with the seed, without disclosing the seed.
using PeerKey = std::array<uint8_t, 16>;
/// Makes the key of `host` and `port`, which must be given as they are called, and `seed`. Any thread.
PeerKey peer_key(std::string_view host, uint16_t port, Bytes seed);

/// Any thread may call these functions. Of more than 4096 peers the oldest is forgotten.
void add_proven_peer(const PeerKey& key);
bool is_proven_peer(const PeerKey& key);

}  // namespace stt
