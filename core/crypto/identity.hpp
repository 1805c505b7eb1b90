// SPDX-License-Identifier: LGPL-2.1-or-later
/// The long-lived key pair of a node.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/base/random.hpp"
#include "core/crypto/secret.hpp"

namespace stt {

/// The X25519 public key of a node, which names the node to others.
using NodeId = std::array<uint8_t, 32>;

std::string to_hex(Bytes bytes);
/// Null unless `hex` is exactly 64 hex digits.
std::optional<NodeId> node_id_from_hex(std::string_view hex);

class Identity {
  public:
    static Identity generate(Random& random);
    /// `secret` is 32 bytes.
    static Identity from_secret(SecretBytes secret);

    const NodeId& node_id() const { return public_; }
    const SecretBytes& secret() const { return secret_; }

  private:
    Identity() = default;
    SecretBytes secret_;
    NodeId public_{};
};

}  // namespace stt
