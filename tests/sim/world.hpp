// SPDX-License-Identifier: LGPL-2.1-or-later
/// Two endpoints joined by a simulated network, with an application on each, in virtual time.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"
#include "tests/sim/application.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/trace_ring.hpp"

namespace stt::sim {

struct WorldConfig {
    uint64_t seed = 1;
    LinkConfig forward, backward;  ///< caller to listener, listener to caller
    SessionConfig caller, listener;
    size_t max_sessions = 100;
    double hello_rate = 200;
    Duration caller_clock_offset{};  ///< of its wall clock
    /// The listener's monotonic clock against the world's, which is the caller's: ahead by this when the
    /// world begins, and faster by this fraction.
    Duration listener_ahead{};
    double listener_faster = 0;
    bool same_secret = true;  ///< whether both have the same seed for the handshake
    bool reconnect = false;   ///< the caller tries for ever to go on with a session that was lost
};

/// A node's monotonic clock.
class NodeClock {
  public:
    NodeClock(Time begin, Duration ahead, double faster) : begin_(begin), ahead_(ahead), faster_(faster) {}
    /// What it shows at a time of the world.
    Time at(Time world) const {
        if (world == time_never) return time_never;
        return world + ahead_ +
               Duration(std::llround(faster_ * static_cast<double>((world - begin_).count())));
    }
    /// The first time of the world at which it shows `local` or more.
    Time when(Time local) const {
        if (local == time_never || at(begin_) >= local) return local == time_never ? time_never : begin_;
        const auto run = static_cast<double>((local - ahead_ - begin_).count());
        Time world = local - ahead_ - Duration(std::llround(run * faster_ / (1 + faster_)));
        while (at(world) >= local) world -= 1ns;
        while (at(world) < local) world += 1ns;
        return world;
    }

  private:
    Time begin_;
    Duration ahead_;
    double faster_;
};

/// One end: what belongs to a process.
struct Node {
    Node(Side side, const WorldConfig& config, uint64_t seed, bool listening);

    Side side;
    SeededRandom random;
    Identity identity;
    TraceRing trace;
    Endpoint endpoint;
    NodeClock clock;
    Duration clock_offset;  ///< of the wall clock
    Application application;
    /// The session whose streams the application uses: the caller's first, the listener's latest.
    SessionHandle session = 0;
    SessionHandle attempt = 0;  ///< the caller's, to go on with `session`; 0: none
    unsigned resumptions = 0;
    unsigned abandoned = 0;  ///< sessions that were not gone on with

    std::vector<event::StateChanged> states;  ///< of `session`
    std::vector<Time> state_times;
    std::map<SessionHandle, event::StateChanged> latest;  ///< of every session
    std::vector<Error> errors;                            ///< noted ones, of all sessions and of none
    std::vector<ClockSample> clock_samples;               ///< of `session`
    uint64_t events = 0;

    SessionState state() const { return states.empty() ? SessionState::init : states.back().state; }
    /// Why the session closed.
    const Error& closed_by() const { return states.back().error; }
};

class World {
  public:
    explicit World(const WorldConfig& config);

    Time time() const { return time_; }
    /// Since the world began.
    Duration elapsed() const { return time_ - epoch; }
    Now now(const Node& node) const;
    /// Virtual time begins here, well away from Time{}.
    static constexpr Time epoch{1000s};

    Node& node(Side side) { return side == Side::caller ? caller : listener; }
    Session* session(Node& node) { return node.endpoint.find(node.session); }

    /// The caller calls the listener.
    void connect();
    /// Calls and waits until both sides are established. False: see failure().
    bool establish(Duration limit = 60s);
    /// Lets everything happen until `done`, at most until `limit` of virtual time from now. False: not done
    /// by then, or failure().
    bool run_until(const std::function<bool()>& done, Duration limit);
    void run_for(Duration duration);
    /// When the next thing happens; with step(), for worlds that share a line and so go on together.
    Time next_step();
    /// Goes on to the next thing that happens, at most to `limit`. False: nothing before it, or failure().
    bool step(Time limit);
    /// Sends what is due and delivers events at the present time; call after touching a session by hand.
    void flush();
    /// Closes the session of `node` as an application would.
    void close(Node& node);

    bool both(SessionState state) const { return caller.state() == state && listener.state() == state; }
    bool idle() const { return caller.application.idle() && listener.application.idle(); }
    bool empty() const { return caller.endpoint.session_count() + listener.endpoint.session_count() == 0; }
    /// The first thing that went wrong in an application or in the machinery, or empty.
    std::string failure() const;
    /// One paragraph for failure texts.
    std::string describe();

    SeededRandom random;
    Network network;
    Node caller, listener;
    SessionConfig caller_config;
    const bool reconnect;

  private:
    bool flush(Node& node);
    void transmit(Node& node);
    void take_events(Node& node);
    void take_state(Node& node, SessionHandle from, const event::StateChanged& change);
    void call_again(Node& node);
    bool has_streams(Node& node);
    void deliver(Arrival arrival);
    void check_flood();

    Time time_ = epoch;
    unsigned idle_steps_ = 0;  // since time went on
    std::string failure_;
    std::vector<uint8_t> buffer_;
    Time next_check_ = epoch;
    struct Traffic {
        uint64_t sent = 0, arrived = 0;
    };
    Traffic seen_[2][2];  // by side; a second ago, and two
};

/// Lets worlds that share a line go on together.
void run_for(std::vector<std::unique_ptr<World>>& worlds, Duration duration);

}  // namespace stt::sim
