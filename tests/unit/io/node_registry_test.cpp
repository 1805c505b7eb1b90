// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/node_registry.hpp"

#include <gtest/gtest.h>

#include "tests/lib/own_loopback.hpp"

namespace stt {
namespace {

/// An element without interest in its node's sessions.
class Element : public NodeClient {
  public:
    void on_event(Now, Event) override {}
    void on_turn(Now) override {}
    Time deadline() const override { return time_never; }
};

struct NodeRegistryTest : testing::Test {
    NodeConfig config(uint16_t port) {
        NodeConfig config;
        config.udp.local_address = test::own_loopback();
        config.udp.local_port = port;
        config.identity = identity;
        return config;
    }
    Result<std::shared_ptr<Node>> attach(uint16_t port) {
        auto node = NodeRegistry::process().attach(config(port));
        if (node) (*node)->start(std::make_shared<Element>());
        return node;
    }
    void detach(Node& node) {
        node.loop().post([&] { NodeRegistry::process().detach(node); });
        node.loop().stop();
    }

    const std::shared_ptr<const Identity> identity =
        std::make_shared<Identity>(Identity::generate(system_random()));
};

TEST_F(NodeRegistryTest, EachPortOfTheKernelIsANodeOfItsOwn) {
    const auto first = attach(0), second = attach(0);
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_NE((*first)->local_port(), (*second)->local_port());
    for (const auto& node : {*first, *second}) detach(*node);
}

TEST_F(NodeRegistryTest, ASecondElementOnAPortIsRefused) {
    const auto first = attach(0);
    ASSERT_TRUE(first.ok());
    const auto second = attach((*first)->local_port());
    ASSERT_FALSE(second.ok());
    // The system refuses another process, or another identity, in the same words.
    NodeConfig foreign = config((*first)->local_port());
    foreign.identity = std::make_shared<Identity>(Identity::generate(system_random()));
    const auto other = NodeRegistry::process().attach(foreign);
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(second.error().reason, Reason::address_in_use);
    EXPECT_EQ(second.error().reason, other.error().reason);
    EXPECT_EQ(second.error().text, other.error().text);
    EXPECT_EQ(second.error().terminal, other.error().terminal);
    detach(**first);
}

TEST_F(NodeRegistryTest, TheLastOneOutClosesTheNode) {
    const auto first = attach(test::own_port);
    ASSERT_TRUE(first.ok());
    detach(**first);
    EXPECT_FALSE((*first)->loop().post([] {})) << "its I/O thread has ended";
    const auto next = attach(test::own_port);
    ASSERT_TRUE(next.ok()) << next.error().text;
    EXPECT_NE(*next, *first);
    EXPECT_EQ((*next)->local_port(), test::own_port);
    detach(**next);
}

}  // namespace
}  // namespace stt
