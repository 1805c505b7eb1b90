// SPDX-License-Identifier: LGPL-2.1-or-later
/// The handshake of a session on either side, from its first HELLO until it is established or has failed.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/proto/caller_attempt.hpp"
#include "core/proto/responder_attempt.hpp"
#include "core/proto/resumption.hpp"
#include "core/proto/session_host.hpp"
#include "core/proto/traffic.hpp"

namespace stt {

/// Belongs to one session, whose thread calls it. It passes the keys to the session's traffic and fills in
/// the session's info. Packets must come from where the session expects its peer.
class Handshaking {
  public:
    /// All references outlive the object.
    struct Parts {
        SessionHost& host;
        const SessionConfig& config;
        SessionInfo& info;
        SessionEvents& events;
        Traffic& traffic;
        Resumption& resumption;
    };
    explicit Handshaking(const Parts& parts) : parts_(parts) {}
    Handshaking(const Handshaking&) = delete;
    Handshaking& operator=(const Handshaking&) = delete;

    /// The result of a step.
    struct Verdict {
        enum class Kind : uint8_t {
            pending,
            /// `earlier` is the session to be taken over, recognised by `name`; null means none.
            established,
            failed,  ///< by `error`; only what is due is still sent to the peer
            broken,  ///< by `error`, which SESSION_CLOSE reports to the peer
        };
        Kind kind = Kind::pending;
        Error error = {};
        Session* earlier = nullptr;
        SessionName name = {};
    };

    /// Starts a call. `ticket` is that of the session to resume; none means that no session is resumed.
    void call(Now now, const Identity& identity, Bytes seed, std::optional<ResumeTicket> ticket,
              Random& random);
    /// Answers `hello`, which has been opened.
    Verdict answer(Now now, ResponderHandshake hello);
    /// The session is established or has ended.
    void finish();

    const AttemptId& attempt() const { return attempt_; }
    bool calling() const { return calling_ != nullptr; }
    bool answering() const { return answering_.has_value(); }

    Verdict on_challenge(Now now, Bytes datagram);
    void on_cookie(Now now, const CookiePacket& packet);
    Verdict on_reject(Now now, const RejectPacket& packet);
    /// Returns false if the datagram is a HELLO of the attempt other than the one that is answered
    /// (ResponderAttempt::on_hello).
    bool on_hello(Bytes datagram) { return !answering_ || answering_->on_hello(datagram); }
    Verdict on_auth_proof(Now now, Bytes datagram);
    Verdict on_final(const FinalFrame& frame);
    /// An unauthenticated report, which anybody on the path could have forged (CallerAttempt::on_hearsay).
    /// Only while calling().
    Verdict on_hearsay(Now now, Error error);
    /// A datagram that is no answer (CallerAttempt::on_no_answer). Only while calling(). Returns true if it
    /// has not been reported yet.
    bool on_no_answer(const Error& error, bool doubtful) { return calling_->on_no_answer(error, doubtful); }

    /// Returns the datagram that is due now, or an empty span. It is valid until the next call.
    Bytes due(Now now);
    /// Returns whether a final packet must leave although the attempt has ended.
    bool last_word_due() const { return !last_word_.empty(); }
    /// Returns when check() or due() must be called. While the transport is blocked, nothing can be sent, and
    /// only check() counts.
    Time next_timeout(bool blocked) const;
    /// Checks whether the attempt has failed by now.
    Verdict check(Now now);

  private:
    const Address& peer() const { return parts_.traffic.path().peer(); }
    Status install_keys(Now now, HandshakeSecrets secrets, const SessionLimits& limits, SessionId remote);
    Result<Session*> find_earlier(const AuthProofPayload& payload);
    Verdict refuse(Error error);

    Parts parts_;
    AttemptId attempt_{};
    // At most one of the two is set during the handshake, and none afterwards.
    std::unique_ptr<CallerAttempt> calling_;
    std::optional<ResponderAttempt> answering_;
    std::vector<uint8_t> last_word_;  // final packet, to be sent once before anything else
    std::vector<uint8_t> sending_;    // the final packet while it is sent
};

}  // namespace stt
