// SPDX-License-Identifier: LGPL-2.1-or-later
/// Clock exchanges of a session: when it asks for the peer's time, how it pairs the answers, and how it
/// answers the peer's requests.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "core/crypto/hello_guard.hpp"
#include "core/proto/clock_line.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// The asking side. It asks ten times per second for two seconds and four times per second up to a minute.
/// Afterwards it asks once per second, or twice on a noisy path.
class ClockRequester {
  public:
    /// The session is established; requests begin now.
    void start(Time now);
    /// A clock has jumped or the path has changed. For two seconds the requester asks as often as at the
    /// beginning, the first three times in quick succession.
    void hasten(Time now);
    /// Sets whether the path is so noisy that twice as many requests are worthwhile from then on.
    void set_often(bool often) { often_ = often; }
    /// Returns when a request is due, or time_never before start().
    Time next_timeout() const { return next_; }
    bool due(Time now) const { return now >= next_; }
    /// Returns the request that leaves now.
    ClockRequestFrame make_request(Time now);
    /// Returns the sample that `response` completes, or none if it answers no open request.
    std::optional<ClockSample> on_response(Time now, const ClockResponseFrame& response);

  private:
    Duration interval(Time now) const;
    void refill(Time now);

    struct Asked {
        uint64_t sequence = 0;
        Time sent{};
        bool open = false;
    };
    /// One minute of requests at the slowest rate; later answers are of no use.
    std::array<Asked, 64> asked_{};
    uint64_t sequence_ = 0;
    Time next_ = time_never;
    Time started_{}, hastened_{}, answered_{};
    bool often_ = false;
    unsigned quick_ = 0;  // remaining requests of the quick succession
    double tokens_ = 0;
    Time refilled_{};
};

/// The answering side. It limits the rate of answers, however often a peer asks.
class ClockResponder {
  public:
    static constexpr double answers_per_second = 50, answers_burst = 50;
    static constexpr size_t waiting_max = 4;  ///< answers leave within the turn in which the requests came

    /// `now` is when the request arrived.
    void on_request(Time now, const ClockRequestFrame& request);
    bool due() const { return !waiting_.empty(); }
    /// Returns the response that leaves now. It may be called only when due().
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
