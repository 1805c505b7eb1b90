// SPDX-License-Identifier: LGPL-2.1-or-later
/// The receiving side of loss recovery: what arrived, and when to tell the peer (RFC 9000, section 13.2).
#pragma once

#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

class AckTracker {
  public:
    /// Longest that an acknowledgement is held back; a peer adds it to its probe timeout. Long enough for the
    /// answer of a busy application to carry it, short beside most round trips.
    static constexpr Duration ack_delay_max = 5ms;

    AckTracker();

    /// False: a duplicate, or so old that it must be taken for one. Packets are to be authenticated first.
    bool on_packet(Time now, uint64_t number, bool ack_eliciting);
    /// Smoothed RTT of the session; sets how many packets may share an acknowledgement.
    void set_rtt(Duration smoothed) { rtt_ = smoothed; }

    /// Whether an ack-eliciting packet waits for its acknowledgement; one may then share a packet with data.
    bool pending() const { return pending_ > 0; }
    /// Whether an acknowledgement should leave now. Best asked once per batch of received datagrams.
    bool ack_due(Time now) const;
    /// When ack_due() becomes true by itself; time_never when nothing waits to be acknowledged.
    Time next_timeout() const;
    /// Everything received that the peer may not know of; none before the first packet. Counts as sent.
    std::optional<AckFrame> make_ack(Time now);
    /// Gaps that have outlasted three later packets, at most twice each, the second time an RTT later; none
    /// when there is nothing new to say. Counts as sent.
    std::optional<NackFrame> make_nack(Time now);

    /// The peer acknowledged a packet of ours whose ACK frame reported packets up to `largest`: it need not
    /// hear of them again.
    void on_ack_frame_acked(uint64_t largest);

    /// Highest number received; none before the first packet.
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

    /// False: a duplicate.
    bool insert(uint64_t number);
    void count_arrival(Time now);
    uint64_t gap_first(size_t i) const { return i == 0 ? floor_ : ranges_[i - 1].last + 1; }

    std::vector<Range> ranges_;  // ascending, never adjacent; its capacity is reserved once
    uint64_t floor_ = 0;         // everything below is settled
    Time largest_arrival_{};
    bool immediate_ = false;
    uint64_t pending_ = 0;  // ack-eliciting packets not yet acknowledged
    Time pending_since_{};
    Duration rtt_{};
    // Ack-eliciting packets per round trip, for the size of ack_every_.
    Time interval_start_{};
    uint64_t interval_packets_ = 0;
    uint64_t ack_every_ = 2;
};

}  // namespace stt
