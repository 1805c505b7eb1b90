// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a receiver that is paused holds of a live stream, so that it is current when it plays again.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "gst/metadata.hpp"

namespace stt {

/// Takes messages in the stream's order, keeps the newest key unit with what follows it, and gives up the
/// media before; state (caps, segment and the like) and headers stay. Bounded. One thread at a time.
class PausedBacklog {
  public:
    /// `live`: whether the stream is; none: its timing has not come yet, and will say.
    explicit PausedBacklog(std::optional<bool> live) : live_(live) {}

    enum class Want : uint8_t {
        more,
        no_more,  ///< not live, malformed, or too much state: what follows stays where it is
    };
    /// Takes the next one.
    Want take(InMessage message);
    /// What is taken next is of another stream, which makes what is kept of this one useless.
    void begin_stream();
    /// Stream offset up to which everything may count as passed on; 0: nothing was given up yet.
    uint64_t passed() const { return passed_; }

    /// What was given up so far.
    const Gap& discarded() const { return discarded_; }
    /// Whether what is kept begins, or what follows will begin, with a unit that needs others before it.
    bool lacks_key_unit() const { return lacks_key_unit_; }
    /// What the receiver is to go on with: reports of what the sender has given up and of discarded(), which
    /// stand for a discontinuity, then what is kept.
    std::vector<InMessage> finish();

    /// Bytes of media that are kept, beside a single buffer, and of state and headers. Each message counts
    /// with `overhead`. A key unit and what follows it should fit: the first is two seconds at 64 Mbit/s.
    static constexpr size_t media_max = 16 << 20, state_max = 1 << 20, overhead = 512;

  private:
    enum class Kind : uint8_t { state, header, media };
    struct Item {
        InMessage message;
        Kind kind;
        std::optional<Gap> account;  // what it counts for when it is given up; none: nothing
    };
    Want keep(InMessage message, Kind kind, std::optional<Gap> account);
    Want take_buffer(InMessage message);
    void give_up(const Item& item);
    void give_up_media();
    void drop_replaced();

    std::optional<bool> live_;
    std::deque<Item> items_;
    size_t media_bytes_ = 0, media_count_ = 0, state_bytes_ = 0;
    bool lacks_key_unit_ = false;
    uint64_t passed_ = 0;
    Gap discarded_, given_up_;
    bool sender_gave_up_ = false;
};

}  // namespace stt
