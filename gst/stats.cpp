// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/stats.hpp"

#include <string>

#include "gst/bus.hpp"

namespace stt {
namespace {

void set(GstStructure* structure, const char* name, uint64_t value) {
    gst_structure_set(structure, name, G_TYPE_UINT64, value, nullptr);
}
void set(GstStructure* structure, const char* name, double value) {
    gst_structure_set(structure, name, G_TYPE_DOUBLE, value, nullptr);
}
void set(GstStructure* structure, const char* name, Duration value) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
    gst_structure_set(structure, name, G_TYPE_INT64, static_cast<gint64>(us), nullptr);
}

const char* name_of(std::optional<ClockState> state) {
    if (!state) return "none";
    switch (*state) {
        case ClockState::acquiring:
            return "acquiring";
        case ClockState::locked:
            return "locked";
        case ClockState::coasting:
            return "coasting";
    }
    return "none";
}

}  // namespace

void set_stats(GstStructure* structure, const LinkStats& stats) {
    const SessionStats& session = stats.session;
    const bool connected = stats.state == LinkState::connected || stats.state == LinkState::resumed;
    gst_structure_set(structure, "connected", G_TYPE_BOOLEAN, static_cast<gboolean>(connected), nullptr);
    gst_structure_set(structure, "circuit", G_TYPE_STRING, name_of(stats.circuit), nullptr);
    set(structure, "sessions", stats.sessions);
    set(structure, "reconnects", stats.reconnects);
    set(structure, "resumptions", stats.resumptions);
    set(structure, "queued-bytes", stats.queued_bytes);
    set(structure, "socket-errors", stats.socket_errors);
    set(structure, "datagrams-malformed", stats.endpoint.malformed);
    set(structure, "packets-unknown-session", stats.endpoint.unknown_sessions);
    set(structure, "hellos-dropped", stats.endpoint.hellos_dropped);
    set(structure, "packets-sent", session.packets_sent);
    set(structure, "packets-received", session.packets_received);
    set(structure, "packets-lost", session.packets_lost);
    set(structure, "packets-spurious", session.packets_spurious);
    set(structure, "packets-duplicate", session.duplicates);
    set(structure, "packets-undecryptable", session.undecryptable);
    set(structure, "checksum-mismatches", session.checksum_mismatches);
    set(structure, "unknown-frames", session.unknown_frames);
    set(structure, "bytes-sent", session.bytes_sent);
    set(structure, "bytes-received", session.bytes_received);
    set(structure, "bytes-lost", session.bytes_lost);
    set(structure, "probes", session.probes);
    set(structure, "key-updates", session.key_updates);
    set(structure, "bytes-in-flight", session.in_flight);
    set(structure, "congestion-window", session.congestion_window);
    set(structure, "pacing-rate", session.pacing_rate * 8);
    set(structure, "bandwidth", session.bandwidth * 8);
    set(structure, "rtt", session.rtt);
    set(structure, "rtt-min", session.rtt_min);
    set(structure, "rtt-variation", session.rtt_variation);
    set(structure, "datagram-size", session.mtu);
}

void set_clock(GstStructure* structure, const ClockStats& clock) {
    gst_structure_set(structure, "clock-state", G_TYPE_STRING, name_of(clock.state), "clock-offset",
                      G_TYPE_INT64, static_cast<gint64>(clock.offset.count()), "clock-rate", G_TYPE_DOUBLE,
                      clock.drift * 1e6, nullptr);
    set(structure, "base-delay", static_cast<uint64_t>(clock.base_delay.count()));
    set(structure, "clock-sigma", static_cast<uint64_t>(clock.sigma.count()));
}

void set_lateness(GstStructure* structure, const Lateness::Summary& lateness) {
    gst_structure_set(structure, "jitter", G_TYPE_INT64, static_cast<gint64>(lateness.jitter), "lateness-p50",
                      G_TYPE_INT64, static_cast<gint64>(lateness.p50), "lateness-p99", G_TYPE_INT64,
                      static_cast<gint64>(lateness.p99), "lateness-worst", G_TYPE_INT64,
                      static_cast<gint64>(lateness.worst), nullptr);
}

}  // namespace stt
