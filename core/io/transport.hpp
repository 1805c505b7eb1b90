// SPDX-License-Identifier: LGPL-2.1-or-later
/// A way for the datagrams of a node to travel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/address.hpp"
#include "core/base/bytes.hpp"
#include "core/proto/network_report.hpp"
#include "core/proto/transport_properties.hpp"

namespace stt {

/// The node that a datagram is sent to.
enum class Recipient : uint8_t {
    peer,   ///< of a session
    asker,  ///< is not authenticated yet, and its address may be forged
};

/// An open transport. All of it belongs to the I/O thread of one node, except that an implementation may call
/// Loop::wake() from any thread. It knows nothing of sessions, and words its own errors.
class Transport {
  public:
    virtual ~Transport() = default;

    virtual TransportKind kind() const = 0;
    /// The properties, which are constant.
    virtual const TransportProperties& properties() const = 0;
    virtual uint16_t local_port() const = 0;
    /// The descriptor for polling. It is readable when datagrams are waiting, in error when reports are, and
    /// writable after would_block when send() is worthwhile again. A transport without a descriptor returns
    /// -1, and calls Loop::wake() for each of the three.
    virtual int fd() const { return -1; }
    /// Returns whether a datagram from `from` was sent by this transport itself.
    virtual bool is_own(const Address& from) const = 0;

    /// Returns true if the datagram is genuine, and so is the address that it was sent to. It may be modified
    /// during the call, and afterwards as long as `owner` is held. If `owner` is null, the memory is reused
    /// after the call.
    using DatagramHandler = std::function<bool(const Address& from, MutableBytes datagram,
                                               const std::shared_ptr<const void>& owner)>;
    /// Passes a limited number of received datagrams to `handler`. Returns false when no more were waiting.
    virtual bool receive(const DatagramHandler& handler) = 0;

    using ReportHandler = std::function<void(const NetworkReport& report)>;
    /// Reads at most `most` reports about datagrams sent earlier, and passes those that concern this node to
    /// `handler`. Returns false when no more were waiting.
    virtual bool read_reports(size_t most, const ReportHandler& handler) = 0;

    struct Sent {
        enum class Outcome : uint8_t {
            done,
            would_block,  ///< the caller keeps the rest, and sends it later
            failed,       ///< the batch, or its rest, is lost
        } outcome = Outcome::done;
        /// Bytes from the start of the batch that need no further attempt; all of it when done or failed.
        size_t size = 0;
        /// What to report about the failure; set if and only if the outcome is failed.
        std::optional<NetworkReport> report = {};
    };
    /// Sends `batch`, which consists of datagrams of `segment` bytes each; the last one may be shorter. It
    /// respects the properties.
    virtual Sent send(const Address& to, Bytes batch, size_t segment, Recipient recipient) = 0;

    /// A session with `peer` is established: its packets leave from the address that it called last.
    virtual void confirm_peer(const Address& peer) = 0;

    /// Closes the transport. The port is free afterwards, and nothing but the destructor may be called.
    virtual void close() = 0;
};

}  // namespace stt
