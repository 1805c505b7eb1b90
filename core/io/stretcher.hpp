// SPDX-License-Identifier: LGPL-2.1-or-later
/// Stretches passphrases into seeds on a thread of its own: one at a time in the process, as each takes 256
/// MiB and most of a second.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/crypto/secret.hpp"

namespace stt {

/// As seed_from_passphrase, for all who wait for the same passphrase at once. `done` is called on the
/// stretching thread, and dropped on it instead once `wanted` has expired. Any thread, does not block.
void stretch(SecretBytes passphrase, std::weak_ptr<const void> wanted,
             std::function<void(std::optional<SecretBytes>)> done);

}  // namespace stt
