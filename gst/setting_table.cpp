// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/setting_table.hpp"

#include <array>
#include <cstdint>

#include "core/proto/congestion.hpp"

namespace stt {
namespace {

GType mode_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(Mode::automatic), "Caller when the URI has a host, else listener", "auto"},
        {static_cast<int>(Mode::caller), "Calls the URI's host", "caller"},
        {static_cast<int>(Mode::listener), "Waits to be called", "listener"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstSttMode", values);
    return type;
}

GType framing_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(Framing::buffer), "Keeps buffer boundaries, metadata, caps and events", "buffer"},
        {static_cast<int>(Framing::bytes), "A plain stream of bytes", "bytes"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstSttFraming", values);
    return type;
}

GType timestamps_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(Timestamps::rebase),
         "Mapped to this pipeline's clock: live streams by an estimate of the sender's clock; otherwise the "
         "first buffer plays at once",
         "rebase"},
        {static_cast<int>(Timestamps::original), "Running times as at the sender", "original"},
        {static_cast<int>(Timestamps::arrival), "Every buffer is stamped when it arrives", "arrival"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstSttTimestamps", values);
    return type;
}

GType choice_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(Choice::no), "No", "false"},
        {static_cast<int>(Choice::yes), "Yes", "true"},
        {static_cast<int>(Choice::automatic), "Depends on whether the stream is live", "auto"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstSttChoice", values);
    return type;
}

GType when_full_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(WhenFull::automatic), "Drops the oldest data of a live stream, blocks for others",
         "auto"},
        {static_cast<int>(WhenFull::block), "Blocks the pipeline", "block"},
        {static_cast<int>(WhenFull::drop), "Drops the oldest data, up to a key unit", "drop"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstSttWhenFull", values);
    return type;
}

GType congestion_control_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(CongestionAlgorithm::bbr), "Models bandwidth and delay; keeps queues short", "bbr"},
        {static_cast<int>(CongestionAlgorithm::cubic), "Fills queues until packets are lost", "cubic"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstSttCongestionControl", values);
    return type;
}

constexpr unsigned sink = static_cast<unsigned>(Side::sink), src = static_cast<unsigned>(Side::src);
constexpr unsigned both = sink | src;
constexpr int64_t ms_max = INT32_MAX;

