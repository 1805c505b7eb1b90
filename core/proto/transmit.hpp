// SPDX-License-Identifier: LGPL-2.1-or-later
/// What leaves for one peer in one piece.
#pragma once

#include "core/base/address.hpp"

namespace stt {

struct Transmit {
    Address to;
    size_t size;     ///< bytes written to the buffer
    size_t segment;  ///< every datagram in it is this long but the last, which may be shorter
};

}  // namespace stt
