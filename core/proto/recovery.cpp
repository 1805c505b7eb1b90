// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/recovery.hpp"

#include <algorithm>
#include <cassert>

namespace stt {

namespace {

// Above this threshold the time threshold decides anyway. It limits the scan for losses.
constexpr uint64_t packet_threshold_max = 4096;
constexpr Duration probe_timeout_max = 60s;
// The number of packets over which the typical round trip is averaged.
constexpr int typical_rtt_packets = 16;
// After this many round trips without a spurious loss, the learned reordering tolerance is halved.
constexpr int reordering_memory = 32;
constexpr unsigned persistent_congestion_threshold = 3;  // RFC 9002, section 7.6.1
// The number of round trips for which a lost packet is remembered.
constexpr int lost_retention = 3;

}  // namespace

Recovery::Snapshot::Snapshot(const SentPacket& packet)
    : number(packet.number),
      sent(packet.sent),
      delivered_time(packet.delivered_time),
      first_sent_time(packet.first_sent_time),
      delivered(packet.delivered),
      lost_total(packet.lost_total),
      in_flight(packet.in_flight),
      app_limited(packet.app_limited),
      was_lost(packet.state == PacketState::lost) {}

Recovery::Step::Step(Recovery& recovery, Time at)
    : now(at),
      outcome(recovery.outcome_),
      prior_in_flight(recovery.in_flight_),
      prior_delivered(recovery.delivered_),
      prior_lost(recovery.counters_.bytes_lost) {
    outcome.acked.clear();
    outcome.lost.clear();
    outcome.probe_due = false;
}

// The first packet finds the bucket full, whenever it leaves.
Recovery::Recovery(std::unique_ptr<CongestionController> controller) : controller_(std::move(controller)) {
    update_pacer(Time{});
}

void Recovery::set_pacing_ceiling(double bytes_per_second) {
    pacing_ceiling_ = bytes_per_second;
    update_pacer(Time{});
}

void Recovery::begin(Time now, uint64_t first) {
    assert(phase_ == Phase::active && packets_.empty() && next_number_ == 0);
    next_number_ = first;
    controller_->on_path_change(now);
    update_pacer(now);
}

void Recovery::on_sent(Time now, SentPacket packet) {
    assert(phase_ == Phase::active && packet.number == next_number_);
    drop_settled(now);
    next_number_ = packet.number + 1;
    counters_.packets_sent++;
    counters_.bytes_sent += packet.size;
    packet.sent = now;
    packet.state = PacketState::in_flight;
    if (packet.ack_eliciting) {
        if (eliciting_in_flight_ == 0) first_sent_time_ = delivered_time_ = now;
        last_eliciting_sent_ = now;
        eliciting_in_flight_++;
        in_flight_ += packet.size;
        pacer_.on_sent(now, packet.size);
    }
    packet.delivered = delivered_;
    packet.lost_total = counters_.bytes_lost;
    packet.in_flight = in_flight_;
    packet.delivered_time = delivered_time_;
    packet.first_sent_time = first_sent_time_;
    packet.app_limited = app_limited_until_ != 0;
    const bool eliciting = packet.ack_eliciting;
    const uint64_t size = packet.size;
    packets_.push(std::move(packet));
    if (!eliciting) return;
    controller_->on_sent(now, size, in_flight_);
    update_pacer(now);
}

void Recovery::set_batched(uint64_t first) {
    assert(first >= packets_.first() && first < packets_.end());
    for (uint64_t n = first; n < packets_.end(); n++) packets_[n].batched = true;
}

void Recovery::set_app_limited(bool limited) {
    if (limited && in_flight_ + max_datagram_ <= window())
        app_limited_until_ = std::max<uint64_t>(delivered_ + in_flight_, 1);
}

bool Recovery::settle_late(Step& step, const PacketRange& range) {
    const auto by_number = [](const SentPacket& p, uint64_t n) { return p.number < n; };
    const auto from = std::lower_bound(lost_.begin(), lost_.end(), range.first, by_number);
    const auto to = std::lower_bound(from, lost_.end(), range.last + 1, by_number);
    if (from == to) return false;
    for (auto it = from; it != to; ++it) settle_acked(step, *it);
    lost_.erase(from, to);
    return true;
}

const Recovery::Outcome& Recovery::on_late_ack(Time now, const AckFrame& ack) {
    assert(phase_ == Phase::retired);
    Step step(*this, now);
    for (const PacketRange& range : ack.ranges.list()) settle_late(step, range);
    return step.outcome;
}

const Recovery::Outcome* Recovery::on_ack(Time now, const AckFrame& ack) {
    assert(phase_ == Phase::active);
    const auto ranges = ack.ranges.list();
    if (ranges.empty() || ranges.front().last >= next_number_) return nullptr;
    const uint64_t largest = ranges.front().last;

    Step step(*this, now);
    bool any = false;
    for (const PacketRange& range : ranges) {
        if (!packets_.empty() && range.last >= packets_.first()) {
            const uint64_t first = std::max(range.first, packets_.first());
            const uint64_t end = std::min(range.last + 1, packets_.end());
            for (uint64_t n = first; n < end; n++) {
                if (packets_[n].state != PacketState::in_flight) continue;
                any = true;
                settle_acked(step, packets_[n]);
            }
        }
        if (settle_late(step, range)) any = true;
    }
    if (!any) return &step.outcome;

    largest_acked_ = any_acked_ ? std::max(largest_acked_, largest) : largest;
    any_acked_ = true;
    probe_count_ = 0;
    // Only the delay of the largest number is known (RFC 9002, section 5.1). A packet that was declared lost
    // in an outage may have waited in it.
    const auto& newest = step.newest_acked;
    if (newest && newest->number == largest && !newest->was_lost) {
        const Duration delay = std::min<Duration>(
            std::chrono::microseconds(std::min<uint64_t>(ack.delay_us, 1u << 30)), peer_ack_delay_);
        step.ack_delay = reordered() ? Duration::zero() : delay;
        rtt_.sample(round_trip_of(*newest, now), step.ack_delay);
        if (first_rtt_sample_ == time_never) first_rtt_sample_ = now;
    }
    forget_reordering(now);
    detect_losses(step);
    finish(step);
    return &step.outcome;
}

// On a path that reorders, the highest acknowledged number usually belongs to a packet that overtook others.
// Its round trip would be the shortest and would not be representative.
Duration Recovery::round_trip_of(const Snapshot& newest, Time now) const {
    return std::max<Duration>(reordered() ? typical_rtt_ : now - newest.sent, 1ns);
}

void Recovery::forget_reordering(Time now) {
    if (!reordered() || now - last_spurious_ < reordering_memory * rtt_.smoothed()) return;
    last_spurious_ = now;
    packet_threshold_ = std::max(packet_threshold_initial, packet_threshold_ / 2);
    reordering_window_ =
        reordering_window_ > RttEstimator::granularity ? reordering_window_ / 2 : Duration::zero();
}

void Recovery::settle_acked(Step& step, SentPacket& packet) {
    if (packet.ack_eliciting) {
        const bool was_lost = packet.state == PacketState::lost;
        if (!was_lost) {
            assert(in_flight_ >= packet.size && eliciting_in_flight_ > 0);
            in_flight_ -= packet.size;
            eliciting_in_flight_--;
        } else if (packet.lost_by_reordering) {
            note_spurious_loss(step.now, packet);
        }
        // A packet that was delayed by an outage, or was carried by another path, gives no information about
        // the rate of this path.
        if (!was_lost || packet.lost_by_reordering) {
            delivered_ += packet.size;
            delivered_time_ = step.now;
            if (!step.newest_acked || packet.number > step.newest_acked->number)
                step.newest_acked.emplace(packet);
            const Duration rtt = step.now - packet.sent;
            typical_rtt_ +=
                typical_rtt_ == Duration::zero() ? rtt : (rtt - typical_rtt_) / typical_rtt_packets;
        }
    }
    step.outcome.acked.push_back(std::move(packet));
    packet.state = PacketState::acked;
}

void Recovery::note_spurious_loss(Time now, const SentPacket& packet) {
    counters_.packets_spurious++;
    last_spurious_ = now;
    if (largest_acked_ > packet.number)
        packet_threshold_ =
            std::clamp(largest_acked_ - packet.number + 1, packet_threshold_, packet_threshold_max);
    // Waiting longer than one more round trip is useless, because a retransmission would have arrived by
    // then.
    const Duration late = now - packet.sent - rtt_.smoothed();
    reordering_window_ = std::max(reordering_window_, std::min(late, rtt_.smoothed()));
}

void Recovery::finish(const Step& step) {
    AckSample sample;
    sample.now = step.now;
    sample.acked_bytes = delivered_ - step.prior_delivered;
    sample.lost_bytes = counters_.bytes_lost - step.prior_lost;
    sample.in_flight = in_flight_;
    sample.prior_in_flight = step.prior_in_flight;
    sample.delivered_total = delivered_;
    sample.lost_total = counters_.bytes_lost;
    if (step.oldest_lost) {
        sample.lost_delivered = step.oldest_lost->delivered;
        sample.lost_sent_in_flight = step.oldest_lost->in_flight;
    }
    if (const auto& newest = step.newest_acked) {
        sample.prior_delivered = newest->delivered;
        sample.newest_sent_in_flight = newest->in_flight;
        sample.newest_lost_total = newest->lost_total;
        sample.rate_app_limited = newest->app_limited;
        if (!newest->was_lost) {
            sample.rtt = round_trip_of(*newest, step.now);
            sample.ack_delay = step.ack_delay;
            sample.reordered = reordered();
            // Neither a burst of packets nor a burst of acknowledgements may look like bandwidth, so the
            // slower of the two counts. An interval below a round trip is an artefact.
            const Duration interval =
                std::max(newest->sent - newest->first_sent_time, step.now - newest->delivered_time);
            if (interval >= rtt_.minimum() && interval > Duration::zero())
                sample.delivery_rate = static_cast<double>(delivered_ - newest->delivered) /
                                       std::chrono::duration<double>(interval).count();
            first_sent_time_ = newest->sent;
        }
        if (delivered_ > app_limited_until_) app_limited_until_ = 0;
    }
    if (sample.acked_bytes > 0 || sample.lost_bytes > 0) controller_->on_ack(sample, rtt_);
    if (step.persistent_congestion) controller_->on_persistent_congestion(step.now);
    update_pacer(step.now);
    update_flight_limit(step, sample);
    drop_settled(step.now);
}

void Recovery::update_flight_limit(const Step& step, const AckSample& sample) {
    flight_limit_.on_step({.acked = sample.acked_bytes,
                           .lost = sample.lost_bytes,
                           .any_acked = step.newest_acked.has_value(),
                           .newest = step.newest_acked ? step.newest_acked->number : 0,
                           .next = next_number_,
                           .window = controller_->window(),
                           .max_datagram = max_datagram_});
}

Duration Recovery::loss_delay() const {
    const Duration longest = std::max(rtt_.smoothed(), rtt_.latest());
    return std::max<Duration>(longest + std::max(longest / 8, reordering_window_), RttEstimator::granularity);
}

void Recovery::detect_losses(Step& step) {
    loss_time_ = time_never;
    if (!any_acked_ || packets_.empty()) return;
    const Duration delay = loss_delay();
    const Duration persistent_span = persistent_congestion_threshold * probe_timeout();
    Time run_start = time_never;  // of consecutive losses, after the first RTT sample
    const uint64_t end = std::min(largest_acked_, packets_.end());
    for (uint64_t n = packets_.first(); n < end; n++) {
        SentPacket& packet = packets_[n];
        if (packet.state == PacketState::acked) run_start = time_never;
        if (packet.state != PacketState::in_flight) continue;
        if (largest_acked_ - n >= packet_threshold_ || step.now >= packet.sent + delay) {
            if (packet.ack_eliciting && packet.sent >= first_rtt_sample_) {
                if (run_start == time_never) run_start = packet.sent;
                step.persistent_congestion |= packet.sent - run_start > persistent_span;
            }
            declare_lost(step, packet, true);
        } else {
            run_start = time_never;
            if (packet.ack_eliciting) loss_time_ = std::min(loss_time_, packet.sent + delay);
        }
    }
}

void Recovery::declare_lost(Step& step, SentPacket& packet, bool by_reordering) {
    if (!packet.ack_eliciting) {
        packet.state = PacketState::gone;
        return;
    }
    assert(in_flight_ >= packet.size && eliciting_in_flight_ > 0);
    in_flight_ -= packet.size;
    eliciting_in_flight_--;
    packet.state = PacketState::lost;
    packet.lost_at = step.now;
    packet.lost_by_reordering = by_reordering && !packet.mtu_probe;
    if (!packet.mtu_probe) {
        counters_.packets_lost++;
        counters_.bytes_lost += packet.size;
        if (!step.oldest_lost || packet.number < step.oldest_lost->number) step.oldest_lost.emplace(packet);
    }
    step.outcome.lost.push_back(packet);
    const auto at = std::upper_bound(lost_.begin(), lost_.end(), packet.number,
                                     [](uint64_t n, const SentPacket& p) { return n < p.number; });
    lost_.insert(at, packet);
}

const Recovery::Outcome& Recovery::on_nack(Time now, const NackFrame& nack) {
    Step step(*this, now);
    for (const PacketRange& range : nack.ranges.list()) {
        if (packets_.empty() || range.last < packets_.first()) continue;
        const uint64_t first = std::max(range.first, packets_.first());
        const uint64_t end = std::min(range.last + 1, packets_.end());
        for (uint64_t n = first; n < end; n++) {
            SentPacket& packet = packets_[n];
            if (packet.state != PacketState::in_flight) continue;
            if (reordering_window_ > Duration::zero() &&
                now < packet.sent + rtt_.smoothed() + reordering_window_)
                continue;
            declare_lost(step, packet, true);
        }
    }
    detect_losses(step);  // sets the loss timer again
    finish(step);
    return step.outcome;
}

const Recovery::Outcome& Recovery::on_timeout(Time now) {
    assert(now >= next_timeout());
    Step step(*this, now);
    if (loss_time_ != time_never) {
        detect_losses(step);
        finish(step);
    } else {
        probe_count_++;
        counters_.probes++;
        step.outcome.probe_due = true;
    }
    return step.outcome;
}

Time Recovery::next_timeout() const {
    if (loss_time_ != time_never) return loss_time_;
    if (eliciting_in_flight_ == 0) return time_never;
    return last_eliciting_sent_ + backed_off_timeout();
}

Duration Recovery::backed_off_timeout() const {
    Duration timeout = probe_timeout();
    for (unsigned i = 0; i < probe_count_ && timeout < probe_timeout_max; i++) timeout *= 2;
    return std::min(timeout, probe_timeout_max);
}

void Recovery::declare_all_lost(Step& step) {
    for (uint64_t n = packets_.first(); n < packets_.end(); n++)
        if (packets_[n].state == PacketState::in_flight) declare_lost(step, packets_[n], false);
    assert(in_flight_ == 0 && eliciting_in_flight_ == 0);
    loss_time_ = time_never;
    probe_count_ = 0;
}

const Recovery::Outcome& Recovery::on_path_restored(Time now) {
    Step step(*this, now);
    declare_all_lost(step);
    flight_limit_.reset();
    controller_->on_persistent_congestion(now);
    update_pacer(now);
    drop_settled(now);
    return step.outcome;
}

const Recovery::Outcome& Recovery::retire(Time now) {
    Step step(*this, now);
    declare_all_lost(step);
    phase_ = Phase::retired;
    return step.outcome;
}

Time Recovery::next_send_time(Time now) const {
    if (in_flight_ > 0 && in_flight_ + max_datagram_ > window()) return time_never;
    return pacer_.next_ready(now);
}

void Recovery::set_max_datagram(uint64_t bytes) {
    max_datagram_ = bytes;
    controller_->on_mtu(bytes);
}

void Recovery::drop_settled(Time now) {
    const Duration retention = lost_retention * std::max(rtt_.smoothed(), rtt_.latest());
    // The peer acknowledges packets that are not ack-eliciting only together with others, or never.
    while (!packets_.empty() &&
           (packets_.front().state != PacketState::in_flight ||
            (!packets_.front().ack_eliciting && now - packets_.front().sent > retention)))
        packets_.pop();
    while (!lost_.empty() && now - lost_.front().lost_at > retention) lost_.pop_front();
}

const SentPacket* Recovery::oldest_in_flight() const {
    for (uint64_t number = packets_.first(); number != packets_.end(); number++)
        if (packets_[number].ack_eliciting && packets_[number].state == PacketState::in_flight)
            return &packets_[number];
    return nullptr;
}

}  // namespace stt
