// SPDX-License-Identifier: LGPL-2.1-or-later
/// A bottleneck in virtual time: bulk senders, each with the real Recovery, controller and pacer, share one
/// queue towards receivers with the real AckTracker.
///
/// This is no simulation of tests/sim: its flows have packet numbers and sizes, but no sessions, addresses or
/// bytes. It is therefore fast, and a controller is tested without what the rest of a session adds.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "core/proto/ack_tracker.hpp"
#include "core/proto/recovery.hpp"
#include "tests/lib/bottleneck.hpp"
#include "tests/lib/seeded_random.hpp"

namespace stt::test {

struct LinkConfig {
    double rate = 25e6;  ///< bytes per second
    Duration rtt = 40ms;
    uint64_t queue = 1 << 20;   ///< bytes, the packet in transmission included
    double loss = 0;            ///< of data and of acknowledgements, each
    bool loss_behind = false;   ///< data is lost after the bottleneck instead of before it
    Duration receiver_wakes{};  ///< 0: at every packet; otherwise at multiples of this
    Duration sender_wakes{};    ///< likewise for acknowledgements and timers
    Duration jitter{};          ///< up to this much more, evenly spread: packets overtake each other
    uint32_t datagram = 1472;
    uint64_t seed = 1;
};

class LinkModel;

class Flow {
  public:
    struct Counters {
        uint64_t sent = 0, dropped = 0, received = 0;  // bytes
    };

    Flow(LinkModel& link, CongestionAlgorithm algorithm);

    /// Bytes that the application has to send from now on.
    void offer(uint64_t bytes);
    /// The application has nothing more to send.
    void withdraw() { offered_ = 0; }
    /// Bytes offered that window or pacer hold back.
    uint64_t waiting() const { return offered_; }
    void wake();
    /// What a session does when it hears of the peer again after an outage.
    void path_restored() {
        take_lost(recovery_.on_path_restored(link_now()));
        wake();
    }
    /// What a session does when the peer has moved.
    void path_changed();

    Recovery& recovery() { return recovery_; }
    const Counters& counters() const { return counters_; }

  private:
    friend class LinkModel;

    void send(bool probe);
    void arrive(uint64_t number, uint64_t ack_known);
    void receiver_wake();
    void acknowledge(const std::optional<AckFrame>& ack, const std::optional<NackFrame>& nack);
    /// What is lost is offered again.
    void take_lost(const Recovery::Outcome& outcome);
    void arm();
    Time link_now() const;

    LinkModel& link_;
    CongestionAlgorithm algorithm_;
    Recovery recovery_;
    AckTracker tracker_;
    Counters counters_;
    uint64_t offered_ = 0;
    uint64_t ack_known_ = 0;  // largest number the sender has seen acknowledged
    Time armed_ = time_never;
    Time receiver_armed_ = time_never;
    struct Inbox {
        std::optional<AckFrame> ack;
        std::optional<NackFrame> nack;
    };
    std::vector<std::shared_ptr<Inbox>> inbox_;
};

class LinkModel {
  public:
    explicit LinkModel(const LinkConfig& link) : config(link), random_(link.seed) {}

    /// A flow without end, from now on.
    Flow& add_flow(CongestionAlgorithm algorithm) {
        flows_.push_back(std::make_unique<Flow>(*this, algorithm));
        flows_.back()->recovery().set_max_datagram(config.datagram);
        return *flows_.back();
    }

    void run_for(Duration time) {
        const Time end = now_ + time;
        while (!events_.empty() && events_.top().at <= end) {
            // top() is const, but the event is popped before anything could see that it was moved from.
            Event event = std::move(const_cast<Event&>(events_.top()));
            events_.pop();
            now_ = event.at;
            event.act();
        }
        now_ = end;
    }

    /// Forgets the measurements, not the state.
    void start_measuring() {
        delays_.clear();
        measured_from_ = now_;
        for (auto& flow : flows_) flow->counters_ = {};
    }
    double elapsed() const { return std::chrono::duration<double>(now_ - measured_from_).count(); }
    double utilisation() const {
        double received = 0;
        for (auto& flow : flows_) received += static_cast<double>(flow->counters_.received);
        return received / (config.rate * elapsed());
    }
    /// Share of bytes sent that the full queue dropped.
    double dropped() const {
        double sent = 1, dropped = 0;
        for (auto& flow : flows_) {
            sent += static_cast<double>(flow->counters_.sent);
            dropped += static_cast<double>(flow->counters_.dropped);
        }
        return dropped / sent;
    }
    /// Of the time that packets waited in the queue.
    Duration queue_delay(double quantile) {
        if (delays_.empty()) return {};
        const auto at =
            delays_.begin() + static_cast<std::ptrdiff_t>(quantile * static_cast<double>(delays_.size() - 1));
        std::nth_element(delays_.begin(), at, delays_.end());
        return *at;
    }

    Time now() const { return now_; }
    void at(Time when, std::function<void()> act) {
        events_.push({std::max(when, now_), sequence_++, std::move(act)});
    }
    /// The next moment at which a side that wakes in steps of `step` does, from `when` on.
    static Time next_wake(Time when, Duration step) {
        if (step == Duration::zero() || when == time_never) return when;
        const Duration since = when.time_since_epoch();
        return Time((since + step - Duration(1)) / step * step);
    }

    LinkConfig config;
    bool blackout = false;

  private:
    friend class Flow;

