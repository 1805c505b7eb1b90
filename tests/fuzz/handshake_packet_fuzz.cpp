// SPDX-License-Identifier: LGPL-2.1-or-later
/// Handshake packets without cryptography: clear headers, small packets, and the fields of sealed payloads.
/// The first byte chooses the reader. What was read can be written, and is then read as the same.
#include <algorithm>
#include <vector>

#include "core/wire/handshake_packet.hpp"
#include "fuzz.hpp"

using namespace stt;

namespace {

template <class Packet>
void round_trip(Bytes bytes, std::optional<Packet> (*read)(Bytes)) {
    const auto packet = read(bytes);
    if (!packet) return;
    const std::vector<uint8_t> written = encode(*packet);
    MUST(handshake_version(written) == packet->version);
    const auto again = read(written);
    MUST(again && encode(*again) == written);
    // All but type and checksum is in the packet, so nothing may be lost.
    MUST(std::ranges::equal(Bytes(written).subspan(5), bytes.subspan(5)));
}

template <class Payload>
void round_trip(Bytes bytes, Result<Payload> (*decode)(Bytes)) {
    const auto payload = decode(bytes);
    if (!payload) return;
    const std::vector<uint8_t> written = encode(*payload);
    const auto again = decode(written);
    MUST(again.ok() && encode(*again) == written);
}

void headers(Bytes packet) {
    if (const auto hello = read_hello_header(packet)) {
        std::vector<uint8_t> written(hello_header_size);
        write_hello_header(written, *hello);
        MUST(std::ranges::equal(Bytes(written).subspan(5), packet.subspan(5, hello_header_size - 5)));
        MUST(hello_prologue(*hello).size() == hello_header_size - 4);
    }
    if (const auto header = read_handshake_header(packet)) {
        std::vector<uint8_t> written(challenge_header_size);
        write_handshake_header(written, PacketType::challenge, *header);
        MUST(std::ranges::equal(Bytes(written).subspan(5), packet.subspan(5, challenge_header_size - 5)));
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const Bytes bytes(data + 1, size - 1);
    switch (data[0] % 7) {
        case 0:
            headers(bytes);
            break;
        case 1:
            round_trip(bytes, read_cookie);
            break;
        case 2:
            round_trip(bytes, read_reject);
            break;
        case 3:
            round_trip(bytes, read_session_unknown);
            break;
        case 4:
            round_trip(bytes, decode_hello_payload);
            break;
        case 5:
            round_trip(bytes, decode_challenge_payload);
            break;
        case 6:
            round_trip(bytes, decode_auth_proof_payload);
            break;
    }
    return 0;
}
