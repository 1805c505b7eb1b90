// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/network.hpp"

#include <algorithm>

namespace stt::sim {

namespace {

/// IPv4 and UDP headers, which the rate counts but a datagram's size does not.
constexpr size_t ip_udp_header = 28;

Duration seconds(double value) { return Duration(static_cast<Duration::rep>(value * 1e9)); }

}  // namespace

uint64_t SeededRandom::next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void SeededRandom::fill(MutableBytes out) {
    while (!out.empty()) {
        const uint64_t value = next();
        const size_t size = std::min(out.size(), sizeof value);
        std::memcpy(out.data(), &value, size);
        out = out.subspan(size);
    }
}

Network::Network(uint64_t seed, const LinkConfig& forward, const LinkConfig& backward) : random_(seed) {
    links_[0].config = forward;
    links_[1].config = backward;
    address_[0] = Address::v4({192, 0, 2, 1}, 40000);
    address_[1] = Address::v4({198, 51, 100, 1}, 7600);
}

void Network::rebind() { address_[index(Side::caller)].port++; }

uint64_t Network::bytes_elsewhere(const Address& to) const {
    const auto it = elsewhere_.find(to);
    return it == elsewhere_.end() ? 0 : it->second;
}

Network::Sent Network::send(Time now, Side from, const Address& to, Bytes bytes) {
    Link& link = links_[index(from)];
    link.counters.datagrams++;
    link.counters.bytes += bytes.size();
    if (to != address(other(from))) {
        elsewhere_[to] += bytes.size();
        return Sent::taken;
    }
    if (bytes.size() > link.config.mtu) {
        link.counters.dropped++;
        return link.config.report_too_big ? Sent::too_big : Sent::taken;
    }
    std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
    if (tap && !tap(from, now, datagram)) return Sent::taken;

    Time departure = now;
    if (link.config.rate > 0) {
        Time& busy_until = (link.config.line ? *link.config.line : link.line).busy_until;
        const double size = static_cast<double>(datagram.size() + ip_udp_header);
        const double waiting = std::chrono::duration<double>(busy_until - now).count();
        const double queued = std::max(0.0, waiting * link.config.rate);
        if (queued + size > static_cast<double>(link.config.queue)) {
            link.counters.dropped++;
            return Sent::taken;
        }
        link.counters.queue_peak = std::max(link.counters.queue_peak, static_cast<uint64_t>(queued + size));
        busy_until = std::max(now, busy_until) + seconds(size / link.config.rate);
        if (!link.config.polices) departure = busy_until;
    }
    Arrival arrival{.at = {}, .to = other(from), .from = address(from), .datagram = std::move(datagram)};
    if (random_.chance(link.config.duplication)) pass(link, departure, arrival);
    pass(link, departure, std::move(arrival));
    return Sent::taken;
}

bool Network::lost(Link& link, Time departure) {
    if (link.config.burst.enter > 0)
        link.bad =
            link.bad ? !random_.chance(link.config.burst.leave) : random_.chance(link.config.burst.enter);
    const bool unlucky = random_.chance(link.config.loss);
    return link.bad || unlucky ||
           std::any_of(link.config.blackouts.begin(), link.config.blackouts.end(),
                       [&](const Interval& dark) { return departure >= dark.begin && departure < dark.end; });
}

void Network::corrupt(std::vector<uint8_t>& datagram) {
    if (datagram.empty()) return;
    for (uint64_t flips = 1 + random_.below(8); flips > 0; flips--) {
        const uint64_t bit = random_.below(8 * datagram.size());
        datagram[static_cast<size_t>(bit / 8)] ^= static_cast<uint8_t>(1u << (bit % 8));
    }
}

void Network::pass(Link& link, Time departure, Arrival arrival) {
    if (lost(link, departure)) {
        link.counters.dropped++;
        return;
    }
    if (random_.chance(link.config.corruption)) corrupt(arrival.datagram);
    if (random_.chance(link.config.overtaking)) {
        arrival.at = departure;
        inject(std::move(arrival));
        return;
    }
    arrival.at = departure + link.config.latency +
                 seconds(random_.fraction() * std::chrono::duration<double>(link.config.jitter).count());
    if (random_.chance(link.config.reordering)) {
        arrival.at +=
            seconds(random_.fraction() * std::chrono::duration<double>(link.config.reordering_delay).count());
    } else {
        // One nanosecond apart, so that those that keep their turn also leave the heap in turn.
        arrival.at = std::max(arrival.at, link.last_arrival + 1ns);
        link.last_arrival = arrival.at;
    }
    inject(std::move(arrival));
}

void Network::inject(Arrival arrival) { arrivals_.push(std::move(arrival)); }

std::optional<Arrival> Network::take(Time now) {
    if (arrivals_.empty() || arrivals_.top().at > now) return std::nullopt;
    // The queue gives only const access to its top; it is removed right away.
    Arrival arrival = std::move(const_cast<Arrival&>(arrivals_.top()));
    arrivals_.pop();
    links_[index(other(arrival.to))].counters.arrived += arrival.datagram.size();
    return arrival;
}

}  // namespace stt::sim
