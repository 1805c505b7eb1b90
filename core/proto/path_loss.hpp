// SPDX-License-Identifier: LGPL-2.1-or-later
/// Measures the loss of a path in either direction and makes the error that reports it.
#pragma once

#include "core/base/address.hpp"
#include "core/base/error.hpp"
#include "core/proto/loss_meter.hpp"
#include "core/proto/recovery.hpp"

namespace stt {

/// Belongs to one path. Each function returns PATH_LOSS when there is something new to report.
class PathLoss {
  public:
    explicit PathLoss(const Address& peer) : peer_(peer) {}

    /// Loss recovery has found `outcome`. `narrow` means that the path carries no full-size packets, which is
    /// not counted as loss.
    std::optional<Error> on_outcome(Time now, const Recovery::Outcome& outcome, bool narrow);
    /// Packet `number` of `size` bytes arrived on the path.
    std::optional<Error> on_arrival(Time now, uint64_t number, size_t size);
    /// A packet arrived that had been damaged on the path. Its number will be missing, but the packet was not
    /// lost.
    void on_damaged(Time now) { received_.add(now, {.lost = -1}); }
    /// Continues the measurement of another path.
    void resume(const PathLoss& before);

  private:
    Error error(const LossMeter::Report& report, bool sent) const;

    const Address peer_;
    LossMeter sent_, received_;
    SentOutage sent_outage_;
    NumberGaps gaps_;
};

}  // namespace stt
