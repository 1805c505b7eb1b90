// SPDX-License-Identifier: LGPL-2.1-or-later
/// Trying again, and how an application decides about it.
#include <gio/gio.h>

#include <atomic>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

constexpr int by_default = 0, retry = 1, stop = 2;

/// Answers retry-decision of an element, on the thread that posts messages.
struct Decider {
    Decider(GstElement* element, std::function<int(const GstStructure*)> with) : decide(std::move(with)) {
        g_signal_connect(element, "retry-decision", G_CALLBACK(answer), this);
    }
    static int answer(GstElement*, GstStructure* error, Decider* self) {
        self->asked++;
        EXPECT_TRUE(gst_structure_has_name(error, "stt-error"));
        return self->decide(error);
    }
    const std::function<int(const GstStructure*)> decide;
    std::atomic<int> asked{0};
};

bool terminal(const GstStructure* error) {
    gboolean value = FALSE;
    EXPECT_TRUE(gst_structure_get_boolean(error, "terminal", &value));
    return value;
}

std::string name_of(const GstStructure* error) {
    const char* name = gst_structure_get_string(error, "name");
    return name ? name : "";
}

std::string name_of(GstMessage* message) {
    const GstStructure* details = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error_details(message, &details);
    else
        gst_message_parse_warning_details(message, &details);
    return details ? name_of(details) : "";
}

/// A sttsink that calls `port` of this host, in a harness.
struct Caller {
    explicit Caller(unsigned port, const char* with_seed = seed)
        : element(make_element("sttsink", "stt://127.0.0.1:" + std::to_string(port), with_seed)),
          bus(std::make_unique<Bus>(element)) {
        g_object_set(element, "retry-initial-delay", 1u, "retry-max-delay", 10u, "sync", FALSE, nullptr);
    }
    void play() {
        harness = gst_harness_new_with_element(element, "sink", nullptr);
        gst_harness_play(harness);
    }
    ~Caller() {
        if (harness) gst_harness_teardown(harness);
        bus.reset();
        gst_object_unref(element);
    }
    GstElement* element;
    std::unique_ptr<Bus> bus;
    GstHarness* harness = nullptr;
};

/// A listening element, in PAUSED.
struct Listener {
    explicit Listener(const char* factory) : element(make_element(factory, "stt://:0")) {
        g_object_set(element, "local-address", "127.0.0.1", nullptr);
        bus = std::make_unique<Bus>(element);
        gst_element_set_state(element, GST_STATE_PAUSED);
    }
    ~Listener() {
        gst_element_set_state(element, GST_STATE_NULL);
        bus.reset();
        gst_object_unref(element);
    }
    GstElement* element;
    std::unique_ptr<Bus> bus;
};

/// A port of this host on which nobody listens.
unsigned closed_port() {
    const Listener listener("sttsrc");
    return local_port(listener.element);
}

TEST(RetryDecision, StopEndsItAtTheFirstError) {
    Caller caller(closed_port());
    Decider decider(caller.element, [](const GstStructure* error) {
        EXPECT_FALSE(terminal(error));
        EXPECT_TRUE(gst_structure_has_field(error, "next-delay-ms"));
        return stop;
    });
    caller.play();
    const auto both = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    const MessagePtr first =
        caller.bus->wait([&](GstMessage* message) { return GST_MESSAGE_TYPE(message) & both; });
    ASSERT_TRUE(first);
    EXPECT_EQ(GST_MESSAGE_TYPE(first.get()), GST_MESSAGE_ERROR);
    EXPECT_EQ(name_of(first.get()), "CONNECTION_REFUSED");
    EXPECT_EQ(decider.asked, 1);
}

TEST(RetryDecision, RetryGoesOnAfterWhatEndsItByDefault) {
    const Listener listener("sttsrc");
    Caller caller(local_port(listener.element), other_seed);
    int answers = 0;
    Decider decider(caller.element, [&](const GstStructure* error) {
        EXPECT_TRUE(terminal(error));
        return ++answers <= 3 ? retry : by_default;
    });
    caller.play();
    for (int i = 0; i < 3; i++) {
        const MessagePtr warning = caller.bus->wait_type(GST_MESSAGE_WARNING);
        ASSERT_TRUE(warning);
        EXPECT_EQ(name_of(warning.get()), "AUTHENTICATION_FAILED");
    }
    const MessagePtr error = caller.bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "AUTHENTICATION_FAILED");
    EXPECT_EQ(decider.asked, 4);
}

