// SPDX-License-Identifier: LGPL-2.1-or-later
/// What tests of the engine use in place of a transport: its properties and its reports.
#pragma once

#include "core/proto/network_report.hpp"
#include "core/proto/transport_properties.hpp"

namespace stt {

/// Datagrams that may be lost, behind headers of the size that UDP's have, in batches of up to `batch`.
inline TransportTable datagram_transport(size_t batch) {
    TransportTable table;
    table.set(TransportKind::udp, {.batch_datagrams = batch,
                                   .batch_bytes = 64 << 10,
                                   .ipv4_headers = 28,
                                   .ipv6_headers = 48,
                                   .send_failed = ErrorCode::udp_send_failed});
    return table;
}

/// No process receives at `to`.
inline NetworkReport refused_at(const Address& to) {
    return {.kind = NetworkReport::Kind::refused,
            .to = to,
            .error = make_error(ErrorCode::connection_refused, Reason::port_closed, ErrorOrigin::network,
                                "the port is closed")};
}

/// No datagram gets to `to`, for `reason`.
inline NetworkReport failed_to(const Address& to, Reason reason = Reason::no_route_there,
                               ErrorOrigin origin = ErrorOrigin::network) {
    return {.to = to, .error = make_error(ErrorCode::network_unreachable, reason, origin, "there is no way")};
}

/// A datagram of `size` bytes to `to` was too long for the path.
inline NetworkReport too_big_for(const Address& to, size_t size, ErrorOrigin origin = ErrorOrigin::network) {
    return {.kind = NetworkReport::Kind::too_big,
            .to = to,
            .size = size,
            .error = make_error(ErrorCode::udp_send_failed, Reason::mtu, origin, "the path is too narrow")};
}

}  // namespace stt
