// SPDX-License-Identifier: LGPL-2.1-or-later
/// Notices where batches are lost although single datagrams get through. A system that cuts a batch up
/// (UDP_SEGMENT) after it has translated its address may get the checksums of the parts wrong, and the
/// receiver's system then drops them without a word; seen with NAT in front of a TUN device, Linux 6.18.
///
/// To do without batches for a while costs nothing but processor time, and a stream that needs them hardly
/// ever sends anything else: so the first suspicion suffices.
#pragma once

#include "core/proto/recovery.hpp"

namespace stt {

class BatchCheck {
  public:
    /// How long there are no batches after one was lost between single datagrams that got through. Each time
    /// that none gets through afterwards it is eight times as long.
    static constexpr Duration pause_initial = 1s, pause_max = 5min;

    bool allowed(Time now) const { return now >= allowed_at_; }
    /// `round_trip`: smoothed. What is sent again because of `outcome` goes out afterwards.
    void on_outcome(Time now, Duration round_trip, const Recovery::Outcome& outcome);

  private:
    Duration pause_ = pause_initial;
    Time allowed_at_{};
    Time batch_sent_{};              // the last that got through
    Time single_sent_ = time_never;  // the first after it that got through
};

}  // namespace stt
