// SPDX-License-Identifier: LGPL-2.1-or-later
/// The vectors under tests/golden, and the values they stand for.
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.hpp"

namespace stt {

/// A vector: what it means, and its bytes.
struct Golden {
    std::string means;
    std::vector<uint8_t> bytes;
};

/// Those of tests/golden/NAME.txt, in order.
std::vector<Golden> read_golden(const std::string& name);

/// The same, made by the code under test.
std::vector<Golden> made_frames();
std::vector<Golden> made_packets();
std::vector<Golden> made_payloads();
std::vector<Golden> made_messages();

}  // namespace stt
