// SPDX-License-Identifier: LGPL-2.1-or-later
/// A caller's attempt at a handshake: what to send when, and whom to believe.
#pragma once

#include "core/proto/liveness.hpp"
#include "core/proto/resumption.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

class CallerAttempt {
  public:
    /// First retransmission of HELLO or AUTH_PROOF; doubles up to the second.
    static constexpr Duration retransmit_first = 250ms, retransmit_max = 1s;
    /// How often a peer may ask for a cookie; more is somebody playing ping-pong with us.
    static constexpr unsigned cookies_max = 4;
    /// Lines that damage every other packet do not damage so many answers in a row.
    static constexpr unsigned doubtful_max = 4;
    /// A verdict that anybody could have forged (REJECT without mac, ICMP) waits this long, or a round trip
    /// if that is longer, for a genuine CHALLENGE.
    static constexpr Duration verdict_grace_min = 45ms, verdict_grace_max = 1s;

    /// `identity` and `random` outlive the object; `seed` is copied. `ticket`: of the session to go on with,
    /// which only the node that had it is shown.
    CallerAttempt(Now now, const Identity& identity, Bytes seed, const SessionConfig& config,
                  SessionId local_session, const SessionLimits& limits, std::optional<ResumeTicket> ticket,
                  Random& random);

    const AttemptId& id() const { return id_; }

    /// The datagram that is due now, or an empty span.
    Bytes due(Now now);
    Time next_timeout() const;

    void on_cookie(Now now, const CookiePacket& packet);
    void on_reject(Now now, const RejectPacket& packet);
    void on_challenge(Now now, Bytes datagram);
    /// What anybody on the path could have forged: ICMP, or what came from the peer's address and is no
    /// answer of a responder's.
    void on_hearsay(Now now, Error error);
    /// What came from the peer's address and is no answer of a responder's; `error` says what it is. It may
    /// have been damaged, or made up by anybody, so the attempt goes on, and `error` is why it has failed if
    /// nothing better comes. `doubtful`: it could be a damaged answer. True: it is news.
    bool on_no_answer(Error error, bool doubtful);

    /// AUTH_PROOF is made; the secrets can be taken once.
    bool proven() const { return proven_; }
    /// … and asked to go on with an earlier session's streams.
    bool resumes() const { return resumes_; }
    HandshakeSecrets take_secrets() { return handshake_.finish(); }
    const ChallengePayload& challenge() const { return challenge_; }
    Duration round_trip() const { return round_trip_; }

    /// Why the attempt to call `peer` has failed, if it has by now.
    std::optional<Error> failure(Now now, const Address& peer) const;
    /// After a failure: a last word for the responder (it is not the node expected). Empty: none.
    std::vector<uint8_t> farewell() const { return farewell_; }

  private:
    void start_hello(Now now, const Cookie& cookie);
    void verdict(Now now, Error error, bool certain);
    std::string timeout_text(const Address& peer) const;

    const SessionConfig config_;
    SessionLimits limits_;
    AttemptId id_;
    SessionId local_session_;
    std::optional<ResumeTicket> ticket_;
    CallerHandshake handshake_;
    Duration clock_offset_{};  // the responder's wall clock less ours, once it told
    bool clock_adjusted_ = false;
    Cookie cookie_{};       // the last HELLO's
    unsigned cookies_ = 0;  // HELLOs started anew because the peer asked for a cookie

    std::vector<uint8_t> datagram_;  // HELLO, later AUTH_PROOF
    Time next_send_;
    Duration interval_ = retransmit_first;
    Time first_sent_{};  // of datagram_
    bool sent_ = false;
    Time deadline_;

    bool proven_ = false, resumes_ = false;
    ChallengePayload challenge_;
    Duration round_trip_{};
    std::optional<Error> no_answer_;
    unsigned doubtful_ = 0;  // of what came, how many could have been damaged answers
    std::optional<Error> verdict_;
    Time verdict_at_ = time_never;
    std::vector<uint8_t> farewell_;
};

/// Why a caller has failed that got FINAL with a code. `own`: the caller's own id.
Error refused_by_final(const FinalFrame& frame, const NodeId& own);

}  // namespace stt
