// SPDX-License-Identifier: LGPL-2.1-or-later
/// What can be set of a session, and what can be read of it.
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

/// Leaves datagram_min in either family.
inline constexpr uint64_t mtu_min = datagram_min + ipv6_headers_size;

struct SessionConfig {
    Duration handshake_timeout = 10s;
    Duration keepalive_interval = 10s;
    Duration keepalive_timeout = 30s;
    /// How long the streams of a session whose path was lost are kept for another session to go on with;
    /// zero: not at all.
    Duration resume_within = 50s;
    /// Bytes a receiver lets a peer have under way, per stream and (twice this) per session; windows start at
    /// window_initial and grow to this with bandwidth × delay.
    uint64_t max_window = 32 << 20;
    uint64_t max_streams = 256;
    /// The link's MTU: bytes of an IP packet, at least mtu_min. How long a datagram may be follows from the
    /// family of the peer's address, which can change. None: discover.
    std::optional<uint64_t> mtu;
    /// Asks for the peer's time; event::ClockMeasured brings what is measured. Every session answers.
    bool measure_clock = false;
    double pacing_ceiling = 0;  ///< bytes per second; 0: none
    CongestionAlgorithm congestion = CongestionAlgorithm::bbr;
    CipherSet ciphers = preferred_ciphers();
    std::optional<NodeId> expected_peer;
    /// The peer has proved before that it has the seed: an answer that does not open is then no wrong seed.
    bool peer_proven = false;
    /// Until then a HELLO that goes unanswered is repeated as often as a silent session is probed.
    Time urgent_until{};
};

inline constexpr uint64_t window_initial = 512 << 10;

/// How long a peer whose place is claimed has to show itself: a few probe timeouts of a slow path.
inline constexpr Duration doubt_patience = 2s;

enum class SessionState : uint8_t { init, handshaking, established, closed };

struct SessionInfo {
    bool caller = false;
    Address peer;
    NodeId peer_node{};  ///< all zeros before it is proven
    SessionName name{};  ///< the same on both sides; zeros before ESTABLISHED
    Cipher cipher = Cipher::chacha20_poly1305;
};

struct SessionStats {
    // Counters.
    uint64_t packets_sent = 0, packets_received = 0, packets_lost = 0, packets_spurious = 0;
    uint64_t bytes_sent = 0, bytes_received = 0, bytes_lost = 0;  ///< datagram bytes
    uint64_t probes = 0, key_updates = 0;
    uint64_t undecryptable = 0, checksum_mismatches = 0, unknown_frames = 0, duplicates = 0;
    // How things are.
    uint64_t in_flight = 0, congestion_window = 0;  ///< bytes
    double pacing_rate = 0, bandwidth = 0;          ///< bytes per second
    Duration rtt{}, rtt_min{}, rtt_variation{};
    uint64_t mtu = 0;  ///< datagram bytes

    /// Adds what an earlier session counted.
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

}  // namespace stt
