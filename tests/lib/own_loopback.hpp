// SPDX-License-Identifier: LGPL-2.1-or-later
/// A loopback address and a port that a test may free and bind again.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

namespace stt::test {

/// An address in 127.0.0.0/8 of this process: 127.64.0.0 plus the process id, which has at most 22 bits.
inline std::string own_loopback() {
    const auto id = static_cast<uint32_t>(getpid());
    return "127." + std::to_string(64 + (id >> 16)) + "." + std::to_string(id >> 8 & 0xff) + "." +
           std::to_string(id & 0xff);
}

/// A port at own_loopback(). It lies below the range from which the kernel picks ports, as a socket that is
/// bound to all addresses would take it from this one, too.
inline constexpr uint16_t own_port = 7600;

}  // namespace stt::test
