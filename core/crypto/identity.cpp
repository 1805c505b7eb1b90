// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/crypto/identity.hpp"

#include <sodium.h>

namespace stt {

std::string to_hex(Bytes bytes) {
    std::string hex(2 * bytes.size() + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
    hex.pop_back();
    return hex;
}

std::optional<NodeId> node_id_from_hex(std::string_view hex) {
    NodeId id;
    size_t size = 0;
    if (hex.size() != 2 * id.size() ||
        sodium_hex2bin(id.data(), id.size(), hex.data(), hex.size(), nullptr, &size, nullptr) != 0 ||
        size != id.size())
        return std::nullopt;
    return id;
}

Identity Identity::generate(Random& random) {
    SecretBytes secret(crypto_scalarmult_SCALARBYTES);
    random.fill(secret.writable());
    return from_secret(std::move(secret));
}

Identity Identity::from_secret(SecretBytes secret) {
    Identity identity;
    identity.secret_ = std::move(secret);
    crypto_scalarmult_base(identity.public_.data(), identity.secret_.bytes().data());
    return identity;
}

}  // namespace stt
