// SPDX-License-Identifier: LGPL-2.1-or-later
/// A batch of datagrams for one peer.
#pragma once

#include "core/base/address.hpp"

namespace stt {

struct Transmit {
    Address to;
    size_t size;     ///< bytes written to the buffer
    size_t segment;  ///< size of every datagram in bytes; the last one may be shorter
};

}  // namespace stt