    void transmit(Flow& flow, uint64_t number, uint32_t size, uint64_t ack_known) {
        flow.counters_.sent += size;
        if (blackout || (!config.loss_behind && random_.chance(config.loss))) return;
        const Duration wait = line_.wait(now_);
        const auto carried = line_.carry(now_, size, config.rate, static_cast<double>(config.queue));
        if (!carried) {
            flow.counters_.dropped += size;
            return;
        }
        delays_.push_back(wait);
        if (config.loss_behind && random_.chance(config.loss)) return;
        Time arrival = *carried + config.rtt / 2;
        if (config.jitter > Duration::zero())
            arrival += Duration(
                static_cast<Duration::rep>(random_.below(static_cast<uint64_t>(config.jitter.count()) + 1)));
        at(arrival, [&flow, number, size, ack_known] {
            flow.counters_.received += size;
            flow.arrive(number, ack_known);
        });
    }

    struct Event {
        Time at;
        uint64_t sequence;
        std::function<void()> act;
        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : sequence > other.sequence;
        }
    };

    SeededRandom random_;
    Time now_{Duration(1s)};
    Time measured_from_ = now_;
    Bottleneck line_;
    uint64_t sequence_ = 0;
    std::priority_queue<Event> events_;
    std::vector<std::unique_ptr<Flow>> flows_;
    std::vector<Duration> delays_;
};

inline Flow::Flow(LinkModel& link, CongestionAlgorithm algorithm)
    : link_(link),
      algorithm_(algorithm),
      recovery_(make_congestion_controller(algorithm, link.config.datagram)) {
    recovery_.set_peer_ack_delay(AckTracker::ack_delay_max);
}

inline void Flow::path_changed() {
    take_lost(recovery_.retire(link_.now()));
    Recovery next(make_congestion_controller(algorithm_, link_.config.datagram));
    next.set_max_datagram(link_.config.datagram);
    next.set_peer_ack_delay(AckTracker::ack_delay_max);
    next.begin(link_.now(), recovery_.next_number());
    recovery_ = std::move(next);
    wake();
}

inline Time Flow::link_now() const { return link_.now(); }

inline void Flow::offer(uint64_t bytes) {
    offered_ += bytes;
    wake();
}

inline void Flow::send(bool probe) {
    SentPacket packet;
    packet.number = recovery_.next_number();
    packet.size = link_.config.datagram;
    packet.ack_eliciting = true;
    const uint64_t number = packet.number;
    recovery_.on_sent(link_.now(), std::move(packet));
    if (!probe) offered_ -= std::min<uint64_t>(offered_, link_.config.datagram);
    link_.transmit(*this, number, link_.config.datagram, ack_known_);
}

inline void Flow::wake() {
    const Time now = link_.now();
    for (const auto& mail : inbox_) {
        if (mail->nack) take_lost(recovery_.on_nack(now, *mail->nack));
        if (!mail->ack) continue;
        take_lost(*recovery_.on_ack(now, *mail->ack));
        ack_known_ = std::max(ack_known_, mail->ack->ranges.range[0].last);
    }
    inbox_.clear();
    if (now >= recovery_.next_timeout()) {
        const Recovery::Outcome& outcome = recovery_.on_timeout(now);
        take_lost(outcome);
        if (outcome.probe_due) send(true);
    }
    while (offered_ > 0 && recovery_.may_send(now)) send(false);
    recovery_.set_app_limited(offered_ == 0);
    arm();
}

inline void Flow::take_lost(const Recovery::Outcome& outcome) {
    for (const SentPacket& packet : outcome.lost) offered_ += packet.size;
}

inline void Flow::arm() {
    Time next = recovery_.next_timeout();
    if (offered_ > 0) next = std::min(next, recovery_.next_send_time(link_.now()));
    next = LinkModel::next_wake(next, link_.config.sender_wakes);
    if (next == time_never || (armed_ > link_.now() && armed_ <= next)) return;
    armed_ = next;
    link_.at(next, [this, next] {
        if (armed_ == next) armed_ = time_never;
        wake();
    });
}

inline void Flow::arrive(uint64_t number, uint64_t ack_known) {
    tracker_.set_rtt(link_.config.rtt);
    tracker_.on_packet(link_.now(), number, true);
    // Stands for the acknowledgement of our ACK frames, which the model does not number.
    if (ack_known > 0) tracker_.on_ack_frame_acked(ack_known);
    const Time wake = LinkModel::next_wake(link_.now(), link_.config.receiver_wakes);
    if (wake == link_.now()) return receiver_wake();
    if (receiver_armed_ == wake) return;
    receiver_armed_ = wake;
    link_.at(wake, [this] { receiver_wake(); });
}

inline void Flow::receiver_wake() {
    const Time now = link_.now();
    if (!tracker_.ack_due(now)) {
        const Time timeout = LinkModel::next_wake(tracker_.next_timeout(), link_.config.receiver_wakes);
        if (timeout != time_never && receiver_armed_ != timeout) {
            receiver_armed_ = timeout;
            link_.at(timeout, [this] { receiver_wake(); });
        }
        return;
    }
    acknowledge(tracker_.make_ack(now), tracker_.make_nack(now));
}

inline void Flow::acknowledge(const std::optional<AckFrame>& ack, const std::optional<NackFrame>& nack) {
    if (link_.blackout || link_.random_.chance(link_.config.loss)) return;
    auto mail = std::make_shared<Inbox>(Inbox{ack, nack});
    const Time arrival = link_.now() + link_.config.rtt / 2;
    link_.at(LinkModel::next_wake(arrival, link_.config.sender_wakes), [this, mail] {
        inbox_.push_back(mail);
        wake();
    });
}

}  // namespace stt::test
