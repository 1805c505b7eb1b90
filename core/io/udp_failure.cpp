// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/udp_failure.hpp"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>

#include <cerrno>
#include <cinttypes>
#include <string>
#include <utility>

#include "core/base/text.hpp"
#include "core/io/udp_properties.hpp"

namespace stt {
namespace {

// What errno does not distinguish (RFC 792; RFC 1812, section 5.2.7.1; RFC 4443, section 3.1).
bool is_prohibition(const sock_extended_err& error) {
    if (error.ee_origin == SO_EE_ORIGIN_ICMP)
        return error.ee_type == ICMP_DEST_UNREACH &&
               (error.ee_code == ICMP_PROT_UNREACH || error.ee_code == ICMP_NET_ANO ||
                error.ee_code == ICMP_HOST_ANO || error.ee_code == ICMP_PKT_FILTERED);
    return error.ee_type == ICMPV6_DEST_UNREACH &&
           (error.ee_code == ICMPV6_ADM_PROHIBITED || error.ee_code == ICMPV6_POLICY_FAIL ||
            error.ee_code == ICMPV6_REJECT_ROUTE);
}

// Whether the time to live expired in transit, not during reassembly (RFC 792; RFC 4443, section 3.3).
bool is_loop(const sock_extended_err& error) {
    return error.ee_origin == SO_EE_ORIGIN_ICMP
               ? error.ee_type == ICMP_TIME_EXCEEDED && error.ee_code == ICMP_EXC_TTL
               : error.ee_type == ICMPV6_TIME_EXCEED && error.ee_code == ICMPV6_EXC_HOPLIMIT;
}

/// The path does not carry the datagrams that a session needs. It is worded in IP packets, as the MTU of a
/// link is.
Error narrow_error(const LostDatagram& lost) {
    const std::string peer = lost.to.to_string();
    const uint64_t headers = udp_properties.headers_size(lost.to);
    const uint64_t needed = datagram_min + headers, most = lost.size - 1 + headers;
    std::string text =
        lost.source.local
            ? tr("this machine's link to %s is too narrow: it does not carry IP packets of %" PRIu64 " bytes",
                 peer.c_str(), needed)
            : tr("IP packets of more than %" PRIu64
                 " bytes do not get through to %s, but the session needs %" PRIu64,
                 most, peer.c_str(), needed);
    return make_error(ErrorCode::udp_send_failed, Reason::mtu,
                      lost.source.local ? ErrorOrigin::local : ErrorOrigin::network, std::move(text));
}

Error error_of(const LostDatagram& lost, bool calls) {
    const UdpFailureSource& source = lost.source;
    const std::string peer_text = lost.to.to_string();
    const char* const where = peer_text.c_str();
    const std::string router_text = source.router ? source.router->ip_string() : "";
    const char* const router = router_text.c_str();
    constexpr ErrorOrigin network = ErrorOrigin::network;
    const ErrorOrigin ruled = source.local ? ErrorOrigin::local : network;
    const auto no_route = [where] {
        return make_error(ErrorCode::network_unreachable, Reason::no_route, ErrorOrigin::local,
                          tr("this machine has no route to %s", where));
    };
    switch (lost.failure) {
        case UdpFailure::refused:
            return make_error(ErrorCode::connection_refused, Reason::port_closed, network,
                              calls ? tr("nothing listens on %s", where)
                                    : tr("the caller has stopped: its port %s is closed", where));
        case UdpFailure::unreachable:
            if (!source.local)
                return make_error(
                    ErrorCode::network_unreachable, Reason::no_route_there, network,
                    source.router
                        ? tr("the router %s reports that there is no route to %s", router, where)
                        : tr("the host or its firewall reports that there is no route to %s", where));
            return no_route();
        case UdpFailure::looping:
            return make_error(
                ErrorCode::network_unreachable, Reason::no_route_there, network,
                source.router
                    ? tr("packets to %s are in a routing loop: they reach their hop limit at the router %s",
                         where, router)
                    : tr("packets to %s reach their hop limit on the path", where));
        case UdpFailure::host_unreachable:
            if (source.local) return no_route();
            return make_error(ErrorCode::network_unreachable, Reason::no_host, network,
                              source.router
                                  ? tr("no host answers at %s, as the router %s reports", where, router)
                                  : tr("no host answers at %s", where));
        case UdpFailure::prohibited:
            return make_error(ErrorCode::network_unreachable, Reason::prohibited, ruled,
                              source.local ? tr("this machine may not send to %s: a route prohibits it, or "
                                                "the address is a broadcast address",
                                                where)
                              : source.router
                                  ? tr("a firewall rejects packets to %s, as %s reports", where, router)
                                  : tr("a firewall at %s rejects the packets", where));
        case UdpFailure::too_big:
            return narrow_error(lost);
        case UdpFailure::send_failed:
            break;
    }
    return make_error(ErrorCode::udp_send_failed, Reason::send, ruled,
                      tr("the system refused to send a datagram to %s", where));
}

}  // namespace

std::optional<UdpFailure> udp_failure_of(int error) {
    switch (error) {
        case ECONNREFUSED:
            return UdpFailure::refused;
        case EMSGSIZE:
            return UdpFailure::too_big;
        case EHOSTUNREACH:
        case EHOSTDOWN:
            return UdpFailure::host_unreachable;
        case EACCES:
            return UdpFailure::prohibited;
        case ENETUNREACH:
        case ENETDOWN:
        case EADDRNOTAVAIL:  // no source address fits the destination
        case EAFNOSUPPORT:   // an IPv6 destination on a host without IPv6
            return UdpFailure::unreachable;
        default:
            return std::nullopt;
    }
}

std::optional<UdpFailure> udp_failure_of(const sock_extended_err& error) {
    if (is_loop(error)) return UdpFailure::looping;
    if (is_prohibition(error)) return UdpFailure::prohibited;
    return udp_failure_of(static_cast<int>(error.ee_errno));
}

NetworkReport udp_report(const LostDatagram& lost, bool calls) {
    const auto kind = lost.failure == UdpFailure::too_big   ? NetworkReport::Kind::too_big
                      : lost.failure == UdpFailure::refused ? NetworkReport::Kind::refused
                                                            : NetworkReport::Kind::failed;
    return {kind, lost.to, lost.size, error_of(lost, calls)};
}

}  // namespace stt
