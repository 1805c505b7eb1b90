// SPDX-License-Identifier: LGPL-2.1-or-later
/// A sequence of operations on two endpoints in a simulated network: each is a byte that names it and the
/// bytes it takes. Whatever happens, what is delivered is what was written, time and memory stay bounded, and
/// once the network behaves again the sessions either carry everything to its end or have closed.
#include <algorithm>

#include "fuzz.hpp"
#include "tests/lib/transports.hpp"
#include "tests/sim/world.hpp"

using namespace stt;
using namespace stt::sim;

namespace {

enum class Operation : uint8_t {
    send,
    run,
    leap,
    drop,
    duplicate,
    delay,
    corrupt,
    reset,
    close,
    rebind,
    inject,
    inject_session_packet,
    replay,
    report,
    appetite,
    mtu,
    count,
};

constexpr size_t operations_max = 200, streams_max = 12;

/// What befalls the next datagrams of one side.
struct Fate {
    unsigned drop = 0, duplicate = 0, delay = 0, corrupt = 0;
    unsigned bit = 0;
};

class Player {
  public:
    Player(uint64_t seed, ByteReader in) : world_(config(seed)), in_(in) {
        world_.network.tap = [this](Side from, Time now, std::vector<uint8_t>& datagram) {
            return befall(from, now, datagram);
        };
    }

    void play() {
        world_.connect();
        for (size_t i = 0; i < operations_max && !in_.empty(); i++) {
            step();
            check();
        }
        settle();
    }

  private:
    static WorldConfig config(uint64_t seed) {
        WorldConfig config;
        config.seed = seed;
        config.caller.congestion = seed % 2 ? CongestionAlgorithm::bbr : CongestionAlgorithm::cubic;
        config.caller.max_window = config.listener.max_window = seed % 3 ? 64 << 10 : 4 << 20;
        return config;
    }

