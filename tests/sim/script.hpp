// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a stream carries in a simulation: messages of which sender and receiver know every byte beforehand.
#pragma once

#include <optional>
#include <string>

#include "core/wire/message.hpp"
#include "tests/lib/seeded_random.hpp"

namespace stt::sim {

/// Travels in the header of STREAM_OPEN, so that the receiver can follow.
struct Script {
    uint64_t seed = 0;
    uint64_t payload = 0;         ///< bytes in all messages together
    uint32_t message_max = 1200;  ///< payload of one message
    bool answered = false;        ///< the other side sends as much back on the same stream

    std::vector<uint8_t> encode() const;
    static std::optional<Script> decode(Bytes header);
};

/// Makes a script's messages, one after the other.
class MessageMaker {
  public:
    explicit MessageMaker(const Script& script);
    bool done() const { return left_ == 0; }
    uint64_t number() const { return number_; }

    /// The next message, to send. Its payload refers to memory that lives as long as the process.
    OutMessage next();
    /// Empty when `message` is what next() would have made; else what is wrong with it.
    std::string check(const InMessage& message);

  private:
    struct Plan {
        uint8_t kind;
        std::vector<uint8_t> header;
        uint64_t size, at;  // of the payload, in the table of bytes
    };
    Plan plan();

    SeededRandom random_;
    uint32_t message_max_;
    uint64_t left_;
    uint64_t number_ = 0;
};

}  // namespace stt::sim
