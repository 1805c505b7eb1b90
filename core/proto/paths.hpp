// SPDX-License-Identifier: LGPL-2.1-or-later
/// The paths of a session to its peer: the active one, the previous one, and an address to which the peer may
/// have moved.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "core/base/trace.hpp"
#include "core/proto/path.hpp"
#include "core/proto/path_validation.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it.
class Paths {
  public:
    /// How long acknowledgements of packets of the previous path are awaited: three round trips of an unknown
    /// path.
    static constexpr Duration previous_kept = 3 * RttEstimator::initial;

    /// `config`, `transports` and `random` outlive the object.
    Paths(const Address& peer, const SessionConfig& config, const TransportTable& transports, Random& random,
          Trace trace = {});

    /// The path that carries the data.
    Path& active() { return *active_; }
    const Path& active() const { return *active_; }
    /// Returns whether the transport of the active path is blocked.
    bool blocked() const { return transports_.blocked(active_->peer()); }
    /// Adds the counters of all paths, and the present state of the active one.
    void add_to(SessionStats& stats) const;
    /// The peer accepts no datagrams longer than `most` bytes, as announced in the handshake.
    void limit_datagram(uint64_t most);

    // Another address of the peer (RFC 9000, sections 8.2 and 9). Only what validates the address is sent
    // there before it is validated. A packet that a node on the path has copied must not move a session.

    /// A genuine packet of `bytes` bytes, the newest so far, came from `from`.
    void on_newest_from(Time now, const Address& from, size_t bytes);
    struct Outgoing {
        Address to;
        Frame frame;
        /// Size of the packet in bytes; 0 means no padding.
        size_t pad_to;
    };
    /// Returns the PATH_RESPONSE or PATH_CHALLENGE that leaves now by `transport`, once, if one is due. Each
    /// leaves in a packet of its own.
    std::optional<Outgoing> take_frame(Time now, TransportKind transport);
    /// Returns whether PATH_RESPONSE with `token` from `from` validates that address, so that move() may
    /// follow.
    bool validates(const Address& from, const PathValidation::Token& token) const;
    /// The validated path carries the data from now on. Returns the packets in flight on the previous path,
    /// which are lost.
    const Recovery::Outcome& move(Time now);
    /// All that was learnt about the active path is void. It is replaced by a new path to the same address,
    /// as in move().
    const Recovery::Outcome& start_over(Time now);
    /// Returns when a challenge is due, or when the validation fails; time_never if there is none, or if its
    /// transport is blocked.
    Time next_timeout() const {
        const bool may_send = candidate_ && !transports_.blocked(candidate_->peer);
        return may_send ? candidate_->validation.next_timeout() : time_never;
    }

    /// Handles an acknowledgement that may name packets of the previous path. Returns which of them have
    /// arrived, or null if no acknowledgements of that path are awaited.
    const Recovery::Outcome* on_late_ack(Time now, const AckFrame& ack);

    /// PATH_CHALLENGE came from `to`, where PATH_RESPONSE is now due.
    void owe_response(const Address& to, const PathValidation::Token& token) { response_ = {to, token}; }

  private:
    /// An address to which the peer may have moved. It gets no path before it is validated. Otherwise a node
    /// that copies packets under changing addresses could have one made for each.
    struct Candidate {
        Address peer;
        PathValidation validation;
    };
    struct Response {
        Address to;
        PathValidation::Token token;
    };
    std::optional<Outgoing> take_challenge(Time now, TransportKind transport);
    std::unique_ptr<Path> make(const Address& peer) const;
    const Recovery::Outcome& activate(Time now, std::unique_ptr<Path> next);

    const SessionConfig& config_;
    const TransportTable& transports_;
    Random& random_;
    const Trace trace_;
    uint64_t datagram_limit_ = datagram_max;
    std::unique_ptr<Path> active_;
    std::unique_ptr<Path> previous_;      // kept for previous_kept after previous_left_
    std::optional<Candidate> candidate_;  // none if the peer has not moved
    Time previous_left_{};
    Recovery::Counters past_;  // of paths that no longer exist
    std::optional<Response> response_;
};

}  // namespace stt
