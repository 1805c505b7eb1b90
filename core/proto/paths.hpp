// SPDX-License-Identifier: LGPL-2.1-or-later
/// A session's ways to its peer: the one that carries data and the one before, and where the peer may have
/// moved.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "core/proto/path.hpp"
#include "core/proto/path_validation.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class Paths {
  public:
    /// How long acknowledgements of what the path before carried are awaited: three round trips of which
    /// nothing is known.
    static constexpr Duration previous_kept = 3 * RttEstimator::initial;

    /// `config` and `random` outlive the object.
    Paths(const Address& peer, const SessionConfig& config, Random& random);

    /// The path that carries data.
    Path& active() { return *active_; }
    const Path& active() const { return *active_; }
    /// Adds what all paths have carried, and what is known of the active one.
    void add_to(SessionStats& stats) const;
    /// The peer takes no longer datagrams: said in the handshake.
    void limit_datagram(uint64_t most);

    // Another address of the peer's (RFC 9000, sections 8.2 and 9). Nothing of weight goes to it before it
    // was validated: a packet that somebody on the way has copied must not move a session.

    /// A genuine packet of `bytes` bytes, the newest so far, came from `from`.
    void on_newest_from(Time now, const Address& from, size_t bytes);
    struct Outgoing {
        Address to;
        Frame frame;
        size_t pad_to;  ///< bytes of the packet; 0: as short as it is
    };
    /// The PATH_RESPONSE or PATH_CHALLENGE that leaves now, if one is due; each leaves in a packet of its
    /// own.
    std::optional<Outgoing> frame_due(Time now);
    /// Whether PATH_RESPONSE with `token` from `from` validates that address: move() may follow.
    bool validates(const Address& from, const PathValidation::Token& token) const;
    /// The path that was validated carries the data from now on. What the path before carried is added to
    /// `outcome` as lost.
    void move(Time now, Recovery::Outcome& outcome);
    /// Nothing that was learnt of the active path holds any more: the same with another path to the same
    /// address.
    void start_over(Time now, Recovery::Outcome& outcome);
    /// When a challenge is due.
    Time next_timeout() const { return candidate_ ? candidate_->validation.next_timeout() : time_never; }

    /// Whether there may be acknowledgements of what the path before carried.
    bool has_previous() const { return previous_ != nullptr; }
    /// An acknowledgement, which may name such packets.
    void on_late_ack(Time now, const AckFrame& ack, Recovery::Outcome& outcome);

    /// PATH_CHALLENGE came; PATH_RESPONSE is due to where it came from.
    void owe_response(const Address& to, const PathValidation::Token& token) { response_ = {to, token}; }

  private:
    /// Where the peer may have moved. It is no path before that is known: whoever copies packets under
    /// changing addresses would have one made for each.
    struct Candidate {
        Address peer;
        PathValidation validation;
    };
    struct Response {
        Address to;
        PathValidation::Token token;
    };
    std::optional<Outgoing> challenge_due(Time now);
    std::unique_ptr<Path> make(const Address& peer) const;
    void activate(Time now, std::unique_ptr<Path> next, Recovery::Outcome& outcome);

    const SessionConfig& config_;
    Random& random_;
    uint64_t datagram_limit_ = datagram_max;
    std::unique_ptr<Path> active_;
    std::unique_ptr<Path> previous_;      // kept for previous_kept after previous_left_
    std::optional<Candidate> candidate_;  // none: the peer is where it was
    Time previous_left_{};
    Recovery::Counters past_;  // of paths that are gone
    std::optional<Response> response_;
};

}  // namespace stt
