// SPDX-License-Identifier: LGPL-2.1-or-later
/// The nodes of this process. Elements attach to a node and detach from it. The last one that detaches closes
/// it.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "core/io/node.hpp"
#include "core/io/udp_socket.hpp"

namespace stt {

struct NodeConfig {
    UdpConfig udp;
    EndpointConfig endpoint;
    std::shared_ptr<const Identity> identity;
};

/// Any thread may call its functions, except where stated otherwise.
class NodeRegistry {
  public:
    /// The one of this process.
    static NodeRegistry& process();

    /// Attaches an element to the node of that identity, address and port, and opens the node if there is
    /// none. A node serves elements_max elements. One more is refused as if another process had the port.
    /// Other errors are those of UdpSocket::open() and Loop::create().
    Result<std::shared_ptr<Node>> attach(NodeConfig config);
    /// An element that attach() has attached leaves. The last one shuts the node down. I/O thread of `node`,
    /// without a lock.
    void detach(Node& node);

    static constexpr size_t elements_max = 1;

  private:
    /// Identity, address to bind as the settings name it, and bound port.
    using Key = std::tuple<NodeId, std::string, uint16_t>;
    struct Entry {
        const Node* node;  // alive, since elements are attached to it
        size_t elements;   // at least one
    };

    std::mutex mutex_;            // not held while a socket is opened or closed
    std::map<Key, Entry> nodes_;  // under mutex_
};

}  // namespace stt
