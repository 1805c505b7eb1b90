// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/sender_runs.hpp"

#include <utility>

namespace stt {

void SenderRuns::start() {
    stream_.reset();
    instance_ = 0;
    const std::lock_guard lock(mutex_);
    opened_.clear();
    opened_count_ = 0;
}

void SenderRuns::opened(uint64_t instance) {
    const std::lock_guard lock(mutex_);
    opened_[opened_count_++] = instance;
}

/// Forgets the streams before `number` too, as a stream may be replaced before anything of it is read.
uint64_t SenderRuns::take_instance(uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = opened_.find(number);
    const uint64_t instance = found != opened_.end() ? found->second : 0;
    opened_.erase(opened_.begin(), opened_.upper_bound(number));
    return instance;
}

SenderRuns::Next SenderRuns::read(uint64_t number) {
    if (stream_ == number) return Next::same_stream;
    const bool first = !std::exchange(stream_, number);
    const uint64_t previous = std::exchange(instance_, take_instance(number));
    if (first) return Next::first_run;
    return instance_ == previous ? Next::same_run : Next::another_run;
}

}  // namespace stt
