// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/network_report.hpp"

#include <string>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

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

bool ReportLimit::allow(Time now, const Error& error) {
    Allowed* free = nullptr;
    for (Allowed& allowed : allowed_) {
        if (allowed.until <= now)
            free = &allowed;
        else if (allowed.is_of(error))
            return false;
    }
    if (!free) return false;
    *free = {error.code, error.reason, error.origin, now + interval};
    return true;
}

bool ReportLimit::allow_unknown(Time now) {
    if (now < next_unknown_) return false;
    next_unknown_ = now + interval;
    return true;
}

}  // namespace stt
