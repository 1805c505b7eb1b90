// SPDX-License-Identifier: LGPL-2.1-or-later
/// Converts an element's settings to the configuration of its link.
#pragma once

#include "core/io/link.hpp"
#include "gst/element_settings.hpp"

namespace stt {

/// Reads the files that `settings` names. The error's text names the property at fault. Its code is `none` if
/// the settings are at fault, except for a stream-id that belongs to the other side.
Result<LinkConfig> make_link_config(const Settings& settings, StreamRole role);

/// Returns the accepted seeds: those of `seed`, else of `seed-file`, else of the file that STT_SEED_FILE
/// names. An empty list means that a passphrase is set.
Result<std::vector<SecretBytes>> read_seeds(const Settings& settings);
/// Returns the path of the file that the seeds are read from, or an empty string.
std::string seed_file_of(const Settings& settings);

/// Returns the identity that all elements of the process without an identity-file share.
std::shared_ptr<const Identity> process_identity();

}  // namespace stt
