// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/script.hpp"

#include <algorithm>

namespace stt::sim {

namespace {

constexpr size_t table_size = 256 << 10;

/// Payloads are cut from one table of noise at changing places, which is faster than making it.
const std::vector<uint8_t>& table() {
    static const std::vector<uint8_t> bytes = [] {
        std::vector<uint8_t> noise(table_size);
        SeededRandom(0x5745).fill(noise);
        return noise;
    }();
    return bytes;
}

/// Calls `f` with the pieces of the table that make up `size` bytes from `at` on.
template <class F>
void for_each_piece(uint64_t at, uint64_t size, F&& f) {
    while (size > 0) {
        const uint64_t count = std::min<uint64_t>(size, table_size - at);
        f(Bytes(table()).subspan(static_cast<size_t>(at), static_cast<size_t>(count)));
        size -= count;
        at = 0;
    }
}

}  // namespace

std::vector<uint8_t> Script::encode() const {
    std::vector<uint8_t> bytes(21);
    ByteWriter out(bytes);
    out.u64(seed);
    out.u64(payload);
    out.u32(message_max);
    out.u8(answered);
    return bytes;
}

std::optional<Script> Script::decode(Bytes header) {
    ByteReader in(header);
    Script script{.seed = in.u64(), .payload = in.u64(), .message_max = in.u32(), .answered = in.u8() != 0};
    if (!in.ok() || !in.empty()) return std::nullopt;
    return script;
}

MessageMaker::MessageMaker(const Script& script)
    : random_(script.seed), message_max_(script.message_max), left_(script.payload) {}

MessageMaker::Plan MessageMaker::plan() {
    // Small ones between the large: several must share a packet.
    const uint64_t most = random_.below(8) == 0 ? std::min<uint32_t>(message_max_, 16) : message_max_;
    Plan plan{.kind = static_cast<uint8_t>(random_.next()),
              .header = std::vector<uint8_t>(static_cast<size_t>(random_.below(24))),
              .size = std::min(left_, 1 + random_.below(most)),
              .at = random_.below(table_size)};
    random_.fill(plan.header);
    left_ -= plan.size;
    number_++;
    return plan;
}

OutMessage MessageMaker::next() {
    const Plan plan = this->plan();
    std::vector<uint8_t> payload;
    payload.reserve(static_cast<size_t>(plan.size));
    for_each_piece(plan.at, plan.size,
                   [&](Bytes piece) { payload.insert(payload.end(), piece.begin(), piece.end()); });
    return OutMessage::copy_of(plan.kind, plan.header, payload);
}

std::string MessageMaker::check(const InMessage& message) {
    const std::string which = "message " + std::to_string(number_) + ": ";
    if (done()) return which + "more messages than were sent";
    const Plan plan = this->plan();
    if (message.kind != plan.kind) return which + "another kind";
    if (message.header != plan.header) return which + "another header";
    if (message.payload_size != plan.size)
        return which + std::to_string(message.payload_size) + " bytes instead of " +
               std::to_string(plan.size);
    uint64_t at = plan.at, left = plan.size;
    for (const Chunk& chunk : message.payload) {
        if (chunk.size() > left) return which + "more payload than it says";
        Bytes rest = chunk.bytes();
        bool same = true;
        for_each_piece(at, chunk.size(), [&](Bytes piece) {
            same = same && std::equal(piece.begin(), piece.end(), rest.begin());
            rest = rest.subspan(piece.size());
        });
        if (!same) return which + "another content";
        at = (at + chunk.size()) % table_size;
        left -= chunk.size();
    }
    return left == 0 ? std::string() : which + "payload is missing";
}

}  // namespace stt::sim
