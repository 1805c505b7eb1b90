// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/network.hpp"

#include <algorithm>
#include <cassert>

namespace stt::sim {

namespace {

/// IPv4 and UDP headers, which the rate counts but a datagram's size does not.
constexpr size_t ip_udp_header = 28;

/// What a hash of a datagram is made of: its header, which holds a checksum of all of it.
constexpr size_t traced_bytes = 24;

Duration seconds(double value) { return Duration(static_cast<Duration::rep>(value * 1e9)); }

}  // namespace

uint64_t Host::bytes_arrived() const {
    uint64_t sum = 0;
    for (const auto& [to, link] : links_) sum += link->counters.arrived;
    return sum;
}

Host& Network::join(const Address& address) {
    assert(!at(address));
    hosts_.push_back(std::make_unique<Host>());
    hosts_.back()->address_ = address;
    return *hosts_.back();
}

void Network::rebind(Host& host) {
    host.address_.port++;
    assert(at(host.address_) == &host);
}

Link& Network::link(Host& from, Host& to) {
    std::unique_ptr<Link>& link = from.links_[&to];
    if (!link) link = std::make_unique<Link>(from, to);
    return *link;
}

Host* Network::at(const Address& address) const {
    for (const auto& host : hosts_)
        if (host->address_ == address) return host.get();
    return nullptr;
}

uint64_t Network::bytes_elsewhere(const Address& to) const {
    const auto it = elsewhere_.find(to);
    return it == elsewhere_.end() ? 0 : it->second;
}

void Network::record(Time at, Bytes datagram) {
    const auto mix = [this](uint64_t value) { trace_ = SeededRandom(trace_ ^ value).next(); };
    mix(static_cast<uint64_t>(at.time_since_epoch().count()));
    mix(datagram.size());
    for (Bytes rest = datagram.first(std::min(datagram.size(), traced_bytes)); !rest.empty();) {
        uint64_t value = 0;
        const size_t size = std::min(rest.size(), sizeof value);
        std::memcpy(&value, rest.data(), size);
        mix(value);
        rest = rest.subspan(size);
    }
}

Network::Sent Network::send(Time now, Host& from, const Address& to, Bytes bytes) {
    record(now, bytes);
    from.datagrams_++;
    from.bytes_ += bytes.size();
    Host* const receiver = at(to);
    if (!receiver) {
        elsewhere_[to] += bytes.size();
        return Sent::taken;
    }
    Link& link = this->link(from, *receiver);
    link.counters.datagrams++;
    link.counters.bytes += bytes.size();
    if (bytes.size() > link.config.mtu) {
        link.counters.dropped++;
        return link.config.report_too_big ? Sent::too_big : Sent::taken;
    }
    std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
    if (link.tap && !link.tap(now, datagram)) return Sent::taken;

    Time departure = now;
    if (link.config.rate > 0) {
        Bottleneck& line = link.config.line ? *link.config.line : link.own_line_;
        const auto size = static_cast<double>(datagram.size() + ip_udp_header);
        const double queued = line.waiting(now, link.config.rate) + size;
        const auto carried = line.carry(now, size, link.config.rate, static_cast<double>(link.config.queue));
        if (!carried) {
            link.counters.dropped++;
            return Sent::taken;
        }
        link.counters.queue_peak = std::max(link.counters.queue_peak, static_cast<uint64_t>(queued));
        if (!link.config.polices) departure = *carried;
    }
    Arrival arrival{.at = {},
                    .to = receiver,
                    .datagram = {from.address_, to, std::move(datagram)},
                    .sender = &from,
                    .link = &link,
                    .heard_at = heard_at(&from, receiver)};
    if (random_.chance(link.config.duplication)) pass(link, departure, arrival);
    pass(link, departure, std::move(arrival));
    return Sent::taken;
}

std::optional<Address> Network::heard_at(const Host* sender, const Host* receiver) {
    if (!sender) return std::nullopt;
    const auto it = sender->heard_at_.find(receiver);
    return it == sender->heard_at_.end() ? std::nullopt : std::optional(it->second);
}

bool Network::lost(Link& link, Time departure) {
    if (link.config.burst.enter > 0)
        link.bad_ =
            link.bad_ ? !random_.chance(link.config.burst.leave) : random_.chance(link.config.burst.enter);
    const bool unlucky = random_.chance(link.config.loss);
    return link.bad_ || unlucky ||
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
    if (random_.chance(link.config.corruption)) {
        corrupt(arrival.datagram.bytes);
        arrival.heard_at.reset();
    }
    if (random_.chance(link.config.overtaking)) {
        arrival.at = departure;
        arrivals_.push(std::move(arrival));
        return;
    }
    arrival.at = departure + link.config.latency +
                 seconds(random_.fraction() * std::chrono::duration<double>(link.config.jitter).count());
    if (random_.chance(link.config.reordering)) {
        arrival.at +=
            seconds(random_.fraction() * std::chrono::duration<double>(link.config.reordering_delay).count());
    } else {
        // One nanosecond apart, so that those that keep their turn also leave the heap in turn.
        arrival.at = std::max(arrival.at, link.last_arrival_ + 1ns);
        link.last_arrival_ = arrival.at;
    }
    arrivals_.push(std::move(arrival));
}

void Network::inject(Time at, Datagram datagram) {
    Host* const sender = this->at(datagram.from);
    Host* const receiver = this->at(datagram.to);
    if (receiver)
        arrivals_.push({.at = at,
                        .to = receiver,
                        .datagram = std::move(datagram),
                        .sender = sender,
                        .heard_at = heard_at(sender, receiver)});
}

std::optional<Arrival> Network::take(Time now) {
    if (arrivals_.empty() || arrivals_.top().at > now) return std::nullopt;
    // The queue gives only const access to its top; it is removed right away.
    Arrival arrival = std::move(const_cast<Arrival&>(arrivals_.top()));
    arrivals_.pop();
    record(arrival.at, arrival.datagram.bytes);
    if (arrival.link) arrival.link->counters.arrived += arrival.datagram.bytes.size();
    if (arrival.sender) arrival.to->heard_at_[arrival.sender] = arrival.datagram.to;
    return arrival;
}

}  // namespace stt::sim
