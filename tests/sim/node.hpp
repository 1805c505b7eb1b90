// SPDX-License-Identifier: LGPL-2.1-or-later
/// A node of a simulation: an endpoint with its clock, and an application on it.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"
#include "tests/lib/seeded_random.hpp"
#include "tests/sim/amplification.hpp"
#include "tests/sim/application.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/trace_ring.hpp"

namespace stt::sim {

/// Virtual time begins here, well away from Time{}.
inline constexpr Time epoch{1000s};

struct NodeConfig {
    std::string name{};  ///< in failure texts
    Address address{};   ///< at first
    bool listening = false;
    SessionConfig session{};  ///< of its calls, or of those that it accepts
    size_t max_sessions = 100;
    double hello_rate = 200;
    uint8_t secret = 1;  ///< nodes with the same have the same seed for the handshake
    Duration wall_clock_offset{};
    /// Its monotonic clock against that of the simulation: ahead by this at the epoch, and faster by this
    /// fraction.
    Duration clock_ahead{};
    double clock_faster = 0;
    bool reconnect = false;  ///< a caller tries for ever to resume a session that was lost
};

/// A node's monotonic clock.
class NodeClock {
  public:
    NodeClock(Duration ahead, double faster) : ahead_(ahead), faster_(faster) {}
    /// What it shows at a time of the simulation.
    Time at(Time time) const {
        if (time == time_never) return time_never;
        return time + ahead_ + Duration(std::llround(faster_ * static_cast<double>((time - epoch).count())));
    }
    /// The first time of the simulation at which it shows `local` or more.
    Time when(Time local) const {
        if (local == time_never || at(epoch) >= local) return local == time_never ? time_never : epoch;
        const auto run = static_cast<double>((local - ahead_ - epoch).count());
        Time time = local - ahead_ - Duration(std::llround(run * faster_ / (1 + faster_)));
        while (at(time) >= local) time -= 1ns;
        while (at(time) < local) time += 1ns;
        return time;
    }

  private:
    Duration ahead_;
    double faster_;
};

struct Node {
    /// `seed` is that of its own randomness. The host is its own.
    Node(NodeConfig node_config, Host& node_host, uint64_t seed);

    const NodeConfig config;
    Host& host;
    SeededRandom random;
    Identity identity;
    TraceRing trace;
    Endpoint endpoint;
    NodeClock clock;
    Application application;
    AmplificationLimit amplification;
    /// The session whose streams the application uses: a caller's first, a listener's latest. Others stay
    /// established, but nothing reads their streams.
    SessionHandle handle = 0;
    SessionHandle attempt = 0;  ///< a caller's, to resume `handle`; 0: none
    unsigned resumptions = 0;
    unsigned abandoned = 0;  ///< sessions that were not resumed

    std::vector<event::StateChanged> states;              ///< of `handle`
    std::vector<Time> state_times;                        ///< by the simulation's clock
    std::map<SessionHandle, event::StateChanged> latest;  ///< of every session
    std::vector<Error> errors;                            ///< noted ones, of all sessions and of none
    std::vector<ClockSample> clock_samples;               ///< of `handle`
    uint64_t events = 0;

    const std::string& name() const { return config.name; }
    const Address& address() const { return host.address(); }
    /// What its clocks show at a time of the simulation.
    Now now(Time time) const;
    /// Null when it was forgotten.
    Session* session() { return endpoint.find(handle); }
    SessionState state() const { return states.empty() ? SessionState::init : states.back().state; }
    /// Why the session closed.
    const Error& closed_by() const { return states.back().error; }

    /// Calls the node at `peer`.
    void call(Time time, const Address& peer);
    /// Sends a script on a stream of its own. False: refused, and the application has failed.
    bool send(const Script& script, uint8_t priority = 0) {
        return application.send(*session(), script, priority);
    }
    /// Payload that it has received and checked, in bytes.
    uint64_t received() const { return application.payload_received(); }

    /// Takes all events of the endpoint.
    void take_events(Time time);
    /// When it next wants to be called, by the simulation's clock.
    Time next_timeout(Time time);
    /// For failure texts.
    std::string describe(Time time);

  private:
    bool has_streams();
    void take_state(Time time, SessionHandle from, const event::StateChanged& change);
    void call_again(Time time);

    Address called_;
};

}  // namespace stt::sim
