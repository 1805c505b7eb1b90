// SPDX-License-Identifier: LGPL-2.1-or-later
/// The kinds of transports, which are ways for datagrams to travel.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stt {

enum class TransportKind : uint8_t {
    udp,
    websocket,  ///< messages of a WebSocket connection (RFC 6455)
    ice,        ///< the candidate pair that an ICE agent has selected (RFC 8445)
};

inline constexpr size_t transport_kinds = static_cast<size_t>(TransportKind::ice) + 1;

/// A set of transport kinds, such as those that take no datagrams at the moment.
class TransportSet {
  public:
    void add(TransportKind kind) { bits_ = static_cast<uint8_t>(bits_ | bit(kind)); }
    bool contains(TransportKind kind) const { return (bits_ & bit(kind)) != 0; }
    bool empty() const { return bits_ == 0; }
    bool operator==(const TransportSet&) const = default;

  private:
    static constexpr uint8_t bit(TransportKind kind) {
        return static_cast<uint8_t>(1u << static_cast<unsigned>(kind));
    }
    static_assert(transport_kinds <= 8);
    uint8_t bits_ = 0;
};

}  // namespace stt
