// SPDX-License-Identifier: LGPL-2.1-or-later
/// Two endpoints joined by a perfect path of fixed delay, in virtual time.
///
/// This is no simulation of tests/sim: the tests that use it start and configure endpoints one by one, see
/// each event and each datagram themselves, and set addresses as they like. Chance has no part in it, so the
/// conditions of a simulated network would only stand between a test and its datagrams.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"
#include "tests/lib/seeded_random.hpp"
#include "tests/lib/transports.hpp"

namespace stt {

struct JoinedNode {
    JoinedNode(const Address& at, unsigned seed)
        : address(at), random(seed), identity(Identity::generate(random)) {}

    void start(EndpointConfig config, uint8_t seed_byte = 0x5e) {
        config.identity = &identity;
        config.transports = transports;
        config.trace = [this, sink = config.trace](Time at, SessionHandle session, const std::string& text) {
            if (text.starts_with("timer: ")) timers[{session, text}]++;
            if (sink) sink(at, session, text);
        };
        endpoint.emplace(std::move(config), random);
        std::vector<SecretBytes> seeds;
        seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, seed_byte)));
        endpoint->set_seeds(std::move(seeds));
    }

    std::map<std::pair<SessionHandle, std::string>, unsigned> timers;  ///< how often each has fired
    template <class T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const Event& event : events)
            if (const T* what = std::get_if<T>(&event.what)) found.push_back(*what);
        return found;
    }
    /// The error of the last `closed`; null while there is none.
    const Error* closed() const {
        const Error* error = nullptr;
        for (const Event& event : events)
            if (const auto* change = std::get_if<event::StateChanged>(&event.what);
                change && change->state == SessionState::closed)
                error = &change->error;
        return error;
    }
    bool established() const {
        for (const auto& change : all<event::StateChanged>())
            if (change.state == SessionState::established) return true;
        return false;
    }
    /// Sessions of the events so far, the newest.
    SessionHandle last_session() const {
        SessionHandle handle = 0;
        for (const Event& event : events) handle = std::max(handle, event.session);
        return handle;
    }
    Session& session() { return *endpoint->find(last_session()); }

    Address address;
    TransportTable transports = datagram_transport(16);
    SeededRandom random;
    Identity identity;
    std::optional<Endpoint> endpoint;
    std::vector<Event> events;
    std::vector<uint8_t> received;  // over all streams
};

/// `caller` calls, `listener` listens; both pass on at once what arrives, unless `reading` is cleared.
struct JoinedEndpoints : ::testing::Test {
    using Datagram = std::vector<uint8_t>;
    struct Flight {
        Time arrives;
        Address from, to;
        Datagram bytes;
    };

    Now now{Time{} + 1s, WallTime(1'700'000'000s)};
    Duration delay = 10ms;
    JoinedNode caller{Address::v4({192, 0, 2, 1}, 4000), 1};
    JoinedNode listener{Address::v4({192, 0, 2, 2}, 7600), 2};
    bool reading = true;
    /// Whether a datagram gets through; may change it.
    std::function<bool(const JoinedNode& from, Datagram&)> weather = [](const JoinedNode&, Datagram&) {
        return true;
    };
    std::vector<Flight> flights;
    uint64_t sent_datagrams = 0;

    void start_listener(EndpointConfig config = {}) {
        config.listening = true;
        listener.start(std::move(config));
    }
    SessionHandle call(SessionConfig config = {}, uint8_t seed_byte = 0x5e) {
        if (!caller.endpoint) caller.start({}, seed_byte);
        return caller.endpoint->connect(now, listener.address, std::move(config));
    }

    void serve(JoinedNode& node) {
        while (auto event = node.endpoint->next_event()) {
            node.events.push_back(*event);
            const auto* readable = std::get_if<event::StreamReadable>(&event->what);
            if (!readable || !reading) continue;
            Session* session = node.endpoint->find(event->session);
            if (!session) continue;
            const auto read = session->read(readable->stream);
            uint64_t& taken = taken_[{&node, event->session, readable->stream}];
            for (const Chunk& chunk : read.chunks) {
                node.received.insert(node.received.end(), chunk.bytes().begin(), chunk.bytes().end());
                taken += chunk.size();
            }
            session->consumed(now.time, readable->stream, taken, taken, read.finished);
        }
        std::vector<uint8_t> batch(65536);
        while (auto transmit = node.endpoint->poll_transmit(now, batch, 16)) {
            ASSERT_GT(transmit->size, 0u);
            for (size_t at = 0; at < transmit->size; at += transmit->segment) {
                const size_t size = std::min(transmit->segment, transmit->size - at);
                Datagram bytes(batch.begin() + static_cast<ptrdiff_t>(at),
                               batch.begin() + static_cast<ptrdiff_t>(at + size));
                sent_datagrams++;
                if (weather(node, bytes))
                    flights.push_back({now.time + delay, node.address, transmit->to, std::move(bytes)});
            }
        }
    }

    Time next_step() {
        Time next = time_never;
        for (JoinedNode* node : {&caller, &listener})
            if (node->endpoint) next = std::min(next, node->endpoint->next_timeout(now.time));
        for (const Flight& flight : flights) next = std::min(next, flight.arrives);
        return next;
    }

    void set_time(Time time) {
        if (time <= now.time) return;
        now.wall += std::chrono::duration_cast<WallTime>(time - now.time);
        now.time = time;
    }

    void step() {
        auto arrived = std::exchange(flights, {});
        for (Flight& flight : arrived) {
            if (flight.arrives > now.time) {
                flights.push_back(std::move(flight));
                continue;
            }
            for (JoinedNode* node : {&caller, &listener})
                if (node->endpoint && node->address == flight.to)
                    node->endpoint->handle_datagram(now, flight.from, flight.bytes, nullptr);
        }
        for (JoinedNode* node : {&caller, &listener}) {
            if (!node->endpoint) continue;
            node->endpoint->handle_timeout(now);
            serve(*node);
        }
    }

    /// Runs until `done` or for `limit`; whether `done`.
    bool run(
        Duration limit, const std::function<bool()>& done = [] { return false; }) {
        const Time end = now.time + limit;
        step();
        size_t idle = 0;
        while (!done()) {
            const Time next = next_step();
            if (next > end) {
                set_time(end);
                return false;
            }
            idle = next <= now.time ? idle + 1 : 0;
            if (idle > 1000) {
                ADD_FAILURE() << "a timeout that is due is never served";
                return false;
            }
            set_time(next);
            step();
        }
        return true;
    }

    bool establish() {
        return run(5s, [&] { return caller.established() && listener.established(); });
    }

  private:
    std::map<std::tuple<JoinedNode*, SessionHandle, StreamId>, uint64_t> taken_;
};

}  // namespace stt
