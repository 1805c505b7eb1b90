// SPDX-License-Identifier: LGPL-2.1-or-later
/// A caller's attempt at a handshake: it decides what to send when, and which answers to accept.
#pragma once

#include "core/proto/liveness.hpp"
#include "core/proto/resumption.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

class CallerAttempt {
  public:
    /// The first retransmission interval of HELLO. That of AUTH_PROOF is two round trips, as far as they are
    /// known, and at least retransmit_min. After retransmit_eager either doubles up to retransmit_max. Each
    /// retransmission is a pair of datagrams, so that the loss of one does not cost another interval (RFC
    /// 9002, section 6.2.4).
    static constexpr Duration retransmit_first = 250ms, retransmit_min = 100ms, retransmit_max = 1s;
    /// How long datagrams are repeated at the first interval. On a path that loses 40 % each way, one
    /// datagram in three is answered, and three pairs in five. With eight pairs, one handshake in a thousand
    /// has to wait longer.
    static constexpr Duration retransmit_eager = 2s;
    /// How many cookies a peer may demand. A peer that demands more keeps the caller in a loop.
    static constexpr unsigned cookies_max = 4;
    /// After this many answers that may have been damaged, the peer is considered to be another program. A
    /// line that damages every other packet rarely damages this many answers.
    static constexpr unsigned doubtful_max = 4;
    /// Anybody can forge a REJECT without mac or an ICMP message. Such a result takes effect only after a
    /// grace period, in which a genuine CHALLENGE overrides it. The grace period is the time from the HELLO
    /// to the result, within these bounds.
    static constexpr Duration verdict_grace_min = 45ms, verdict_grace_max = 1s;

    /// `identity` and `random` outlive the object; `seed` is copied. `ticket` is that of the session to
    /// resume, if any; it is shown only to the node that had that session.
    CallerAttempt(Now now, const Identity& identity, Bytes seed, const SessionConfig& config,
                  SessionId local_session, const SessionLimits& limits, std::optional<ResumeTicket> ticket,
                  Random& random);

    const AttemptId& id() const { return id_; }

    /// Returns the datagram that is due now, or an empty span.
    Bytes due(Now now);
    /// Returns when due() or failure() may have a result.
    Time next_timeout() const;
    /// Returns when failure() may have a result, whatever is sent meanwhile.
    Time fails_at() const;

    void on_cookie(Now now, const CookiePacket& packet);
    void on_reject(Now now, const RejectPacket& packet);
    void on_challenge(Now now, Bytes datagram);
    /// The network reports `error` (ICMP, or a send that failed), or the element has called itself. Anybody
    /// on the path could have forged the report. It takes effect after the grace period for a genuine
    /// CHALLENGE.
    void on_hearsay(Now now, Error error);
    /// A datagram that no responder sends has come from the peer's address; `error` describes it. Anybody
    /// could have forged it, so the attempt continues. The attempt fails with `error` only if nothing better
    /// arrives within the handshake timeout.
    ///
    /// `doubtful` means that the datagram may be a damaged answer. Such datagrams count after doubtful_max of
    /// them. Returns true if the application has not been notified yet.
    bool on_no_answer(Error error, bool doubtful);

    /// Returns whether the peer has proved that it has the seed and AUTH_PROOF has been made. take_secrets()
    /// may then be called once.
    bool proven() const { return proven_; }
    /// Returns whether AUTH_PROOF asks to resume an earlier session.
    bool resumes() const { return resumes_; }
    HandshakeSecrets take_secrets() { return handshake_.finish(); }
    const ChallengePayload& challenge() const { return challenge_; }
    /// Returns the round trip of the HELLO. It is none if the HELLO was sent more than once, because it is
    /// unknown which copy was answered (Karn's algorithm, RFC 6298, section 3).
    std::optional<Duration> round_trip() const { return round_trip_; }

    /// Returns why the attempt to call `peer` has failed, or null if it has not.
    std::optional<Error> failure(Now now, const Address& peer) const;
    /// After a failure, returns the datagram that informs a responder that it is not the expected node. It is
    /// empty if there is nothing to report.
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
    Duration clock_offset_{};  // the responder's wall clock minus the local one, once reported
    bool clock_adjusted_ = false;
    Cookie cookie_{};       // of the latest HELLO
    unsigned cookies_ = 0;  // HELLOs started anew because the peer demanded a cookie

    std::vector<uint8_t> datagram_;  // HELLO, later AUTH_PROOF
    Time next_send_;
    Duration interval_ = retransmit_first;
    Time first_sent_{}, last_sent_{};  // when datagram_ was first and last sent
    unsigned sent_ = 0;                // how often datagram_ was sent
    Time deadline_;

    bool proven_ = false, resumes_ = false;
    ChallengePayload challenge_;
    std::optional<Duration> round_trip_;
    std::optional<Error> no_answer_;  // the first one that on_no_answer() accepted
    unsigned doubtful_ = 0;           // datagrams that may have been damaged answers
    std::optional<Error> verdict_;    // pending result, with which the attempt fails at verdict_at_
    Time verdict_at_ = time_never;
    std::vector<uint8_t> farewell_;
};

/// Returns why a caller that received FINAL with a code has failed. `own` is the caller's own node id.
Error refused_by_final(const FinalFrame& frame, const NodeId& own);

}  // namespace stt
