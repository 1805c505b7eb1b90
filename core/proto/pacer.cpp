// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/pacer.hpp"

#include <algorithm>

namespace stt {

namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

void Pacer::set_rate(Time now, double rate, double ceiling) {
    if (ceiling > 0) rate = rate > 0 ? std::min(rate, ceiling) : ceiling;
    if (rate == rate_) return;
    refill(now);
    rate_ = rate;
    tokens_ = std::min(tokens_, burst());
}

void Pacer::on_sent(Time now, uint64_t bytes) {
    if (rate_ <= 0) return;
    refill(now);
    if (tokens_ >= batch()) collecting_ = false;
    tokens_ -= static_cast<double>(bytes);
    if (tokens_ <= 0) collecting_ = true;
}

Time Pacer::next_ready(Time now) const {
    if (ready(now)) return now;
    const double wait = std::min((batch() - tokens_) / rate_, seconds(now - refilled_ + wait_max));
    // Rounded up, because a caller woken a nanosecond early would only have to wait again.
    return refilled_ + Duration(static_cast<int64_t>(wait * 1e9) + 1);
}

double Pacer::burst() const { return std::max<double>(burst_min, rate_ * seconds(burst_time)); }

double Pacer::batch() const { return rate_ * seconds(batch_time); }

double Pacer::tokens_at(Time now) const {
    if (now <= refilled_) return tokens_;
    return rate_ > 0 ? std::min(tokens_ + rate_ * seconds(now - refilled_), burst()) : burst();
}

void Pacer::refill(Time now) {
    tokens_ = tokens_at(now);
    refilled_ = std::max(refilled_, now);
}

}  // namespace stt
