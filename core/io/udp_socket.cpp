// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/udp_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/text.hpp"
#include "core/io/socket_address.hpp"
#include "core/io/system_error.hpp"

namespace stt {
namespace {

// The number of buffers that data waiting for the application may share: 32 MiB. Beyond it, data that is kept
// is copied. A peer that puts little data into large packets then cannot pin much more memory than its
// windows allow.
constexpr size_t shared_buffers_max = 512;
constexpr size_t receive_buffers = 8;  // fetched from the pool for one recvmmsg

template <class T>
bool set_option(int fd, int level, int name, T value) {
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// Requests `wanted` bytes, or udp_buffer_default if it is not positive, and beyond the system's limit if
// permitted. Returns the size that was granted.
int size_buffer(int fd, int force_name, int name, int wanted) {
    const int size = wanted > 0 ? wanted : udp_buffer_default;
    if (!set_option(fd, SOL_SOCKET, force_name, size)) set_option(fd, SOL_SOCKET, name, size);
    int granted = 0;
    socklen_t length = sizeof granted;
    getsockopt(fd, SOL_SOCKET, name, &granted, &length);
    return granted;
}

/// `format` is the format of a sentence about an address, a port and the system's error. `error` is an errno.
Error open_error(const char* format, const UdpConfig& config, int error) {
    const ErrorCode code =
        error == EADDRNOTAVAIL ? ErrorCode::network_unreachable : code_of_system_error(error);
    const std::string why = std::generic_category().message(error);
    const char* const address = config.local_address.empty() ? "*" : config.local_address.c_str();
    return make_error(code, reason_of_system_error(error), ErrorOrigin::local,
                      tr(format, address, unsigned{config.local_port}, why.c_str()))
        .ending();
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Calls `call` again when it fails. A call may fail with the ICMP error of an earlier datagram, which is
// thereby cleared; the error queue still has it with its destination. Only a failure that persists concerns
// this datagram.
template <class Call>
auto persistently(Call call) {
    auto result = call();
    for (int tries = 0; result < 0 && !would_block(errno) && errno != ENOBUFS && tries < 4; tries++)
        result = call();
    return result;
}

bool segmentation_refused(int error) {
    return error == EIO || error == EINVAL || error == ENOPROTOOPT || error == EOPNOTSUPP;
}

}  // namespace

Error udp_bind_error(const UdpConfig& config, int error) {
    return open_error(tr_noop("cannot bind UDP address %s port %u: %s"), config, error);
}

Result<UdpSocket> UdpSocket::open(const UdpConfig& config) {
    UdpSocket s;
    s.fd_ = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s.fd_ < 0) {
        s.v4_only_ = true;
        s.fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }
    if (s.fd_ < 0)
        return open_error(tr_noop("cannot open a socket for UDP address %s port %u: %s"), config, errno);
    s.set_options(config);
    if (const Status bound = s.bind_to(config); !bound) return bound.error();
    s.buffers_.resize(receive_buffers);
    return s;
}

void UdpSocket::set_options(const UdpConfig& config) {
    if (!v4_only_) {
        set_option(fd_, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        set_option(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
        set_option(fd_, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    // A dual-stack socket needs both options: these two apply to what it sends to mapped addresses.
    set_option(fd_, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    set_option(fd_, IPPROTO_IP, IP_RECVERR, 1);
    send_buffer_ = size_buffer(fd_, SO_SNDBUFFORCE, SO_SNDBUF, config.send_buffer);
    receive_buffer_ = size_buffer(fd_, SO_RCVBUFFORCE, SO_RCVBUF, config.receive_buffer);
    send_mode_ = config.send_mode;
    if (send_mode_ == SendMode::segmentation && !set_option(fd_, IPPROTO_UDP, UDP_SEGMENT, 0))
        send_mode_ = SendMode::several;
    receive_offload_ = config.receive_offload && set_option(fd_, IPPROTO_UDP, UDP_GRO, 1);
}

Status UdpSocket::bind_to(const UdpConfig& config) {
    std::optional<Address> local = Address{};
    if (config.local_address.empty()) {
        if (v4_only_) local = Address::v4({0, 0, 0, 0}, 0);
    } else {
        local = parse_address(config.local_address, 0);
        if (!local)
            return setting_error(Reason::bad_setting,
                                 tr("local-address='%s' is not a numeric IP address, such as 192.0.2.1",
                                    config.local_address.c_str()));
    }
    local->port = config.local_port;
    // An explicit `::` means every address of IPv6 only.
    if (!v4_only_ && !config.local_address.empty() && local->ip == Ip{})
        set_option(fd_, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    const SocketAddress address(*local, v4_only_);
    if (!address.valid() || bind(fd_, address.get(), address.size()) != 0) {
        const int error = address.valid() ? errno : EAFNOSUPPORT;
        return udp_bind_error(config, error);
    }
    SocketAddress bound;
    socklen_t size = bound.capacity();
    if (getsockname(fd_, bound.get(), &size) != 0)
        return open_error(tr_noop("cannot determine what UDP address %s port %u was bound to: %s"), config,
                          errno);
    local_ = bound.address();
    const bool any = local_.ip == Ip{} || local_.ip == Address::v4({0, 0, 0, 0}, 0).ip;
    answer_as_called_ = config.answer_as_called && any && SourceAddresses::request(fd_, v4_only_);
    return success();
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept { *this = std::move(other); }

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
    if (this == &other) return *this;
    close();
    fd_ = std::exchange(other.fd_, -1);
    v4_only_ = other.v4_only_;
    local_ = other.local_;
    send_mode_ = other.send_mode_;
    receive_offload_ = other.receive_offload_;
    send_buffer_ = other.send_buffer_;
    receive_buffer_ = other.receive_buffer_;
    answer_as_called_ = other.answer_as_called_;
    sources_ = std::move(other.sources_);
    pool_ = std::move(other.pool_);
    buffers_ = std::move(other.buffers_);
    return *this;
}

UdpSocket::~UdpSocket() { close(); }

void UdpSocket::close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

// ---

UdpSocket::Sent UdpSocket::send(const Address& to, Bytes batch, size_t segment, SourceOf source) {
    const Ip* const local = answer_as_called_ ? sources_.find(to, source) : nullptr;
    const Sent sent = send_from(local, to, batch, segment);
    if (!local || sent.outcome != Sent::Outcome::failed || sent.failure == UdpFailure::too_big ||
        sent.failure == UdpFailure::refused)
        return sent;
    if (SourceAddresses::has_left(*local)) sources_.forget(to);
    // From another address the datagram may arrive, if the peer's side accepts it.
    return send_from(nullptr, to, batch, segment);
}

UdpSocket::Sent UdpSocket::send_from(const Ip* source, const Address& to, Bytes batch, size_t segment) {
    if (batch.size() <= segment || send_mode_ == SendMode::single)
        return send_single(source, to, batch, segment);
    return send_mode_ == SendMode::segmentation ? send_segmented(source, to, batch, segment)
                                                : send_several(source, to, batch, segment);
}

UdpSocket::Sent UdpSocket::failure(int error, Bytes batch, size_t done) const {
    if (would_block(error)) return {Sent::Outcome::would_block, done};
    // The local queue dropped it, which is a sign of congestion like any loss in the network.
    if (error == ENOBUFS) return {Sent::Outcome::done, batch.size()};
    return {Sent::Outcome::failed, batch.size(), udp_failure_of(error).value_or(UdpFailure::send_failed),
            error};
}

UdpSocket::Sent UdpSocket::send_segmented(const Ip* source, const Address& to, Bytes batch, size_t segment) {
    SocketAddress address(to, v4_only_);
    if (!address.valid()) return failure(EAFNOSUPPORT, batch, 0);
    iovec part{const_cast<uint8_t*>(batch.data()), batch.size()};
    ControlMessages control;
    control.add_segment(static_cast<uint16_t>(segment));
    if (source) control.add_source(*source, v4_only_);
    msghdr message{};
    message.msg_name = address.get();
    message.msg_namelen = address.size();
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    control.attach_to(message);

    if (persistently([&] { return sendmsg(fd_, &message, MSG_DONTWAIT); }) >= 0)
        return {Sent::Outcome::done, batch.size()};
    if (!segmentation_refused(errno)) return failure(errno, batch, 0);
    // Older kernels also return EINVAL for segments longer than the route's MTU. Only a success without
    // segmentation therefore shows that it is segmentation that the route does not support.
    const Sent sent = send_several(source, to, batch, segment);
    if (sent.outcome != Sent::Outcome::failed && sent.size > 0 && send_mode_ == SendMode::segmentation)
        send_mode_ = SendMode::several;
    return sent;
}

UdpSocket::Sent UdpSocket::send_several(const Ip* source, const Address& to, Bytes batch, size_t segment) {
    SocketAddress address(to, v4_only_);
    if (!address.valid()) return failure(EAFNOSUPPORT, batch, 0);
    ControlMessages control;
    if (source) control.add_source(*source, v4_only_);
    constexpr size_t count_max = udp_properties.batch_datagrams;
    std::array<iovec, count_max> parts;
    std::array<mmsghdr, count_max> messages;
    size_t done = 0;
    while (done < batch.size()) {
        unsigned count = 0;
        for (size_t at = done; at < batch.size() && count < count_max; at += segment, count++) {
            parts[count] = {const_cast<uint8_t*>(batch.data() + at), std::min(segment, batch.size() - at)};
            messages[count] = {};
            msghdr& header = messages[count].msg_hdr;
            header.msg_name = address.get();
            header.msg_namelen = address.size();
            header.msg_iov = &parts[count];
            header.msg_iovlen = 1;
            control.attach_to(header);
        }
        const int sent = persistently([&] { return sendmmsg(fd_, messages.data(), count, MSG_DONTWAIT); });
        if (sent < 0 && errno == ENOSYS) {
            send_mode_ = SendMode::single;
            Sent rest = send_single(source, to, batch.subspan(done), segment);
            rest.size += done;
            return rest;
        }
        if (sent < 0) return failure(errno, batch, done);
        done = std::min(batch.size(), done + static_cast<size_t>(sent) * segment);
    }
    return {Sent::Outcome::done, batch.size()};
}

UdpSocket::Sent UdpSocket::send_single(const Ip* source, const Address& to, Bytes batch, size_t segment) {
    SocketAddress address(to, v4_only_);
    if (!address.valid()) return failure(EAFNOSUPPORT, batch, 0);
    ControlMessages control;
    if (source) control.add_source(*source, v4_only_);
    iovec part{};
    msghdr message{};
    message.msg_name = address.get();
    message.msg_namelen = address.size();
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    control.attach_to(message);
    for (size_t done = 0; done < batch.size(); done += segment) {
        part = {const_cast<uint8_t*>(batch.data() + done), std::min(segment, batch.size() - done)};
        if (persistently([&] { return sendmsg(fd_, &message, MSG_DONTWAIT); }) < 0 && errno != ENOBUFS)
            return failure(errno, batch, done);
    }
    return {Sent::Outcome::done, batch.size()};
}

// ---

bool UdpSocket::receive(const DatagramHandler& handler) {
    // Without offload every datagram gets a slot of its own, long enough for the longest that is ever sent.
    constexpr size_t slot = datagram_max + 1;
    constexpr size_t slots = receive_buffer_size / slot;
    constexpr size_t control_size = CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(in6_pktinfo));
    const size_t per_buffer = receive_offload_ ? 1 : slots;
    const size_t capacity = receive_offload_ ? receive_buffer_size : slot;
    const size_t count = receive_buffers * per_buffer;

    std::array<mmsghdr, receive_buffers * slots> messages;
    std::array<iovec, receive_buffers * slots> parts;
    std::array<SocketAddress, receive_buffers * slots> from;
    alignas(cmsghdr) char control[receive_buffers * slots][control_size];
    for (size_t i = 0; i < count; i++) {
        std::shared_ptr<ReceiveBuffer>& buffer = buffers_[i / per_buffer];
        if (!buffer) buffer = pool_.get();
        parts[i] = {buffer->bytes.data() + i % per_buffer * capacity, capacity};
        messages[i] = {};
        msghdr& header = messages[i].msg_hdr;
        header.msg_name = from[i].get();
        header.msg_namelen = from[i].capacity();
        header.msg_iov = &parts[i];
        header.msg_iovlen = 1;
        if (receive_offload_ || answer_as_called_) {
            header.msg_control = control[i];
            header.msg_controllen = control_size;
        }
    }
    const int received = persistently(
        [&] { return recvmmsg(fd_, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT, nullptr); });
    if (received <= 0) return false;

    const auto total = static_cast<size_t>(received);
    for (size_t first = 0; first < total; first += per_buffer) {
        const size_t last = std::min(total, first + per_buffer);
        size_t used = 0;
        for (size_t i = first; i < last; i++) used += messages[i].msg_len;
        // A few bytes that are kept must not pin a whole buffer: below a quarter of it they are copied.
        std::shared_ptr<const void> owner;
        if (used >= receive_buffer_size / 4 && pool_.in_use() <= shared_buffers_max)
            owner = std::move(buffers_[first / per_buffer]);
        for (size_t i = first; i < last; i++) {
            if (messages[i].msg_hdr.msg_flags & MSG_TRUNC) continue;  // longer than any STT datagram
            const size_t length = messages[i].msg_len;
            size_t segment = length;
            if (receive_offload_) {
                msghdr& header = messages[i].msg_hdr;
                for (cmsghdr* option = CMSG_FIRSTHDR(&header); option;
                     option = CMSG_NXTHDR(&header, option)) {
                    if (option->cmsg_level != IPPROTO_UDP || option->cmsg_type != UDP_GRO) continue;
                    int value = 0;
                    std::memcpy(&value, CMSG_DATA(option), sizeof value);
                    if (value > 0) segment = static_cast<size_t>(value);
                }
            }
            const Address sender = from[i].address();
            if (answer_as_called_) called_ = SourceAddresses::destination_of(messages[i].msg_hdr);
            if (called_) sources_.learn(sender, *called_);
            const MutableBytes bytes(static_cast<uint8_t*>(parts[i].iov_base), length);
            for (size_t at = 0; at < length; at += segment)
                handler(sender, bytes.subspan(at, std::min(segment, length - at)), owner);
        }
    }
    return total == count;
}

bool UdpSocket::read_errors(size_t most, const ErrorHandler& handler) {
    for (size_t i = 0; i < most; i++) {
        SocketAddress to;
        alignas(cmsghdr) char control[256];
        msghdr message{};
        message.msg_name = to.get();
        message.msg_namelen = to.capacity();
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        if (recvmsg(fd_, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
        if (const auto lost = icmp_error(message, to.address())) handler(*lost);
    }
    return true;
}

std::optional<LostDatagram> UdpSocket::icmp_error(msghdr& message, const Address& to) {
    for (cmsghdr* option = CMSG_FIRSTHDR(&message); option; option = CMSG_NXTHDR(&message, option)) {
        const bool v4 = option->cmsg_level == IPPROTO_IP && option->cmsg_type == IP_RECVERR;
        const bool v6 = option->cmsg_level == IPPROTO_IPV6 && option->cmsg_type == IPV6_RECVERR;
        if (!v4 && !v6) continue;
        sock_extended_err error;
        std::memcpy(&error, CMSG_DATA(option), sizeof error);
        // Local errors were already returned by the send that failed.
        if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) continue;
        const auto failure = udp_failure_of(error);
        if (!failure) continue;
        size_t size = 0;
        if (*failure == UdpFailure::too_big) {
            const size_t headers = error.ee_origin == SO_EE_ORIGIN_ICMP ? ipv4_udp_headers : ipv6_udp_headers;
            // An MTU below what every link must carry is ignored (RFC 8201, section 4; RFC 791). Either
            // the report is forged, or a router from before 1990 names no size.
            const uint32_t least = error.ee_origin == SO_EE_ORIGIN_ICMP ? 68 : 1280;
            if (error.ee_info < least) continue;
            size = error.ee_info - headers + 1;
        }
        SocketAddress offender;
        static_assert(SocketAddress::capacity() >= sizeof(sockaddr_in));
        const auto* const held = SO_EE_OFFENDER(reinterpret_cast<sock_extended_err*>(CMSG_DATA(option)));
        std::memcpy(offender.get(), held, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
        const Address by = offender.address();
        // When the next host does not answer, this machine sends the report in its own name.
        const bool router = by.ip != Ip{} && by.ip != to.ip && SourceAddresses::has_left(by.ip);
        return LostDatagram{
            *failure, to, size, {.local = false, .router = router ? std::optional(by) : std::nullopt}};
    }
    return std::nullopt;
}

}  // namespace stt
