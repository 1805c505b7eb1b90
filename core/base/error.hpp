// SPDX-License-Identifier: LGPL-2.1-or-later
/// The error type of the core, and the table of all error codes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/reason.hpp"

namespace stt {

/// STT error codes. The high byte is the category, and the low byte is the error. Errors from 0x80 on are
/// specific to this project and extend the error reference.
enum class ErrorCode : uint16_t {
    none = 0,
    connection_timeout = 0x0101,
    connection_refused = 0x0102,
    authentication_failed = 0x0103,
    network_unreachable = 0x0104,
    protocol_version_mismatch = 0x0105,
    session_closed = 0x0201,
    session_timeout = 0x0202,
    too_many_sessions = 0x0203,
    session_not_found = 0x0204,
    stream_closed = 0x0301,
    too_many_streams = 0x0302,
    stream_id_conflict = 0x0303,
    flow_control_violation = 0x0304,
    invalid_frame = 0x0401,
    encryption_error = 0x0402,
    checksum_mismatch = 0x0403,
    unknown_frame_type = 0x0404,
    handshake_failure = 0x0405,
    udp_send_failed = 0x0501,
    websocket_closed = 0x0502,
    websocket_handshake_failed = 0x0503,
    tls_error = 0x0504,
    path_loss = 0x0580,
    timeout = 0x0601,
    buffer_overflow = 0x0602,
    resource_exhausted = 0x0603,
};

/// Sub-codes of handshake_failure, by the step at which the handshake failed. challenge_decrypt_failed also
/// qualifies authentication_failed.
enum class HandshakeSubCode : uint8_t {
    none = 0,
    nonce_reuse = 1,
    timestamp_expired = 2,
    challenge_decrypt_failed = 3,
    proof_verification_failed = 4,
};

/// Sub-codes of stream_closed and too_many_sessions.
enum class StreamSubCode : uint8_t {
    none = 0,
    ended = 1,  ///< the work of the end that reports it is over
};

enum class ErrorOrigin : uint8_t { local, peer, network };

/// What may follow an error, according to the error reference.
enum class RecoveryClass : uint8_t {
    retry,       ///< the same configuration may work later
    fix_config,  ///< works again once the configuration or the environment has been corrected
    automatic,   ///< recovery has already taken place when the error is reported
    fatal,       ///< retrying cannot help
};

/// One row of the error reference.
struct ErrorInfo {
    ErrorCode code;
    std::string_view name;      ///< such as "CONNECTION_TIMEOUT"
    std::string_view category;  ///< connection, session, stream, protocol, transport or application
    RecoveryClass recovery;
    bool retried;                   ///< whether a new session is tried automatically after this error
    std::string_view retry_reason;  ///< why, or why not; one sentence
    std::string_view cause;         ///< one sentence
    std::string_view hint;          ///< what the user can do about it; one sentence
};

/// All codes except `none`, in numerical order.
std::span<const ErrorInfo> error_table();

/// The row of `code`, or null when the table does not have it: a newer peer may use codes unknown here.
const ErrorInfo* find_error(ErrorCode code);

/// The name of `code`, or "UNKNOWN".
std::string_view error_name(ErrorCode code);

/// A cause that needs a different hint from that in the row of its code, or that has no code.
struct ErrorCause {
    ErrorCode code;
    Reason reason;          ///< the reason of an error with `code`
    bool lasting;           ///< whether retrying cannot help, whatever the row of its code says
    std::string_view hint;  ///< what the user can do about it; one sentence
};

/// All such causes, in no particular order. A cause without a code is omitted when the error's text already
/// says what to do.
std::span<const ErrorCause> error_causes();

/// An error. Use make_error() to make one.
struct Error {
    ErrorCode code = ErrorCode::none;
    uint8_t sub_code = 0;
    ErrorOrigin origin = ErrorOrigin::local;
    bool authenticated = false;  ///< whether the peer was authenticated when it reported the error
    bool terminal = false;       ///< whether the session is over
    Reason reason = Reason::none;
    std::string text;  ///< one sentence for people that names what was wrong, without a full stop

    /// Marks the error as reported by an authenticated peer.
    Error proven() && {
        authenticated = true;
        return std::move(*this);
    }
    /// Marks the error as one that ends the session or the element's work.
    Error ending() && {
        terminal = true;
        return std::move(*this);
    }
    /// Records the step at which a handshake failed.
    Error at(HandshakeSubCode step) && {
        sub_code = static_cast<uint8_t>(step);
        return std::move(*this);
    }
};

/// The only function that makes an Error. `code` is none when only a setting or this machine is the cause.
/// `text` is one sentence for people that names what was wrong, without a full stop.
inline Error make_error(ErrorCode code, Reason reason, ErrorOrigin origin, std::string text) {
    Error error;
    error.code = code;
    error.origin = origin;
    error.reason = reason;
    error.text = std::move(text);
    return error;
}

/// Makes an error about an invalid setting, or about what a setting leads to on this machine. It has no code,
/// and the element does not start after it.
inline Error setting_error(Reason reason, std::string text) {
    return make_error(ErrorCode::none, reason, ErrorOrigin::local, std::move(text)).ending();
}

/// What the user can do about `error`; empty when its text already says it.
std::string_view hint_for(const Error& error);

/// Whether the tables allow a new session to be tried automatically after `error`.
bool is_retried(const Error& error);

/// Whether the same configuration may work later.
bool may_work_later(const Error& error);

}  // namespace stt
