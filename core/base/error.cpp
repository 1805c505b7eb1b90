// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/error.hpp"

#include <algorithm>
#include <array>

#include "core/base/hint.hpp"
#include "core/base/text.hpp"

namespace stt {
namespace {

using enum RecoveryClass;

// What to do about a peer that breaks the protocol.
constexpr const char* defective_peer = tr_noop(
    "Update the sending program. Report the error as a defect, with a log of both ends "
    "(GST_DEBUG=stt*:6), if it recurs.");

// In numerical order, because find_error() uses binary search.
constexpr std::array table{
    ErrorInfo{ErrorCode::connection_timeout, "CONNECTION_TIMEOUT", "connection", retry, true,
              "The peer may be starting, or the network may be down temporarily.",
              "The handshake did not complete within handshake-timeout.",
              tr_noop("Check that the peer is running, and that host and port in uri are right. Check that "
                      "no firewall blocks them, and that every link on the path carries IP packets of 1228 "
                      "bytes. On slow networks, raise handshake-timeout.")},
    ErrorInfo{
        ErrorCode::connection_refused, "CONNECTION_REFUSED", "connection", fix_config, true,
        "The listener may be about to start.",
        "The peer's host reported that the port is closed, or the peer refused the connection.",
        tr_noop(
            "Start the listener. Check the port in uri, and any firewall or port forwarding on the path.")},
    ErrorInfo{
        ErrorCode::authentication_failed, "AUTHENTICATION_FAILED", "connection", fatal, false,
        "Another attempt changes neither the seed nor the identity.",
        "The two ends do not have the same seed, or the peer is not the node that was expected or allowed.",
        tr_noop("Give both ends the same seed, seed-file or passphrase.")},
    ErrorInfo{ErrorCode::network_unreachable, "NETWORK_UNREACHABLE", "connection", fix_config, true,
              "Routes and name servers may return, for example when a device joins another network.",
              "There is no route to the peer, or its address cannot be resolved.",
              tr_noop("Check this machine's network connection and routes, the host in uri, and "
                      "local-address if it is set.")},
    ErrorInfo{ErrorCode::protocol_version_mismatch, "PROTOCOL_VERSION_MISMATCH", "connection", fatal, false,
              "Another attempt meets the same versions.", "The peer speaks another version of the protocol.",
              tr_noop("Install the same version of the stt plugin on both ends.")},
    ErrorInfo{ErrorCode::session_closed, "SESSION_CLOSED", "session", retry, true,
              "The peer may accept a new session; with the reason auth_failure it never does.",
              "The session was closed, by either end or because of an error.",
              tr_noop("Check the reason and the peer's log for the cause. With auto-reconnect, a new session "
                      "is established.")},
    ErrorInfo{ErrorCode::session_timeout, "SESSION_TIMEOUT", "session", retry, true,
              "The path or the peer may come back.", "Nothing was heard from the peer for keepalive-timeout.",
              tr_noop("Check the peer, and the network between the two ends. Raise keepalive-timeout if long "
                      "interruptions are normal.")},
    ErrorInfo{ErrorCode::too_many_sessions, "TOO_MANY_SESSIONS", "session", retry, true,
              "The listener accepts another session when one of the present sessions ends.",
              "The listener has reached its max-sessions, already serves another caller, or accepts no "
              "further stream.",
              tr_noop("Wait: a caller calls again, and is accepted once the listener is free. If that takes "
                      "long, check the listener's log.")},
    ErrorInfo{
        ErrorCode::session_not_found, "SESSION_NOT_FOUND", "session", retry, true,
        "A peer that was restarted accepts a new session.",
        "The peer does not know the session: it ended there, or the peer was restarted.",
        tr_noop(
            "Leave auto-reconnect on: a caller then establishes a new session as soon as the peer answers.")},
    ErrorInfo{ErrorCode::stream_closed, "STREAM_CLOSED", "stream", retry, false,
              "An end that closes only the stream, and keeps the session, does so on purpose.",
              "The stream was ended abruptly, by either end or together with its session.",
              tr_noop("Check the peer's log if the stream was not meant to end.")},
    ErrorInfo{ErrorCode::too_many_streams, "TOO_MANY_STREAMS", "stream", fix_config, false,
              "A new session with the same settings reaches the same limit.",
              "The session has as many streams as max-streams or the receiver allows.",
              tr_noop("Close streams that are not needed, or raise max-streams at the receiver.")},
    ErrorInfo{ErrorCode::stream_id_conflict, "STREAM_ID_CONFLICT", "stream", fix_config, false,
              "The same stream-id causes the same conflict.",
              "The stream id is in use, is reserved for the other end, or is not the one that the receiver "
              "accepts.",
              tr_noop("Leave stream-id at -1 at both ends, or set the same number at both: even if sttsink "
                      "calls, odd if it listens.")},
    ErrorInfo{ErrorCode::flow_control_violation, "FLOW_CONTROL_VIOLATION", "stream", fatal, false,
              "A defective sender repeats its mistake.", "The peer sent more than it was allowed to.",
              defective_peer},
    ErrorInfo{ErrorCode::invalid_frame, "INVALID_FRAME", "protocol", automatic, true,
              "The sender's mistake may depend on the state of the session that has ended.",
              "A genuine packet contained something that the wire format does not allow.",
              tr_noop("Install the same version of the stt plugin on both ends. Report the error as a "
                      "defect, with a log of both ends (GST_DEBUG=stt*:6), if it recurs.")},
    ErrorInfo{ErrorCode::encryption_error, "ENCRYPTION_ERROR", "protocol", fatal, false,
              "A defect of the cipher, or an attack, needs a person's attention.",
              "A packet could not be sealed or opened, although it arrived undamaged.",
              tr_noop("Check whether a host on the network forges packets. If none does, restart both ends "
                      "and report the error with a log of both ends (GST_DEBUG=stt*:6).")},
    ErrorInfo{ErrorCode::checksum_mismatch, "CHECKSUM_MISMATCH", "protocol", automatic, true,
              "Damage in transit may be temporary.",
              "A packet was damaged in transit; it was dropped, and its content is sent again.",
              tr_noop("Ignore this if it is rare. Otherwise check the cables and adapters on the path, and "
                      "their drivers.")},
    ErrorInfo{ErrorCode::unknown_frame_type, "UNKNOWN_FRAME_TYPE", "protocol", automatic, true,
              "The frame was ignored, and the session continues.",
              "The peer sent a frame of a type that this version does not know; the frame was ignored.",
              tr_noop("To use all features, install the same version of the stt plugin on both ends.")},
    ErrorInfo{
        ErrorCode::handshake_failure, "HANDSHAKE_FAILURE", "protocol", retry, true,
        "A new attempt has a new nonce and a new time, and the failure may have been damage in transit.",
        "The handshake failed; the sub-code says at which step.",
        tr_noop("If the error recurs, check that both ends have the same seed, and that their clocks differ "
                "by less than two minutes.")},
    ErrorInfo{ErrorCode::udp_send_failed, "UDP_SEND_FAILED", "transport", retry, true,
              "The system's interfaces and buffers may recover.",
              "The operating system did not accept a datagram, or datagrams are too large for the path.",
              tr_noop("Check the network interface and this machine's firewall rules. Raise "
                      "socket-send-buffer if the buffer is full.")},
    ErrorInfo{ErrorCode::websocket_closed, "WEBSOCKET_CLOSED", "transport", retry, true,
              "Proxies and servers may close connections at any time.",
              "The WebSocket connection was closed, at the peer or somewhere on the path.",
              tr_noop("Leave auto-reconnect on. If this happens often, check the proxy and the peer's log.")},
    ErrorInfo{ErrorCode::websocket_handshake_failed, "WEBSOCKET_HANDSHAKE_FAILED", "transport", fix_config,
              true, "A proxy gives this answer while the server behind it starts.",
              "The server or a proxy refused to open a WebSocket connection.",
              tr_noop("Check host and port in uri, and that its path is the listener's websocket-path. If "
                      "there is a proxy on the path, check proxy and proxy-credentials-file.")},
    ErrorInfo{ErrorCode::tls_error, "TLS_ERROR", "transport", fix_config, false,
              "Certificates, names and trusted authorities do not change by themselves.",
              "TLS could not be set up: a certificate is invalid, has expired or is for another name.",
              tr_noop("Check the certificate's dates against this machine's clock, and its name against "
                      "tls-server-name. Set tls-ca-file to the authority that signed it.")},
    ErrorInfo{ErrorCode::path_loss, "PATH_LOSS", "transport", automatic, true,
              "Lost data is sent again, at the cost of delay and bandwidth.",
              "For several seconds, more than a tenth of the packets were lost in the direction that the "
              "reason names.",
              tr_noop("Lower the sender's bitrate if it is close to what the path carries. Otherwise check "
                      "radio links, cables and queues on the path. For live streams, raise latency.")},
    ErrorInfo{ErrorCode::timeout, "TIMEOUT", "application", retry, true,
              "The end that was too slow may catch up.",
              "An operation did not complete in time, for example within send-timeout, receive-timeout or "
              "drain-timeout.",
              tr_noop("Check whether the other end keeps up. Raise the timeout that the text names.")},
    ErrorInfo{
        ErrorCode::buffer_overflow, "BUFFER_OVERFLOW", "application", fix_config, true,
        "The end that was too slow may keep up in a new session.",
        "More arrived than a buffer can hold until it is taken out.",
        tr_noop("Raise max-window, socket-recv-buffer or send-queue-bytes, or make the slower end faster.")},
    ErrorInfo{
        ErrorCode::resource_exhausted, "RESOURCE_EXHAUSTED", "application", fix_config, true,
        "Memory and descriptors are released when other work ends.",
        "The machine ran out of memory, file descriptors or another resource.",
        tr_noop("Run fewer sessions, raise the system's limits (ulimit -n, ulimit -l), or add memory.")},
};

constexpr bool before(const ErrorInfo& a, const ErrorInfo& b) { return a.code < b.code; }
static_assert(std::is_sorted(table.begin(), table.end(), before));

constexpr std::array causes{
    ErrorCause{ErrorCode::network_unreachable, Reason::no_host, false,
               tr_noop("Check that the peer's host is switched on. Check its address in uri, and the "
                       "firewalls on the path.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::resolve, false,
               tr_noop("Check the host name in uri, and that this machine can reach its name server.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::address_not_available, false,
               tr_noop("Set local-address to an address of this machine, or leave it unset.")},
    ErrorCause{ErrorCode::session_closed, Reason::graceful, false,
               tr_noop("Start the peer again if it is still needed. If the stream is to arrive whole, as a "
                       "file, start both ends again.")},
    ErrorCause{ErrorCode::session_timeout, Reason::doubted, false,
               tr_noop("Ignore this if the caller was restarted. Otherwise stop one of the two callers.")},
    ErrorCause{
        ErrorCode::session_timeout, Reason::replaced, false,
        tr_noop("Ignore this if the caller was restarted. Otherwise check the log of the previous caller.")},
    ErrorCause{ErrorCode::session_timeout, Reason::mtu, false,
               tr_noop("Raise the MTU of the link or tunnel on the path that is too narrow for the packets "
                       "that the text names.")},
    ErrorCause{ErrorCode::udp_send_failed, Reason::mtu, false,
               tr_noop("If the text names the property mtu, lower it or set it to 0. Otherwise raise the MTU "
                       "of the link or tunnel on the path.")},
    ErrorCause{ErrorCode::session_closed, Reason::auth_failure, true,
               tr_noop("Check the peer's log and the versions of both ends before you start again: the peer "
                       "could not authenticate what it received.")},
    ErrorCause{ErrorCode::stream_closed, Reason::both_send, true,
               tr_noop("Make one of the two ends a receiver: replace its sttsink with sttsrc.")},
    ErrorCause{
        ErrorCode::stream_closed, Reason::ended, false,
        tr_noop("Set keep-listening on the receiving sttsrc, or restart its pipeline for each stream.")},
    ErrorCause{
        ErrorCode::stream_closed, Reason::drain_timeout, false,
        tr_noop(
            "Check why this end took the data so slowly, or raise drain-timeout at the sending sttsink.")},
    ErrorCause{ErrorCode::too_many_sessions, Reason::busy, false,
               tr_noop("If the caller was restarted, wait: it calls again, and the listener lets the old "
                       "session go within seconds. Otherwise stop the other caller, or run a separate "
                       "listener on another port: a listener serves one caller. Raise max-sessions only if "
                       "the text names it.")},
    ErrorCause{ErrorCode::too_many_sessions, Reason::ended, false,
               tr_noop("Check the listener's log for why its stream ended, then restart its pipeline. With "
                       "keep-listening, a receiving sttsrc waits for the next stream.")},
    ErrorCause{ErrorCode::too_many_streams, Reason::one_stream, true,
               tr_noop("Use a separate receiver and a separate session for each stream.")},
    ErrorCause{ErrorCode::timeout, Reason::drain_timeout, false,
               tr_noop("Check whether the receiver's pipeline keeps up, or raise drain-timeout.")},
    ErrorCause{ErrorCode::timeout, Reason::not_awaited, false,
               tr_noop("Ignore this if the receiver need not have everything. Otherwise set drain-timeout to "
                       "how long EOS may wait for it.")},
    ErrorCause{ErrorCode::timeout, Reason::no_connection, false,
               tr_noop("Start the listener, and check host and port in uri and the firewalls on the path. "
                       "Raise drain-timeout if the listener starts later.")},
    ErrorCause{ErrorCode::timeout, Reason::no_stream, true,
               tr_noop("Make one of the two ends a sender: replace its sttsrc with sttsink.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::no_route_there, false,
               tr_noop("Check the host in uri, and the routes of the router or host that the text names.")},
    ErrorCause{
        ErrorCode::network_unreachable, Reason::prohibited, false,
        tr_noop("Check host and port in uri. Let UDP through the firewall or route that the text names.")},
    ErrorCause{ErrorCode::connection_refused, Reason::other_protocol, false,
               tr_noop("Check that the port in uri is the listener's port.")},
    ErrorCause{
        ErrorCode::connection_refused, Reason::both_call, false,
        tr_noop("Make one of the two ends a listener: replace stt://HOST:PORT in its uri with stt://:PORT.")},
    ErrorCause{ErrorCode::connection_refused, Reason::echo, false,
               tr_noop("Check host and port in uri: an echo service answers there.")},
    ErrorCause{ErrorCode::connection_refused, Reason::self_call, false,
               tr_noop("Set uri to the listener's port, or set local-port to another port.")},
    ErrorCause{ErrorCode::authentication_failed, Reason::unexpected_peer, false,
               tr_noop("If the text names the right node, set peer-node-id to its node id at the end that "
                       "sets it, or leave it unset there.")},
    ErrorCause{
        ErrorCode::session_closed, Reason::error, false,
        tr_noop("Fix the error that the text names. With auto-reconnect, a new session is established.")},
    ErrorCause{
        ErrorCode::session_closed, Reason::timeout, false,
        tr_noop(
            "Check the network between the two ends. The session is resumed once they reach each other.")},
    ErrorCause{ErrorCode::session_not_found, Reason::unknown_session, false,
               tr_noop("Ignore this if the peer was restarted with the same seed: a caller establishes a new "
                       "session. If the seed was changed, set the new one at both ends.")},
    ErrorCause{ErrorCode::stream_closed, Reason::stream_timeout, false,
               tr_noop("Check the network, and why the sender's pipeline produces no data. Raise "
                       "stream-timeout, or set it to 0 to disable it.")},
    ErrorCause{ErrorCode::timeout, Reason::resolve, false,
               tr_noop("Check the host name in uri, and that this machine can reach its name server.")},
    ErrorCause{ErrorCode::timeout, Reason::send_timeout, false,
               tr_noop("Check whether the receiver's pipeline keeps up. Raise send-timeout, or set it to 0 "
                       "to disable it.")},
    ErrorCause{ErrorCode::timeout, Reason::receive_timeout, false,
               tr_noop("Check whether the sender's pipeline produces data. Raise receive-timeout, or set it "
                       "to 0 to disable it.")},
    ErrorCause{ErrorCode::timeout, Reason::no_caller, false,
               tr_noop("Start the caller, and check its uri and the firewalls on the path. Raise the timeout "
                       "that the text names if the caller starts later.")},
    ErrorCause{ErrorCode::handshake_failure, Reason::cipher, false,
               tr_noop("Install the same version of the stt plugin on both ends, so that they have a cipher "
                       "in common.")},
    ErrorCause{ErrorCode::handshake_failure, Reason::malformed_handshake, false,
               tr_noop("Install the same version of the stt plugin on both ends. Report the error as a "
                       "defect if it recurs.")},
    ErrorCause{ErrorCode::handshake_failure, Reason::wrong_session, false,
               tr_noop("Ignore this if a new session is established. Otherwise check that no two nodes use "
                       "the same identity-file.")},
    ErrorCause{ErrorCode::handshake_failure, Reason::refused, false,
               tr_noop("Check the peer's log for the cause. Install the same version of the stt plugin on "
                       "both ends.")},
    ErrorCause{ErrorCode::buffer_overflow, Reason::fragments, false, defective_peer},
    ErrorCause{ErrorCode::buffer_overflow, Reason::skips, false, defective_peer},
    ErrorCause{ErrorCode::buffer_overflow, Reason::no_receiver, false,
               tr_noop("Leave wait-for-connection at auto if the receiver is to get everything. Set "
                       "live=true if data is of no use later.")},
    ErrorCause{
        ErrorCode::resource_exhausted, Reason::passphrase, false,
        tr_noop("Raise the limit on memory (ulimit -v), free memory, or use seed-file, which needs none.")},
    ErrorCause{ErrorCode::resource_exhausted, Reason::descriptors, false,
               tr_noop("Raise the limit on open files (ulimit -n), or run fewer pipelines in one process.")},
    ErrorCause{ErrorCode::none, Reason::bad_setting, true,
               tr_noop("Correct the value. gst-inspect-1.0 shows what each property of sttsink and sttsrc "
                       "accepts.")},
    ErrorCause{ErrorCode::none, Reason::bad_uri, true,
               tr_noop("Correct uri: stt://HOST:PORT calls, and stt://:PORT listens. Set on the element "
                       "what a URI may not set.")},
    ErrorCause{ErrorCode::none, Reason::event_log, true,
               tr_noop("Set event-log to a regular file in a directory that exists, on a disk with space.")},
    ErrorCause{
        ErrorCode::none, Reason::no_such_directory, true,
        tr_noop(
            "Create the directory, or correct the path. The file itself is created if it does not exist.")},
    ErrorCause{ErrorCode::none, Reason::no_such_file, true,
               tr_noop("Check the path. To make a seed, run: (umask 077; openssl rand -hex 32 > FILE).")},
    ErrorCause{
        ErrorCode::none, Reason::file_mode, true,
        tr_noop("Allow only the owner to access the file. Replace the key if other users may have read it.")},
    ErrorCause{ErrorCode::none, Reason::permission_denied, true,
               tr_noop("Check that the user that runs the pipeline may access the file or use the port.")},
    ErrorCause{
        ErrorCode::none, Reason::address_in_use, true,
        tr_noop(
            "Stop the program that uses the port, or choose another port. stt://:0 takes any free port.")},
    ErrorCause{
        ErrorCode::none, Reason::too_large, true,
        tr_noop(
            "Split buffers before sttsink, for example with a parser or a smaller blocksize of the source.")},
    ErrorCause{ErrorCode::none, Reason::not_mappable, true,
               tr_noop("Put an element that copies to system memory before sttsink.")},
    ErrorCause{ErrorCode::none, Reason::not_carried, true,
               tr_noop("Simplify the caps before sttsink, for example with capssetter.")},
    ErrorCause{ErrorCode::none, Reason::meta_dropped, true,
               tr_noop("Ignore this unless an element downstream of sttsrc needs the metas.")},
    ErrorCause{ErrorCode::none, Reason::meta_needed, true,
               tr_noop("Put an element before sttsink that applies the meta to the payload, such as "
                       "videoconvert, audioconvert, a decryptor or an overlay.")},
};

// The causes for a listener, which its peer has called and which cannot call the peer back.
constexpr std::array causes_of_listeners{
    ErrorCause{ErrorCode::connection_timeout, Reason::handshake_timeout, false,
               tr_noop("Ignore this if the caller connects after all. Otherwise check that the path carries "
                       "IP packets of 1228 bytes in both directions.")},
    ErrorCause{ErrorCode::timeout, Reason::no_connection, false,
               tr_noop("Check the messages before this one for why the caller was turned away. Raise "
                       "drain-timeout if a caller needs longer.")},
    ErrorCause{ErrorCode::connection_refused, Reason::port_closed, false,
               tr_noop("Ignore this if the caller was stopped: it is accepted when it calls again. Otherwise "
                       "check its log.")},
};

const ErrorCause* find_cause(std::span<const ErrorCause> among, const Error& error) {
    const auto at = std::find_if(among.begin(), among.end(), [&](const ErrorCause& cause) {
        return cause.code == error.code && cause.reason == error.reason;
    });
    return at != among.end() ? &*at : nullptr;
}

bool lasts(const Error& error) {
    const ErrorCause* cause = find_cause(causes, error);
    return cause != nullptr && cause->lasting;
}

}  // namespace

std::span<const ErrorInfo> error_table() { return table; }

const ErrorInfo* find_error(ErrorCode code) {
    const auto at =
        std::lower_bound(table.begin(), table.end(), code,
                         [](const ErrorInfo& row, ErrorCode wanted) { return row.code < wanted; });
    return at != table.end() && at->code == code ? &*at : nullptr;
}

std::string_view error_name(ErrorCode code) {
    const ErrorInfo* row = find_error(code);
    return row != nullptr ? row->name : "UNKNOWN";
}

std::span<const ErrorCause> error_causes() { return causes; }

std::span<const ErrorCause> listener_causes() { return causes_of_listeners; }

std::string_view hint_for(const Error& error, bool caller) {
    const ErrorCause* const cause = caller ? nullptr : find_cause(causes_of_listeners, error);
    return cause != nullptr ? cause->hint : hint_for(error);
}

std::string_view hint_for(const Error& error) {
    if (const ErrorCause* cause = find_cause(causes, error)) return cause->hint;
    const ErrorInfo* row = find_error(error.code);
    return row != nullptr ? row->hint : std::string_view();
}

bool is_retried(const Error& error) {
    const ErrorInfo* row = find_error(error.code);
    return row != nullptr && row->retried && !lasts(error);
}

bool may_work_later(const Error& error) {
    const ErrorInfo* row = find_error(error.code);
    return row != nullptr && (row->retried || row->recovery == retry) && !lasts(error);
}

}  // namespace stt
