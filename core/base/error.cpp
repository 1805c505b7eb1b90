// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/error.hpp"

#include <algorithm>
#include <array>

#include "core/base/hint.hpp"
#include "core/base/text.hpp"

namespace stt {
namespace {

using enum RecoveryClass;

// In numerical order, because find_error() uses binary search.
constexpr std::array table{
    ErrorInfo{ErrorCode::connection_timeout, "CONNECTION_TIMEOUT", "connection", retry, true,
              "The peer may be starting, or the network may be down for a while.",
              "The handshake did not complete within handshake-timeout.",
              tr_noop("Check that the peer runs, that host and port in uri are right and not blocked by a "
                      "firewall, and that every link on the way carries IP packets of 1228 bytes; raise "
                      "handshake-timeout on slow networks.")},
    ErrorInfo{
        ErrorCode::connection_refused, "CONNECTION_REFUSED", "connection", fix_config, true,
        "The listener may be about to start.",
        "The peer's host answered that nobody listens there, or the peer turned the connection down.",
        tr_noop(
            "Start the listener, and check the port in uri and any firewall or port forwarding on the way.")},
    ErrorInfo{
        ErrorCode::authentication_failed, "AUTHENTICATION_FAILED", "connection", fatal, false,
        "Neither a seed nor an identity becomes right by trying again.",
        "The two ends do not have the same seed, or the peer is not the node that was expected or allowed.",
        tr_noop("Give both ends the same seed, seed-file or passphrase.")},
    ErrorInfo{ErrorCode::network_unreachable, "NETWORK_UNREACHABLE", "connection", fix_config, true,
              "Routes and name servers come back, as when a device joins another network.",
              "There is no route to the peer, or its address cannot be resolved.",
              tr_noop("Check this machine's network connection and routes, the host in uri, and "
                      "local-address if it is set.")},
    ErrorInfo{ErrorCode::protocol_version_mismatch, "PROTOCOL_VERSION_MISMATCH", "connection", fatal, false,
              "Both ends stay of the version that they are.",
              "The peer speaks another version of the protocol.",
              tr_noop("Install the same version of the stt plugin on both ends.")},
    ErrorInfo{ErrorCode::session_closed, "SESSION_CLOSED", "session", retry, true,
              "The peer may take a new session; only the reason auth_failure says that it never will.",
              "The session was ended, by either side or by an error.",
              tr_noop("The reason and the peer's log say why; auto-reconnect makes a new session.")},
    ErrorInfo{ErrorCode::session_timeout, "SESSION_TIMEOUT", "session", retry, true,
              "The path or the peer may come back.", "Nothing was heard from the peer for keepalive-timeout.",
              tr_noop("Check the peer and the network between; raise keepalive-timeout where long "
                      "interruptions are normal.")},
    ErrorInfo{
        ErrorCode::too_many_sessions, "TOO_MANY_SESSIONS", "session", retry, true,
        "Others end their sessions, and the listener has room again.",
        "The listener has as many sessions as its max-sessions allows, or its one stream is taken.",
        tr_noop("A listener serves one caller: end the other one, or give this one a listener with a port of "
                "its own; raise max-sessions only where the text says that there are too many sessions.")},
    ErrorInfo{ErrorCode::session_not_found, "SESSION_NOT_FOUND", "session", retry, true,
              "A peer that was restarted takes a new session.",
              "The peer does not know the session: it ended there, or the peer was restarted.",
              tr_noop("Nothing to do while auto-reconnect is on: a caller begins a new session as soon as "
                      "the peer is there.")},
    ErrorInfo{ErrorCode::stream_closed, "STREAM_CLOSED", "stream", retry, false,
              "Whoever ended the stream by itself, in a session that stands, meant to.",
              "The stream was ended abruptly, by the peer, or together with its session.",
              tr_noop("Check the peer's log if it was not meant to end.")},
    ErrorInfo{ErrorCode::too_many_streams, "TOO_MANY_STREAMS", "stream", fix_config, false,
              "A new session with the same settings meets the same limit.",
              "The session has as many streams as max-streams allows.",
              tr_noop("End streams that are not needed, or raise max-streams on the receiving side.")},
    ErrorInfo{
        ErrorCode::stream_id_conflict, "STREAM_ID_CONFLICT", "stream", fix_config, false,
        "The stream-id that is set stays taken.",
        "The stream id is in use, belongs to the other side, or is not the one that the receiver takes.",
        tr_noop("Leave stream-id at -1 at both ends, or set both to one number: even where sttsink calls, "
                "odd where it listens.")},
    ErrorInfo{ErrorCode::flow_control_violation, "FLOW_CONTROL_VIOLATION", "stream", fatal, false,
              "A defective sender repeats its mistake.", "The peer sent more than it was allowed to.",
              tr_noop("This is a defect of the sending program: update it, and report it with a log of both "
                      "ends (GST_DEBUG=stt*:6).")},
    ErrorInfo{ErrorCode::invalid_frame, "INVALID_FRAME", "protocol", automatic, true,
              "What the sender got wrong may depend on the state of the session that has ended.",
              "An authentic packet held what the wire format does not allow.",
              tr_noop("This is a defect of the sending program: use the same version of the stt plugin on "
                      "both ends, and report it with a log of both ends (GST_DEBUG=stt*:6) if it stays.")},
    ErrorInfo{ErrorCode::encryption_error, "ENCRYPTION_ERROR", "protocol", fatal, false,
              "A machine that cannot seal or open any more, or an attack, calls for a person.",
              "A packet could not be sealed or opened, although it arrived undamaged.",
              tr_noop("Check for somebody who forges packets on the network; if there is nobody, restart "
                      "both ends and report it with a log of both ends (GST_DEBUG=stt*:6).")},
    ErrorInfo{
        ErrorCode::checksum_mismatch, "CHECKSUM_MISMATCH", "protocol", automatic, true,
        "Noise on the line comes and goes.",
        "A packet was damaged on the way; it was dropped and is sent again.",
        tr_noop("Nothing to do when it is rare; otherwise check cables, adapters and drivers on the way.")},
    ErrorInfo{
        ErrorCode::unknown_frame_type, "UNKNOWN_FRAME_TYPE", "protocol", automatic, true,
        "The frame was stepped over, and need not come again.",
        "The peer sent a frame of a type this version does not know; it was stepped over.",
        tr_noop("Nothing to do; install the same version of the stt plugin on both ends to use all of it.")},
    ErrorInfo{ErrorCode::handshake_failure, "HANDSHAKE_FAILURE", "protocol", retry, true,
              "A new attempt brings a new nonce and a new time; what is behind it may have been noise.",
              "The handshake failed; the sub-code says at which step.",
              tr_noop("If it stays, check that both ends have the same seed, and that their clocks agree to "
                      "two minutes.")},
    ErrorInfo{
        ErrorCode::udp_send_failed, "UDP_SEND_FAILED", "transport", retry, true,
        "Interfaces and buffers of the system recover.",
        "The operating system did not take a datagram for sending.",
        tr_noop(
            "Check the network interface and local firewall rules; raise socket-send-buffer if it is full.")},
    ErrorInfo{ErrorCode::websocket_closed, "WEBSOCKET_CLOSED", "transport", retry, true,
              "Proxies and servers end connections for reasons of their own.",
              "The WebSocket connection ended, at the peer or somewhere on the way.",
              tr_noop("Nothing to do while auto-reconnect is on; if it happens often, check the proxy and "
                      "the peer's log.")},
    ErrorInfo{ErrorCode::websocket_handshake_failed, "WEBSOCKET_HANDSHAKE_FAILED", "transport", fix_config,
              true, "A proxy answers like this while the server behind it starts.",
              "The server or a proxy did not open a WebSocket connection.",
              tr_noop("Check host, port and path in uri against the listener's websocket-path, and proxy and "
                      "proxy-credentials-file if there is one on the way.")},
    ErrorInfo{ErrorCode::tls_error, "TLS_ERROR", "transport", fix_config, false,
              "Certificates, names and trust in them are settings.",
              "TLS could not be set up: a certificate is invalid, has expired or is for another name.",
              tr_noop("Check the certificate's dates and name against tls-server-name and this machine's "
                      "clock, and set tls-ca-file to the authority that signed it.")},
    ErrorInfo{
        ErrorCode::path_loss, "PATH_LOSS", "transport", automatic, true,
        "What is lost is sent again, at the cost of delay and bandwidth.",
        "More than a tenth of the packets of several seconds got lost on the way, in the direction that the "
        "reason names.",
        tr_noop("Lower the sender's bitrate if it comes near what the line carries; otherwise check radio "
                "links, cables and queues on the way; for live streams raise latency.")},
    ErrorInfo{ErrorCode::timeout, "TIMEOUT", "application", retry, true,
              "The side that was too slow may catch up.",
              "An operation took longer than send-timeout, receive-timeout or drain-timeout.",
              tr_noop("Check whether the other end keeps up; raise the timeout that is named, or set it to 0 "
                      "for none.")},
    ErrorInfo{
        ErrorCode::buffer_overflow, "BUFFER_OVERFLOW", "application", fix_config, true,
        "The side that was too slow may catch up with a new session.",
        "More arrived than a buffer holds, because it was not taken out fast enough.",
        tr_noop("Raise max-window, socket-recv-buffer or send-queue-bytes, or make the slower side faster.")},
    ErrorInfo{
        ErrorCode::resource_exhausted, "RESOURCE_EXHAUSTED", "application", fix_config, true,
        "Memory and descriptors are given back as other work ends.",
        "The machine ran out of memory, file descriptors or another resource.",
        tr_noop("Run fewer sessions, raise the system's limits (ulimit -n, ulimit -l), or add memory.")},
};

constexpr bool before(const ErrorInfo& a, const ErrorInfo& b) { return a.code < b.code; }
static_assert(std::is_sorted(table.begin(), table.end(), before));

constexpr std::array causes{
    ErrorCause{
        ErrorCode::network_unreachable, Reason::no_host, false,
        tr_noop("Check that the peer's host is on, its address in uri, and the firewalls on the way.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::resolve, false,
               tr_noop("Check the host's name in uri, and that this machine reaches its name server.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::address_not_available, false,
               tr_noop("Set local-address to an address of this machine, or leave it out.")},
    ErrorCause{ErrorCode::session_closed, Reason::graceful, false,
               tr_noop("Nothing to do: the peer was stopped, and is taken up again when it comes back.")},
    ErrorCause{
        ErrorCode::session_timeout, Reason::doubted, false,
        tr_noop("Nothing to do if the caller was started again; otherwise stop one of the two callers.")},
    ErrorCause{
        ErrorCode::session_timeout, Reason::replaced, false,
        tr_noop(
            "Nothing to do if the caller was started again; otherwise look at the log of the one before.")},
    ErrorCause{ErrorCode::session_timeout, Reason::mtu, false,
               tr_noop("Raise the MTU of the link or tunnel on the way that is too narrow for the packets "
                       "the text names.")},
    ErrorCause{ErrorCode::udp_send_failed, Reason::mtu, false,
               tr_noop("Lower mtu, or set it to 0, if the text names it; otherwise raise the MTU of the link "
                       "or tunnel on the way.")},
    ErrorCause{ErrorCode::session_closed, Reason::auth_failure, true,
               tr_noop("The peer could not authenticate what it got: check its log, and both ends' versions, "
                       "before you start again.")},
    ErrorCause{ErrorCode::stream_closed, Reason::both_send, true,
               tr_noop("Make one of the two ends a receiver: sttsrc in place of its sttsink.")},
    ErrorCause{
        ErrorCode::stream_closed, Reason::ended, false,
        tr_noop("Set keep-listening on the receiving sttsrc, or start its pipeline again for each stream.")},
    ErrorCause{ErrorCode::too_many_sessions, Reason::ended, false,
               tr_noop("Start the listener's pipeline again, once its log has told why it ended; "
                       "keep-listening on a receiving sttsrc makes it wait for the next stream.")},
    ErrorCause{ErrorCode::too_many_streams, Reason::one_stream, true,
               tr_noop("Give every stream a receiver of its own, and a session of its own.")},
    ErrorCause{ErrorCode::timeout, Reason::drain_timeout, false,
               tr_noop("Check whether the other end keeps up, or raise drain-timeout: 0 waits for nothing.")},
    ErrorCause{ErrorCode::timeout, Reason::no_stream, true,
               tr_noop("Make one of the two ends a sender: sttsink in place of its sttsrc.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::no_route_there, false,
               tr_noop("Check the host in uri, and the routes of the router that the text names.")},
    ErrorCause{ErrorCode::network_unreachable, Reason::prohibited, false,
               tr_noop("Check host and port in uri, and the firewall or route that the text names: it has to "
                       "let UDP through.")},
    ErrorCause{ErrorCode::connection_refused, Reason::other_protocol, false,
               tr_noop("Check the port in uri: at the host that it names, it belongs to another program.")},
    ErrorCause{ErrorCode::connection_refused, Reason::both_call, false,
               tr_noop("Make one of the two ends a listener: stt://:PORT in place of stt://HOST:PORT.")},
    ErrorCause{ErrorCode::connection_refused, Reason::echo, false,
               tr_noop("Check host and port in uri: an echo service has them.")},
    ErrorCause{ErrorCode::connection_refused, Reason::self_call, false,
               tr_noop("Set uri to the listener's port, or local-port to another one.")},
    ErrorCause{ErrorCode::authentication_failed, Reason::unexpected_peer, false,
               tr_noop("Where peer-node-id is set, set it to the node id that the text names, if that is the "
                       "right peer, or leave it out.")},
    ErrorCause{ErrorCode::session_closed, Reason::error, false,
               tr_noop("See to what the text names; auto-reconnect makes a new session.")},
    ErrorCause{
        ErrorCode::session_closed, Reason::timeout, false,
        tr_noop(
            "Check the network between the ends; the session is gone on with once they reach each other.")},
    ErrorCause{ErrorCode::session_not_found, Reason::unknown_session, false,
               tr_noop("Nothing to do if the peer was started again with the same seed: a caller begins a "
                       "new session. With another seed it has to be given to both ends.")},
    ErrorCause{
        ErrorCode::stream_closed, Reason::stream_timeout, false,
        tr_noop("See why the sender's pipeline makes nothing, or raise stream-timeout: 0 is for none.")},
    ErrorCause{ErrorCode::timeout, Reason::resolve, false,
               tr_noop("Check the host's name in uri, and that this machine reaches its name server.")},
    ErrorCause{
        ErrorCode::timeout, Reason::send_timeout, false,
        tr_noop(
            "Check whether the receiver's pipeline keeps up; raise send-timeout, or set it to 0 for none.")},
    ErrorCause{ErrorCode::timeout, Reason::receive_timeout, false,
               tr_noop("Check whether the sender's pipeline makes data; raise receive-timeout, or set it to "
                       "0 for none.")},
    ErrorCause{ErrorCode::timeout, Reason::no_caller, false,
               tr_noop("Start the caller, and check its uri and the firewalls on the way; raise the timeout "
                       "that the text names, or set it to 0 for none.")},
    ErrorCause{
        ErrorCode::resource_exhausted, Reason::passphrase, false,
        tr_noop("Lift the limit on memory (ulimit -v), free some, or use seed-file, which takes none.")},
    ErrorCause{ErrorCode::resource_exhausted, Reason::descriptors, false,
               tr_noop("Raise the limit on open files (ulimit -n), or run fewer pipelines in one process.")},
    ErrorCause{
        ErrorCode::none, Reason::no_such_directory, true,
        tr_noop("Make the directory, or correct the path: the file itself is made when it is not there.")},
    ErrorCause{ErrorCode::none, Reason::no_such_file, true,
               tr_noop("Check the path; a seed is made with: (umask 077; openssl rand -hex 32 > FILE).")},
    ErrorCause{ErrorCode::none, Reason::file_mode, true,
               tr_noop("Take the file from all others, as by chmod 600.")},
    ErrorCause{ErrorCode::none, Reason::permission_denied, true,
               tr_noop("Check who owns the file or may use the port, and who runs this.")},
    ErrorCause{
        ErrorCode::none, Reason::address_in_use, true,
        tr_noop(
            "End the program that has the port, or choose another one; stt://:0 takes any that is free.")},
    ErrorCause{ErrorCode::none, Reason::too_large, true,
               tr_noop("Split buffers before sttsink, as by a parser or a smaller blocksize of the source.")},
    ErrorCause{ErrorCode::none, Reason::not_mappable, true,
               tr_noop("Put an element that copies to system memory before sttsink.")},
    ErrorCause{ErrorCode::none, Reason::not_carried, true,
               tr_noop("Make the caps simpler before sttsink, as by capssetter.")},
    ErrorCause{ErrorCode::none, Reason::meta_dropped, true,
               tr_noop("Nothing to do unless an element behind sttsrc needs it.")},
    ErrorCause{ErrorCode::none, Reason::meta_needed, true,
               tr_noop("Put an element before sttsink that works it into the payload, as videoconvert, "
                       "audioconvert, a decryptor or an overlay does.")},
};

// The causes for a listener, which its peer has called and which cannot call the peer back.
constexpr std::array causes_of_listeners{
    ErrorCause{ErrorCode::connection_refused, Reason::port_closed, false,
               tr_noop("Nothing to do if the caller was stopped: it is taken up again when it calls. "
                       "Otherwise look at its log.")},
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
