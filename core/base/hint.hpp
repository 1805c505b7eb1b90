// SPDX-License-Identifier: LGPL-2.1-or-later
/// What to do about an error depends on the role: a caller can mend its uri, a listener has none to mend.
#pragma once

#include <span>
#include <string_view>

#include "core/base/error.hpp"

namespace stt {

/// The causes about which a listener does something else than hint_for() and error_causes() say.
std::span<const ErrorCause> listener_causes();

/// What a caller, or else a listener, does about `error`; empty: its text says it.
std::string_view hint_for(const Error& error, bool caller);

}  // namespace stt
