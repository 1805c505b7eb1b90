// SPDX-License-Identifier: LGPL-2.1-or-later
/// From an element's settings to its link's configuration.
#pragma once

#include "core/io/link.hpp"
#include "gst/element_settings.hpp"

namespace stt {

/// Reads the files that `settings` names. The error's text names the property at fault; its code is `none`
/// when the settings are to blame, but for a stream-id of the other side's.
Result<LinkConfig> make_link_config(const Settings& settings, StreamRole role);

/// The seeds that are accepted: of seed, or of seed-file or STT_SEED_FILE. Empty: a passphrase is set.
Result<std::vector<SecretBytes>> read_seeds(const Settings& settings);
/// The file that the seeds are read from; empty: none.
std::string seed_file_of(const Settings& settings);

/// The identity of a process that names no file.
std::shared_ptr<const Identity> process_identity();

}  // namespace stt
