// SPDX-License-Identifier: LGPL-2.1-or-later
/// A network in virtual time between any number of nodes. Everything that chance decides follows from one
/// seed.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/time.hpp"
#include "tests/lib/bottleneck.hpp"
#include "tests/lib/seeded_random.hpp"

namespace stt::sim {

struct Interval {
    Time begin, end;
};

/// Loss in bursts after Gilbert and Elliott: a datagram may tip the link into its bad state, where all are
/// lost, and each one there may tip it back.
struct BurstLoss {
    double enter = 0;
    double leave = 0.25;
};

/// What a link does to datagrams. Probabilities are per datagram.
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
    std::shared_ptr<Bottleneck> line;  ///< what links share that have the same one; null: its own
    size_t mtu = std::numeric_limits<size_t>::max();  ///< UDP payload bytes
    bool report_too_big = false;                      ///< longer ones are reported, not silently dropped
    bool spoils_batches = false;                      ///< what leaves in one piece with others is lost
    std::vector<Interval> blackouts;
};

class Host;

/// One direction between two nodes.
struct Link {
    struct Counters {
        uint64_t datagrams = 0, bytes = 0;  ///< sent, whatever became of them
        uint64_t dropped = 0;               ///< datagrams
        uint64_t arrived = 0;               ///< bytes, copies included
        uint64_t queue_peak = 0;            ///< bytes
    };

    Link(Host& sender, Host& receiver) : from(sender), to(receiver) {}

    Host& from;
    Host& to;
    LinkConfig config;
    Counters counters;
    /// Sees, may change, and swallows by returning false, what is sent. Null: nothing is done.
    std::function<bool(Time now, std::vector<uint8_t>& datagram)> tap;

  private:
    friend class Network;
    Bottleneck own_line_;
    Time last_arrival_{};  // of a datagram that kept its turn
    bool bad_ = false;     // Gilbert-Elliott
};

/// A node as the network sees it.
class Host {
  public:
    /// Where the others reach it now.
    const Address& address() const { return address_; }
    /// What it has sent, wherever it went.
    uint64_t datagrams_sent() const { return datagrams_; }
    uint64_t bytes_sent() const { return bytes_; }
    /// Bytes of it that arrived at other nodes, copies included.
    uint64_t bytes_arrived() const;

  private:
    friend class Network;
    Address address_;
    uint64_t datagrams_ = 0, bytes_ = 0;
    std::map<const Host*, std::unique_ptr<Link>> links_;  // by where they lead
    std::map<const Host*, Address> heard_at_;             // where it last received something from whom
};

struct Datagram {
    Address from, to;
    std::vector<uint8_t> bytes;
};

struct Arrival {
    Time at{};
    Host* to = nullptr;
    Datagram datagram;
    Host* sender = nullptr;  ///< null: no node has the address
    Link* link = nullptr;    ///< that carried it; null: it was injected
    /// The address at which the sender had last received something from the receiver when it sent this.
    std::optional<Address> heard_at;
};

class Network {
  public:
    explicit Network(uint64_t seed) : random_(seed) {}

    /// A node joins, and is reached at `address`, which no other has. The reference lives as long as the
    /// network.
    Host& join(const Address& address);
    /// The NAT in front of a node forgets it: from now on its datagrams come from another port, and what goes
    /// to the old one is lost.
    void rebind(Host& host);
    /// The link between two nodes that have joined. It is as LinkConfig{} until that is changed.
    Link& link(Host& from, Host& to);

    /// Whether what `from` sends to `to` in one piece with others is lost.
    bool spoils_batches(Host& from, const Address& to) {
        Host* const receiver = at(to);
        return receiver && link(from, *receiver).config.spoils_batches;
    }
    enum class Sent { taken, too_big };
    /// `from` sends `datagram` to `to`.
    Sent send(Time now, Host& from, const Address& to, Bytes datagram);
    /// Delivers, at `at`, a datagram that an attacker made up, or a copy, to the node that has the address
    /// now. It counts as sent by the node whose address it comes from, if there is one.
    void inject(Time at, Datagram datagram);

    Time next_arrival() const { return arrivals_.empty() ? time_never : arrivals_.top().at; }
    /// The next datagram that arrives at `now` or before.
    std::optional<Arrival> take(Time now);

    /// Bytes sent to an address while it was no node's.
    uint64_t bytes_elsewhere(const Address& to) const;
    /// A hash of what was sent and what arrived so far, and when: the same for the same run.
    uint64_t trace() const { return trace_; }

  private:
    struct Later {
        bool operator()(const Arrival& a, const Arrival& b) const { return a.at > b.at; }
    };
    Host* at(const Address& address) const;
    static std::optional<Address> heard_at(const Host* sender, const Host* receiver);
    bool lost(Link& link, Time departure);
    void corrupt(std::vector<uint8_t>& datagram);
    void pass(Link& link, Time departure, Arrival arrival);
    void record(Time at, Bytes datagram);

    SeededRandom random_;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::priority_queue<Arrival, std::vector<Arrival>, Later> arrivals_;
    std::map<Address, uint64_t> elsewhere_;
    uint64_t trace_ = 0;
};

}  // namespace stt::sim
