// SPDX-License-Identifier: LGPL-2.1-or-later
/// Seeds and identities on disk: lines of 64 hex digits in files that only their owner can read.
///
/// Symbolic links are followed, and everything is checked on the open descriptor: a regular file, with no
/// permission for group or others. They may read, and no more, what belongs to root or this user and lies on
/// a mount that is read-only or in $CREDENTIALS_DIRECTORY: a secret that was mounted. Blank lines, and
/// whatever follows a `#` on a line, do not count. Errors name the file, the line and what to do; they never
/// quote what the file holds. All of it blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/identity.hpp"

namespace stt {

/// Seeds one file may hold: each costs a HELLO of a stranger one more trial.
inline constexpr size_t seeds_max = 8;

/// The seeds of `path`, in the file's order: at least one, at most seeds_max.
Result<std::vector<SecretBytes>> read_seed_file(const std::string& path);

/// Makes `path`, which must not exist, with a fresh seed. It appears complete and on the disk, or not at all.
Status write_seed_file(const std::string& path);

/// The identity whose secret key `path` holds.
Result<std::shared_ptr<const Identity>> read_identity_file(const std::string& path);

/// Makes `path`, which must not exist, with a fresh identity, as write_seed_file does.
Result<std::shared_ptr<const Identity>> write_identity_file(const std::string& path);

/// read_identity_file, or write_identity_file when there is no such file. Two processes that do this at once
/// get the same identity.
Result<std::shared_ptr<const Identity>> read_or_create_identity(const std::string& path);

}  // namespace stt
