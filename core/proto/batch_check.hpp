// SPDX-License-Identifier: LGPL-2.1-or-later
/// Detects that batches are lost although single datagrams get through. A system that translates the address
/// of a batch before it splits it (UDP_SEGMENT) may get the checksums of the parts wrong. The receiver's
/// system then drops the parts silently. This was seen with NAT in front of a TUN device on Linux 6.18.
///
/// Sending without batches for a while costs only processor time, and a stream that needs batches hardly ever
/// sends anything else. The first suspicion is therefore enough.
#pragma once

#include "core/proto/recovery.hpp"

namespace stt {

class BatchCheck {
  public:
    /// How long no batches are sent after one was lost between single datagrams that got through. If no batch
    /// gets through afterwards, the next pause is eight times as long.
    static constexpr Duration pause_initial = 1s, pause_max = 5min;

    bool allowed(Time now) const { return now >= allowed_at_; }
    /// `round_trip` is the smoothed RTT. What `outcome` causes to be sent again must leave after this call.
    void on_outcome(Time now, Duration round_trip, const Recovery::Outcome& outcome);

  private:
    Duration pause_ = pause_initial;
    Time allowed_at_{};
    Time batch_sent_{};  // when the latest batch that got through was sent
    // When the first single datagram that got through after that batch was sent.
    Time single_sent_ = time_never;
};

}  // namespace stt
