// SPDX-License-Identifier: LGPL-2.1-or-later
/// One way to the peer: its address, and all that was learnt of what lies between.
#pragma once

#include <optional>
#include <vector>

#include "core/base/address.hpp"
#include "core/proto/batch_check.hpp"
#include "core/proto/black_hole.hpp"
#include "core/proto/mtu_search.hpp"
#include "core/proto/network_report.hpp"
#include "core/proto/path_loss.hpp"
#include "core/proto/recovery.hpp"
#include "core/proto/session_config.hpp"

namespace stt {

/// The RTT, the congestion controller, the pacer, the datagram size, and whether batches get through. Another
/// address is another path, of which nothing is known. Belongs to one
/// session, whose thread calls it.
class Path {
  public:
    /// `config` outlives the path. `datagram_limit`: the peer takes no longer datagrams.
    Path(const Address& peer, const SessionConfig& config, uint64_t datagram_limit);
    Path(const Path&) = delete;
    Path& operator=(const Path&) = delete;

    /// Where the peer is.
    const Address& peer() const { return peer_; }
    /// What is sent, and what became of it.
    Recovery& recovery() { return recovery_; }
    const Recovery& recovery() const { return recovery_; }

    /// The path carries the data from now on, in place of `before`: packet numbers go on, and so does the
    /// account of what is lost, as a peer that moved has mostly got another number from the same NAT.
    void replace(Time now, const Path& before);

    /// Adds what is known of the path now.
    void add_to(SessionStats& stats) const;
    /// Bytes, sent and unsent, of a live stream that are as well in the session as with the application: 1.25
    /// × bandwidth × round trip, so that acknowledgements never find the session without data, and a path
    /// that has more to give is found out. The congestion window, while the bandwidth is not known.
    uint64_t live_window() const;

    // How large datagrams may be. Errors that the application should hear of go to the end of `notes`.

    /// The peer takes no longer datagrams: said in the handshake.
    void limit_datagram(uint64_t most);
    /// The longest datagram that is known to get through.
    uint64_t datagram() const { return mtu_.current(); }
    /// Whether several datagrams may leave in one piece.
    bool batches_allowed(Time now) const { return batches_.allowed(now); }
    /// The size of the probe that is due, if one is.
    std::optional<uint64_t> mtu_probe_due(Time now) const;
    void on_mtu_probe_sent(Time now, uint64_t number, uint64_t size) {
        mtu_.on_probe_sent(now, number, size);
    }
    Time next_mtu_probe() const { return narrow() ? time_never : mtu_.next_timeout(mtu_probe_room()); }
    /// The system or a router refused a datagram of `size` bytes, more than datagram_min.
    void on_too_big(Time now, uint64_t size, std::vector<Error>& notes);
    /// A router says that the path carries datagrams of `most` bytes, fewer than it must. The error is what
    /// to tell a caller, or to hand to report_narrow().
    Error narrow_error(uint64_t most, const ReportSource& source) const;
    /// Adds `error` to `notes`, but not over and over.
    void report_narrow(Time now, Error error, std::vector<Error>& notes);

    // A path that is too narrow for the session's packets carries data only in probes.

    bool narrow() const { return black_hole_.narrow(); }
    /// When data may leave as a probe; time_never unless narrow().
    Time next_narrow_probe() const { return black_hole_.next_probe(); }
    void on_narrow_probe_sent(Time now) { black_hole_.on_probe_sent(now); }
    /// Why the session ends that has waited in vain for the path to widen.
    Error too_narrow_error() const;

    /// Learns from what became of packets.
    BlackHole::Finding on_outcome(Time now, const Recovery::Outcome& outcome, std::vector<Error>& notes);
    /// Large packets were lost, and none has arrived since. Forgetting that is for a session with nothing
    /// left to send.
    bool suspicious() const { return black_hole_.suspects(); }
    void forget_suspicion() { black_hole_.reset(); }
    /// Acts on what on_outcome() returned, once the outcome's frames were seen to. `lost` and `restored` are
    /// the caller's to act on.
    void on_finding(Time now, BlackHole::Finding finding, std::vector<Error>& notes);
    /// Packet `number` of `size` bytes arrived on the path.
    void on_arrival(Time now, uint64_t number, size_t size, std::vector<Error>& notes);
    /// A packet arrived that had been damaged on the path.
    void on_damaged(Time now) { loss_.on_damaged(now); }

  private:
    /// What an IP packet around a datagram of this many bytes takes, as a number for people.
    uint64_t ip_packet(uint64_t datagram) const { return datagram + peer_.headers_size(); }
    uint64_t mtu_probe_room() const;
    /// The `mtu` that was set does not fit: a datagram of this many bytes did not get through.
    Error mtu_too_large(uint64_t datagram) const;
    /// After mtu_ may have changed.
    void use_datagram_size() { recovery_.set_max_datagram(mtu_.current()); }

    const Address peer_;
    const SessionConfig& config_;
    Recovery recovery_;
    MtuSearch mtu_;
    BatchCheck batches_;
    BlackHole black_hole_;
    PathLoss loss_;
    Time narrow_reported_ = time_never;  // time_never: not yet
};

}  // namespace stt
