// SPDX-License-Identifier: LGPL-2.1-or-later
/// Stretches passphrases into seeds on a separate thread. Only one is stretched at a time in the process, as
/// each takes 256 MiB and most of a second.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/crypto/secret.hpp"

namespace stt {

/// Does what seed_from_passphrase() does, once for all waiting requests with the same passphrase. `done` is
/// called on the stretching thread with a seed, or null on failure. If `wanted` has expired, `done` is
/// destroyed on that thread without a call. Any thread; does not block.
void stretch(SecretBytes passphrase, std::weak_ptr<const void> wanted,
             std::function<void(std::optional<SecretBytes>)> done);

}  // namespace stt
