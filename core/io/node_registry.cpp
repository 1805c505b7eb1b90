// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/node_registry.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <utility>
#include <vector>

#include "core/io/udp_transport.hpp"

namespace stt {
namespace {

Result<std::shared_ptr<Node>> open(NodeConfig config) {
    auto udp = UdpTransport::open(config.udp, !config.endpoint.listening);
    if (!udp) return udp.error();
    std::vector<std::unique_ptr<Transport>> transports;
    transports.push_back(std::move(*udp));
    return Node::create(std::move(transports), std::move(config.endpoint), std::move(config.identity));
}

}  // namespace

NodeRegistry& NodeRegistry::process() {
    static auto* const process = new NodeRegistry;  // not destroyed, as links may outlive static objects
    return *process;
}

Result<std::shared_ptr<Node>> NodeRegistry::attach(NodeConfig config) {
    Key key{config.identity->node_id(), config.udp.local_address, config.udp.local_port};
    {
        const std::lock_guard lock(mutex_);
        const auto found = nodes_.find(key);
        if (found != nodes_.end() && found->second.elements >= elements_max)
            return udp_bind_error(config.udp, EADDRINUSE);
    }
    // If two elements get here for the same port, the system gives it to one of them.
    const UdpConfig udp = config.udp;
    auto node = open(std::move(config));
    if (!node) return node.error();
    std::get<uint16_t>(key) = (*node)->local_port();
    const std::lock_guard lock(mutex_);
    // Whichever node had the port before was erased before it closed its socket. Only threads in different
    // network namespaces can have opened two of them.
    const bool fresh = nodes_.emplace(std::move(key), Entry{node->get(), 1}).second;
    if (!fresh) return udp_bind_error(udp, EADDRINUSE);
    return node;
}

void NodeRegistry::detach(Node& node) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                        [&](const auto& entry) { return entry.second.node == &node; });
        assert(found != nodes_.end());
        if (--found->second.elements > 0) return;
        nodes_.erase(found);
    }
    node.shut_down();
}

}  // namespace stt
