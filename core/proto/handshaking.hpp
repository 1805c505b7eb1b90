// SPDX-License-Identifier: LGPL-2.1-or-later
/// A session's handshake on either side: from its first HELLO until it is established or has failed.
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

/// Belongs to one session, whose thread calls it. It hands the keys to the session's traffic and fills in its
/// info. Packets are to come from where the session expects its peer.
class Handshaking {
  public:
    /// All outlive the object.
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

    /// What a step has led to.
    struct Verdict {
        enum class Kind : uint8_t {
            pending,
            established,  ///< `earlier`: the session to be taken over, recognised by `name`; null: none
            failed,       ///< by `error`; there is nothing more to say to the peer than what is due
            broken,       ///< by `error`, which the peer is to be told by SESSION_CLOSE
        };
        Kind kind = Kind::pending;
        Error error = {};
        Session* earlier = nullptr;
        SessionName name = {};
    };

    /// A call. `ticket`: of the session that it asks to resume; none: of none.
    void call(Now now, const Identity& identity, Bytes seed, std::optional<ResumeTicket> ticket,
              Random& random);
    /// An answer to `hello`, which opened.
    Verdict answer(Now now, ResponderHandshake hello);
    /// The session is established, or has ended.
    void finish();

    const AttemptId& attempt() const { return attempt_; }
    bool calling() const { return calling_ != nullptr; }
    bool answering() const { return answering_.has_value(); }

    Verdict on_challenge(Now now, Bytes datagram);
    void on_cookie(Now now, const CookiePacket& packet);
    Verdict on_reject(Now now, const RejectPacket& packet);
    /// False: it is another HELLO of the attempt than the one that is answered (ResponderAttempt::on_hello).
    bool on_hello(Bytes datagram) { return !answering_ || answering_->on_hello(datagram); }
    Verdict on_auth_proof(Now now, Bytes datagram);
    Verdict on_final(const FinalFrame& frame);
    /// While calling(): what anybody on the path could have forged (CallerAttempt::on_hearsay).
    Verdict on_hearsay(Now now, Error error);
    /// While calling(): what is no answer (CallerAttempt::on_no_answer). True: it is news.
    bool on_no_answer(const Error& error, bool doubtful) { return calling_->on_no_answer(error, doubtful); }

    /// The datagram that is due now, or an empty span. Valid until the next call.
    Bytes due(Now now);
    /// Whether a last word is to leave, though the attempt has ended.
    bool last_word_due() const { return !last_word_.empty(); }
    /// When check() must be called, or due().
    Time next_timeout() const;
    /// Whether the attempt has failed by now.
    Verdict check(Now now);

  private:
    const Address& peer() const { return parts_.traffic.path().peer(); }
    Status install_keys(Now now, HandshakeSecrets secrets, const SessionLimits& limits, SessionId remote);
    Result<Session*> find_earlier(const AuthProofPayload& payload);
    Verdict refuse(Error error);

    Parts parts_;
    AttemptId attempt_{};
    // One of the two while it lasts, none afterwards.
    std::unique_ptr<CallerAttempt> calling_;
    std::optional<ResponderAttempt> answering_;
    std::vector<uint8_t> last_word_;  // to be sent before anything else, once
    std::vector<uint8_t> sending_;    // the last word while it is sent
};

}  // namespace stt
