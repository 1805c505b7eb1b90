// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace stt {
namespace {

constexpr std::array<uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// The finalizer of MurmurHash3 (public domain), by which every input bit affects every output bit.
uint64_t mix(uint64_t value) {
    value = (value ^ value >> 33) * 0xff51afd7ed558ccdu;
    value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53u;
    return value ^ value >> 33;
}

}  // namespace

bool Address::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), ip.begin()); }

std::string Address::to_string() const {
    std::string text;
    if (is_v4())
        text = ip_string();
    else
        text.append("[").append(ip_string()).append("]");
    return text.append(":").append(std::to_string(port));
}

std::string Address::ip_string() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    if (is_v4()) return inet_ntop(AF_INET, ip.data() + v4_prefix.size(), buffer.data(), buffer.size());
    std::string text = inet_ntop(AF_INET6, ip.data(), buffer.data(), buffer.size());
    if (scope_id != 0) text.append("%").append(std::to_string(scope_id));
    return text;
}

Address Address::v4(std::array<uint8_t, 4> ip, uint16_t port) {
    Address address;
    std::copy(v4_prefix.begin(), v4_prefix.end(), address.ip.begin());
    std::copy(ip.begin(), ip.end(), address.ip.begin() + v4_prefix.size());
    address.port = port;
    return address;
}

}  // namespace stt

size_t std::hash<stt::Address>::operator()(const stt::Address& address) const noexcept {
    uint64_t high, low;
    std::memcpy(&high, address.ip.data(), sizeof high);
    std::memcpy(&low, address.ip.data() + sizeof high, sizeof low);
    const uint64_t rest = uint64_t{static_cast<uint8_t>(address.transport)} << 48 |
                          uint64_t{address.scope_id} << 16 | address.port;
    return stt::mix(stt::mix(stt::mix(high) ^ low) ^ rest);
}
