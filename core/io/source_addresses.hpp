// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which of this host's addresses each peer calls. A socket that is bound to all of them would answer from
/// whichever the route prefers, and a peer heeds no answer from another address than the one it called.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "core/base/address.hpp"

namespace stt {

/// What goes beside a datagram's bytes to the kernel; as long as it is in use, so is this object.
class ControlMessages {
  public:
    /// `segment`: UDP_SEGMENT, bytes.
    void add_segment(uint16_t segment);
    /// The address to send from, in mapped form where it is IPv4's. `v4_only`: of the socket.
    void add_source(const std::array<uint8_t, 16>& ip, bool v4_only);
    void attach_to(msghdr& message);

  private:
    template <class T>
    void add(int level, int type, const T& value);

    alignas(cmsghdr) std::array<char, 96> bytes_{};
    size_t size_ = 0;
};

/// Which of the addresses that were called in a remote's name to send to it from.
enum class SourceOf : uint8_t {
    peer,   ///< that of who is known to be genuine, or else the latest: nobody diverts what a session sends
    asker,  ///< the latest, whoever it was: answers to those who have proved nothing yet
};

class SourceAddresses {
  public:
    using Ip = std::array<uint8_t, 16>;  ///< IPv4 in mapped form

    /// Asks the kernel for it. False: it cannot.
    static bool request(int fd, bool v4_only);
    /// The address a received datagram came to; null: the kernel did not say.
    static std::optional<Ip> destination_of(msghdr& message);

    /// Whether `local` is not this host's any more. What a failed send says of that is the same as for want
    /// of a route.
    static bool has_left(const Ip& local);

    /// Somebody has called `local` in the name of `remote`.
    void learn(const Address& remote, const Ip& local);
    /// `remote` itself has called `local`.
    void confirm(const Address& remote, const Ip& local);
    /// A session with `remote` stands: whichever address it called last is confirmed.
    void confirm_latest(const Address& remote);
    /// Null: it has not called.
    const Ip* find(const Address& remote, SourceOf source = SourceOf::peer) const;
    /// The local address is not this host's any more.
    void forget(const Address& remote);

    /// Of each kind. Beyond, all of that kind are forgotten, and learnt again with the next datagram of each:
    /// a flood from invented addresses takes no more memory, and nothing from those who are in.
    static constexpr size_t remotes_max = 4096;

  private:
    // Ordered: strangers choose the addresses, and could choose ones that share a bucket.
    struct Table {
        std::map<Address, Ip> locals;
        std::pair<Address, Ip> last{};  // noted: most datagrams are of the same remote as the one before
        void note(const Address& remote, const Ip& local);
    };

    Table claimed_, confirmed_;
};

}  // namespace stt
