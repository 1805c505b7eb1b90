// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the sender remembers about a packet until it is acknowledged or lost.
#pragma once

#include <array>
#include <cassert>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace stt {

/// Stream bytes that a packet carried.
struct StreamRange {
    StreamId stream = 0;
    uint64_t offset = 0;
    uint32_t size = 0;
};

/// A frame that must be made anew, with its then current content, if the packet is lost.
struct ControlRecord {
    FrameType type;
    StreamId stream = no_stream;
    uint64_t value = 0;  ///< depends on the type, for example a sequence number
};

/// The frames of a packet that matter when it is acknowledged or lost. There are usually one or two ranges;
/// further ones are allocated on the heap.
class SentFrames {
  public:
    void add(StreamRange range) {
        if (inline_count_ < inline_.size())
            inline_[inline_count_++] = range;
        else
            more_.push_back(range);
    }
    void add(ControlRecord record) { control_.push_back(record); }

    template <class F>
    void for_each_range(F&& f) const {
        for (size_t i = 0; i < inline_count_; i++) f(inline_[i]);
        for (const StreamRange& range : more_) f(range);
    }
    const std::vector<ControlRecord>& control() const { return control_; }

  private:
    std::array<StreamRange, 2> inline_{};
    uint8_t inline_count_ = 0;
    std::vector<StreamRange> more_;
    std::vector<ControlRecord> control_;
};

enum class PacketState : uint8_t {
    in_flight,
    acked,
    lost,
    gone,  ///< lost, but not ack-eliciting: its loss has no consequences
};

struct SentPacket {
    uint64_t number = 0;
    Time sent{};
    uint32_t size = 0;           ///< datagram bytes
    bool ack_eliciting = false;  ///< only such packets are counted in flight, timed and retransmitted
    bool mtu_probe = false;      ///< its loss says nothing about congestion
    bool batched = false;        ///< left in one batch with other packets
    PacketState state = PacketState::in_flight;
    SentFrames frames;

    // The state when the packet left, for the delivery rate. Recovery fills it in. All byte counts are totals
    // of the session.
    uint64_t delivered = 0;  ///< bytes acknowledged
    uint64_t lost_total = 0;
    uint64_t in_flight = 0;
    Time delivered_time{};
    Time first_sent_time{};
    bool app_limited = false;

    // Set when the packet is declared lost.
    Time lost_at{};
    bool lost_by_reordering = false;  ///< lost by threshold, time or NACK, not by an outage
};

/// Packets with consecutive numbers, found by number in constant time. The memory only grows, up to the
/// largest window so far, so that nothing is allocated in the steady state.
class PacketRing {
  public:
    bool empty() const { return first_ == end_; }
    /// The ring holds the numbers from first() to end() - 1, and only these may be looked up.
    uint64_t first() const { return first_; }
    uint64_t end() const { return end_; }
    SentPacket& front() { return (*this)[first_]; }
    SentPacket& operator[](uint64_t number) {
        assert(number >= first_ && number < end_);
        return slots_[number & (slots_.size() - 1)];
    }
    const SentPacket& operator[](uint64_t number) const {
        assert(number >= first_ && number < end_);
        return slots_[number & (slots_.size() - 1)];
    }

    /// `packet.number` must be end() unless the ring is empty.
    void push(SentPacket packet) {
        assert(empty() || packet.number == end_);
        if (empty()) first_ = end_ = packet.number;
        if (end_ - first_ == slots_.size()) grow();
        end_++;
        (*this)[end_ - 1] = std::move(packet);
    }
    /// Removes front(). The ring must not be empty.
    void pop() {
        assert(!empty());
        first_++;
    }

  private:
    void grow() {
        std::vector<SentPacket> larger(slots_.empty() ? 64 : 2 * slots_.size());
        for (uint64_t n = first_; n != end_; n++) larger[n & (larger.size() - 1)] = std::move((*this)[n]);
        slots_ = std::move(larger);
    }

    std::vector<SentPacket> slots_;  // the size is a power of two
    uint64_t first_ = 0, end_ = 0;
};

}  // namespace stt
