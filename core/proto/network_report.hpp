// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a transport reports about datagrams of this node, and what a node at the peer's address sends instead
/// of an answer. Anybody on the path can forge all of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/address.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace stt {

/// A report about a datagram of this node that did not get through. The transport makes it, and words its
/// error.
struct NetworkReport {
    enum class Kind : uint8_t {
        failed,   ///< as `error` says; the next datagram may fare better
        refused,  ///< no process receives at the peer's address any more
        too_big,  ///< it was longer than the path's MTU
    };
    Kind kind = Kind::failed;
    Address to;       ///< where the datagram was going
    size_t size = 0;  ///< too_big: a size in bytes that does not fit; 0: it is not known
    /// What an application is told. Its origin is `local` if this machine made the report when it should have
    /// sent the datagram. If `kind` is too_big, it is about a path that does not carry datagram_min.
    Error error;
};

/// The kind of a datagram that does not answer a call.
enum class NoAnswer : uint8_t {
    foreign,     ///< not a packet of this protocol
    unreadable,  ///< resembles a packet of this protocol, but is not one or was damaged
    hello,       ///< a HELLO of another caller
    echo,        ///< this node's own HELLO, from another node
    own,         ///< this node's own HELLO, from its own transport
};

/// Returns why a call to `peer` fails if nothing better arrives than `what`.
Error no_answer_error(NoAnswer what, const Address& peer);

/// Limits which reports about an established session reach the application, because anybody can repeat one
/// arbitrarily often.
class ReportLimit {
  public:
    /// The time for which the same report is not repeated.
    static constexpr Duration interval = 1s;
    /// How many different reports may reach the application in an interval.
    static constexpr size_t reports_max = 8;

    /// Returns true if the application should receive `error`, which a transport reports, now. It has not
    /// received one of the same code, reason and origin during the interval, nor reports_max others.
    bool allow(Time now, const Error& error);
    /// The same for the peer's report that it does not know the session.
    bool allow_unknown(Time now);

  private:
    struct Allowed {
        ErrorCode code{};
        Reason reason{};
        ErrorOrigin origin{};
        Time until{};
        bool is_of(const Error& error) const {
            return code == error.code && reason == error.reason && origin == error.origin;
        }
    };
    std::array<Allowed, reports_max> allowed_{};
    Time next_unknown_{};
};

}  // namespace stt
