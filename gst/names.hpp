// SPDX-License-Identifier: LGPL-2.1-or-later
/// Names that a peer brings into the process. GLib keeps a name of a field, a region or a tag (a GQuark) for
/// as long as the process runs, so that what peers may add has a bound.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stt {

/// New names that all peers together may bring into one process.
inline constexpr size_t peer_names_max = 4096;
/// Longest name that is taken from a peer, in bytes.
inline constexpr size_t name_length_max = 128;

/// Whether GLib takes `name` for the name of a type, and it is not too long.
bool is_type_name(const std::string& name);

/// Whether `name` may become a GQuark: it is one already, or it counts as one more. Any thread.
bool may_name(std::string_view name);

/// The same for every name in the text of a structure that has no others within it: what it begins with, and
/// what stands before an equals sign. What only looks like a name counts too.
bool may_name_all(const std::string& text);

}  // namespace stt
