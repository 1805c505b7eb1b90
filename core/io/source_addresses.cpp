// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/source_addresses.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/io/socket_address.hpp"

namespace stt {

template <class T>
void ControlMessages::add(int level, int type, const T& value) {
    static_assert(CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(in6_pktinfo)) <= sizeof bytes_);
    auto* const option = reinterpret_cast<cmsghdr*>(bytes_.data() + size_);
    option->cmsg_level = level;
    option->cmsg_type = type;
    option->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(option), &value, sizeof value);
    size_ += CMSG_SPACE(sizeof value);
}

void ControlMessages::add_segment(uint16_t segment) { add(IPPROTO_UDP, UDP_SEGMENT, segment); }

void ControlMessages::add_source(const std::array<uint8_t, 16>& ip, bool v4_only) {
    if (v4_only) {
        in_pktinfo source{};
        std::memcpy(&source.ipi_spec_dst, ip.data() + 12, 4);
        add(IPPROTO_IP, IP_PKTINFO, source);
    } else {
        // IPV6_PKTINFO is used for mapped addresses too.
        in6_pktinfo source{};
        std::memcpy(&source.ipi6_addr, ip.data(), ip.size());
        add(IPPROTO_IPV6, IPV6_PKTINFO, source);
    }
}

void ControlMessages::attach_to(msghdr& message) {
    message.msg_control = size_ > 0 ? bytes_.data() : nullptr;
    message.msg_controllen = size_;
}

bool SourceAddresses::request(int fd, bool v4_only) {
    const int on = 1;
    return v4_only ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0
                   : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0;
}

std::optional<SourceAddresses::Ip> SourceAddresses::destination_of(msghdr& message) {
    for (cmsghdr* option = CMSG_FIRSTHDR(&message); option; option = CMSG_NXTHDR(&message, option)) {
        Ip ip;
        if (option->cmsg_level == IPPROTO_IPV6 && option->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(option), sizeof info);
            std::memcpy(ip.data(), &info.ipi6_addr, ip.size());
            return ip;
        }
        if (option->cmsg_level == IPPROTO_IP && option->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(option), sizeof info);
            std::array<uint8_t, 4> v4;
            std::memcpy(v4.data(), &info.ipi_spec_dst, v4.size());
            return Address::v4(v4, 0).ip;
        }
    }
    return std::nullopt;
}

bool SourceAddresses::has_left(const Ip& local) {
    Address address;
    address.ip = local;
    const SocketAddress any_port(address, address.is_v4());
    const int fd = socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool gone = bind(fd, any_port.get(), any_port.size()) != 0 && errno == EADDRNOTAVAIL;
    close(fd);
    return gone;
}

void SourceAddresses::Table::note(const Address& remote, const Ip& local) {
    if (last == std::pair(remote, local)) return;
    if (const auto known = locals.find(remote); known != locals.end()) {
        known->second = local;
    } else {
        if (locals.size() >= remotes_max) locals.clear();
        locals.emplace(remote, local);
    }
    last = {remote, local};
}

void SourceAddresses::learn(const Address& remote, const Ip& local) { claimed_.note(remote, local); }

void SourceAddresses::confirm(const Address& remote, const Ip& local) { confirmed_.note(remote, local); }

void SourceAddresses::confirm_latest(const Address& remote) {
    if (const Ip* const latest = find(remote, SourceOf::asker)) confirm(remote, *latest);
}

const SourceAddresses::Ip* SourceAddresses::find(const Address& remote, SourceOf source) const {
    const bool peer = source == SourceOf::peer;
    for (const Table* table : {peer ? &confirmed_ : &claimed_, peer ? &claimed_ : &confirmed_})
        if (const auto known = table->locals.find(remote); known != table->locals.end())
            return &known->second;
    return nullptr;
}

void SourceAddresses::forget(const Address& remote) {
    for (Table* table : {&claimed_, &confirmed_}) {
        table->locals.erase(remote);
        table->last = {};
    }
}

}  // namespace stt
