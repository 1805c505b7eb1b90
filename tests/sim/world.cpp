// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/world.hpp"

#include <algorithm>
#include <utility>

#include "tests/lib/transports.hpp"

namespace stt::sim {

namespace {

/// Steps, and datagrams in one step, without time going on: more is an endless loop.
constexpr unsigned steps_max = 20000, datagrams_max = 200000;

/// Whatever the path does, a node sends no more in a second than this, and this many times what arrived in it
/// and the second before. That leaves room for two windows into a line that is cut, and for a loss of 90 %.
constexpr uint64_t flood_bytes = 8 << 20, flood_ratio = 16;

/// Not the epoch's first day: offsets either way must stay positive.
constexpr WallTime wall_epoch = 1700000000s;

EndpointConfig endpoint_config(Node& node, const WorldConfig& config, bool listening) {
    return {.identity = &node.identity,
            .listening = listening,
            .is_own = nullptr,
            .transports = datagram_transport(64),
            .max_sessions = config.max_sessions,
            .session = config.listener,
            .hello_rate = config.hello_rate,
            .trace = node.trace.sink()};
}

}  // namespace

Node::Node(Side s, const WorldConfig& config, uint64_t seed, bool listening)
    : side(s),
      random(seed),
      identity(Identity::generate(random)),
      endpoint(endpoint_config(*this, config, listening), random),
      clock(World::epoch, listening ? config.listener_ahead : Duration{},
            listening ? config.listener_faster : 0),
      clock_offset(listening ? Duration{} : config.caller_clock_offset) {
    const uint8_t fill = listening && !config.same_secret ? 2 : 1;
    std::vector<SecretBytes> seeds;
    seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, fill)));
    endpoint.set_seeds(std::move(seeds));
}

World::World(const WorldConfig& config)
    : random(config.seed),
      network(random.next(), config.forward, config.backward),
      caller(Side::caller, config, random.next(), false),
      listener(Side::listener, config, random.next(), true),
      caller_config(config.caller),
      reconnect(config.reconnect),
      buffer_(64 << 10) {}

Now World::now(const Node& node) const {
    const auto since = std::chrono::duration_cast<WallTime>(time_ - epoch + node.clock_offset);
    return {node.clock.at(time_), wall_epoch + since};
}

void World::connect() {
    caller.session = caller.endpoint.connect(now(caller), network.address(Side::listener), caller_config);
    flush();
}

bool World::establish(Duration limit) {
    connect();
    return run_until([&] { return both(SessionState::established); }, limit);
}

void World::close(Node& node) {
    if (Session* s = session(node)) s->close(now(node), CloseReason::graceful, {});
    flush();
}

void World::transmit(Node& node) {
    for (unsigned count = 0; failure_.empty(); count++) {
        const auto batch = node.endpoint.poll_transmit(now(node), buffer_, 64);
        if (!batch) return;
        if (count > datagrams_max || batch->size == 0 || batch->segment == 0 ||
            batch->size > buffer_.size()) {
            failure_ = "poll_transmit makes no sense or goes on for ever";
            return;
        }
        if (batch->size > batch->segment && network.link(node.side).spoils_batches) continue;
        for (size_t at = 0; at < batch->size; at += batch->segment) {
            const size_t size = std::min(batch->segment, batch->size - at);
            const Bytes datagram = Bytes(buffer_).subspan(at, size);
            if (network.send(time_, node.side, batch->to, datagram) == Network::Sent::too_big)
                node.endpoint.handle_network_report(now(node), too_big_for(batch->to, size));
        }
    }
}

void World::take_events(Node& node) {
    while (auto event = node.endpoint.next_event()) {
        node.events++;
        if (const auto* noted = std::get_if<event::ErrorNoted>(&event->what))
            node.errors.push_back(noted->error);
        if (std::holds_alternative<event::Abandoned>(event->what)) node.abandoned++;
        if (const auto* state = std::get_if<event::StateChanged>(&event->what))
            take_state(node, event->session, *state);
        if (const auto* measured = std::get_if<event::ClockMeasured>(&event->what))
            node.clock_samples.push_back(measured->sample);
        if (event->session == node.session) node.application.handle(*event);
    }
}

/// Whether a session is there that another may go on with.
bool World::has_streams(Node& node) {
    Session* const s = session(node);
    return s && (s->state() == SessionState::established || s->resumable());
}

void World::take_state(Node& node, SessionHandle from, const event::StateChanged& change) {
    // A listener's sessions come without being asked for.
    if (node.side == Side::listener && change.state == SessionState::handshaking &&
        !(reconnect && has_streams(node))) {
        node.session = from;
        node.states.clear();
        node.state_times.clear();
    }
    node.latest[from] = change;
    if (change.state == SessionState::established && from != node.session) {
        const Session* const fresh = node.endpoint.find(from);
        if (fresh && fresh->resumed() == node.session) {
            node.session = from;
            node.attempt = 0;
            node.resumptions++;
        }
    }
    if (from == node.session) {
        node.states.push_back(change);
        node.state_times.push_back(time_);
    }
    const bool ours = from == node.session || from == node.attempt;
    if (reconnect && node.side == Side::caller && ours && change.state == SessionState::closed)
        call_again(node);
}

void World::call_again(Node& node) {
    if (!has_streams(node)) return;
    node.attempt =
        node.endpoint.connect(now(node), network.address(Side::listener), caller_config, node.session);
}

