// SPDX-License-Identifier: LGPL-2.1-or-later
/// Hints that depend on the role: a caller can correct the peer's address in its uri, but a listener's uri
/// has none.
#pragma once

#include <span>
#include <string_view>

#include "core/base/error.hpp"

namespace stt {

/// The causes for which a listener needs a different hint from that of hint_for() and error_causes().
std::span<const ErrorCause> listener_causes();

/// What the user of a caller, or of a listener when `caller` is false, can do about `error`. Empty when the
/// text of `error` already says it.
std::string_view hint_for(const Error& error, bool caller);

}  // namespace stt
