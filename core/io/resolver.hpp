// SPDX-License-Identifier: LGPL-2.1-or-later
/// Resolves names to addresses without blocking.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

/// Runs one look-up at a time. It must be used on one thread, whose thread-default GMainContext runs the
/// look-up.
class Resolver {
  public:
    /// Receives the addresses: at least one, in the order in which to try them, each with the requested port.
    /// The error network_unreachable names the host and what the system reported. The code is timeout when
    /// there was no answer in time, and resource_exhausted when the process has no descriptor left.
    using Done = std::function<void(Result<std::vector<Address>> addresses)>;

    Resolver() = default;
    /// Cancels a look-up in progress.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Looks up `host`, a name or an address. `done` is called once, unless it is cancelled before, and never
    /// from within this call. A look-up in progress is cancelled.
    void resolve(const std::string& host, uint16_t port, Duration time_limit, Done done);
    /// After this call `done` is not called any more.
    void cancel();

  private:
    struct Lookup;
    std::shared_ptr<Lookup> lookup_;
};

}  // namespace stt
