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
#include "core/proto/endpoint.hpp"

namespace stt {

/// How a batch of datagrams leaves.
enum class SendMode : uint8_t {
    segmentation,  ///< one sendmsg that the kernel or the network card cuts up (UDP_SEGMENT)
    several,       ///< one sendmmsg
    single,        ///< a sendto for each datagram
};

struct UdpConfig {
    std::string local_address;  ///< an IPv4 or IPv6 address without brackets, `0.0.0.0` and `::` any
                                ///< of their version; empty: any, of both versions
    uint16_t local_port = 0;    ///< 0: the kernel picks one
    int send_buffer = 0, receive_buffer = 0;  ///< bytes; 0: udp_buffer_default
    /// Where to start; what the kernel cannot do falls back by itself.
    SendMode send_mode = SendMode::segmentation;
    bool receive_offload = true;  ///< take batches that the kernel has put together (UDP_GRO)
    /// Of a socket bound to all addresses: answer each peer from the one that it calls. Not for callers: the
    /// kernel finds the address to call from, and another one when that has gone.
    bool answer_as_called = false;
};

inline constexpr int udp_buffer_default = 4 << 20;

/// One thread at a time uses a socket; buffers handed out with datagrams may be dropped on any thread.
class UdpSocket {
  public:
    /// The longest batch that send() takes: what fits the length field of one IPv6 packet.
    static constexpr size_t batch_max = 65535 - 40 - 8;
    /// Most datagrams in a batch (UDP_MAX_SEGMENTS of Linux before 6.6).
    static constexpr size_t segments_max = 64;

    /// Errors name address, port and what the system said: network_unreachable when the local address is none
    /// of this machine, resource_exhausted when that has run out of something, otherwise none.
    static Result<UdpSocket> open(const UdpConfig& config);
    UdpSocket(UdpSocket&& other) noexcept;
    UdpSocket& operator=(UdpSocket&& other) noexcept;
    ~UdpSocket();

    /// For polling: readable, writable after would_block, and in error when next_error() has something.
    int fd() const { return fd_; }
    const Address& local_address() const { return local_; }
    SendMode send_mode() const { return send_mode_; }
    bool receive_offload() const { return receive_offload_; }
    /// What the kernel granted, in bytes; it counts its own overhead in.
    int send_buffer() const { return send_buffer_; }
    int receive_buffer() const { return receive_buffer_; }
    void close();

    struct Sent {
        enum class Outcome : uint8_t { done, would_block, failed } outcome;
        size_t size;  ///< bytes from the batch's start that need no further attempt; all of it when done or
                      ///< failed
        NetworkReport report{};  ///< why, when failed
        int error = 0;           ///< errno, when failed
    };
    /// Sends `batch`: datagrams of `segment` bytes each, of which the last may be shorter. After would_block
    /// the caller keeps the rest and comes back when the socket is writable.
    Sent send(const Address& to, Bytes batch, size_t segment, SourceOf source = SourceOf::peer);

    /// `datagram` is the handler's to change, during the call, or for as long as it holds `owner`. A null
    /// owner: the memory is used again after the call.
    using DatagramHandler = std::function<void(const Address& from, MutableBytes datagram,
                                               const std::shared_ptr<const void>& owner)>;
    /// Hands over what arrived, up to some dozens of datagrams. False: nothing was left.
    bool receive(const DatagramHandler& handler);

    /// In the handler: what is handed over, from `from`, is genuine, and so is the address that it called.
    void confirm_sender(const Address& from) {
        if (called_) sources_.confirm(from, *called_);
    }
    /// A session with `peer` stands: the address that it called last is where its packets leave from.
    void confirm_peer(const Address& peer) { sources_.confirm_latest(peer); }

    struct NetworkError {
        Address to;  ///< where the datagram was going
        NetworkReport report;
        size_t size;                    ///< too_big: the shortest datagram that does not fit; otherwise 0
        std::optional<Address> router;  ///< who says so, where it is not the destination
    };
    /// The oldest ICMP error not yet taken.
    std::optional<NetworkError> next_error();

  private:
    UdpSocket() = default;
    Status bind_to(const UdpConfig& config);
    void set_options(const UdpConfig& config);
    using Ip = SourceAddresses::Ip;
    /// `source`: the address to send from; null: as the kernel likes.
    Sent send_from(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent send_segmented(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent send_several(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent send_single(const Ip* source, const Address& to, Bytes batch, size_t segment);
    Sent failure(int error, Bytes batch, size_t done) const;

    int fd_ = -1;
    bool v4_only_ = false;
    Address local_;
    SendMode send_mode_ = SendMode::segmentation;
    bool receive_offload_ = false;
    int send_buffer_ = 0, receive_buffer_ = 0;
    bool answer_as_called_ = false;
    SourceAddresses sources_;
    std::optional<Ip> called_;  // by the sender of what is being handed over
    BufferPool pool_;
    std::vector<std::shared_ptr<ReceiveBuffer>> buffers_;  // to receive into; null: to be fetched
};

}  // namespace stt
