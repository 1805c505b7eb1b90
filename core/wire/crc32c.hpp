// SPDX-License-Identifier: LGPL-2.1-or-later
/// CRC-32C (Castagnoli; RFC 3720, appendix B.4), which is the checksum of every packet.
#pragma once

#include "core/base/bytes.hpp"

namespace stt {

/// The CRC-32C of `bytes`, continuing from `crc`, which is 0 at the start. Uses the fastest implementation
/// that this machine supports.
uint32_t crc32c(Bytes bytes, uint32_t crc = 0);

/// The individual implementations, for tests and measurements.
namespace crc32c_ways {

uint32_t portable(Bytes bytes, uint32_t crc);
/// Whether hardware() may be called on this machine.
bool has_hardware();
uint32_t hardware(Bytes bytes, uint32_t crc);

}  // namespace crc32c_ways

}  // namespace stt
