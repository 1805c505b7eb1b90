// SPDX-License-Identifier: LGPL-2.1-or-later
/// Seeds and identities on disk: lines of 64 hex digits in files that only their owner can read.
///
/// Symbolic links are followed, and everything is checked on the open descriptor. It must be a regular file
/// of this user's or of root's without any permission for group or others. Read permission for them is
/// accepted for a mounted secret. That is a file on a read-only mount or in $CREDENTIALS_DIRECTORY.
///
/// Blank lines, and text after a `#` on a line, are ignored. Errors name the file, the line and the remedy,
/// but never quote the contents. All functions block.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/crypto/identity.hpp"

namespace stt {

/// The maximum number of seeds in a file. Each seed costs one more trial for every HELLO made with another
/// seed.
inline constexpr size_t seeds_max = 8;

/// Reads the seeds of `path` in the file's order: at least one and at most seeds_max.
Result<std::vector<SecretBytes>> read_seed_file(const std::string& path);

/// Creates `path`, which must not exist, with a fresh seed. The file appears complete and synchronised to
/// disk, or not at all.
Status write_seed_file(const std::string& path);

/// Reads the identity whose secret key is in `path`.
Result<std::shared_ptr<const Identity>> read_identity_file(const std::string& path);

/// Creates `path`, which must not exist, with a fresh identity, as write_seed_file() does.
Result<std::shared_ptr<const Identity>> write_identity_file(const std::string& path);

/// Does what read_identity_file() does, or write_identity_file() when the file does not exist. Two processes
/// that call it at the same time get the same identity.
Result<std::shared_ptr<const Identity>> read_or_create_identity(const std::string& path);

}  // namespace stt