    bool befall(Side from, Time now, std::vector<uint8_t>& datagram) {
        if (past_.size() < 64) past_.push_back({from, datagram});
        Fate& fate = fates_[from == Side::listener];
        const auto take = [](unsigned& count) { return count > 0 && count-- > 0; };
        if (take(fate.drop)) return false;
        if (take(fate.corrupt)) {
            const size_t bit = fate.bit % (8 * datagram.size());
            datagram[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        }
        const Arrival later{now + 30ms, other(from), world_.network.address(from), datagram};
        if (take(fate.duplicate)) world_.network.inject(later);
        if (take(fate.delay)) {
            world_.network.inject(later);
            return false;
        }
        return true;
    }

    void step() {
        const uint8_t code = in_.u8();
        const auto operation = static_cast<Operation>(code % static_cast<uint8_t>(Operation::count));
        const Side side = code & 0x80 ? Side::listener : Side::caller;
        Node& node = world_.node(side);
        Session* session = world_.session(node);
        Fate& fate = fates_[side == Side::listener];
        switch (operation) {
            case Operation::send: {
                const Script script{.seed = code,
                                    .payload = 1u + in_.u16(),
                                    .message_max = 1u + in_.u16(),
                                    .answered = (code & 0x40) != 0};
                if (session && session->state() == SessionState::established && streams_ < streams_max) {
                    streams_++;
                    MUST(node.application.send(*session, script, in_.u8()));
                    world_.flush();
                }
                break;
            }
            case Operation::run:
                world_.run_for(1ms * in_.u8());
                break;
            case Operation::leap:
                world_.run_for(100ms * in_.u8());
                break;
            case Operation::drop:
                fate.drop = in_.u8();
                break;
            case Operation::duplicate:
                fate.duplicate = in_.u8();
                break;
            case Operation::delay:
                fate.delay = in_.u8();
                break;
            case Operation::corrupt:
                fate.corrupt = in_.u8();
                fate.bit = in_.u16();
                break;
            case Operation::reset:
                if (session && !node.application.flows().empty()) {
                    auto flow = node.application.flows().begin();
                    std::advance(flow, in_.u8() % node.application.flows().size());
                    node.application.reset(*session, flow->first);
                    world_.flush();
                }
                break;
            case Operation::close:
                world_.close(node);
                break;
            case Operation::rebind:
                world_.network.rebind();
                break;
            case Operation::inject: {
                const Bytes raw = in_.bytes(std::min<size_t>(in_.u8(), in_.remaining()));
                inject(side, {raw.begin(), raw.end()}, (code & 0x40) != 0);
                break;
            }
            case Operation::inject_session_packet: {
                const Bytes raw = in_.bytes(std::min<size_t>(in_.u8(), in_.remaining()));
                std::vector<uint8_t> packet(session_overhead + raw.size());
                std::copy(raw.begin(), raw.end(), packet.begin() + session_header_size);
                const SessionId id = session ? session->ids().local() : 1;
                write_session_header(packet, {PacketType::session_even, id, in_.u32()});
                seal_checksum(packet);
                inject(side, std::move(packet), (code & 0x40) != 0);
                break;
            }
            case Operation::replay:
                if (!past_.empty()) {
                    const auto& [from, datagram] = past_[in_.u8() % past_.size()];
                    inject(side, datagram, (code & 0x40) != 0);
                }
                break;
            case Operation::report: {
                const Address to = world_.network.address(other(side));
                const unsigned kind = in_.u8() % 4;
                const uint16_t size = in_.u16();
                node.endpoint.handle_network_report(world_.now(node), kind == 0   ? refused_at(to)
                                                                      : kind == 1 ? too_big_for(to, size)
                                                                                  : failed_to(to));
                world_.flush();
                break;
            }
            case Operation::appetite:
                node.application.stalled = (code & 0x40) != 0;
                node.application.appetite = 1000.0 * in_.u8();
                world_.flush();
                break;
            case Operation::mtu:
                world_.network.link(side).mtu = 1200u + in_.u16() % 8000;
                world_.network.link(side).report_too_big = (code & 0x40) != 0;
                break;
            case Operation::count:
                break;
        }
    }

    void inject(Side to, std::vector<uint8_t> datagram, bool stranger) {
        const Address from = stranger ? Address::v4({203, 0, 113, 1}, 1) : world_.network.address(other(to));
        world_.network.inject({world_.time(), to, from, std::move(datagram)});
    }

    void check() {
        if (!world_.failure().empty()) std::fprintf(stderr, "%s\n", world_.failure().c_str());
        MUST(world_.failure().empty());
        MUST(world_.caller.endpoint.session_count() <= 1);
        MUST(world_.listener.endpoint.session_count() <= 2);
        for (Node* node : {&world_.caller, &world_.listener}) {
            // Nothing here makes more than a few events for each datagram and message.
            const uint64_t datagrams = world_.network.counters(Side::caller).datagrams +
                                       world_.network.counters(Side::listener).datagrams;
            MUST(node->events < 10000 + 20 * datagrams);
            if (const Session* session = world_.session(*node)) MUST(session->stats().in_flight < 64 << 20);
        }
    }

    /// The network behaves, everybody eats: all that is left must come to an end.
    void settle() {
        fates_[0] = fates_[1] = {};
        for (Node* node : {&world_.caller, &world_.listener}) {
            node->application.stalled = false;
            node->application.appetite = 0;
            world_.network.link(node->side).mtu = datagram_max;
        }
        const auto over = [&] { return world_.caller.state() == SessionState::closed || world_.idle(); };
        world_.run_until(over, 200s);
        check();
        if (!over()) std::fprintf(stderr, "%s\n", world_.describe().c_str());
        MUST(over());
        world_.close(world_.caller);
        world_.run_until([&] { return world_.empty(); }, 200s);
        check();
        if (!world_.empty()) std::fprintf(stderr, "%s\n", world_.describe().c_str());
        MUST(world_.empty());
    }

    World world_;
    ByteReader in_;
    Fate fates_[2];
    size_t streams_ = 0;
    std::vector<std::pair<Side, std::vector<uint8_t>>> past_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader in(Bytes(data, size));
    const uint64_t seed = in.u8();
    Player(seed, in).play();
    return 0;
}