bool World::flush(Node& node) {
    const uint64_t before = node.events;
    take_events(node);
    if (Session* s = session(node)) node.application.pump(now(node), *s);
    transmit(node);
    return node.events != before;
}

void World::flush() {
    // What one round does may make events or datagrams due at once.
    for (unsigned round = 0; round <= steps_max; round++) {
        const bool at_caller = flush(caller), at_listener = flush(listener);
        if (!at_caller && !at_listener) return;
    }
    failure_ = "events without end";
}

void World::deliver(Arrival arrival) {
    Node& to = node(arrival.to);
    if (random.below(2)) {
        const auto owner = std::make_shared<std::vector<uint8_t>>(std::move(arrival.datagram));
        to.endpoint.handle_datagram(now(to), arrival.from, *owner, owner);
        return;
    }
    to.endpoint.handle_datagram(now(to), arrival.from, arrival.datagram, nullptr);
    // Whoever still refers to it finds that out.
    std::fill(arrival.datagram.begin(), arrival.datagram.end(), uint8_t{0xdd});
}

void World::check_flood() {
    if (time_ < next_check_) return;
    next_check_ = time_ + 1s;
    for (const Side side : {Side::caller, Side::listener}) {
        Traffic(&seen)[2] = seen_[side == Side::caller ? 0 : 1];
        const Network::Counters& counters = network.counters(side);
        const Traffic present{counters.bytes, counters.arrived};
        if (present.sent - seen[0].sent > flood_bytes + flood_ratio * (present.arrived - seen[1].arrived) &&
            failure_.empty())
            failure_ = "a flood: " + std::to_string(present.sent - seen[0].sent) + " bytes sent, " +
                       std::to_string(present.arrived - seen[1].arrived) + " arrived; " + describe();
        seen[1] = std::exchange(seen[0], present);
    }
}

Time World::next_step() {
    const auto due = [&](Node& n) {
        const Time wake = session(n) ? n.application.next_wake() : time_never;
        return n.clock.when(std::min(n.endpoint.next_timeout(now(n).time), wake));
    };
    return std::min({network.next_arrival(), due(caller), due(listener)});
}

bool World::step(Time limit) {
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
        failure_ = "virtual time stands still: " + describe();
        return false;
    }
    while (auto arrival = network.take(time_)) deliver(std::move(*arrival));
    for (Node* n : {&caller, &listener})
        if (const Now local = now(*n); n->endpoint.next_timeout(local.time) <= local.time)
            n->endpoint.handle_timeout(local);
    flush();
    return failure().empty();
}

bool World::run_until(const std::function<bool()>& done, Duration duration) {
    const Time limit = time_ + duration;
    flush();
    while (!done())
        if (!failure().empty() || !step(limit)) return done() && failure().empty();
    return failure().empty();
}

void World::run_for(Duration duration) {
    run_until([] { return false; }, duration);
}

void run_for(std::vector<std::unique_ptr<World>>& worlds, Duration duration) {
    const Time limit = worlds.front()->time() + duration;
    std::vector<Time> next;
    for (const auto& world : worlds) {
        world->flush();
        next.push_back(world->next_step());
    }
    for (;;) {
        const auto first = std::min_element(next.begin(), next.end());
        World& world = *worlds[static_cast<size_t>(first - next.begin())];
        const bool over = *first > limit;
        if (!world.step(limit) && !over) return;  // it has failed
        if (over) break;
        *first = world.next_step();
    }
    for (const auto& world : worlds) world->step(limit);
}

std::string World::failure() const {
    if (!failure_.empty()) return failure_;
    if (!caller.application.failure().empty()) return "caller: " + caller.application.failure();
    if (!listener.application.failure().empty()) return "listener: " + listener.application.failure();
    return {};
}

std::string World::describe() {
    std::string text = "at " + std::to_string(std::chrono::duration<double>(elapsed()).count()) + " s";
    for (Node* n : {&caller, &listener}) {
        text += n == &caller ? "; caller" : "; listener";
        text += ": state " + std::to_string(static_cast<int>(n->state()));
        if (!n->states.empty() && n->closed_by().code != ErrorCode::none)
            text += " (" + std::string(error_name(n->closed_by().code)) + " " +
                    std::string(reason_name(n->closed_by().reason)) + ": " + n->closed_by().text + ")";
        for (const Error& error : n->errors)
            text += ", noted " + std::string(error_name(error.code)) + " " + error.text;
        if (Session* s = session(*n)) {
            const SessionStats stats = s->stats();
            text += ", in flight " + std::to_string(stats.in_flight) + " of " +
                    std::to_string(stats.congestion_window) + ", sent " + std::to_string(stats.packets_sent) +
                    ", lost " + std::to_string(stats.packets_lost) + ", probes " +
                    std::to_string(stats.probes);
            const Deadlines::Due due = s->deadlines(now(*n).time).next();
            text += ", next " + std::string(timer_name(due.timer)) + " in " +
                    std::to_string(std::chrono::duration<double>(due.at - now(*n).time).count());
        }
        for (const auto& [id, flow] : n->application.flows()) {
            text += "; stream " + std::to_string(id) + ": payload " + std::to_string(flow.payload) + " of " +
                    std::to_string(flow.receiving ? flow.script.payload : 0) +
                    (flow.end_consumed ? " ended" : "") + (flow.end_delivered ? " delivered" : "");
        }
    }
    return text;
}

}  // namespace stt::sim
