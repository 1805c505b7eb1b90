// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/network_report.hpp"

#include <string>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

Error network_error(NetworkReport report, const Address& peer, bool caller, const ReportSource& source) {
    const std::string peer_text = peer.to_string();
    const char* const where = peer_text.c_str();
    const std::string router_text = source.router ? source.router->ip_string() : "";
    const char* const router = router_text.c_str();
    constexpr ErrorOrigin network = ErrorOrigin::network;
    const ErrorOrigin ruled = source.local ? ErrorOrigin::local : network;
    const auto no_route = [where] {
        return make_error(ErrorCode::network_unreachable, Reason::no_route, ErrorOrigin::local,
                          tr("this machine has no route to %s", where));
    };
    switch (report) {
        case NetworkReport::refused:
            return make_error(ErrorCode::connection_refused, Reason::port_closed, network,
                              caller ? tr("nothing listens on %s", where)
                                     : tr("the caller has stopped: its port %s is closed", where));
        case NetworkReport::unreachable:
            if (!source.local)
                return make_error(
                    ErrorCode::network_unreachable, Reason::no_route_there, network,
                    source.router
                        ? tr("the router %s reports that there is no route to %s", router, where)
                        : tr("the host or its firewall reports that there is no route to %s", where));
            return no_route();
        case NetworkReport::looping:
            return make_error(
                ErrorCode::network_unreachable, Reason::no_route_there, network,
                source.router
                    ? tr("packets to %s are in a routing loop: they reach their hop limit at the router %s",
                         where, router)
                    : tr("packets to %s reach their hop limit on the path", where));
        case NetworkReport::host_unreachable:
            if (source.local) return no_route();
            return make_error(ErrorCode::network_unreachable, Reason::no_host, network,
                              source.router
                                  ? tr("no host answers at %s, as the router %s reports", where, router)
                                  : tr("no host answers at %s", where));
        case NetworkReport::prohibited:
            return make_error(ErrorCode::network_unreachable, Reason::prohibited, ruled,
                              source.local ? tr("this machine may not send to %s: a route prohibits it, or "
                                                "the address is a broadcast address",
                                                where)
                              : source.router
                                  ? tr("a firewall rejects packets to %s, as %s reports", where, router)
                                  : tr("a firewall at %s rejects the packets", where));
        case NetworkReport::too_big:
        case NetworkReport::send_failed:
            break;
    }
    return make_error(ErrorCode::udp_send_failed, Reason::send, ruled,
                      tr("the system refused to send a datagram to %s", where));
}

Error no_answer_error(NoAnswer what, const Address& peer) {
    const std::string peer_text = peer.to_string();
    const char* const who = peer_text.c_str();
    const auto refused = [](Reason reason, ErrorOrigin origin, std::string text) {
        return make_error(ErrorCode::connection_refused, reason, origin, std::move(text));
    };
    switch (what) {
        case NoAnswer::own:
            return refused(Reason::self_call, ErrorOrigin::local,
                           tr("%s is this element's own port: the element calls itself", who));
        case NoAnswer::hello:
            return refused(Reason::both_call, ErrorOrigin::peer,
                           tr("%s calls as well: one of the two ends has to listen", who));
        case NoAnswer::echo:
            return refused(Reason::echo, ErrorOrigin::peer, tr("%s sends back what it receives", who));
        case NoAnswer::foreign:
        case NoAnswer::unreadable:
            break;
    }
    return refused(Reason::other_protocol, ErrorOrigin::peer,
                   tr("%s answers, but not in this protocol: another program uses the port", who));
}

bool ReportLimit::allow(Time now, NetworkReport report, bool local) {
    Time& next = next_[static_cast<size_t>(report) + (local ? reports : 0)];
    if (now < next) return false;
    next = now + interval;
    return true;
}

bool ReportLimit::allow_unknown(Time now) {
    if (now < next_unknown_) return false;
    next_unknown_ = now + interval;
    return true;
}

}  // namespace stt
