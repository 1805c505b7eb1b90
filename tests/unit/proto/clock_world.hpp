// SPDX-License-Identifier: LGPL-2.1-or-later
/// Two clocks and a network between them, in virtual time, for what estimates one clock from the other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "core/proto/clock_estimator.hpp"
#include "core/proto/clock_exchange.hpp"

namespace stt {

/// Times are in seconds since the beginning, by a clock nobody in this world can read.
struct ClockWorld {
    explicit ClockWorld(unsigned seed) : random(seed) {}

    std::mt19937_64 random;
    double drift_ppm = 50;
    double wander_ppm = 0, wander_period = 600;
    std::function<double(double)> jumps = [](double) { return 0.0; };  ///< of the peer's clock, so far
    /// Of one packet; `up`: towards the peer. Below 0: it is lost.
    std::function<double(double at, bool up)> delay = [](double, bool) { return 0.02; };
    bool scheduling = true;  ///< whether threads are woken late

    ClockEstimator estimator;
    ClockRequester requester;
    uint64_t exchanges = 0, relocks = 0;

    static constexpr double local_begin = 1000, peer_begin = 5000;

    double uniform(double from, double to) {
        return std::uniform_real_distribution<double>(from, to)(random);
    }
    double exponential(double mean) { return std::exponential_distribution<double>(1 / mean)(random); }
    double normal(double sigma) { return std::normal_distribution<double>(0, sigma)(random); }
    bool chance(double share) { return uniform(0, 1) < share; }

    int64_t local(double t) const { return std::llround((local_begin + t) * 1e9); }
    int64_t peer(double t) const {
        const double turns = 2 * M_PI / wander_period;
        const double run = drift_ppm * t + wander_ppm * (1 - std::cos(turns * t)) / turns;
        return std::llround((peer_begin + t + jumps(t) + run * 1e-6) * 1e9);
    }
    /// Of the line, in seconds.
    double error() const {
        return static_cast<double>(estimator.line()->peer_at(local(now)) - peer(now)) * 1e-9;
    }
    double drift_error_ppm() const {
        const double turns = 2 * M_PI / wander_period;
        return estimator.line()->drift * 1e6 - drift_ppm - wander_ppm * std::sin(turns * now);
    }

    /// Goes on for `duration`; calls `look` every 100 ms.
    void run(
        double duration, const std::function<void()>& look = [] {}) {
        const double end = now + duration;
        if (requester.next_timeout() == time_never) requester.start(Time(Duration(local(now))));
        double next_look = std::ceil(now * 10) / 10;
        for (;;) {
            const double ask = at(requester.next_timeout());
            const double answer = flights.empty() ? 1e18 : flights.top().arrives;
            const double next = std::min({ask, answer, next_look});
            if (next > end) break;
            now = std::max(now, next);
            if (next == answer) {
                const Flight flight = flights.top();
                flights.pop();
                receive(flight);
            } else if (next == ask) {
                send();
            } else {
                next_look += 0.1;
                look();
            }
        }
        now = end;
    }

    double now = 0;

  private:
    struct Flight {
        double arrives;
        ClockResponseFrame response;
        bool operator<(const Flight& other) const { return arrives > other.arrives; }
    };
    double at(Time time) const {
        return time == time_never ? 1e18
                                  : static_cast<double>(time.time_since_epoch().count()) * 1e-9 - local_begin;
    }
    double woken() {
        if (!scheduling) return 0;
        return chance(0.9) ? exponential(0.1e-3) : uniform(0.2e-3, 2e-3);
    }
    void send() {
        const auto request = requester.make_request(Time(Duration(local(now))));
        const double up = delay(now, true);
        if (up < 0) return;
        const double received = now + up + woken(), sent = received + 30e-6;
        const double down = delay(sent, false);
        if (down < 0) return;
        flights.push(
            {sent + down + woken(),
             {request.sequence, static_cast<uint64_t>(peer(received)), static_cast<uint64_t>(peer(sent))}});
    }
    void receive(const Flight& flight) {
        const Time time{Duration(local(now))};
        const auto sample = requester.on_response(time, flight.response);
        if (!sample) return;
        exchanges++;
        const auto outcome = estimator.add(*sample);
        requester.set_often(estimator.line() && estimator.line()->noisy());
        if (outcome != ClockEstimator::Outcome::relocked) return;
        relocks++;
        requester.hasten(time);
    }

    std::priority_queue<Flight> flights;
};

/// Errors, and what is said of them.
struct ErrorList {
    std::vector<double> list;
    void add(double error) { list.push_back(std::abs(error)); }
    double quantile(double q) {
        std::sort(list.begin(), list.end());
        return list.empty() ? 0 : list[static_cast<size_t>(q * static_cast<double>(list.size() - 1))];
    }
    double worst() { return quantile(1); }
};

}  // namespace stt
