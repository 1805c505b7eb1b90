// SPDX-License-Identifier: LGPL-2.1-or-later
// The clock of the node that a receiver's media come from.
#include "core/io/link_impl.hpp"

namespace stt {

std::shared_ptr<PeerClock> Link::peer_clock() const {
    const std::lock_guard lock(impl_->clock_mutex);
    return impl_->clock;
}

void Link::Impl::know_clock(Now now) {
    if (is_sender()) return;
    auto known = PeerClocks::process().get(info.peer_node, now.time);
    const std::lock_guard lock(clock_mutex);
    clock = std::move(known);
}

void Link::Impl::on_clock_measured(Now now, const ClockSample& sample) {
    Session* const from = current();
    if (!clock || !from) return;
    if (clock->add(sample)) from->hasten_clock(now.time);
    const auto line = clock->line();
    from->ask_clock_often(line && line->noisy());
}

}  // namespace stt
