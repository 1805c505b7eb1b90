// SPDX-License-Identifier: LGPL-2.1-or-later
/// stt: URIs, taken apart. A URI may come from a playlist, so it is untrusted and may set little.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace stt {

struct Uri {
    /// Without brackets, a zone after `%`; empty: listen on every address.
    std::string host;
    bool to_listen = true;  ///< the host is none that can be called
    uint16_t port = 0;      ///< 0 only to listen: any free port
    /// Query in order: property names out of those a URI may set, with their values, percent-decoded.
    std::vector<std::pair<std::string, std::string>> settings;
};

/// Takes `text` apart. The error's text names the offending part and what to use in its place.
Result<Uri> parse_uri(std::string_view text);

}  // namespace stt
