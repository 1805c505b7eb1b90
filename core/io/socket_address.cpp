// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>
#include <cstring>

namespace stt {

SocketAddress::SocketAddress(const Address& address, bool v4_only) {
    if (!v4_only) {
        v6_ = {};
        v6_.sin6_family = AF_INET6;
        v6_.sin6_port = htons(address.port);
        v6_.sin6_scope_id = address.scope_id;
        std::memcpy(&v6_.sin6_addr, address.ip.data(), 16);
        size_ = sizeof v6_;
    } else if (address.is_v4()) {
        v4_ = {};
        v4_.sin_family = AF_INET;
        v4_.sin_port = htons(address.port);
        std::memcpy(&v4_.sin_addr, address.ip.data() + 12, 4);
        size_ = sizeof v4_;
    }
}

Address SocketAddress::address() const {
    if (any_.sa_family == AF_INET) {
        std::array<uint8_t, 4> ip;
        std::memcpy(ip.data(), &v4_.sin_addr, 4);
        return Address::v4(ip, ntohs(v4_.sin_port));
    }
    Address address;
    if (any_.sa_family != AF_INET6) return address;
    std::memcpy(address.ip.data(), &v6_.sin6_addr, 16);
    address.port = ntohs(v6_.sin6_port);
    address.scope_id = v6_.sin6_scope_id;
    return address;
}

std::optional<Address> parse_address(const std::string& text, uint16_t port) {
    std::array<uint8_t, 4> v4;
    if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return Address::v4(v4, port);

    const size_t percent = text.find('%');
    Address address;
    address.port = port;
    if (inet_pton(AF_INET6, text.substr(0, percent).c_str(), address.ip.data()) != 1) return std::nullopt;
    if (percent == std::string::npos) return address;
    const std::string scope = text.substr(percent + 1);
    const char* const end = scope.data() + scope.size();
    const auto parsed = std::from_chars(scope.data(), end, address.scope_id);
    if (scope.empty() || parsed.ec != std::errc{} || parsed.ptr != end)
        address.scope_id = if_nametoindex(scope.c_str());
    if (address.scope_id == 0) return std::nullopt;
    return address;
}

}  // namespace stt
