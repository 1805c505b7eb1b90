// SPDX-License-Identifier: LGPL-2.1-or-later
/// Bounds the names that peers bring into the process. GLib keeps the name of a field, region or tag (a
/// GQuark) as long as the process runs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stt {

/// The number of new names that all peers together may add to one process.
inline constexpr size_t peer_names_max = 4096;
/// The longest name accepted from a peer, in bytes.
inline constexpr size_t name_length_max = 128;

/// Whether GLib accepts `name` as the name of a type and its length is within the limit.
bool is_type_name(const std::string& name);

/// Whether `name` may become a GQuark. If it is not one already, it is counted as a new name. Callable from
/// any thread.
bool may_name(std::string_view name);

/// Calls may_name() for every name in `text`, the text of a structure that contains no other structures.
/// Names are the initial word and each word before an equals sign; text that only looks like a name counts as
/// one.
bool may_name_all(const std::string& text);

}  // namespace stt
