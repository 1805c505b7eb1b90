// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which of this host's addresses each peer calls. A socket bound to all of them would answer from the one
/// that the route prefers, but a peer accepts answers only from the address that it called.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "core/base/address.hpp"

namespace stt {

/// Control data for the kernel, to be sent with a datagram. It must outlive the use of the msghdr it is
/// attached to.
class ControlMessages {
  public:
    /// Sets UDP_SEGMENT to `segment` bytes.
    void add_segment(uint16_t segment);
    /// Sets the address to send from; IPv4 is in mapped form. `v4_only` is a property of the socket.
    void add_source(const std::array<uint8_t, 16>& ip, bool v4_only);
    void attach_to(msghdr& message);

  private:
    template <class T>
    void add(int level, int type, const T& value);

    alignas(cmsghdr) std::array<char, 96> bytes_{};
    size_t size_ = 0;
};

/// Which of the addresses called in the name of a remote is the source of a datagram to it.
enum class SourceOf : uint8_t {
    /// The one called by a sender known to be genuine, or else the latest, so that a forger cannot divert
    /// what a session sends.
    peer,
    /// The latest, even if it is forged; for answers to nodes that are not authenticated yet.
    asker,
};

class SourceAddresses {
  public:
    using Ip = std::array<uint8_t, 16>;  ///< IPv4 in mapped form

    /// Asks the kernel to report the destination address of each datagram. Returns false when it cannot.
    static bool request(int fd, bool v4_only);
    /// The destination address of a received datagram; null when the kernel did not report it.
    static std::optional<Ip> destination_of(msghdr& message);

    /// Whether `local` is no longer an address of this host. The error of a failed send does not show that,
    /// as it is the same as without a route.
    static bool has_left(const Ip& local);

    /// Records that a datagram in the name of `remote` was sent to `local`.
    void learn(const Address& remote, const Ip& local);
    /// Records that a genuine datagram from `remote` was sent to `local`.
    void confirm(const Address& remote, const Ip& local);
    /// Confirms the address that `remote` called last, because a session with `remote` is established.
    void confirm_latest(const Address& remote);
    /// The address to send from; null when `remote` has not called.
    const Ip* find(const Address& remote, SourceOf source = SourceOf::peer) const;
    /// Forgets `remote`, because its local address is no longer an address of this host.
    void forget(const Address& remote);

    /// The maximum number of remotes in each table. Beyond it, all entries of that table are forgotten, and
    /// learnt again from the next datagram of each remote. A flood from invented addresses therefore uses no
    /// more memory, and takes nothing from confirmed remotes.
    static constexpr size_t remotes_max = 4096;

  private:
    // Ordered, because other nodes choose the addresses, and could choose ones that share a hash bucket.
    struct Table {
        std::map<Address, Ip> locals;
        std::pair<Address, Ip> last{};  // noted last: most datagrams are of the same remote as before
        void note(const Address& remote, const Ip& local);
    };

    Table claimed_, confirmed_;
};

}  // namespace stt
