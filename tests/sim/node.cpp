// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/node.hpp"

#include <algorithm>

#include "tests/lib/transports.hpp"

namespace stt::sim {

namespace {

/// Not the epoch's first day: offsets either way must stay positive.
constexpr WallTime wall_epoch = 1700000000s;

EndpointConfig endpoint_config(Node& node) {
    return {.identity = &node.identity,
            .listening = node.config.listening,
            .is_own = nullptr,
            .transports = datagram_transport(64),
            .max_sessions = node.config.max_sessions,
            .session = node.config.session,
            .hello_rate = node.config.hello_rate,
            .trace = node.trace.sink()};
}

}  // namespace

Node::Node(NodeConfig node_config, Host& node_host, uint64_t seed)
    : config(std::move(node_config)),
      host(node_host),
      random(seed),
      identity(Identity::generate(random)),
      endpoint(endpoint_config(*this), random),
      clock(config.clock_ahead, config.clock_faster) {
    std::vector<SecretBytes> seeds;
    seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, config.secret)));
    endpoint.set_seeds(std::move(seeds));
}

Now Node::now(Time time) const {
    const auto since = std::chrono::duration_cast<WallTime>(time - epoch + config.wall_clock_offset);
    return {clock.at(time), wall_epoch + since};
}

void Node::call(Time time, const Address& peer) {
    called_ = peer;
    amplification.on_called(peer);
    handle = endpoint.connect(now(time), peer, config.session);
}

void Node::take_events(Time time) {
    while (auto event = endpoint.next_event()) {
        events++;
        if (const auto* noted = std::get_if<event::ErrorNoted>(&event->what)) errors.push_back(noted->error);
        if (std::holds_alternative<event::Abandoned>(event->what)) abandoned++;
        if (const auto* state = std::get_if<event::StateChanged>(&event->what))
            take_state(time, event->session, *state);
        if (const auto* measured = std::get_if<event::ClockMeasured>(&event->what))
            clock_samples.push_back(measured->sample);
        if (event->session == handle) application.handle(*event);
    }
}

/// Whether a session is there that another may resume.
bool Node::has_streams() {
    Session* const s = session();
    return s && (s->state() == SessionState::established || s->resumable());
}

void Node::take_state(Time time, SessionHandle from, const event::StateChanged& change) {
    // A listener's sessions come without being asked for.
    if (config.listening && change.state == SessionState::handshaking &&
        !(config.reconnect && has_streams())) {
        handle = from;
        states.clear();
        state_times.clear();
    }
    latest[from] = change;
    if (change.state == SessionState::established && from != handle) {
        const Session* const fresh = endpoint.find(from);
        if (fresh && fresh->resumed() == handle) {
            handle = from;
            attempt = 0;
            resumptions++;
        }
    }
    if (from == handle) {
        states.push_back(change);
        state_times.push_back(time);
    }
    const bool ours = from == handle || from == attempt;
    if (config.reconnect && !config.listening && ours && change.state == SessionState::closed)
        call_again(time);
}

void Node::call_again(Time time) {
    if (has_streams()) attempt = endpoint.connect(now(time), called_, config.session, handle);
}

Time Node::next_timeout(Time time) {
    const Time wake = session() ? application.next_wake() : time_never;
    return clock.when(std::min(endpoint.next_timeout(now(time).time), wake));
}

std::string Node::describe(Time time) {
    std::string text = name() + ": state " + std::to_string(static_cast<int>(state()));
    if (!states.empty() && closed_by().code != ErrorCode::none)
        text += " (" + std::string(error_name(closed_by().code)) + " " +
                std::string(reason_name(closed_by().reason)) + ": " + closed_by().text + ")";
    for (const Error& error : errors)
        text += ", noted " + std::string(error_name(error.code)) + " " + error.text;
    if (Session* s = session()) {
        const SessionStats stats = s->stats();
        text += ", in flight " + std::to_string(stats.in_flight) + " of " +
                std::to_string(stats.congestion_window) + ", sent " + std::to_string(stats.packets_sent) +
                ", lost " + std::to_string(stats.packets_lost) + ", probes " + std::to_string(stats.probes);
        const Time local = now(time).time;
        const Deadlines::Due due = s->deadlines(local).next();
        text += ", next " + std::string(timer_name(due.timer)) + " in " +
                std::to_string(std::chrono::duration<double>(due.at - local).count());
    }
    for (const auto& [id, flow] : application.flows())
        text += "; stream " + std::to_string(id) + ": payload " + std::to_string(flow.payload) + " of " +
                std::to_string(flow.receiving ? flow.script.payload : 0) +
                (flow.end_consumed ? " ended" : "") + (flow.end_delivered ? " delivered" : "");
    return text;
}

}  // namespace stt::sim
