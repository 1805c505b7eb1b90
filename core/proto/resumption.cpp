// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/resumption.hpp"

#include <utility>

namespace stt {

void Resumption::take_over(SessionHandle earlier, std::optional<ResumeTicket> used) {
    taken_over_ = earlier;
    used_ = std::move(used);
}

const ResumeTicket* Resumption::ticket(const SessionName& name) const {
    for (const auto* ticket : {&ticket_, &used_})
        if (*ticket && (*ticket)->session == name) return &**ticket;
    return nullptr;
}

void Resumption::abandon() {
    ticket_.reset();
    used_.reset();
    until_ = time_never;
}

}  // namespace stt
