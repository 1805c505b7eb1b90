// SPDX-License-Identifier: LGPL-2.1-or-later
/// A caller's attempt at a handshake: what to send when, and whom to believe.
#pragma once

#include "core/proto/liveness.hpp"
#include "core/proto/resumption.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

class CallerAttempt {
  public:
    /// First retransmission of HELLO or AUTH_PROOF; after retransmit_eager it doubles up to retransmit_max.
    /// Each is a pair of datagrams, so that the loss of one does not cost another interval (RFC 9002
    /// section 6.2.4).
    static constexpr Duration retransmit_first = 250ms, retransmit_max = 1s;
    /// How long it is repeated as often as at first. Over a path that loses 40 % each way one datagram in
    /// three is answered, and of pairs three in five: eight of them leave one handshake in a thousand waiting
    /// longer.
    static constexpr Duration retransmit_eager = 2s;
    /// How often a peer may ask for a cookie; more is somebody playing ping-pong with us.
    static constexpr unsigned cookies_max = 4;
    /// After how many answers that may have been damaged the peer is taken for another program. A line that
    /// damages every other packet rarely damages as many answers as this.
    static constexpr unsigned doubtful_max = 4;
    /// A verdict that anybody could have forged (a REJECT without mac, ICMP) waits for a genuine CHALLENGE
    /// for as long as the HELLO has waited for the verdict, within these bounds.
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
    /// The network reports `error` (ICMP, or a send that failed), or the element calls itself. Anybody on the
    /// path could have forged it: it is a verdict after the grace for a genuine CHALLENGE.
    void on_hearsay(Now now, Error error);
    /// A datagram has come from the peer's address that no responder sends; `error` says what it is. Anybody
    /// could have made it up, so the attempt goes on, and fails with `error` only if nothing better comes
    /// within the handshake time-out. `doubtful`: it may be an answer that was damaged, and counts after
    /// doubtful_max of them. True: the application has not been told yet.
    bool on_no_answer(Error error, bool doubtful);

    /// The peer has proved that it has the seed, and AUTH_PROOF is made: take_secrets() may be called, once.
    bool proven() const { return proven_; }
    /// AUTH_PROOF asks to go on with the streams of an earlier session.
    bool resumes() const { return resumes_; }
    HandshakeSecrets take_secrets() { return handshake_.finish(); }
    const ChallengePayload& challenge() const { return challenge_; }
    /// What the answer to the HELLO took; none if the HELLO was sent more than once: which of them was
    /// answered cannot be told (Karn's algorithm, RFC 6298 section 3).
    std::optional<Duration> round_trip() const { return round_trip_; }

    /// Why the attempt to call `peer` has failed; null: it has not.
    std::optional<Error> failure(Now now, const Address& peer) const;
    /// After a failure: the datagram that tells a responder that it is not the node expected; empty: there is
    /// nothing to tell.
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
    unsigned sent_ = 0;  // how often datagram_ was
    Time deadline_;

    bool proven_ = false, resumes_ = false;
    ChallengePayload challenge_;
    std::optional<Duration> round_trip_;
    std::optional<Error> no_answer_;  // the first that on_no_answer() took as one
    unsigned doubtful_ = 0;           // how many datagrams came that may have been damaged answers
    std::optional<Error> verdict_;    // with which the attempt fails at verdict_at_
    Time verdict_at_ = time_never;
    std::vector<uint8_t> farewell_;
};

/// Why a caller has failed that got FINAL with a code. `own`: the caller's own id.
Error refused_by_final(const FinalFrame& frame, const NodeId& own);

}  // namespace stt
