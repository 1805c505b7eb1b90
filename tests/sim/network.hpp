// SPDX-License-Identifier: LGPL-2.1-or-later
/// A network in virtual time between two nodes. Everything that chance decides follows from one seed.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace stt::sim {

/// splitmix64: small, fast and good enough for dice.
class SeededRandom : public Random {
  public:
    explicit SeededRandom(uint64_t seed) : state_(seed) {}
    void fill(MutableBytes out) override;

    uint64_t next();
    /// Uniform in [0, end); 0 for end 0.
    uint64_t below(uint64_t end) { return end ? next() % end : 0; }
    /// Uniform in [0, 1).
    double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    bool chance(double probability) { return probability > 0 && fraction() < probability; }

  private:
    uint64_t state_;
};

struct Interval {
    Time begin, end;
};

/// Loss in bursts after Gilbert and Elliott: a datagram may tip the line into its bad state, where all are
/// lost, and each one there may tip it back.
struct BurstLoss {
    double enter = 0;
    double leave = 0.25;
};

/// What waits for a rate. Links that have the same one share the rate and the queue.
struct Line {
    Time busy_until{};  ///< its queue is empty then
};

/// One direction of the line. Probabilities are per datagram.
struct LinkConfig {
    Duration latency = 10ms;
    Duration jitter{};  ///< uniform, on top of latency; by itself it does not reorder
    double loss = 0;
    BurstLoss burst;
    double duplication = 0;
    double reordering = 0;  ///< share of datagrams that take reordering_delay at most longer, out of turn
    Duration reordering_delay = 8ms;
    double overtaking = 0;  ///< share of datagrams that skip the latency and so overtake all others under way
    double corruption = 0;  ///< share of datagrams in which 1 to 8 bits flip
    double rate = 0;        ///< bytes per second, headers included; 0: no limit
    uint64_t queue = 256 << 10;  ///< bytes that wait for the rate; what exceeds it drops
    bool polices = false;        ///< drops what exceeds the rate but holds nothing up: `queue` is its bucket
    std::shared_ptr<Line> line;  ///< with which rate and queue are shared; null: with none
    size_t mtu = std::numeric_limits<size_t>::max();  ///< UDP payload bytes
    bool report_too_big = false;                      ///< longer ones are reported, not silently dropped
    bool spoils_batches = false;                      ///< what leaves in one piece with others is lost
    std::vector<Interval> blackouts;
};

enum class Side : uint8_t { caller, listener };
constexpr Side other(Side side) { return side == Side::caller ? Side::listener : Side::caller; }

struct Arrival {
    Time at{};
    Side to{};
    Address from;
    std::vector<uint8_t> datagram;
};

class Network {
  public:
    /// `forward` is the direction from the caller to the listener.
    Network(uint64_t seed, const LinkConfig& forward, const LinkConfig& backward);

    /// The address under which the other side sees `side` now.
    const Address& address(Side side) const { return address_[index(side)]; }
    /// The NAT in front of the caller forgets it: from now on its datagrams come from another port, and what
    /// goes to the old one is lost.
    void rebind();

    LinkConfig& link(Side from) { return links_[index(from)].config; }

    enum class Sent { taken, too_big };
    /// `from` sends `datagram` to `to`.
    Sent send(Time now, Side from, const Address& to, Bytes datagram);
    /// Delivers a datagram that somebody made up, or a copy, at `at`.
    void inject(Arrival arrival);

    Time next_arrival() const { return arrivals_.empty() ? time_never : arrivals_.top().at; }
    /// The next datagram that arrives at `now` or before.
    std::optional<Arrival> take(Time now);

    /// Sees, may change, and swallows by returning false, what is sent. Null: nothing is done.
    std::function<bool(Side from, Time now, std::vector<uint8_t>& datagram)> tap;

    struct Counters {
        uint64_t datagrams = 0, bytes = 0;  ///< sent, whatever became of them
        uint64_t dropped = 0;
        uint64_t arrived = 0;     ///< bytes, copies included
        uint64_t queue_peak = 0;  ///< bytes
    };
    const Counters& counters(Side from) const { return links_[index(from)].counters; }
    /// Bytes sent to addresses that are neither node's.
    uint64_t bytes_elsewhere(const Address& to) const;

  private:
    struct Link {
        LinkConfig config;
        Counters counters;
        Line line;            // unless it is shared
        Time last_arrival{};  // of a datagram that kept its turn
        bool bad = false;     // Gilbert-Elliott
    };
    struct Later {
        bool operator()(const Arrival& a, const Arrival& b) const { return a.at > b.at; }
    };
    static size_t index(Side side) { return static_cast<size_t>(side); }
    bool lost(Link& link, Time departure);
    void corrupt(std::vector<uint8_t>& datagram);
    void pass(Link& link, Time departure, Arrival arrival);

    SeededRandom random_;
    Link links_[2];
    Address address_[2];
    std::priority_queue<Arrival, std::vector<Arrival>, Later> arrivals_;
    std::map<Address, uint64_t> elsewhere_;
};

}  // namespace stt::sim
