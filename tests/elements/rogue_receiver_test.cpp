// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a receiver sends upstream that does not keep to any rate or kind.
#include <gst/video/video.h>

#include "core/wire/message.hpp"
#include "tests/elements/error_log.hpp"
#include "tests/lib/rogue_peer.hpp"

namespace stt::test {
namespace {

constexpr uint8_t caps_kind = 2, force_key_unit_kind = 10, upstream_kind = 19;
constexpr char marker[] = "rogue-marker";

std::vector<uint8_t> message_of(uint8_t kind, const std::vector<uint8_t>& header) {
    return encode_head(kind, header, 0);
}

/// A sink that has opened its stream to a rogue.
class RogueReceiver : public testing::Test {
  protected:
    void SetUp() override {
        sink = calling_sink(rogue.port());
        ASSERT_TRUE(rogue.wait_hello());
        ASSERT_TRUE(rogue.accept());
        ASSERT_TRUE(rogue.wait_frame<StreamOpenFrame>());
        sink->start();
    }
    void send(const std::vector<uint8_t>& bytes) {
        rogue.send_plain(data_frame(0, sent, bytes));
        sent += bytes.size();
    }
    /// Sends a custom event and waits until it has come. Returns how many requests for a key unit came
    /// before.
    int requests_before_marker() {
        const std::string text = std::string(marker) + ';';
        std::vector<uint8_t> header{0, 0, 0, 1, 1, 1, 1, static_cast<uint8_t>(text.size())};
        header.insert(header.end(), text.begin(), text.end());
        header.push_back(0);  // no buffers
        send(message_of(upstream_kind, header));
        int requests = 0;
        for (;;) {
            const EventPtr event(gst_harness_pull_upstream_event(sink->harness));
            if (!event) return -1;
            if (gst_video_event_is_force_key_unit(event.get())) requests++;
            if (gst_event_has_name(event.get(), marker)) return requests;
        }
    }

    RoguePeer rogue{seed};
    std::unique_ptr<Playing> sink;
    uint64_t sent = 0;
};

TEST_F(RogueReceiver, RequestsForAKeyUnitAreMerged) {
    std::vector<uint8_t> request{0, 0, 0, 1, 8};
    request.resize(request.size() + 8, 0xff);  // at once
    request.resize(request.size() + 1 + 4, 0);
    const gint64 before = g_get_monotonic_time();
    for (int packet = 0; packet < 20; packet++) {
        std::vector<uint8_t> many;
        for (int i = 0; i < 40; i++) {
            const std::vector<uint8_t> one = message_of(force_key_unit_kind, request);
            many.insert(many.end(), one.begin(), one.end());
        }
        send(many);
    }
    const int requests = requests_before_marker();
    const gint64 elapsed_ms = (g_get_monotonic_time() - before) / 1000;
    EXPECT_GE(requests, 1);
    EXPECT_LE(requests, elapsed_ms / 100 + 2) << "of 800, at most ten per second";
}

TEST_F(RogueReceiver, MessagesOfTheOtherDirectionAreNotParsed) {
    const std::string name = "rogueNameInCaps", text = "a/b, " + name + "=1";
    std::vector<uint8_t> header{0, 0, 0, 1, 0};
    header.insert(header.end(), text.begin(), text.end());
    send(message_of(caps_kind, header));
    EXPECT_GE(requests_before_marker(), 0);
    EXPECT_EQ(g_quark_try_string(name.c_str()), 0u);
}

}  // namespace
}  // namespace stt::test
