// SPDX-License-Identifier: LGPL-2.1-or-later
/// What most tests simulate: a caller and a listener. More nodes may join.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/sim/simulation.hpp"

namespace stt::sim {

struct WorldConfig {
    uint64_t seed = 1;
    LinkConfig forward, backward;  ///< caller to listener, listener to caller
    SessionConfig caller, listener;
    size_t max_sessions = 100;
    double hello_rate = 200;
    Duration caller_clock_offset{};  ///< of its wall clock
    /// The listener's monotonic clock, see NodeConfig. The caller's is the simulation's.
    Duration listener_ahead{};
    double listener_faster = 0;
    bool same_secret = true;  ///< whether both have the same seed for the handshake
    bool reconnect = false;   ///< the caller tries for ever to resume a session that was lost
};

/// Fails the test if anything has gone wrong by its end.
class World : public Simulation {
  public:
    explicit World(const WorldConfig& config)
        : Simulation(config.seed),
          caller(add({.name = "caller",
                      .address = Address::v4({192, 0, 2, 1}, 40000),
                      .session = config.caller,
                      .max_sessions = config.max_sessions,
                      .hello_rate = config.hello_rate,
                      .wall_clock_offset = config.caller_clock_offset,
                      .reconnect = config.reconnect})),
          listener(add({.name = "listener",
                        .address = Address::v4({198, 51, 100, 1}, 7600),
                        .listening = true,
                        .session = config.listener,
                        .max_sessions = config.max_sessions,
                        .hello_rate = config.hello_rate,
                        .secret = static_cast<uint8_t>(config.same_secret ? 1 : 2),
                        .clock_ahead = config.listener_ahead,
                        .clock_faster = config.listener_faster,
                        .reconnect = config.reconnect})),
          forward(link(caller, listener)),
          backward(link(listener, caller)) {
        forward.config = config.forward;
        backward.config = config.backward;
    }
    ~World() { EXPECT_EQ(failure(), ""); }

    Node& caller;
    Node& listener;
    Link& forward;
    Link& backward;

    /// The caller calls the listener.
    void connect() { call(caller, listener); }
    /// Calls, and lets everything happen until both sides are established.
    testing::AssertionResult establishes(Duration limit = 60s) {
        connect();
        return reaches([&] { return both(SessionState::established); }, limit);
    }
    /// Lets everything happen until `done`, at most until `limit` of virtual time from now.
    testing::AssertionResult reaches(const std::function<bool()>& done, Duration limit) {
        if (run_until(done, limit)) return testing::AssertionSuccess();
        return testing::AssertionFailure() << failure() << " " << describe();
    }
    /// Lets everything happen until all scripts were sent, received and reported as delivered.
    testing::AssertionResult finishes(Duration limit) {
        return reaches([&] { return idle(); }, limit);
    }
    /// Neither link carries anything from now on, for `duration`.
    void darken(Duration duration) {
        for (Link* link : {&forward, &backward})
            link->config.blackouts.push_back({time(), time() + duration});
    }
    /// The share of both links' datagrams that are lost from now on.
    void lose(double share) { forward.config.loss = backward.config.loss = share; }

    bool both(SessionState state) const { return caller.state() == state && listener.state() == state; }
    Node& peer_of(const Node& node) { return &node == &caller ? listener : caller; }
};

}  // namespace stt::sim