TEST(RetryDecision, RetryGoesBeyondMaxRetriesButNotBeyondReconnectTimeout) {
    Caller caller(closed_port());
    g_object_set(caller.element, "max-retries", 0, "auto-reconnect", FALSE, "reconnect-timeout", 500u,
                 nullptr);
    Decider decider(caller.element, [](const GstStructure*) { return retry; });
    caller.play();
    EXPECT_TRUE(caller.bus->wait_type(GST_MESSAGE_WARNING));
    EXPECT_TRUE(caller.bus->wait_type(GST_MESSAGE_ERROR));
    EXPECT_GE(decider.asked, 2);
}

TEST(RetryDecision, TheEndOfReconnectTimeoutIsNotAskedAbout) {
    // A host that is silent: the only attempt takes all of the time.
    GSocket* silent =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, nullptr);
    GSocketAddress* any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    ASSERT_TRUE(g_socket_bind(silent, any, FALSE, nullptr));
    GSocketAddress* bound = g_socket_get_local_address(silent, nullptr);
    {
        Caller caller(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound)));
        g_object_set(caller.element, "reconnect-timeout", 200u, nullptr);
        Decider decider(caller.element, [](const GstStructure*) { return retry; });
        caller.play();
        const MessagePtr error = caller.bus->wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(error);
        EXPECT_EQ(name_of(error.get()), "CONNECTION_TIMEOUT");
        EXPECT_EQ(decider.asked, 0);
    }
    g_object_unref(bound);
    g_object_unref(any);
    g_object_unref(silent);
}

TEST(RetryDecision, AFirstHandlerWithAnOpinionDecides) {
    Caller caller(closed_port());
    Decider none(caller.element, [](const GstStructure*) { return by_default; });
    Decider first(caller.element, [](const GstStructure*) { return stop; });
    Decider second(caller.element, [](const GstStructure*) { return retry; });
    caller.play();
    EXPECT_TRUE(caller.bus->wait_type(GST_MESSAGE_ERROR));
    EXPECT_EQ(none.asked, 1);
    EXPECT_EQ(second.asked, 0);
}

TEST(RetryDecision, AHandlerMayStopTheElement) {
    Caller caller(closed_port());
    Decider decider(caller.element, [&](const GstStructure*) {
        EXPECT_EQ(gst_element_set_state(caller.element, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
        return retry;
    });
    caller.play();
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    while (GST_STATE(caller.element) != GST_STATE_NULL && g_get_monotonic_time() < end) g_usleep(1000);
    EXPECT_EQ(GST_STATE(caller.element), GST_STATE_NULL);
}

TEST(RetryDecision, FaultsOfSettingsAreNotAskedAbout) {
    GstElement* element = make_element("sttsink", "stt://h:1?framing=none");
    Decider decider(element, [](const GstStructure*) { return retry; });
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element, GST_STATE_NULL);
    EXPECT_EQ(decider.asked, 0);
    gst_object_unref(element);
}

TEST(RetryDecision, AListenerIsAskedWhetherToWaitForTheNextCaller) {
    Pair pair;
    Decider decider(pair.src_element, [](const GstStructure* error) {
        EXPECT_FALSE(terminal(error));
        return stop;
    });
    pair.start();
    pair.push(make_buffer(10).release());
    ASSERT_TRUE(pair.pull());
    gst_element_set_state(pair.sink_element, GST_STATE_NULL);
    const MessagePtr error = pair.src_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "SESSION_CLOSED");
    EXPECT_EQ(decider.asked, 1);
}

