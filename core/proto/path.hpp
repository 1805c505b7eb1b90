// SPDX-License-Identifier: LGPL-2.1-or-later
/// One path to the peer: its address, and all that was learnt about the path.
#pragma once

#include <optional>
#include <vector>

#include "core/base/address.hpp"
#include "core/proto/batch_check.hpp"
#include "core/proto/black_hole.hpp"
#include "core/proto/mtu_search.hpp"
#include "core/proto/path_loss.hpp"
#include "core/proto/recovery.hpp"
#include "core/proto/session_config.hpp"
#include "core/proto/transport_properties.hpp"

namespace stt {

/// Holds the RTT, the congestion controller, the pacer, the datagram size, and whether batches get through.
/// Another address is another path, about which nothing is known. Belongs to one session, whose thread calls
/// it.
class Path {
  public:
    /// `transport` has the properties of the transport by which `peer` is reached. It and `config` outlive
    /// the path. The peer accepts no datagrams longer than `datagram_limit` bytes.
    Path(const Address& peer, const TransportProperties& transport, const SessionConfig& config,
         uint64_t datagram_limit);
    Path(const Path&) = delete;
    Path& operator=(const Path&) = delete;

    /// The address of the peer.
    const Address& peer() const { return peer_; }
    /// The packets sent on the path, and their fate.
    Recovery& recovery() { return recovery_; }
    const Recovery& recovery() const { return recovery_; }

    /// The path carries the data from now on, in place of `before`. Packet numbers continue. The measurement
    /// of losses continues as well, because a peer that moved has usually just got another port from the same
    /// NAT.
    void replace(Time now, const Path& before);

    /// Adds the present state of the path.
    void add_to(SessionStats& stats) const;
    /// Returns how many bytes of a live stream, sent and unsent, the session should hold rather than the
    /// application. The value is 1.25 × bandwidth × round trip. Acknowledgements thus never find the session
    /// without data, and unused bandwidth is discovered. While the controller does not know the bandwidth or
    /// still searches for it, the value is at least the congestion window.
    uint64_t live_window() const;

    // The size of datagrams. Errors for the application are appended to `notes`.

    /// The peer accepts no datagrams longer than `most` bytes, as announced in the handshake.
    void limit_datagram(uint64_t most);
    /// Returns the size of the longest datagram that is known to get through.
    uint64_t datagram() const { return mtu_.current(); }
    /// Returns whether several datagrams may leave as one batch.
    bool batches_allowed(Time now) const { return batches_.allowed(now); }
    /// Returns the size of the MTU probe that is due, if there is one.
    std::optional<uint64_t> mtu_probe_due(Time now) const;
    void on_mtu_probe_sent(Time now, uint64_t number, uint64_t size) {
        mtu_.on_probe_sent(now, number, size);
    }
    Time next_mtu_probe() const { return narrow() ? time_never : mtu_.next_timeout(mtu_probe_room()); }
    /// The system or a router refused a datagram of `size` bytes, which is more than datagram_min.
    void on_too_big(Time now, uint64_t size, std::vector<Error>& notes);
    /// Appends `error` to `notes`, at most once per keepalive_timeout.
    void report_narrow(Time now, Error error, std::vector<Error>& notes);

    // A path that is too narrow for the session's packets carries data only in probes.

    bool narrow() const { return black_hole_.narrow(); }
    /// Returns when data may leave as a probe, or time_never unless narrow().
    Time next_narrow_probe() const { return black_hole_.next_probe(); }
    void on_narrow_probe_sent(Time now) { black_hole_.on_probe_sent(now); }
    /// Returns why a session ends whose path did not widen in time.
    Error too_narrow_error() const;

    /// Updates the path from the fate of packets.
    BlackHole::Finding on_outcome(Time now, const Recovery::Outcome& outcome, std::vector<Error>& notes);
    /// suspicious() returns whether large packets were lost and none has arrived since. A session with
    /// nothing left to send forgets that.
    bool suspicious() const { return black_hole_.suspects(); }
    void forget_suspicion() { black_hole_.reset(); }
    /// Acts on the result of on_outcome(), after the frames of the outcome were processed. The caller acts on
    /// `lost` and `restored`.
    void on_finding(Time now, BlackHole::Finding finding, std::vector<Error>& notes);
    /// Packet `number` of `size` bytes arrived on the path.
    void on_arrival(Time now, uint64_t number, size_t size, std::vector<Error>& notes);
    /// A packet arrived that had been damaged on the path.
    void on_damaged(Time now) { loss_.on_damaged(now); }

  private:
    /// Returns the size of the IP packet around a datagram of this many bytes, for messages to users.
    uint64_t ip_packet(uint64_t datagram) const { return datagram + transport_.headers_size(peer_); }
    uint64_t mtu_probe_room() const;
    /// Returns the error that the configured `mtu` does not fit: a datagram of this many bytes did not get
    /// through.
    Error mtu_too_large(uint64_t datagram) const;
    /// Must be called after mtu_ may have changed.
    void use_datagram_size() { recovery_.set_max_datagram(mtu_.current()); }

    const Address peer_;
    const TransportProperties& transport_;
    const SessionConfig& config_;
    Recovery recovery_;
    MtuSearch mtu_;
    BatchCheck batches_;
    BlackHole black_hole_;
    PathLoss loss_;
    Time narrow_reported_ = time_never;  // time_never: not yet
};

}  // namespace stt
