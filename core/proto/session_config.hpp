// SPDX-License-Identifier: LGPL-2.1-or-later
/// The settings and the statistics of a session, and the statistics of an endpoint.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/crypto/handshake.hpp"
#include "core/proto/congestion.hpp"
#include "core/wire/frame.hpp"

namespace stt {

struct SessionConfig {
    Duration handshake_timeout = 10s;
    Duration keepalive_interval = 10s;
    Duration keepalive_timeout = 30s;
    /// How long the streams of a session whose path was lost are kept for resumption by another session. Zero
    /// means that they are not kept.
    Duration resume_within = 50s;
    /// The largest window in bytes of one stream; that of the session is twice as large. Windows start at
    /// window_initial and grow to this with bandwidth × delay.
    uint64_t max_window = 32 << 20;
    uint64_t max_streams = 256;
    /// The MTU of the link: bytes of an IP packet, at least datagram_min and the headers of every transport.
    /// The datagram size follows from the transport and the family of the peer's address, which can change.
    /// None means that the MTU is discovered.
    std::optional<uint64_t> mtu;
    /// Whether to ask for the peer's time; event::ClockMeasured reports the measurements. Every session
    /// answers such requests.
    bool measure_clock = false;
    double pacing_ceiling = 0;  ///< bytes per second; 0: none
    CongestionAlgorithm congestion = CongestionAlgorithm::bbr;
    CipherSet ciphers = preferred_ciphers();
    std::optional<NodeId> expected_peer;
    /// Whether the peer has proved before that it has the seed. An answer that cannot be opened then does not
    /// indicate a wrong seed.
    bool peer_proven = false;
    /// Until this time an unanswered HELLO is repeated as often as a silent session is probed.
    Time urgent_until{};
};

inline constexpr uint64_t window_initial = 512 << 10;

/// The time for a liveness check, within which the peer must be heard from. It covers a few probe timeouts of
/// a slow path.
inline constexpr Duration doubt_patience = 2s;

enum class SessionState : uint8_t { init, handshaking, established, closed };

struct SessionInfo {
    bool caller = false;
    Address peer;
    NodeId peer_node{};  ///< all zeros until it is authenticated
    SessionName name{};  ///< the same on both sides; all zeros before state established
    Cipher cipher = Cipher::chacha20_poly1305;
};

struct SessionStats {
    // Counters.
    uint64_t packets_sent = 0, packets_received = 0, packets_lost = 0, packets_spurious = 0;
    uint64_t bytes_sent = 0, bytes_received = 0, bytes_lost = 0;  ///< datagram bytes
    uint64_t probes = 0, key_updates = 0;
    uint64_t undecryptable = 0, checksum_mismatches = 0, unknown_frames = 0, duplicates = 0;
    // Present state.
    uint64_t in_flight = 0, congestion_window = 0;  ///< bytes
    double pacing_rate = 0, bandwidth = 0;          ///< bytes per second
    Duration rtt{}, rtt_min{}, rtt_variation{};
    uint64_t mtu = 0;  ///< datagram bytes

    /// Adds the counters of an earlier session.
    void add_counters(const SessionStats& earlier) {
        for (uint64_t SessionStats::*const counter :
             {&SessionStats::packets_sent, &SessionStats::packets_received, &SessionStats::packets_lost,
              &SessionStats::packets_spurious, &SessionStats::bytes_sent, &SessionStats::bytes_received,
              &SessionStats::bytes_lost, &SessionStats::probes, &SessionStats::key_updates,
              &SessionStats::undecryptable, &SessionStats::checksum_mismatches, &SessionStats::unknown_frames,
              &SessionStats::duplicates})
            this->*counter += earlier.*counter;
    }
};

/// What a node has received that belongs to none of its sessions.
struct EndpointStats {
    uint64_t malformed = 0;         ///< datagrams that are not packets of this protocol, or too short
    uint64_t unknown_sessions = 0;  ///< packets for unknown sessions
    /// HELLOs without an answer, because they were too short or exceeded the limit of answers.
    uint64_t hellos_dropped = 0;
};

}  // namespace stt
