// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/clock_exchange.hpp"

#include <algorithm>

namespace stt {
namespace {

constexpr Duration quick_interval = 20ms, hastened_interval = 100ms, early_interval = 250ms,
                   often_interval = 500ms, interval_max = 1s;
constexpr Duration hastened_for = 2s, early_for = 60s;
constexpr unsigned quick_requests = 3;
/// After a silence this long, the path or either clock may have changed.
constexpr Duration silence = 5s;
/// The limit of requests. It permits a beginning, the requests of a noisy path, and an occasional jump.
constexpr double tokens_start = 260, tokens_max = 60, tokens_per_second = 2;

int64_t nanoseconds(Time time) { return time.time_since_epoch().count(); }

}  // namespace

void ClockRequester::start(Time now) {
    started_ = answered_ = refilled_ = now;
    tokens_ = tokens_start;
    hastened_ = now - hastened_for;
    hasten(now);
}

void ClockRequester::hasten(Time now) {
    // A quick start that is under way is not interrupted by another.
    if (next_ != time_never && now - hastened_ < hastened_for) return;
    hastened_ = now;
    quick_ = quick_requests;
    refill(now);
    next_ = tokens_ >= 1 ? now : std::min(next_, now + interval_max);
}

Duration ClockRequester::interval(Time now) const {
    if (quick_ > 0) return quick_interval;
    if (now - hastened_ < hastened_for) return hastened_interval;
    if (now - started_ < early_for) return early_interval;
    return often_ ? often_interval : interval_max;
}

void ClockRequester::refill(Time now) {
    const double fresh = tokens_per_second * std::chrono::duration<double>(now - refilled_).count();
    if (tokens_ < tokens_max) tokens_ = std::min(tokens_max, tokens_ + fresh);
    refilled_ = now;
}

ClockRequestFrame ClockRequester::make_request(Time now) {
    refill(now);
    tokens_ = std::max(0.0, tokens_ - 1);
    if (quick_ > 0) quick_--;
    next_ = now + (tokens_ >= 1 ? interval(now) : interval_max);
    const uint64_t sequence = sequence_++;
    asked_[sequence % asked_.size()] = {sequence, now, true};
    return {sequence};
}

std::optional<ClockSample> ClockRequester::on_response(Time now, const ClockResponseFrame& response) {
    Asked& asked = asked_[response.sequence % asked_.size()];
    if (!asked.open || asked.sequence != response.sequence) return std::nullopt;
    asked.open = false;
    if (now - std::exchange(answered_, now) > silence) hasten(now);
    return ClockSample{.sent = nanoseconds(asked.sent),
                       .peer_received = static_cast<int64_t>(response.received),
                       .peer_sent = static_cast<int64_t>(response.sent),
                       .received = nanoseconds(now)};
}

// ---

void ClockResponder::on_request(Time now, const ClockRequestFrame& request) {
    if (waiting_.size() < waiting_max && limit_.allow(now)) waiting_.push_back({request.sequence, now});
}

ClockResponseFrame ClockResponder::make_response(Time now) {
    const Waiting next = waiting_.front();
    waiting_.pop_front();
    return {.sequence = next.sequence,
            .received = static_cast<uint64_t>(nanoseconds(next.received)),
            .sent = static_cast<uint64_t>(nanoseconds(now))};
}

}  // namespace stt
