// SPDX-License-Identifier: LGPL-2.1-or-later
/// Names to addresses, without waiting.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace stt {

/// One look-up at a time. Used on one thread, whose thread-default GMainContext runs it.
class Resolver {
  public:
    /// Not empty, in the order to try them, all with the port asked for. Errors: network_unreachable, which
    /// names the host and what the system said; timeout when there was no answer in time.
    using Done = std::function<void(Result<std::vector<Address>> addresses)>;

    Resolver() = default;
    /// Cancels.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Looks `host` up, a name or an address; `done` is called once, never from within this call, unless
    /// cancelled first. Cancels a look-up under way.
    void resolve(const std::string& host, uint16_t port, Duration time_limit, Done done);
    /// `done` will not be called any more.
    void cancel();

  private:
    struct Lookup;
    std::shared_ptr<Lookup> lookup_;
};

}  // namespace stt
