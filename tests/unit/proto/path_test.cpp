// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/path.hpp"

#include <gtest/gtest.h>

#include "tests/lib/transports.hpp"

namespace stt {
namespace {

const Address peer = Address::v4({192, 0, 2, 1}, 7600);
const Time start = Time{} + 1s;

struct PathTest : ::testing::Test {
    const TransportTable transports = datagram_transport(64);
    const TransportProperties& transport = transports.of(peer);
    SessionConfig config;
    std::vector<Error> notes;
};

TEST_F(PathTest, begins_with_the_smallest_datagram_and_searches_for_the_largest) {
    Path path(peer, transport, config, datagram_max);
    EXPECT_EQ(path.datagram(), datagram_min);
    const auto probe = path.mtu_probe_due(start);
    ASSERT_TRUE(probe);
    EXPECT_GT(*probe, datagram_min);
    EXPECT_LE(path.next_mtu_probe(), start);
}

TEST_F(PathTest, a_set_mtu_leaves_room_for_the_headers_of_the_peers_family) {
    config.mtu = 1500;
    EXPECT_EQ(Path(peer, transport, config, datagram_max).datagram(), 1500 - 28);
    const Address v6{.ip = {0x20, 0x01, 0x0d, 0xb8}, .port = 7600};
    EXPECT_EQ(Path(v6, transport, config, datagram_max).datagram(), 1500 - 48);
}

TEST_F(PathTest, reports_once_that_the_set_mtu_does_not_fit) {
    config.mtu = 1500;
    Path path(peer, transport, config, datagram_max);
    path.on_too_big(start, 1472, notes);
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_EQ(notes[0].reason, Reason::mtu);
    EXPECT_EQ(path.datagram(), datagram_min);
    path.on_too_big(start + 1s, 1472, notes);
    EXPECT_EQ(notes.size(), 1u);
}

TEST_F(PathTest, reports_that_it_is_too_narrow_but_not_over_and_over) {
    Path path(peer, transport, config, datagram_max);
    const Error error = too_big_for(peer, 1100).error;
    path.report_narrow(start, error, notes);
    path.report_narrow(start + 1s, error, notes);
    EXPECT_EQ(notes.size(), 1u);
    path.report_narrow(start + config.keepalive_timeout, error, notes);
    EXPECT_EQ(notes.size(), 2u);
}

TEST_F(PathTest, uses_no_longer_datagrams_than_the_transport_carries) {
    TransportProperties small = transport;
    small.longest_datagram = 1300;
    Path path(peer, small, config, datagram_max);
    EXPECT_EQ(path.mtu_probe_due(start), 1300u);
}

TEST_F(PathTest, names_its_errors_after_the_transport) {
    TransportProperties other = transport;
    other.send_failed = ErrorCode::websocket_closed;
    config.mtu = 1500;
    Path path(peer, other, config, datagram_max);
    path.on_too_big(start, 1472, notes);
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_EQ(notes[0].code, ErrorCode::websocket_closed);
}

TEST_F(PathTest, a_live_stream_may_fill_the_window_while_the_bandwidth_is_not_known) {
    Path path(peer, transport, config, datagram_max);
    EXPECT_EQ(path.live_window(), path.recovery().controller().window());
}

}  // namespace
}  // namespace stt
