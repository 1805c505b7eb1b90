// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notices where batches are lost although single datagrams get through. A system that cuts a batch up
/// (UDP_SEGMENT) after it has translated its address may get the checksums of the parts wrong, and the
/// receiver's system then drops them without a word; seen with NAT in front of a TUN device, Linux 6.18.
#pragma once

#include "core/proto/recovery.hpp"

namespace stt {

class BatchCheck {
  public:
    /// Losses of batched datagrams, each of ones sent after the last such loss, with a single one
    /// acknowledged and no batched one in between, that make it more than chance: an outage spares nobody.
    static constexpr unsigned rounds_max = 3;

    bool allowed() const { return rounds_ < rounds_max; }
    void on_outcome(Time now, const Recovery::Outcome& outcome);

  private:
    unsigned rounds_ = 0;
    Time round_start_{};
    bool single_acked_ = false;  // in this round
};

}  // namespace stt
