// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/reached_hosts.hpp"

#include <utility>

namespace stt {

ReachedHosts& ReachedHosts::process() {
    static auto* const process = new ReachedHosts;  // not destroyed, as links may outlive static objects
    return *process;
}

std::shared_ptr<const void> ReachedHosts::watch(Watcher watcher) {
    auto shared = std::make_shared<const Watcher>(std::move(watcher));
    const std::lock_guard lock(mutex_);
    std::erase_if(watchers_, [](const auto& weak) { return weak.expired(); });
    watchers_.push_back(shared);
    return shared;
}

void ReachedHosts::announce(const Address& peer) {
    std::vector<std::shared_ptr<const Watcher>> present;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& weak : watchers_) {
            if (auto watcher = weak.lock()) present.push_back(std::move(watcher));
        }
    }
    for (const auto& watcher : present) (*watcher)(peer);
}

}  // namespace stt
