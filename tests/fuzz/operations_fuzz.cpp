// SPDX-License-Identifier: LGPL-2.1-or-later
/// A sequence of operations on two endpoints in a simulated network: each is a byte that names it and the
/// bytes it takes. Whatever happens, what is delivered is what was written, time and memory stay bounded, and
/// once the network behaves again the sessions either carry everything to its end or have closed.
#include <algorithm>

#include "fuzz.hpp"
#include "tests/lib/transports.hpp"
#include "tests/sim/simulation.hpp"

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

/// What befalls the next datagrams of one node.
struct Fate {
    unsigned drop = 0, duplicate = 0, delay = 0, corrupt = 0;
    unsigned bit = 0;
};

class Player {
  public:
    Player(uint64_t seed, ByteReader in)
        : simulation_(seed),
          caller_(simulation_.add(config(seed, false))),
          listener_(simulation_.add(config(seed, true))),
          in_(in) {
        for (Link* link : {&out_of(caller_), &out_of(listener_)})
            link->tap = [this, link](Time now, std::vector<uint8_t>& datagram) {
                return befall(*link, now, datagram);
            };
    }

    void play() {
        simulation_.call(caller_, listener_);
        for (size_t i = 0; i < operations_max && !in_.empty(); i++) {
            step();
            check();
        }
        settle();
    }

  private:
    static NodeConfig config(uint64_t seed, bool listening) {
        NodeConfig config{
            .name = listening ? "listener" : "caller",
            .address = Address::v4({192, 0, 2, static_cast<uint8_t>(listening ? 2 : 1)}, 7600),
            .listening = listening,
        };
        if (!listening && seed % 2 == 0) config.session.congestion = CongestionAlgorithm::cubic;
        config.session.max_window = seed % 3 ? 64 << 10 : 4 << 20;
        return config;
    }
    Node& peer_of(const Node& node) { return &node == &caller_ ? listener_ : caller_; }
    Link& out_of(const Node& node) { return simulation_.link(node, peer_of(node)); }

    bool befall(const Link& link, Time now, std::vector<uint8_t>& datagram) {
        if (past_.size() < 64) past_.push_back(datagram);
        Fate& fate = fates_[&link.from == &listener_.host];
        const auto take = [](unsigned& count) { return count > 0 && count-- > 0; };
        if (take(fate.drop)) return false;
        if (take(fate.corrupt)) {
            const size_t bit = fate.bit % (8 * datagram.size());
            datagram[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        }
        const bool duplicated = take(fate.duplicate), delayed = take(fate.delay);
        for (int copies = duplicated + delayed; copies > 0; copies--)
            simulation_.network.inject(now + 30ms, {link.from.address(), link.to.address(), datagram});
        if (delayed) return false;
        return true;
    }

    void step() {
        const uint8_t code = in_.u8();
        const auto operation = static_cast<Operation>(code % static_cast<uint8_t>(Operation::count));
        Node& node = code & 0x80 ? listener_ : caller_;
        Session* session = node.session();
        Fate& fate = fates_[&node == &listener_];
        switch (operation) {
            case Operation::send: {
                const Script script{.seed = code,
                                    .payload = 1u + in_.u16(),
                                    .message_max = 1u + in_.u16(),
                                    .answered = (code & 0x40) != 0};
                if (session && session->state() == SessionState::established && streams_ < streams_max) {
                    streams_++;
                    MUST(node.send(script, in_.u8()));
                    simulation_.flush();
                }
                break;
            }
            case Operation::run:
                simulation_.run_for(1ms * in_.u8());
                break;
            case Operation::leap:
                simulation_.run_for(100ms * in_.u8());
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
                    simulation_.flush();
                }
                break;
            case Operation::close:
                simulation_.close(node);
                break;
            case Operation::rebind:
                simulation_.network.rebind(caller_.host);
                break;
            case Operation::inject: {
                const Bytes raw = in_.bytes(std::min<size_t>(in_.u8(), in_.remaining()));
                inject(node, {raw.begin(), raw.end()}, (code & 0x40) != 0);
                break;
            }
            case Operation::inject_session_packet: {
                const Bytes raw = in_.bytes(std::min<size_t>(in_.u8(), in_.remaining()));
                std::vector<uint8_t> packet(session_overhead + raw.size());
                std::copy(raw.begin(), raw.end(), packet.begin() + session_header_size);
                const SessionId id = session ? session->ids().local() : 1;
                write_session_header(packet, {PacketType::session_even, id, in_.u32()});
                seal_checksum(packet);
                inject(node, std::move(packet), (code & 0x40) != 0);
                break;
            }
            case Operation::replay:
                if (!past_.empty()) {
                    inject(node, past_[in_.u8() % past_.size()], (code & 0x40) != 0);
                }
                break;
            case Operation::report: {
                const Address to = peer_of(node).address();
                const unsigned kind = in_.u8() % 4;
                const uint16_t size = in_.u16();
                node.endpoint.handle_network_report(simulation_.now(node), kind == 0   ? refused_at(to)
                                                                           : kind == 1 ? too_big_for(to, size)
                                                                                       : failed_to(to));
                simulation_.flush();
                break;
            }
            case Operation::appetite:
                node.application.stalled = (code & 0x40) != 0;
                node.application.appetite = 1000.0 * in_.u8();
                simulation_.flush();
                break;
            case Operation::mtu:
                out_of(node).config.mtu = 1200u + in_.u16() % 8000;
                out_of(node).config.report_too_big = (code & 0x40) != 0;
                break;
            case Operation::count:
                break;
        }
    }

    void inject(const Node& to, std::vector<uint8_t> datagram, bool stranger) {
        const Address from = stranger ? Address::v4({203, 0, 113, 1}, 1) : peer_of(to).address();
        simulation_.network.inject(simulation_.time(), {from, to.address(), std::move(datagram)});
    }

    void check() {
        if (!simulation_.failure().empty()) std::fprintf(stderr, "%s\n", simulation_.failure().c_str());
        MUST(simulation_.failure().empty());
        MUST(caller_.endpoint.session_count() <= 1);
        MUST(listener_.endpoint.session_count() <= 2);
        for (Node* node : {&caller_, &listener_}) {
            // Nothing here makes more than a few events for each datagram and message.
            const uint64_t datagrams = caller_.host.datagrams_sent() + listener_.host.datagrams_sent();
            MUST(node->events < 10000 + 20 * datagrams);
            if (const Session* session = node->session()) MUST(session->stats().in_flight < 64 << 20);
        }
    }

    /// The network behaves, everybody eats: all that is left must come to an end.
    void settle() {
        fates_[0] = fates_[1] = {};
        for (Node* node : {&caller_, &listener_}) {
            node->application.stalled = false;
            node->application.appetite = 0;
            out_of(*node).config.mtu = datagram_max;
        }
        const auto over = [&] { return caller_.state() == SessionState::closed || simulation_.idle(); };
        simulation_.run_until(over, 200s);
        check();
        if (!over()) std::fprintf(stderr, "%s\n", simulation_.describe().c_str());
        MUST(over());
        simulation_.close(caller_);
        simulation_.run_until([&] { return simulation_.empty(); }, 200s);
        check();
        if (!simulation_.empty()) std::fprintf(stderr, "%s\n", simulation_.describe().c_str());
        MUST(simulation_.empty());
    }

    Simulation simulation_;
    Node &caller_, &listener_;
    ByteReader in_;
    Fate fates_[2];
    size_t streams_ = 0;
    std::vector<std::vector<uint8_t>> past_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    ByteReader in(Bytes(data, size));
    const uint64_t seed = in.u8();
    Player(seed, in).play();
    return 0;
}