const std::array rows = {
    SettingRow{
        "uri", "URI",
        "The peer to call, stt://HOST:PORT, or the port to listen on, stt://:PORT (0: any free port, which "
        "local-port shows). stt+udp://… is the same over UDP only. IPv6 addresses are written in brackets",
        &Settings::uri, both, true},
    SettingRow{"mode", "Mode", "Whether to call or to listen; auto: as the URI says", &Settings::mode, both,
               true, 0, 0, mode_type},
    SettingRow{"seed", "Seed",
               "The shared secret: 64 hexadecimal digits, the same at both ends. Prefer seed-file: other "
               "users can see command lines",
               &Settings::seed, both, false},
    SettingRow{"seed-file", "Seed file",
               "File with the shared secret: lines of 64 hexadecimal digits, as 'openssl rand -hex 32' "
               "prints them; the first is used, all are accepted. It must not be readable by group or "
               "others. Default: the environment variable STT_SEED_FILE",
               &Settings::seed_file, both, true},
    SettingRow{"passphrase", "Passphrase",
               "At least 14 characters from which a seed is stretched (Argon2id, about a second). Prefer "
               "seed-file: from a recorded handshake, a passphrase can be guessed offline",
               &Settings::passphrase, both, true},
    SettingRow{
        "identity-file", "Identity file",
        "File with this node's own key, made on first use. Without it, each process has a new identity",
        &Settings::identity_file, both, true},
    SettingRow{"peer-node-id", "Peer's node id",
               "The identity that the peer must prove: its node-id, 64 hexadecimal digits. Empty: any peer "
               "that has the seed",
               &Settings::peer_node_id, both, true},
    SettingRow{"stream-id", "Stream id",
               "Number of the stream that a sink opens, or of the only one that a source accepts: even if "
               "the sink calls, odd if it listens; -1: the next free one, or any",
               &Settings::stream_id, both, true, -1, INT32_MAX},
    SettingRow{"stream-label", "Stream label",
               "Name of the stream for people, at most 512 bytes; the peer's stt-stream message shows it",
               &Settings::stream_label, both, true},
    SettingRow{"framing", "Framing",
               "buffer: buffers, timestamps, flags, caps and events arrive as they were sent; bytes: only "
               "the bytes arrive, without buffer boundaries, as from filesrc to filesink. The sender "
               "decides: on a source it has no effect",
               &Settings::framing, both, true, 0, 0, framing_type},
    SettingRow{"timestamps", "Timestamps",
               "How running times are derived from the sender's. With rebase, the sender's running time is "
               "attached as a reference timestamp (timestamp/x-stt-sender)",
               &Settings::timestamps, src, true, 0, 0, timestamps_type},
    SettingRow{"latency", "Latency",
               "Playout delay of live streams in milliseconds: time for late data to arrive before sinks "
               "need it. It is added to the sender pipeline's latency and the path's delay; the LATENCY "
               "query answers the sum",
               &Settings::latency, src, false, 0, ms_max},
    SettingRow{"provide-clock", "Provide clock",
               "Offer the pipeline a clock that runs at the rate of the sender's, so that audio sinks play "
               "at the sender's rate",
               &Settings::provide_clock, src, false},
    SettingRow{"auto-reconnect", "Reconnect",
               "Establish a new session when one is lost or an attempt fails. A handler of the signal "
               "retry-decision decides for each error: 0 default (as set here), 1 retry, 2 stop",
               &Settings::auto_reconnect, both, true},
    SettingRow{"reconnect-timeout", "Reconnect time-out",
               "Milliseconds without a session after which a caller gives up with an error; 0: never. A "
               "listener waits without limit",
               &Settings::reconnect_timeout, both, true, 0, ms_max},
    SettingRow{"retry-initial-delay", "First retry",
               "Milliseconds before the first retry; the delay doubles with each further retry",
               &Settings::retry_initial_delay, both, true, 1, ms_max},
    SettingRow{"retry-max-delay", "Longest retry delay", "Maximum delay between retries in milliseconds",
               &Settings::retry_max_delay, both, true, 1, ms_max},
    SettingRow{"max-retries", "Retries", "Retries in a row before giving up; -1: no limit",
               &Settings::max_retries, both, true, -1, INT32_MAX},
    SettingRow{"handshake-timeout", "Handshake time-out", "Milliseconds for one attempt to connect",
               &Settings::handshake_timeout, both, true, 1, ms_max},
    SettingRow{"keepalive-interval", "Keep-alive interval",
               "Milliseconds without a packet from the peer after which the peer is asked for an answer",
               &Settings::keepalive_interval, both, true, 1, ms_max},
    SettingRow{"keepalive-timeout", "Keep-alive time-out",
               "Milliseconds without a packet from the peer after which the session is lost: how long it "
               "takes to notice that the peer has crashed",
               &Settings::keepalive_timeout, both, true, 1, ms_max},
    SettingRow{
        "drain-timeout", "Drain time-out",
        "Milliseconds without progress that EOS waits for the peer's pipeline to take everything; then an "
        "error says how much it lacks. 0: EOS does not wait, and a warning counts what is not confirmed",
        &Settings::drain_timeout, sink, false, 0, ms_max},
    SettingRow{"send-timeout", "Send time-out",
               "Milliseconds that a buffer may wait for space in a full send queue before an error ends the "
               "stream; 0: no limit",
               &Settings::send_timeout, sink, false, 0, ms_max},
    SettingRow{"receive-timeout", "Receive time-out",
               "Milliseconds without data from the peer after which an error ends the stream; 0: no limit",
               &Settings::receive_timeout, src, false, 0, ms_max},
    SettingRow{"stream-timeout", "Stream time-out",
               "Milliseconds without a byte of the stream in either direction after which the stream is "
               "closed; 0: no limit",
               &Settings::stream_timeout, both, true, 0, ms_max},
    SettingRow{"max-sessions", "Sessions",
               "Maximum number of sessions of a listener, including those in their handshake; one of them "
               "carries its stream",
               &Settings::max_sessions, both, true, 1, 1000000},
    SettingRow{"max-streams", "Streams", "Maximum number of streams that the peer may open in a session",
               &Settings::max_streams, both, true, 1, 1000000},
    SettingRow{"send-queue-bytes", "Send queue",
               "Bytes held for sending, connected or not, before the queue is full",
               &Settings::send_queue_bytes, sink, true, 1, INT64_MAX},
    SettingRow{"max-age", "Oldest data",
               "Milliseconds after which data that has not reached the peer is dropped, in whole units up to "
               "a key unit, and reported as a gap; 0: no limit",
               &Settings::max_age, sink, false, 0, ms_max},
    SettingRow{"when-full", "When full",
               "A full send queue blocks the pipeline, or drops the oldest whole units up to a key unit and "
               "reports the gap; auto: drops only if the stream is live, as it cannot wait",
               &Settings::when_full, sink, false, 0, 0, when_full_type},
    SettingRow{"socket-send-buffer", "Socket send buffer", "Bytes; 0: chosen automatically",
               &Settings::socket_send_buffer, both, true, 0, INT32_MAX},
    SettingRow{"socket-recv-buffer", "Socket receive buffer", "Bytes; 0: chosen automatically",
               &Settings::socket_recv_buffer, both, true, 0, INT32_MAX},
    SettingRow{"max-window", "Largest window",
               "Maximum number of bytes in flight to this node per stream; windows grow up to it with "
               "bandwidth and delay",
               &Settings::max_window, both, true, 64 << 10, int64_t{1} << 40},
    SettingRow{
        "mtu", "MTU",
        "Largest IP packet in bytes, at least 1248; 0: discover what the path carries. 1 to 1247 are refused",
        &Settings::mtu, both, true, 0, 65535},
    SettingRow{"pacing-rate", "Pacing rate", "Maximum rate of sending in bits per second; 0: no limit",
               &Settings::pacing_rate, both, true, 0, INT64_MAX},
    SettingRow{"congestion-control", "Congestion control", "How the rate of sending is determined",
               &Settings::congestion_control, both, true, 0, 0, congestion_control_type},
    SettingRow{"local-address", "Local address", "Numeric address to bind; empty: all addresses",
               &Settings::local_address, both, true},
    SettingRow{
        "local-port", "Local port",
        "Port that a caller binds, 0: any. Once the element has left READY, it shows the port that was bound",
        &Settings::local_port, both, true, 0, 65535},
    SettingRow{"live", "Live",
               "Whether the stream is live, that is, of no use when late; auto: as the nearest sttsrc "
               "upstream reports, or else as the pipeline reports (LATENCY query)",
               &Settings::live, sink, false, 0, 0, choice_type},
    SettingRow{"wait-for-connection", "Wait for connection",
               "Before the first peer, or when the last one cannot resume: wait, or let the pipeline run and "
               "drop the data; auto: wait unless the stream is live",
               &Settings::wait_for_connection, sink, false, 0, 0, choice_type},
    SettingRow{"keep-listening", "Keep listening",
               "Accept one stream after another, from any sender: neither the end of a stream nor the loss "
               "of its sender is an EOS. Off: the end of the first stream is EOS",
               &Settings::keep_listening, src, true},
    SettingRow{"priority", "Priority",
               "Priority of this stream among those of the session: higher priorities are sent first",
               &Settings::priority, both, true, 0, 255},
    SettingRow{"event-log", "Event log",
               "File to which every stt- message is appended as a line of JSON, for a log collector; it is "
               "reopened when another tool has rotated it",
               &Settings::event_log, both, true},
    SettingRow{"stats-interval", "Interval of stats",
               "Milliseconds between stt-stats messages on the bus; 0: none", &Settings::stats_interval, both,
               true, 0, ms_max},
};

}  // namespace

std::span<const SettingRow> setting_table() { return rows; }

}  // namespace stt
