// SPDX-License-Identifier: LGPL-2.1-or-later
/// Parses stt: URIs. A URI may come from a playlist, so it is untrusted and can set few properties only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace stt {

struct Uri {
    /// Without brackets; a zone follows `%`. Empty: listen on all addresses.
    std::string host;
    bool to_listen = true;  ///< the host is not one that can be called
    uint16_t port = 0;      ///< 0 only for a listener: any free port
    /// The query in order: names of properties that a URI may set, with their values, percent-decoded.
    std::vector<std::pair<std::string, std::string>> settings;
};

/// Parses `text`. The error's text names the part at fault and what to use instead.
Result<Uri> parse_uri(std::string_view text);

}  // namespace stt
