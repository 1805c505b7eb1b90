// SPDX-License-Identifier: LGPL-2.1-or-later
/// The one error type of the core, and the table that names every code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/reason.hpp"

namespace stt {

/// STT error codes: high byte category, low byte error. From 0x80 on they are this project's own, beside the
/// error reference.
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

/// Sub-codes of handshake_failure; wrong_seed also qualifies authentication_failed.
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
    ended = 1,  ///< the work of the end that says so is over
};

enum class ErrorOrigin : uint8_t { local, peer, network };

/// What may follow an error, as the error reference has it.
enum class RecoveryClass : uint8_t {
    retry,       ///< the same configuration may work later
    fix_config,  ///< works again once somebody mended the configuration or the surroundings
    automatic,   ///< already recovered from when it is reported
    fatal,       ///< retrying cannot help
};

/// One row of the error reference.
struct ErrorInfo {
    ErrorCode code;
    std::string_view name;      ///< such as "CONNECTION_TIMEOUT"
    std::string_view category;  ///< connection, session, stream, protocol, transport or application
    RecoveryClass recovery;
    bool retried;                   ///< whether a new session is tried by itself after this error
    std::string_view retry_reason;  ///< why, or why not, one sentence
    std::string_view cause;         ///< one sentence
    std::string_view hint;          ///< what to do about it, one sentence
};

/// Every code, in numerical order; without `none`.
std::span<const ErrorInfo> error_table();

/// The row of `code`, or null when the table has no such code (a newer peer may know more).
const ErrorInfo* find_error(ErrorCode code);

/// Name of `code`, or "UNKNOWN".
std::string_view error_name(ErrorCode code);

/// A cause that calls for something else than the row of its code says, or that has no code.
struct ErrorCause {
    ErrorCode code;
    Reason reason;          ///< of an error with `code`
    bool lasting;           ///< no repetition mends it, whatever the row of its code says
    std::string_view hint;  ///< what to do about it, one sentence
};

/// All of them, in no order; those without a code whose text says all that there is to do are left out.
std::span<const ErrorCause> error_causes();

/// Made by make_error().
struct Error {
    ErrorCode code = ErrorCode::none;
    uint8_t sub_code = 0;
    ErrorOrigin origin = ErrorOrigin::local;
    bool authenticated = false;  ///< the peer proved who it is before it said so
    bool terminal = false;       ///< the session is over
    Reason reason = Reason::none;
    std::string text;  ///< one sentence for people that names what was wrong

    /// The same, said by a peer that has proved who it is.
    Error proven() && {
        authenticated = true;
        return std::move(*this);
    }
    /// The same, with which the session, or the element's work, is over.
    Error ending() && {
        terminal = true;
        return std::move(*this);
    }
    /// The same, with the step at which a handshake failed.
    Error at(HandshakeSubCode step) && {
        sub_code = static_cast<uint8_t>(step);
        return std::move(*this);
    }
};

/// The one way to make an Error. `code`: none for what only a setting or this machine is to blame for.
/// `text`: one sentence for people that names what was wrong, without a full stop.
inline Error make_error(ErrorCode code, Reason reason, ErrorOrigin origin, std::string text) {
    Error error;
    error.code = code;
    error.origin = origin;
    error.reason = reason;
    error.text = std::move(text);
    return error;
}

/// A setting that cannot be, or what it leads to on this machine: an Error without a code, after which the
/// element does not start.
inline Error setting_error(Reason reason, std::string text) {
    return make_error(ErrorCode::none, reason, ErrorOrigin::local, std::move(text)).ending();
}

/// What to do about `error`; empty: its text says it.
std::string_view hint_for(const Error& error);

/// Whether a new session may be tried by itself after `error`, as the tables have it.
bool is_retried(const Error& error);

/// Whether the same configuration may work later.
bool may_work_later(const Error& error);

}  // namespace stt
