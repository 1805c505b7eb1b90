// SPDX-License-Identifier: LGPL-2.1-or-later
/// What code an error of the operating system's gets.
#pragma once

#include <cerrno>

#include "core/base/error.hpp"

namespace stt {

/// `number`: an errno. resource_exhausted when the machine has run out of something; otherwise none: what is
/// wrong is a setting, and the reason and text say which.
inline ErrorCode code_of_system_error(int number) {
    const bool exhausted = number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS;
    return exhausted ? ErrorCode::resource_exhausted : ErrorCode::none;
}

}  // namespace stt
