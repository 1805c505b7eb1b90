// SPDX-License-Identifier: LGPL-2.1-or-later
/// The part of a live stream that a paused receiver keeps, so that it is current when it plays again.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "gst/gap.hpp"

namespace stt {

/// Takes messages in the order of the stream. It keeps the newest key unit with what follows it, and skips
/// the media before. State (caps, segment and the like) and headers are kept. The size is bounded. Used by
/// one thread at a time.
class PausedBacklog {
  public:
    /// `live` says whether the stream is live; null if its timing has not arrived yet.
    explicit PausedBacklog(std::optional<bool> live) : live_(live) {}

    enum class Want : uint8_t {
        more,
        no_more,  ///< not live, malformed, or too much state: the caller must leave all further messages in
                  ///< the receive queue
    };
    /// Takes the next message.
    Want take(InMessage message);
    /// Announces that all further messages belong to another stream. Discards what is kept of the current
    /// one.
    void begin_stream();
    /// The stream offset up to which all bytes may be reported as delivered; 0 if nothing was skipped yet.
    uint64_t passed() const { return passed_; }

    /// What has been skipped so far.
    const Gap& discarded() const { return discarded_; }
    /// Whether the first unit that is kept, or the next one to come, needs units before it.
    bool lacks_key_unit() const { return lacks_key_unit_; }
    /// Returns the messages with which the receiver resumes. First come reports of what the sender has
    /// dropped and of discarded(), which mark a discontinuity, then the messages that were kept.
    std::vector<InMessage> finish();

    /// Limits in bytes of media, of state and headers, and the overhead that is counted for each message. A
    /// single larger buffer is kept. A key unit and what follows it should fit: media_max holds two seconds
    /// at 64 Mbit/s.
    static constexpr size_t media_max = 16 << 20, state_max = 1 << 20, overhead = 512;

  private:
    enum class Kind : uint8_t { state, header, media };
    struct Item {
        InMessage message;
        Kind kind;
        std::optional<Gap> account;  // the media count to add if it is skipped; none: nothing
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