// Two senders: each session stands, and its stream is refused.
TEST(RetryDecision, ACallerWhoseStreamFailsCanMakeANewSession) {
    const Listener listener("sttsink");
    Caller caller(local_port(listener.element));
    int answers = 0;
    Decider decider(caller.element, [&](const GstStructure*) { return ++answers <= 2 ? retry : by_default; });
    caller.play();
    for (int i = 0; i < 2; i++) {
        EXPECT_TRUE(caller.bus->wait_element("stt-session", "state", "connected"));
        const MessagePtr warning = caller.bus->wait_type(GST_MESSAGE_WARNING);
        ASSERT_TRUE(warning);
        EXPECT_EQ(name_of(warning.get()), "STREAM_CLOSED");
    }
    const MessagePtr error = caller.bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "STREAM_CLOSED");
}

TEST(ErrorMessages, TheTextSaysWhatFollows) {
    Caller caller(closed_port());
    g_object_set(caller.element, "max-retries", 1, "retry-initial-delay", 1u, nullptr);
    caller.play();
    const auto text_of = [&](GstMessageType type) {
        const MessagePtr message = caller.bus->wait_type(type);
        if (!message) return std::string();
        GError* error = nullptr;
        (type == GST_MESSAGE_ERROR ? gst_message_parse_error : gst_message_parse_warning)(message.get(),
                                                                                          &error, nullptr);
        const std::string text = error->message;
        g_error_free(error);
        return text;
    };
    EXPECT_NE(text_of(GST_MESSAGE_WARNING).find("; trying again"), std::string::npos);
    const std::string last = text_of(GST_MESSAGE_ERROR);
    EXPECT_TRUE(last.ends_with("; gave up after 2 attempts")) << last;
}

TEST(ErrorMessages, EqualOnesBeyondTheFirstFewAreSummedUp) {
    const Listener listener("sttsrc");
    Caller caller(local_port(listener.element), other_seed);
    int answers = 0;
    Decider decider(caller.element, [&](const GstStructure*) { return ++answers <= 8 ? retry : by_default; });
    caller.play();
    for (int i = 0; i < 5; i++) ASSERT_TRUE(caller.bus->wait_type(GST_MESSAGE_WARNING));
    const MessagePtr summary = caller.bus->wait([](GstMessage* message) {
        const GstStructure* structure = gst_message_get_structure(message);
        return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ||
               (structure && gst_structure_has_field(structure, "repeated"));
    });
    ASSERT_TRUE(summary);
    ASSERT_EQ(GST_MESSAGE_TYPE(summary.get()), GST_MESSAGE_ELEMENT) << "before the end is told";
    guint64 repeated = 0;
    EXPECT_TRUE(gst_structure_get_uint64(gst_message_get_structure(summary.get()), "repeated", &repeated));
    EXPECT_EQ(repeated, 3u);
    EXPECT_TRUE(caller.bus->wait_type(GST_MESSAGE_ERROR));
}

TEST(Circuit, IsInStatsAndInEverySessionMessage) {
    Caller caller(closed_port());
    caller.play();
    for (const char* circuit : {"closed", "open", "half-open", "open"})
        EXPECT_TRUE(caller.bus->wait_element("stt-session", "circuit", circuit)) << circuit;
    GstStructure* stats = nullptr;
    g_object_get(caller.element, "stats", &stats, nullptr);
    ASSERT_NE(gst_structure_get_string(stats, "circuit"), nullptr);
    EXPECT_STRNE(gst_structure_get_string(stats, "circuit"), "closed");
    gst_structure_free(stats);
}

std::string origin_of(GstMessage* message) {
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message, &details);
    const char* origin = details ? gst_structure_get_string(details, "origin") : nullptr;
    return origin ? origin : "";
}

TEST(Timeouts, AnIdleStreamIsClosedAndTheListenerServesTheNextCaller) {
    Pair pair([](GstElement* sink, GstElement*) { g_object_set(sink, "stream-timeout", 1000u, nullptr); });
    pair.start();
    pair.push(make_buffer(10).release());
    ASSERT_TRUE(pair.pull());
    const MessagePtr error = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "STREAM_CLOSED");
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(error.get(), &details);
    EXPECT_STREQ(gst_structure_get_string(details, "reason"), "stream-timeout");
    EXPECT_EQ(origin_of(error.get()), "local");
    EXPECT_TRUE(pair.src_bus->wait_element("stt-stream", "event", "closed"));

    Caller next(local_port(pair.src_element));
    next.play();
    EXPECT_TRUE(pair.src_bus->wait_element("stt-stream", "event", "opened"));
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_ERROR), 0);
}

