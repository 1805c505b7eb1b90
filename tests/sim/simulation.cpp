// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/simulation.hpp"

#include <algorithm>
#include <utility>

#include "tests/lib/transports.hpp"

namespace stt::sim {

namespace {

/// Steps, and batches in one step, without time going on: more is an endless loop.
constexpr unsigned steps_max = 20000, batches_max = 200000;

/// Whatever the path does, a node sends no more in a second than this, and this many times what arrived in it
/// and the second before. That leaves room for two windows into a line that is cut, and for a loss of 90 %.
constexpr uint64_t flood_bytes = 8 << 20, flood_ratio = 16;

}  // namespace

// The complement is none of the seeds that `seeds_` hands out, of which the network has the first.
Simulation::Simulation(uint64_t seed)
    : random(~seed),
      network(SeededRandom(seed).next()),
      deliveries_(random.split()),
      seeds_(seed),
      buffer_(64 << 10) {
    seeds_.next();
}

Node& Simulation::add(NodeConfig config) {
    Host& host = network.join(config.address);
    return members_.emplace_back(std::move(config), host, seeds_.next()).node;
}

void Simulation::call(Node& from, const Node& to) {
    from.call(time_, to.address());
    flush();
}

void Simulation::close(Node& node) {
    if (Session* session = node.session()) session->close(now(node), CloseReason::graceful, {});
    flush();
}

void Simulation::fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
}

void Simulation::transmit(Node& node) {
    for (unsigned count = 0; failure_.empty(); count++) {
        const auto batch = node.endpoint.poll_transmit(now(node), buffer_, 64);
        if (!batch) return;
        if (count > batches_max || batch->size == 0 || batch->segment == 0 || batch->size > buffer_.size())
            return fail("poll_transmit makes no sense or goes on for ever");
        if (batch->size > batch->segment && network.spoils_batches(node.host, batch->to)) continue;
        for (size_t at = 0; at < batch->size; at += batch->segment) {
            const size_t size = std::min(batch->segment, batch->size - at);
            const Bytes datagram = Bytes(buffer_).subspan(at, size);
            if (!node.amplification.on_sent(batch->to, datagram))
                return fail(node.name() + " amplifies: " + node.amplification.describe(batch->to));
            if (network.send(time_, node.host, batch->to, datagram) == Network::Sent::too_big)
                node.endpoint.handle_network_report(now(node), too_big_for(batch->to, size));
        }
    }
}

bool Simulation::flush(Node& node) {
    const uint64_t before = node.events;
    node.take_events(time_);
    if (Session* session = node.session()) node.application.pump(now(node), *session);
    transmit(node);
    return node.events != before;
}

void Simulation::flush() {
    // What one round does may make events or datagrams due at once.
    for (unsigned round = 0; round <= steps_max; round++) {
        bool any = false;
        for (Member& member : members_) any = flush(member.node) || any;
        if (!any) return;
    }
    fail("events without end");
}

void Simulation::deliver(Arrival arrival) {
    const auto member = std::find_if(members_.begin(), members_.end(),
                                     [&](const Member& m) { return &m.node.host == arrival.to; });
    Node& to = member->node;
    to.amplification.on_received(arrival);
    Datagram& datagram = arrival.datagram;
    if (deliveries_.below(2)) {
        const auto owner = std::make_shared<std::vector<uint8_t>>(std::move(datagram.bytes));
        to.endpoint.handle_datagram(now(to), datagram.from, *owner, owner);
        return;
    }
    to.endpoint.handle_datagram(now(to), datagram.from, datagram.bytes, nullptr);
    // Whoever still refers to it finds that out.
    std::fill(datagram.bytes.begin(), datagram.bytes.end(), uint8_t{0xdd});
}

void Simulation::check_flood() {
    if (time_ < next_check_) return;
    next_check_ = time_ + 1s;
    for (Member& member : members_) {
        const Traffic present{member.node.host.bytes_sent(), member.node.host.bytes_arrived()};
        const uint64_t sent = present.sent - member.second_ago.sent;
        const uint64_t arrived = present.arrived - member.two_seconds_ago.arrived;
        if (sent > flood_bytes + flood_ratio * arrived)
            fail("a flood: " + member.node.name() + " sent " + std::to_string(sent) + " bytes, " +
                 std::to_string(arrived) + " arrived; " + describe());
        member.two_seconds_ago = std::exchange(member.second_ago, present);
    }
}

Time Simulation::next_step() {
    Time next = network.next_arrival();
    for (Member& member : members_) next = std::min(next, member.node.next_timeout(time_));
    return next;
}

bool Simulation::step(Time limit) {
    const Time next = next_step();
    if (next > limit) {
        time_ = std::max(time_, limit);
        return false;
    }
    if (next > time_) {
        check_flood();
        time_ = next;
        idle_steps_ = 0;
    } else if (++idle_steps_ > steps_max) {
        fail("virtual time stands still: " + describe());
        return false;
    }
    while (auto arrival = network.take(time_)) deliver(std::move(*arrival));
    for (Member& member : members_) {
        Endpoint& endpoint = member.node.endpoint;
        if (const Now local = now(member.node); endpoint.next_timeout(local.time) <= local.time)
            endpoint.handle_timeout(local);
    }
    flush();
    return failure().empty();
}

bool Simulation::run_until(const std::function<bool()>& done, Duration duration) {
    const Time limit = time_ + duration;
    flush();
    while (!done())
        if (!failure().empty() || !step(limit)) return done() && failure().empty();
    return failure().empty();
}

void Simulation::run_for(Duration duration) {
    run_until([] { return false; }, duration);
}

bool Simulation::idle() const {
    return std::all_of(members_.begin(), members_.end(),
                       [](const Member& member) { return member.node.application.idle(); });
}

bool Simulation::empty() const {
    return std::all_of(members_.begin(), members_.end(),
                       [](const Member& member) { return member.node.endpoint.session_count() == 0; });
}

std::string Simulation::failure() const {
    if (!failure_.empty()) return failure_;
    for (const Member& member : members_)
        if (const std::string& failure = member.node.application.failure(); !failure.empty())
            return member.node.name() + ": " + failure;
    return {};
}

std::string Simulation::describe() {
    std::string text = "at " + std::to_string(std::chrono::duration<double>(elapsed()).count()) + " s";
    for (Member& member : members_) text += "; " + member.node.describe(time_);
    return text;
}

}  // namespace stt::sim
