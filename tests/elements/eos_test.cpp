// SPDX-License-Identifier: LGPL-2.1-or-later
/// How pipelines end that the application ends, as gst-launch-1.0 -e does on Ctrl-C.
#include <atomic>

#include "tests/elements/pipeline.hpp"
#include "tests/lib/loopback_socket.hpp"

namespace stt::test {
namespace {

/// A sink that nobody calls.
std::string listening_sink(const std::string& properties) {
    return std::string("sttsink name=sink uri=stt://:0 local-address=127.0.0.1 drain-timeout=300 seed=") +
           seed + " " + properties;
}

void send_eos(Pipeline& pipeline) { gst_element_send_event(pipeline.pipeline(), gst_event_new_eos()); }

/// Waits for the ERROR that says that nobody got the stream's end, and why.
void expect_undelivered(Pipeline& pipeline, const char* reason, const char* text) {
    const MessagePtr message = pipeline.bus().wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(message);
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message.get(), &details);
    ASSERT_NE(details, nullptr);
    EXPECT_STREQ(gst_structure_get_string(details, "reason"), reason);
    const std::string said = gst_structure_get_string(details, "message");
    EXPECT_NE(said.find(text), std::string::npos) << said;
    EXPECT_NE(said.find("drain-timeout"), std::string::npos) << said;
    guint64 buffers = 0;
    EXPECT_TRUE(gst_structure_get_uint64(details, "buffers", &buffers));
    EXPECT_GT(buffers, 0u) << "what is missing";
}

/// Whether PROGRESS ends as canceled, with a text that has `words` in it.
bool is_canceled(Pipeline& pipeline, const char* words) {
    std::string said;
    const MessagePtr message = pipeline.bus().wait([&said](GstMessage* seen) {
        if (GST_MESSAGE_TYPE(seen) != GST_MESSAGE_PROGRESS) return false;
        GstProgressType type{};
        char* text = nullptr;
        gst_message_parse_progress(seen, &type, nullptr, &text);
        said = text;
        g_free(text);
        return type == GST_PROGRESS_TYPE_CANCELED;
    });
    EXPECT_NE(said.find(words), std::string::npos) << said;
    return message != nullptr;
}

TEST(Eos, AListenerThatNobodyCalledEnds) {
    Pipeline pipeline("videotestsrc ! " + listening_sink("live=false"));
    pipeline.play();
    ASSERT_TRUE(pipeline.settle());
    send_eos(pipeline);
    expect_undelivered(pipeline, "no-caller", "no caller connected");
}

TEST(Eos, ALiveListenerThatNobodyCalledEndsWell) {
    Pipeline pipeline("videotestsrc is-live=true ! " + listening_sink(""));
    pipeline.play();
    ASSERT_TRUE(pipeline.settle());
    send_eos(pipeline);
    EXPECT_TRUE(pipeline.ends());
}

TEST(Eos, ACallerWithAFullQueueEnds) {
    const LoopbackSocket silent;
    Pipeline pipeline(
        "videotestsrc ! video/x-raw,format=I420 ! sttsink name=sink live=false sync=false drain-timeout=300 "
        "send-queue-bytes=500000 uri=stt://127.0.0.1:" +
        std::to_string(silent.port()) + " seed=" + seed);
    pipeline.play();
    ASSERT_TRUE(eventually([&] { return queued_bytes(pipeline.get("sink")) > 300'000; }))
        << "until no other frame of 115200 bytes fits";
    send_eos(pipeline);
    expect_undelivered(pipeline, "no-connection", "no connection");
}

TEST(Eos, WithoutADrainTimeoutWhatIsMissingIsAWarning) {
    const LoopbackSocket silent;
    Pipeline pipeline("videotestsrc num-buffers=3 ! " +
                      calling_sink_to(silent.port(), "live=false sync=false drain-timeout=0"));
    pipeline.play();
    const MessagePtr message = pipeline.bus().wait_type(GST_MESSAGE_WARNING);
    ASSERT_TRUE(message);
    const GstStructure* details = nullptr;
    gst_message_parse_warning_details(message.get(), &details);
    ASSERT_NE(details, nullptr);
    EXPECT_STREQ(gst_structure_get_string(details, "reason"), "not-awaited");
    gboolean uncertain = FALSE;
    EXPECT_TRUE(gst_structure_get_boolean(details, "uncertain", &uncertain));
    EXPECT_TRUE(uncertain) << "the element goes on sending until it is stopped";
    EXPECT_TRUE(pipeline.ends());
}

TEST(Eos, AStoredStreamEndsWhenItsReceiverHasPlayedIt) {
    Pipeline receiver(listening_src() + " ! fakesink sync=true");
    receiver.play();
    // Twelve seconds, all of which arrive at once; the receiver takes one buffer every 100 ms.
    Pipeline sender(
        "audiotestsrc num-buffers=120 samplesperbuffer=800 ! audio/x-raw,rate=8000,channels=1,format=S16LE "
        "! " +
        calling_sink_to(local_port(receiver.get("src")), "sync=false live=false drain-timeout=8000"));
    sender.play();
    EXPECT_TRUE(sender.ends()) << "the receiver goes on taking";
    EXPECT_TRUE(receiver.ends());
}

TEST(Eos, AReceiverThatTakesNoMoreIsToldThatItsStreamEnds) {
    // The receiver plays one frame of 115200 bytes in 100 seconds, and has room for a few of them.
    Pipeline sender("videotestsrc ! video/x-raw,format=I420,framerate=1/100 ! " +
                    listening_sink("sync=false live=false send-queue-bytes=5000000"));
    sender.play();
    Pipeline receiver("sttsrc uri=stt://127.0.0.1:" + std::to_string(local_port(sender.get("sink"))) +
                      " max-window=262144 seed=" + seed + " ! fakesink sync=true");
    receiver.play();
    ASSERT_TRUE(receiver.bus().wait_element("stt-stream", "event", "opened"));
    ASSERT_TRUE(eventually([&] { return queued_bytes(sender.get("sink")) > 3'000'000; }));
    send_eos(sender);
    expect_undelivered(sender, "drain-timeout", "the peer lacks");
    const MessagePtr told = receiver.bus().wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(told) << "it would call for ever";
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(told.get(), &details);
    ASSERT_NE(details, nullptr);
    EXPECT_STREQ(gst_structure_get_string(details, "name"), "STREAM_CLOSED");
    const std::string text = gst_structure_get_string(details, "message");
    EXPECT_NE(text.find("drain-timeout"), std::string::npos) << text;
    EXPECT_NE(text.find("buffers: "), std::string::npos) << text;
}

/// A caller whom nobody answers.
std::string unanswered(const LoopbackSocket& silent, const std::string& properties) {
    return calling_sink_to(silent.port(), "drain-timeout=300 " + properties);
}

TEST(Eos, ACallerThatWasNotLetPlayYetEnds) {
    const LoopbackSocket silent;
    Pipeline pipeline("videotestsrc ! " + unanswered(silent, "live=false"));
    pipeline.set(GST_STATE_PAUSED);
    ASSERT_TRUE(pipeline.settle());
    // The source waits for the streaming thread in it.
    Beside ending(pipeline.get("sink"), [&] { send_eos(pipeline); });
    ASSERT_TRUE(is_canceled(pipeline, "connecting continues")) << "whoever waits for it to play plays";
    expect_undelivered(pipeline, "no-connection", "no connection");
    ending.join();
}

TEST(Eos, ACallerThatIsToEndBeforeItHasPrerolledEnds) {
    const LoopbackSocket silent;
    Pipeline pipeline("videotestsrc ! identity sleep-time=1000000 ! " + unanswered(silent, "live=false"));
    pipeline.set(GST_STATE_PAUSED);
    // The source waits for the streaming thread, which comes to the sink later.
    Beside ending(pipeline.get("sink"), [&] { send_eos(pipeline); });
    EXPECT_TRUE(pipeline.bus().wait_type(GST_MESSAGE_ERROR)) << "with a buffer or without";
    ending.join();
}

TEST(Eos, ACallerThatIsLetPlayForItsEndEnds) {
    const LoopbackSocket silent;
    Pipeline pipeline("videotestsrc ! " + unanswered(silent, "live=false"));
    pipeline.set(GST_STATE_PAUSED);
    ASSERT_TRUE(pipeline.settle());
    Beside ending(pipeline.get("sink"), [&] { send_eos(pipeline); });
    ASSERT_TRUE(is_canceled(pipeline, "connecting continues"));
    ending.join();
    pipeline.play();
    expect_undelivered(pipeline, "no-connection", "no connection");
}

TEST(Eos, ALiveCallerThatWasNotLetPlayYetEndsWell) {
    const LoopbackSocket silent;
    Pipeline pipeline("videotestsrc is-live=true ! " + unanswered(silent, ""));
    pipeline.set(GST_STATE_PAUSED);
    ASSERT_TRUE(pipeline.settle());
    Beside ending(pipeline.get("sink"), [&] { send_eos(pipeline); });
    ASSERT_TRUE(is_canceled(pipeline, "connecting continues"));
    pipeline.play();
    EXPECT_TRUE(pipeline.ends());
    ending.join();
}

TEST(Eos, ACallingReceiverThatWasNotLetPlayYetEnds) {
    const LoopbackSocket silent;
    Pipeline pipeline("sttsrc uri=stt://127.0.0.1:" + std::to_string(silent.port()) + " seed=" + seed +
                      " ! fakesink");
    pipeline.set(GST_STATE_PAUSED);
    send_eos(pipeline);
    ASSERT_TRUE(is_canceled(pipeline, "stream was ended")) << "whoever waits for it to play plays";
    pipeline.play();
    EXPECT_TRUE(pipeline.ends());
}

TEST(Eos, APausedSinkThatHasFailedLetsItsSourceGo) {
    // Nobody listens on port 1.
    Pipeline pipeline("videotestsrc name=source ! " + calling_sink_to(1, "live=false auto-reconnect=false"));
    pipeline.set(GST_STATE_PAUSED);
    ASSERT_TRUE(pipeline.bus().wait_type(GST_MESSAGE_ERROR));
    std::atomic<bool> let_go = false;
    Beside ending(pipeline.get("sink"), [&] {
        gst_element_send_event(pipeline.get("source"), gst_event_new_eos());
        let_go = true;
    });
    EXPECT_TRUE(eventually([&] { return let_go.load(); }));
}

}  // namespace
}  // namespace stt::test
