// SPDX-License-Identifier: LGPL-2.1-or-later
/// A datagram as it comes from the network, up to where cryptography begins.
#include <algorithm>
#include <vector>

#include "core/wire/handshake_packet.hpp"
#include "fuzz.hpp"

using namespace stt;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes packet(data, size);
    MUST(crc32c(packet) == crc32c_ways::portable(packet, 0));
    const auto type = packet_type(packet);
    const auto header = read_session_header(packet);
    (void)handshake_version(packet);
    (void)checksum_fits(packet);
    if (!header) return 0;

    MUST(type == header->type && size >= session_overhead);
    std::vector<uint8_t> copy(packet.begin(), packet.end());
    write_session_header(copy, *header);
    MUST(std::ranges::equal(copy, packet));
    seal_checksum(copy);
    MUST(checksum_fits(copy));
    const uint64_t number = expand_packet_number(header->number_low, header->session & varint_max);
    MUST(static_cast<uint32_t>(number) == header->number_low && number <= varint_max);
    return 0;
}
