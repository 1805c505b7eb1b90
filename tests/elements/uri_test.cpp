// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/uri.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

struct Good {
    const char* text;
    const char* host;
    unsigned port;
};

TEST(Uri, TakesGoodOnesApart) {
    const Good table[] = {
        {"stt://example.org:7600", "example.org", 7600},
        {"stt://127.0.0.1:1", "127.0.0.1", 1},
        {"stt://:7600", "", 7600},
        {"stt://:0", "", 0},
        {"stt://[2001:db8::1]:65535", "2001:db8::1", 65535},
        {"stt://[fe80::1%eth0]:9", "fe80::1%eth0", 9},
        {"stt://[fe80::1%25eth0]:9", "fe80::1%eth0", 9},
        {"stt://[fe80::1%252]:9", "fe80::1%2", 9},
        {"stt://[fe80::1%25]:9", "fe80::1%25", 9},  // interface 25, as people write it
        {"stt://[fe80::1%25a%2fb]:9", "fe80::1%a/b", 9},
        {"stt+udp://host:5/", "host", 5},
        {"stt://h%6fst:5", "host", 5},
        {"stt://host:5?", "host", 5},
    };
    for (const Good& good : table) {
        const Result<Uri> uri = parse_uri(good.text);
        ASSERT_TRUE(uri.ok()) << good.text << ": " << uri.error().text;
        EXPECT_EQ(uri->host, good.host) << good.text;
        EXPECT_EQ(uri->port, good.port) << good.text;
    }
}

TEST(Uri, OfEveryAddressIsToListen) {
    const Good table[] = {
        {"stt://:7600", "", 7600},
        {"stt://*:7600", "", 7600},
        {"stt://0.0.0.0:7600", "0.0.0.0", 7600},
        {"stt://[::]:7600", "::", 7600},
        {"stt://[0:0::0]:0", "0:0::0", 0},
        {"stt://*:0", "", 0},
    };
    for (const Good& good : table) {
        const Result<Uri> uri = parse_uri(good.text);
        ASSERT_TRUE(uri.ok()) << good.text << ": " << uri.error().text;
        EXPECT_TRUE(uri->to_listen) << good.text;
        EXPECT_EQ(uri->host, good.host) << good.text;
        EXPECT_EQ(uri->port, good.port) << good.text;
    }
    for (const char* text :
         {"stt://127.0.0.1:1", "stt://[::1]:1", "stt://host:1", "stt://[::ffff:1.2.3.4]:1"})
        EXPECT_FALSE(parse_uri(text)->to_listen) << text;
}

TEST(Uri, ReadsTheQueryInOrder) {
    const Result<Uri> uri =
        parse_uri("stt://:1?mode=listener&stream-label=a%20b%26c&&latency=40&transports=udp");
    ASSERT_TRUE(uri.ok());
    const std::vector<std::pair<std::string, std::string>> expected{
        {"mode", "listener"}, {"stream-label", "a b&c"}, {"latency", "40"}};
    EXPECT_EQ(uri->settings, expected);
}

TEST(Uri, MaySetTimeoutsAndRetries) {
    for (const char* name : {"handshake-timeout", "keepalive-interval", "keepalive-timeout", "drain-timeout",
                             "send-timeout", "receive-timeout", "stream-timeout", "reconnect-timeout",
                             "retry-initial-delay", "retry-max-delay", "max-retries"}) {
        EXPECT_TRUE(parse_uri(std::string("stt://:1?") + name + "=1").ok()) << name;
    }
}

struct Bad {
    const char* text;
    const char* named;  ///< what the error must mention
};

TEST(Uri, RefusesBadOnesByName) {
    const Bad table[] = {
        {"", "not a URI"},
        {"host:7600", "not a URI"},
        {"srt://host:7600", "'srt'"},
        {"stt+ws://host:1/path", "not built in"},
        {"stt+wss://host:1/path", "not built in"},
        {"stt+ice://host:1/room", "not built in"},
        {"stt+ices://host:1/room", "not built in"},
        {"stt://host", "port is missing"},
        {"stt://host:", "port ''"},
        {"stt://host:0", "port 0"},
        {"stt://host:65536", "'65536'"},
        {"stt://host:-1", "'-1'"},
        {"stt://host:7x", "'7x'"},
        {"stt://2001:db8::1:7600", "brackets"},
        {"stt://[2001:db8::1:7600", "bracket"},
        {"stt://[2001:db8::1]", "port is missing"},
        {"stt://[host]:1", "IPv6"},
        {"stt://[fe80::1]:1", "stt://[fe80::1%25INTERFACE]:PORT"},
        {"stt://[febf::1]:1", "link-local"},
        {"stt://[fe80::1%]:1", "malformed"},
        {"stt://[fe80::1%25a%zz]:1", "malformed"},
        {"stt://user:secret@host:1", "seed-file"},
        {"stt://host:1#there", "fragment"},
        {"stt://host:1/room", "path"},
        {"stt://host:1?seed=00", "'seed' is not allowed in a URI"},
        {"stt://host:1?latencyy=40", "no setting 'latencyy'; a URI may set mode, latency, stream-id, "},
        {"stt://host:1?seed-file=/etc/passwd", "'seed-file'"},
        {"stt://host:1?identity-file=x", "'identity-file'"},
        {"stt://host:1?tls-verify=false", "'tls-verify'"},
        {"stt://host:1?proxy=x", "'proxy'"},
        {"stt://host:1?latency", "no value"},
        {"stt://host:1?stream-label=%zz", "malformed"},
        {"stt://host:1?stream-label=%00", "malformed"},
        {"stt://host:1?stream-label=%4", "malformed"},
        {"stt://host:1?transports=websocket", "'websocket'"},
    };
    for (const Bad& bad : table) {
        const Result<Uri> uri = parse_uri(bad.text);
        ASSERT_FALSE(uri.ok()) << bad.text;
        EXPECT_NE(uri.error().text.find(bad.named), std::string::npos)
            << bad.text << ": " << uri.error().text;
    }
}

TEST(Uri, NeverRepeatsWhatMayBeSecret) {
    for (const char* text :
         {"user:hunter2@host:1", "stt://user:hunter2@host:1", "stt://user:hun/hunter2@host:1"}) {
        const Result<Uri> uri = parse_uri(text);
        ASSERT_FALSE(uri.ok());
        EXPECT_EQ(uri.error().text.find("hunter2"), std::string::npos) << uri.error().text;
    }
}

}  // namespace
}  // namespace stt
