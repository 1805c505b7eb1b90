// SPDX-License-Identifier: LGPL-2.1-or-later
/// Detects that large packets are lost while small ones arrive, which means that the path's MTU has shrunk
/// (RFC 8899, section 4.3). Probe timeouts alone would not show it, because small probes are acknowledged.
///
/// If the datagram size is above the minimum that a path must carry (datagram_min), it falls back to that
/// minimum. At the minimum the path is too narrow for the session. For its full-size packets it is as good as
/// cut. Data then leaves only in occasional probes, as in a silence, until one arrives or the timeout ends.
#pragma once

#include "core/proto/liveness.hpp"
#include "core/proto/recovery.hpp"

namespace stt {

class BlackHole {
  public:
    /// This many losses of large packets make a black hole. Each must concern packets sent after the previous
    /// such loss, and no large packet may have been acknowledged in between.
    static constexpr unsigned rounds_min = 3;
    /// Before the path counts as too narrow, this many large packets must have been lost in a row, and this
    /// many smaller ones have arrived meanwhile. On a path that loses 70 % at random, a sparse stream shows
    /// this pattern once in some minutes. The first probe that arrives then corrects it.
    static constexpr unsigned lost_min = 8, smaller_acked_min = 3;
    /// The finding `too_narrow` requires that the path has counted as too narrow for report_after. It also
    /// requires that the first of those losses was found report_after_loss ago.
    static constexpr Duration report_after = 800ms, report_after_loss = 1200ms;

    enum class Finding : uint8_t {
        none,
        shrunk,      ///< packets above datagram_min are lost
        too_narrow,  ///< packets of datagram_min have been lost for report_after; found once
        lost,        ///< packets of datagram_min have been lost until the timeout
        restored,    ///< a packet of datagram_min arrived on a path that had been too narrow
    };

    /// `patience` is the time after which a session on a path that is too narrow is lost.
    explicit BlackHole(Duration patience) : patience_(patience) {}

    /// `current` is the datagram size in use, in bytes of UDP payload.
    Finding on_outcome(Time now, uint64_t current, const Recovery::Outcome& outcome);
    /// Returns whether data may leave only in probes.
    bool narrow() const { return state_ != State::open; }
    /// Returns when the next probe is due, or time_never unless narrow().
    Time next_probe() const { return narrow() ? next_probe_ : time_never; }
    /// Must also be called when a probe was due and there was nothing to send.
    void on_probe_sent(Time now);
    /// Returns whether large packets were lost and none has arrived since.
    bool suspects() const { return lost_ > 0; }
    /// Forgets all losses, because the path has changed or nothing is left to send.
    void reset();

  private:
    enum class State : uint8_t { open, narrow, reported };

    Duration patience_;
    State state_ = State::open;
    // Counted since a large packet last arrived.
    unsigned rounds_ = 0, lost_ = 0, smaller_acked_ = 0;
    Time round_begin_{};
    Time first_lost_{}, narrow_since_{};
    Time next_probe_{};
};

}  // namespace stt
