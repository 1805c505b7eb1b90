// SPDX-License-Identifier: LGPL-2.1-or-later
/// The receiving side of loss recovery: it records which packets have arrived and decides when to acknowledge
/// them (RFC 9000, section 13.2).
#pragma once

#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

class AckTracker {
  public:
    /// The longest time for which an acknowledgement is held back. A peer adds it to its probe timeout. It is
    /// long enough for the answer of a busy application to carry the acknowledgement, and short compared with
    /// most round trips.
    static constexpr Duration ack_delay_max = 5ms;

    AckTracker();

    /// Records packet `number`, which must have been authenticated. Returns false if it is a duplicate, or so
    /// old that it must be treated as one.
    bool on_packet(Time now, uint64_t number, bool ack_eliciting);
    /// `smoothed` is the smoothed RTT of the session. It determines how many packets may share an
    /// acknowledgement.
    void set_rtt(Duration smoothed) { rtt_ = smoothed; }

    /// Returns whether an ack-eliciting packet waits for its acknowledgement, which may then share a packet
    /// with data.
    bool pending() const { return pending_ > 0; }
    /// Returns whether an acknowledgement should leave now. It is best called once per batch of received
    /// datagrams.
    bool ack_due(Time now) const;
    /// Returns when ack_due() becomes true by itself, or time_never when nothing waits to be acknowledged.
    Time next_timeout() const;
    /// Returns an ACK of all received packets that the peer may not know of, or none before the first packet.
    /// The frame counts as sent.
    std::optional<AckFrame> make_ack(Time now);
    /// Returns a NACK of the gaps that have outlasted three later packets, or none if there is nothing new to
    /// report. A gap is reported at most twice, the second time an RTT later. The frame counts as sent.
    std::optional<NackFrame> make_nack(Time now);

    /// The peer has acknowledged a packet that carried an ACK frame for packets up to `largest`. Those need
    /// not be reported again.
    void on_ack_frame_acked(uint64_t largest);

    /// Returns the highest number received, or none before the first packet.
    std::optional<uint64_t> largest() const {
        return ranges_.empty() ? std::nullopt : std::optional(ranges_.back().last);
    }

  private:
    struct Range {
        uint64_t first, last;
        // NACKs sent for the gap below this range.
        uint8_t nacks = 0;
        Time nacked{};
    };

    /// Returns false if `number` is a duplicate.
    bool insert(uint64_t number);
    void count_arrival(Time now);
    uint64_t gap_first(size_t i) const { return i == 0 ? floor_ : ranges_[i - 1].last + 1; }

    std::vector<Range> ranges_;  // ascending, never adjacent; its capacity is reserved once
    uint64_t floor_ = 0;         // all numbers below are settled
    Time largest_arrival_{};
    bool immediate_ = false;
    uint64_t pending_ = 0;  // ack-eliciting packets not yet acknowledged
    Time pending_since_{};
    Duration rtt_{};
    // Ack-eliciting packets per round trip, from which ack_every_ is derived.
    Time interval_start_{};
    uint64_t interval_packets_ = 0;
    uint64_t ack_every_ = 2;
};

}  // namespace stt
