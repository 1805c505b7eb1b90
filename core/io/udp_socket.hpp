// SPDX-License-Identifier: LGPL-2.1-or-later
/// A non-blocking UDP socket for both IP versions that sends and receives in batches.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/io/buffer_pool.hpp"
#include "core/io/source_addresses.hpp"
#include "core/io/udp_failure.hpp"
#include "core/io/udp_properties.hpp"

namespace stt {

/// How a batch of datagrams is sent.
enum class SendMode : uint8_t {
    segmentation,  ///< one sendmsg, which the kernel or the network card splits (UDP_SEGMENT)
    several,       ///< one sendmmsg
    single,        ///< one sendmsg for each datagram
};

struct UdpConfig {
    /// An IPv4 or IPv6 address without brackets. `0.0.0.0` and `::` mean any address of their version. Empty
    /// means any address of both versions.
    std::string local_address;
    uint16_t local_port = 0;                  ///< 0: the kernel picks one
    int send_buffer = 0, receive_buffer = 0;  ///< bytes; 0: udp_buffer_default
    /// The preferred mode; the socket falls back to one that the kernel supports.
    SendMode send_mode = SendMode::segmentation;
    bool receive_offload = true;  ///< accept batches that the kernel has combined (UDP_GRO)
    /// For a socket bound to all addresses: answer each peer from the address that it calls. Callers must not
    /// set it: for them the kernel chooses the source address, and another one when that has gone.
    bool answer_as_called = false;
};

inline constexpr int udp_buffer_default = 4 << 20;

/// Returns the error of a socket that could not be bound as `config` says, for the reason `error`, an errno.
Error udp_bind_error(const UdpConfig& config, int error);

/// A UDP socket. It must be used by one thread at a time, but the buffers of received datagrams may be
/// released on any thread.
class UdpSocket {
  public:
    /// Opens and binds a socket. Errors name the address, the port and what the system reported. The code is
    /// network_unreachable when the local address does not belong to this machine, and resource_exhausted
    /// when a resource has run out; otherwise it is none.
    static Result<UdpSocket> open(const UdpConfig& config);
    UdpSocket(UdpSocket&& other) noexcept;
    UdpSocket& operator=(UdpSocket&& other) noexcept;
    ~UdpSocket();

    /// For polling. The descriptor is readable when datagrams are waiting, writable after would_block, and in
    /// error when read_errors() has something to read.
    int fd() const { return fd_; }
    const Address& local_address() const { return local_; }
    SendMode send_mode() const { return send_mode_; }
    bool receive_offload() const { return receive_offload_; }
    /// The size that the kernel granted, in bytes, which includes the kernel's overhead.
    int send_buffer() const { return send_buffer_; }
    int receive_buffer() const { return receive_buffer_; }
    void close();

    struct Sent {
        enum class Outcome : uint8_t { done, would_block, failed } outcome;
        /// Bytes from the batch's start that need no further attempt; all of it when done or failed.
        size_t size;
        UdpFailure failure{};  ///< the cause, when failed
        int error = 0;         ///< errno, when failed
    };
    /// Sends `batch`, which consists of datagrams of `segment` bytes each; the last one may be shorter. It is
    /// at most udp_properties.batch_bytes long. With more datagrams than udp_properties.batch_datagrams the
    /// kernel may refuse to split it, and they leave by several calls. After
    /// would_block the caller must keep the rest and call again when the socket is writable.
    Sent send(const Address& to, Bytes batch, size_t segment, SourceOf source = SourceOf::peer);

    /// The handler may modify `datagram` during the call, and afterwards as long as it holds `owner`. If
    /// `owner` is null, the memory is reused after the call.
    using DatagramHandler = std::function<void(const Address& from, MutableBytes datagram,
                                               const std::shared_ptr<const void>& owner)>;
    /// Passes received datagrams to `handler`: up to 56, or up to 8 combined batches with receive offload.
    /// Returns false when no more were waiting.
    bool receive(const DatagramHandler& handler);

    /// To be called in the handler: states that the datagram being handled, from `from`, is genuine, and so
    /// is the address that it was sent to.
    void confirm_sender(const Address& from) {
        if (called_) sources_.confirm(from, *called_);
    }
    /// States that a session with `peer` is established: its packets are sent from the address that it called
    /// last.
    void confirm_peer(const Address& peer) { sources_.confirm_latest(peer); }

    using ErrorHandler = std::function<void(const LostDatagram& lost)>;
    /// Reads at most `most` errors from the kernel's queue, and passes the ICMP errors among them to
    /// `handler`. Returns false when no more were waiting.
    bool read_errors(size_t most, const ErrorHandler& handler);

  private:
    UdpSocket() = default;
    Status bind_to(const UdpConfig& config);
    void set_options(const UdpConfig& config);
    using Ip = SourceAddresses::Ip;
    /// `source` is the address to send from; null leaves the choice to the kernel.
    Sent send_from(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent send_segmented(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent send_several(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent send_single(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent failure(int error, Bytes batch, size_t done) const;
    /// The ICMP error that `message` holds, which is about a datagram to `to`; none if it is of no use.
    static std::optional<LostDatagram> icmp_error(msghdr& message, const Address& to);

    int fd_ = -1;
    bool v4_only_ = false;
    Address local_;
    SendMode send_mode_ = SendMode::segmentation;
    bool receive_offload_ = false;
    int send_buffer_ = 0, receive_buffer_ = 0;
    bool answer_as_called_ = false;
    SourceAddresses sources_;
    std::optional<Ip> called_;  // by the sender of the datagram being handled
    BufferPool pool_;
    std::vector<std::shared_ptr<ReceiveBuffer>> buffers_;  // for receive(); null: to be fetched
};

}  // namespace stt
