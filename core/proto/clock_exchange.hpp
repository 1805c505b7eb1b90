// SPDX-License-Identifier: LGPL-2.1-or-later
/// When a session asks for its peer's time, and what it makes of the answers; and how it answers itself.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "core/crypto/hello_guard.hpp"
#include "core/proto/clock_line.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// The side that wants to know: ten times a second for two seconds, four times until a minute, then once, or
/// twice on a noisy path.
class ClockRequester {
  public:
    /// The session is established: asks from now on.
    void start(Time now);
    /// A clock jumped, or the path is another: asks as often as at the beginning for two seconds, the first
    /// three times in quick succession.
    void hasten(Time now);
    /// Whether the path is so noisy that twice as many are worth it from then on.
    void set_often(bool often) { often_ = often; }
    /// When a request is due; time_never before start().
    Time next_timeout() const { return next_; }
    bool due(Time now) const { return now >= next_; }
    /// The request that leaves now.
    ClockRequestFrame make_request(Time now);
    /// None when it answers nothing that was asked, or did so before.
    std::optional<ClockSample> on_response(Time now, const ClockResponseFrame& response);

  private:
    Duration interval(Time now) const;
    void refill(Time now);

    struct Asked {
        uint64_t sequence = 0;
        Time sent{};
        bool open = false;
    };
    /// A minute's worth at the slowest pace: later answers are of no use.
    std::array<Asked, 64> asked_{};
    uint64_t sequence_ = 0;
    Time next_ = time_never;
    Time started_{}, hastened_{}, answered_{};
    bool often_ = false;
    unsigned quick_ = 0;  // requests of the quick succession still to come
    double tokens_ = 0;
    Time refilled_{};
};

/// The side that is asked. Only so many answers leave, whatever a peer asks.
class ClockResponder {
  public:
    static constexpr double answers_per_second = 50, answers_burst = 50;
    static constexpr size_t waiting_max = 4;  ///< they leave within the turn that they came in

    /// `now`: when it arrived.
    void on_request(Time now, const ClockRequestFrame& request);
    bool due() const { return !waiting_.empty(); }
    /// The response that leaves now; only when due().
    ClockResponseFrame make_response(Time now);

  private:
    struct Waiting {
        uint64_t sequence;
        Time received;
    };
    std::deque<Waiting> waiting_;
    RateLimit limit_{answers_per_second, answers_burst};
};

}  // namespace stt
