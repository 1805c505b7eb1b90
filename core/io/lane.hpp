// SPDX-License-Identifier: LGPL-2.1-or-later
/// One transport of a node, with what waits to be received and sent by it.
#pragma once

#include <optional>
#include <vector>

#include "core/io/loop.hpp"
#include "core/io/transport.hpp"
#include "core/proto/endpoint.hpp"

namespace stt {

/// All of it belongs to the node's I/O thread, except that any one thread may construct it before that thread
/// starts. A lane whose transport is blocked does not concern the others: it keeps the rest of its batch, and
/// the endpoint keeps the rest of what is for it.
class Lane {
  public:
    /// `loop` outlives the lane and watches the transport's descriptor until close().
    Lane(std::unique_ptr<Transport> transport, Loop& loop);

    TransportKind kind() const { return transport_->kind(); }
    Transport& transport() { return *transport_; }
    const Transport& transport() const { return *transport_; }
    /// How often the transport has failed to send, for any reason other than the length of a datagram.
    uint64_t errors() const { return errors_; }

    /// Must be called first in each turn: takes over what the loop has found about the descriptor.
    void begin_turn();
    /// Whether receive() may pass on something.
    bool readable() const { return readable_; }
    /// Passes one batch of received datagrams to `handler`.
    void receive(const Transport::DatagramHandler& handler);
    /// Passes the reports that are waiting to `handler`, within the limit of a turn.
    void read_reports(const Transport::ReportHandler& handler);
    /// Sends what `endpoint` has for this transport, at most `batches_max` batches. Failures are reported to
    /// `endpoint`. Returns true when there may be more that the transport would take.
    bool transmit(Endpoint& endpoint, unsigned batches_max);
    /// The same for the last time: a blocked transport is tried once more.
    void transmit_last(Endpoint& endpoint, unsigned batches_max);
    /// Whether the next turn should follow without waiting.
    bool has_input() const { return readable_ || reports_; }
    void close();

    /// The reports that one turn reads. A node that causes more ICMP errors cannot keep the I/O thread busy
    /// with them.
    static constexpr size_t reports_per_turn = 64;

  private:
    enum class Sending : uint8_t {
        open,      ///< batch_ holds nothing
        blocked,   ///< batch_ holds the rest of a batch, which waits for the transport
        resuming,  ///< the same, and the transport may take it now
    };
    void block(Endpoint& endpoint);
    void unblock(Endpoint& endpoint);

    std::unique_ptr<Transport> transport_;
    Loop& loop_;
    std::optional<Loop::Watch> watch_;  // none for a transport without a descriptor
    bool readable_ = false;             // datagrams may be waiting
    bool reports_ = false;              // reports may be waiting
    Sending sending_ = Sending::open;
    std::vector<uint8_t> batch_;
    Transmit unsent_{};  // what batch_ holds, unless open
    size_t sent_ = 0;    // bytes of it that have been sent
    uint64_t errors_ = 0;
};

}  // namespace stt
