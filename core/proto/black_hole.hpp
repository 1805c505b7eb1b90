// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notices that large packets vanish while small ones arrive: the path carries less than it did (RFC 8899,
/// section 4.3). Probe timeouts alone would not show it, as small probes are acknowledged.
///
/// Above the smallest size that a path must carry (datagram_min) the answer is to fall back to that size. At
/// that size there is nothing to fall back to: the path is too narrow for the session. To its full-size
/// packets it is as good as cut, so data leaves only in a probe now and then, as it does in a silence, until
/// one arrives or the session's patience ends.
#pragma once

#include "core/proto/liveness.hpp"
#include "core/proto/recovery.hpp"

namespace stt {

class BlackHole {
  public:
    /// Losses of large packets, each of packets sent after the last such loss and without an acknowledgement
    /// of one in between, that make a black hole.
    static constexpr unsigned rounds_min = 3;
    /// As many large packets must have been lost in a row, and as many smaller ones have arrived meanwhile,
    /// before the path counts as too narrow: of a path that loses 70 % at random a sparse stream shows that
    /// once in some minutes, and the first probe that arrives puts it right.
    static constexpr unsigned lost_min = 8, smaller_acked_min = 3;
    /// The finding `too_narrow` is made when the path has counted as too narrow for report_after, and the
    /// first of those losses was found report_after_loss ago.
    static constexpr Duration report_after = 800ms, report_after_loss = 1200ms;

    enum class Finding : uint8_t {
        none,
        shrunk,      ///< packets above datagram_min vanish
        too_narrow,  ///< those of datagram_min do, for report_after; found once
        lost,        ///< … for all of the patience
        restored,    ///< a packet of datagram_min arrived where the path had been too narrow
    };

    /// `patience`: how long a path that is too narrow is waited for.
    explicit BlackHole(Duration patience) : patience_(patience) {}

    /// `current`: the datagram size in use.
    Finding on_outcome(Time now, uint64_t current, const Recovery::Outcome& outcome);
    /// Data may leave only in probes.
    bool narrow() const { return state_ != State::open; }
    /// When the next probe is due; time_never unless narrow().
    Time next_probe() const { return narrow() ? next_probe_ : time_never; }
    /// Also to be called when there was nothing to send at the time.
    void on_probe_sent(Time now);
    /// Large packets were lost, and none has arrived since.
    bool suspects() const { return lost_ > 0; }
    /// Forgets what it suspects: another path, or nothing is left to send.
    void reset();

  private:
    enum class State : uint8_t { open, narrow, reported };

    Duration patience_;
    State state_ = State::open;
    // Since a large packet arrived last.
    unsigned rounds_ = 0, lost_ = 0, smaller_acked_ = 0;
    Time round_begin_{};
    Time first_lost_{}, narrow_since_{};
    Time next_probe_{};
};

}  // namespace stt
