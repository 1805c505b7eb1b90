// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reasons, which give the cause behind an error code as one word for programs.
#pragma once

#include <cstdint>
#include <string_view>

namespace stt {

/// One of the causes that an error code stands for. It is not on the wire; bus messages carry its name.
enum class Reason : uint8_t {
    none,
    // Why a session ended.
    graceful,
    timeout,
    error,
    auth_failure,
    keepalive_timeout,
    doubted,
    replaced,
    not_resumed,
    unknown_session,
    wrong_session,
    peer_restarted,
    // Why no session was made.
    handshake_timeout,
    port_closed,
    no_route,
    no_host,
    no_route_there,
    prohibited,
    other_protocol,
    both_call,
    echo,
    self_call,
    resolve,
    send,
    mtu,
    wrong_seed,
    unexpected_peer,
    refused,
    version,
    busy,
    nonce_reuse,
    timestamp_expired,
    challenge,
    proof,
    cipher,
    malformed_handshake,
    // What happened to a stream.
    ended,
    reset,
    behind,
    both_send,
    no_stream,
    one_stream,
    other_stream,
    wrong_side,
    in_use,
    max_streams,
    stream_timeout,
    send_timeout,
    receive_timeout,
    no_caller,
    no_connection,
    no_receiver,
    drain_timeout,
    not_awaited,
    // Protocol violations by the peer, and what the network did to its packets.
    malformed_frame,
    malformed_message,
    unknown_frame,
    unknown_stream,
    ack_of_unsent,
    session_window,
    stream_window,
    stream_size,
    skip,
    skips,
    fragments,
    line_noise,
    forged_packet,
    integrity_limit,
    outgoing,
    incoming,
    // What this machine or its settings do not allow.
    bad_uri,
    bad_setting,
    passphrase,
    address_in_use,
    address_not_available,
    permission_denied,
    descriptors,
    memory,
    system,
    no_such_file,
    no_such_directory,
    exists,
    file_mode,
    byte_order_mark,
    key_file,
    event_log,
    // What cannot be transmitted.
    memory_feature,
    not_mappable,
    not_carried,
    too_large,
    meta_dropped,
    meta_needed,
};

/// The name of `reason`, such as "keepalive-timeout"; empty for `none`. The text is static.
std::string_view reason_name(Reason reason);

}  // namespace stt
