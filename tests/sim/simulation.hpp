// SPDX-License-Identifier: LGPL-2.1-or-later
/// Nodes joined by a simulated network, in virtual time.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/network.hpp"
#include "tests/sim/node.hpp"

namespace stt::sim {

class Simulation {
  public:
    explicit Simulation(uint64_t seed);

    /// A node joins. The reference lives as long as the simulation.
    Node& add(NodeConfig config);
    Link& link(const Node& from, const Node& to) { return network.link(from.host, to.host); }

    Time time() const { return time_; }
    /// Since the simulation began.
    Duration elapsed() const { return time_ - epoch; }
    Now now(const Node& node) const { return node.now(time_); }

    /// `from` calls `to`.
    void call(Node& from, const Node& to);
    /// Lets everything happen until `done`, at most until `limit` of virtual time from now. False: not done
    /// by then, or failure().
    bool run_until(const std::function<bool()>& done, Duration limit);
    void run_for(Duration duration);
    /// Sends what is due and delivers events at the present time; call after touching a session by hand.
    void flush();
    /// Closes the session of `node` as an application would.
    void close(Node& node);

    /// All scripts were sent, received and reported as delivered.
    bool idle() const;
    /// No endpoint has a session.
    bool empty() const;
    /// The first thing that went wrong in an application or in the machinery, or empty.
    std::string failure() const;
    /// One paragraph for failure texts.
    std::string describe();

    /// For the test's own draws. The network and the nodes have generators of their own, so that a test that
    /// draws a number changes nothing else.
    SeededRandom random;
    Network network;

  private:
    struct Traffic {
        uint64_t sent = 0, arrived = 0;  // bytes
    };
    struct Member {
        Member(NodeConfig config, Host& host, uint64_t seed) : node(std::move(config), host, seed) {}
        Node node;
        Traffic second_ago, two_seconds_ago;
    };

    bool flush(Node& node);
    void transmit(Node& node);
    void deliver(Arrival arrival);
    Time next_step();
    /// Goes on to the next thing that happens, at most to `limit`. False: nothing before it, or failure().
    bool step(Time limit);
    void check_flood();
    void fail(const std::string& what);

    SeededRandom deliveries_;
    SeededRandom seeds_;  // of the nodes, in the order in which they join
    std::deque<Member> members_;
    Time time_ = epoch;
    unsigned idle_steps_ = 0;  // since time went on
    std::string failure_;
    std::vector<uint8_t> buffer_;
    Time next_check_ = epoch;
};

}  // namespace stt::sim
