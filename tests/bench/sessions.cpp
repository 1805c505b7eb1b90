// SPDX-License-Identifier: LGPL-2.1-or-later
/// What idle sessions cost the node that holds them: memory, CPU for their keep-alives, and what a turn takes
/// longer because they are there.
///   bench-sessions [COUNT...]
/// Two endpoints in virtual time; only what the listener does is measured.
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"
#include "tests/lib/seeded_random.hpp"
#include "tests/lib/transports.hpp"

namespace stt {
namespace {

double cpu_now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct End {
    End(const Address& at, unsigned seed, bool listening, size_t sessions)
        : address(at), random(seed), identity(Identity::generate(random)) {
        EndpointConfig config;
        config.identity = &identity;
        config.transports = datagram_transport(64);
        config.listening = listening;
        config.max_sessions = sessions;
        config.hello_rate = 1e9;
        endpoint.emplace(std::move(config), random);
        std::vector<SecretBytes> seeds;
        seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, 0x5e)));
        endpoint->set_seeds(std::move(seeds));
    }

    Address address;
    SeededRandom random;
    Identity identity;
    std::optional<Endpoint> endpoint;
    std::vector<std::vector<uint8_t>> incoming;
    size_t established = 0;
    Time next = time_never;  // next_timeout()
    double cpu = 0;          // seconds
};

class Bench {
  public:
    explicit Bench(size_t count) : count_(count) {}

    void run() {
        const size_t before = mallinfo2().uordblks;
        for (size_t i = 0; i < count_; i++) {
            caller_.endpoint->connect(now_, listener_.address, {});
            turn();
        }
        for (const Time end = now_.time + 5s; now_.time < end;) step(end);
        if (listener_.established != count_) {
            std::fprintf(stderr, "only %zu of %zu sessions were established\n", listener_.established,
                         count_);
            std::exit(1);
        }
        const size_t memory = (mallinfo2().uordblks - before) / 2 / count_;
        listener_.cpu = 0;
        constexpr Duration idle = 120s;
        for (const Time end = now_.time + idle; now_.time < end;) step(end);
        const double share = listener_.cpu / std::chrono::duration<double>(idle).count();

        constexpr int turns = 100'000;
        const double begin = cpu_now();
        for (int i = 0; i < turns; i++) work(listener_, caller_);
        const double each = (cpu_now() - begin) / turns;
        std::printf("%6zu idle sessions: %.3f %% of a core, %zu KiB each; a turn takes %.0f ns\n", count_,
                    100 * share, memory / 1024, each * 1e9);
    }

  private:
    void serve(End& end, End& other) {
        const double begin = cpu_now();
        work(end, other);
        end.cpu += cpu_now() - begin;
    }
    /// As a node's I/O thread does.
    void work(End& end, End& other) {
        for (auto& datagram : std::exchange(end.incoming, {}))
            end.endpoint->handle_datagram(now_, other.address, datagram, nullptr);
        if (end.endpoint->next_timeout(now_.time) <= now_.time) end.endpoint->handle_timeout(now_);
        take_events(end);
        while (const auto transmit = end.endpoint->poll_transmit(now_, batch_, 64))
            for (size_t at = 0; at < transmit->size; at += transmit->segment)
                other.incoming.emplace_back(batch_.begin() + static_cast<ptrdiff_t>(at),
                                            batch_.begin() + static_cast<ptrdiff_t>(std::min(
                                                                 at + transmit->segment, transmit->size)));
        take_events(end);
        end.next = end.endpoint->next_timeout(now_.time);
    }
    void take_events(End& end) {
        while (const auto event = end.endpoint->next_event()) {
            const auto* const change = std::get_if<event::StateChanged>(&event->what);
            if (change && change->state == SessionState::established) end.established++;
        }
    }
    void turn() {
        do {
            serve(caller_, listener_);
            if (!listener_.incoming.empty() || listener_.next <= now_.time) serve(listener_, caller_);
        } while (!caller_.incoming.empty() || !listener_.incoming.empty());
    }
    void step(Time limit) {
        const Time next = std::clamp(std::min(caller_.next, listener_.next), now_.time, limit);
        now_.wall += std::chrono::duration_cast<WallTime>(next - now_.time);
        now_.time = next;
        turn();
    }

    const size_t count_;
    Now now_{Time{} + 1000s, WallTime(1'700'000'000s)};
    End caller_{Address::v4({192, 0, 2, 1}, 4000), 1, false, count_};
    End listener_{Address::v4({192, 0, 2, 2}, 7600), 2, true, count_};
    std::vector<uint8_t> batch_ = std::vector<uint8_t>(65536);
};

}  // namespace
}  // namespace stt

int main(int argc, char** argv) {
    std::vector<size_t> counts;
    for (int i = 1; i < argc; i++) counts.push_back(std::strtoul(argv[i], nullptr, 10));
    if (counts.empty()) counts = {1, 100, 1000};
    for (const size_t count : counts) stt::Bench(count).run();
    return 0;
}
