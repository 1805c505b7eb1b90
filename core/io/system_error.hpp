// SPDX-License-Identifier: LGPL-2.1-or-later
/// The error code and reason for an error of the operating system.
#pragma once

#include <cerrno>

#include "core/base/error.hpp"

namespace stt {

/// The code for `number`, an errno. It is resource_exhausted when the machine has run out of a resource.
/// Otherwise it is none: a setting is wrong, and the reason and the text say which.
inline ErrorCode code_of_system_error(int number) {
    const bool exhausted = number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS;
    return exhausted ? ErrorCode::resource_exhausted : ErrorCode::none;
}

/// The matching reason for `number`, an errno; `system` for an errno without a specific one.
inline Reason reason_of_system_error(int number) {
    switch (number) {
        case EADDRINUSE:
            return Reason::address_in_use;
        case EADDRNOTAVAIL:
            return Reason::address_not_available;
        case EACCES:
        case EPERM:
            return Reason::permission_denied;
        case EMFILE:
        case ENFILE:
            return Reason::descriptors;
        case ENOMEM:
        case ENOBUFS:
            return Reason::memory;
        case ENOENT:
            return Reason::no_such_file;
        case EEXIST:
            return Reason::exists;
        default:
            return Reason::system;
    }
}

}  // namespace stt