TEST(Timeouts, AListenerEndsTheStreamOnly) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "stream-timeout", 1000u, nullptr); });
    pair.start();
    pair.push(make_buffer(10).release());
    ASSERT_TRUE(pair.pull());
    const MessagePtr warning = pair.src_bus->wait_type(GST_MESSAGE_WARNING);
    ASSERT_TRUE(warning);
    EXPECT_EQ(name_of(warning.get()), "STREAM_CLOSED");
    const MessagePtr error = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "STREAM_CLOSED");
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_ERROR), 0);
}

TEST(Timeouts, AMovingStreamStays) {
    Pair pair([](GstElement* sink, GstElement* src) {
        g_object_set(sink, "stream-timeout", 2000u, nullptr);
        g_object_set(src, "stream-timeout", 2000u, nullptr);
    });
    pair.start();
    const gint64 end = g_get_monotonic_time() + 2500 * G_TIME_SPAN_MILLISECOND;
    while (g_get_monotonic_time() < end) {
        ASSERT_EQ(pair.push(make_buffer(10).release()), GST_FLOW_OK);
        ASSERT_TRUE(pair.pull());
    }
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_ERROR), 0);
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_WARNING), 0);
}

TEST(Timeouts, AStreamThatCameToItsEndIsNotIdle) {
    Pair pair([](GstElement* sink, GstElement* src) {
        g_object_set(sink, "stream-timeout", 300u, nullptr);
        g_object_set(src, "stream-timeout", 300u, nullptr);
    });
    pair.start();
    pair.push_eos();
    EXPECT_TRUE(pair.pull_event(GST_EVENT_EOS));
    pair.join();
    const auto bad = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    const auto is_bad = [&](GstMessage* message) { return (GST_MESSAGE_TYPE(message) & bad) != 0; };
    EXPECT_FALSE(pair.sink_bus->wait(is_bad, 600 * GST_MSECOND));
    EXPECT_FALSE(pair.src_bus->wait(is_bad, 1));
}

TEST(Timeouts, ReceiveTimeoutBlamesThePeerOnlyWhileThereIsAStream) {
    {
        GstElement* src = make_element("sttsrc", "stt://:0");
        g_object_set(src, "local-address", "127.0.0.1", "receive-timeout", 50u, nullptr);
        Bus bus(src);
        GstHarness* harness = gst_harness_new_with_element(src, nullptr, "src");
        gst_harness_play(harness);
        const MessagePtr error = bus.wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(error);
        EXPECT_EQ(name_of(error.get()), "TIMEOUT");
        EXPECT_EQ(origin_of(error.get()), "network");
        gst_harness_teardown(harness);
        gst_object_unref(src);
    }
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "receive-timeout", 2000u, nullptr); });
    pair.start();
    pair.push(make_buffer(10).release());
    ASSERT_TRUE(pair.pull());
    const MessagePtr error = pair.src_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "TIMEOUT");
    EXPECT_EQ(origin_of(error.get()), "peer");
}

TEST(Timeouts, SendTimeoutBlamesTheNetworkWithoutAConnection) {
    Caller caller(closed_port());
    g_object_set(caller.element, "send-timeout", 50u, "send-queue-bytes", guint64{1000}, nullptr);
    caller.play();
    gst_harness_set_src_caps_str(caller.harness, "application/x-test");
    GstFlowReturn flow = GST_FLOW_OK;
    for (int i = 0; i < 100 && flow == GST_FLOW_OK; i++)
        flow = gst_harness_push(caller.harness, make_buffer(1000).release());
    EXPECT_EQ(flow, GST_FLOW_EOS);
    const MessagePtr error = caller.bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(error);
    EXPECT_EQ(name_of(error.get()), "TIMEOUT");
    EXPECT_EQ(origin_of(error.get()), "network");
}

}  // namespace
}  // namespace stt::test
