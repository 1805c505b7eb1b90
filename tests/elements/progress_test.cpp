// SPDX-License-Identifier: LGPL-2.1-or-later
/// When an application that follows PROGRESS, as gst-launch-1.0 does, plays.
#include <algorithm>

#include "tests/elements/pipeline.hpp"
#include "tests/lib/loopback_socket.hpp"

namespace stt::test {
namespace {

/// Pauses `pipeline` and waits for the end of its PROGRESS. Its text; empty: it did not complete.
std::string completes(Pipeline& pipeline) {
    std::string said;
    const MessagePtr message = pipeline.bus().wait([&said](GstMessage* seen) {
        if (GST_MESSAGE_TYPE(seen) != GST_MESSAGE_PROGRESS) return false;
        GstProgressType type{};
        char* text = nullptr;
        gst_message_parse_progress(seen, &type, nullptr, &text);
        said = text;
        g_free(text);
        return type == GST_PROGRESS_TYPE_COMPLETE;
    });
    return message ? said : std::string();
}

struct Unwaited {
    const char* name;
    const char* source;
    const char* properties;
};

class ProgressOfACall : public testing::TestWithParam<Unwaited> {};
INSTANTIATE_TEST_SUITE_P(
    Streams, ProgressOfACall,
    testing::Values(Unwaited{"Live", "videotestsrc is-live=true num-buffers=3", ""},
                    Unwaited{"LiveBehindAMuxer", "videotestsrc is-live=true num-buffers=3 ! matroskamux", ""},
                    Unwaited{"SaidToBeLive", "videotestsrc num-buffers=3", "live=true"},
                    Unwaited{"NotWaitedFor", "videotestsrc num-buffers=3",
                             "live=false wait-for-connection=false"}),
    [](const auto& param) { return param.param.name; });

TEST_P(ProgressOfACall, EndsBeforeAnybodyAnswersWhereNobodyIsWaitedFor) {
    const LoopbackSocket silent;
    Pipeline pipeline(std::string(GetParam().source) + " ! " +
                      calling_sink_to(silent.port(), GetParam().properties));
    pipeline.set(GST_STATE_PAUSED);
    EXPECT_NE(completes(pipeline).find("continues"), std::string::npos);
    pipeline.play();
    EXPECT_TRUE(pipeline.ends()) << "nobody heard it, and nobody was promised anything";
}

class ProgressUntilConnected : public testing::TestWithParam<Unwaited> {};
INSTANTIATE_TEST_SUITE_P(Streams, ProgressUntilConnected,
                         testing::Values(Unwaited{"Stored", "videotestsrc num-buffers=3", ""},
                                         Unwaited{"LiveButWaitedFor",
                                                  "videotestsrc is-live=true num-buffers=3",
                                                  "wait-for-connection=true"}),
                         [](const auto& param) { return param.param.name; });

TEST_P(ProgressUntilConnected, EndsWithTheFirstConnect) {
    Pipeline receiver(listening_src() + " ! fakesink");
    receiver.play();
    Pipeline pipeline(std::string(GetParam().source) + " ! " +
                      calling_sink_to(local_port(receiver.get("src")), GetParam().properties));
    pipeline.set(GST_STATE_PAUSED);
    EXPECT_NE(completes(pipeline).find("Connected"), std::string::npos);
    pipeline.play();
    EXPECT_TRUE(pipeline.ends());
    EXPECT_TRUE(receiver.ends());
}

}  // namespace
}  // namespace stt::test
