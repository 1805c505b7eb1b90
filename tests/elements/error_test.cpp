// SPDX-License-Identifier: LGPL-2.1-or-later
/// What goes wrong, and how the bus tells of it.
#include <glib/gstdio.h>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

/// The GError's code and the details of an ERROR.
struct Told {
    int code = -1;
    std::string name, text, reason, hint;
    unsigned number = 0, sub_code = 0;
    bool terminal = false, can_retry = false;
};
Told told(GstMessage* message) {
    Told told;
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    told.code = error->domain == GST_RESOURCE_ERROR ? error->code : -1;
    told.text = error->message;
    g_error_free(error);
    const GstStructure* details = nullptr;
    gst_message_parse_error_details(message, &details);
    if (!details) return told;
    const auto text = [&](const char* field) {
        const char* value = gst_structure_get_string(details, field);
        return std::string(value ? value : "");
    };
    told.name = text("name");
    told.reason = text("reason");
    told.hint = text("hint");
    gst_structure_get_uint(details, "code", &told.number);
    gst_structure_get_uint(details, "sub-code", &told.sub_code);
    gboolean terminal = FALSE;
    gst_structure_get_boolean(details, "terminal", &terminal);
    told.terminal = terminal;
    gboolean can_retry = FALSE;
    EXPECT_TRUE(gst_structure_get_boolean(details, "can-retry", &can_retry));
    told.can_retry = can_retry;
    EXPECT_NE(text("event-id"), "");
    EXPECT_TRUE(gst_structure_has_field_typed(details, "timestamp", G_TYPE_UINT64));
    return told;
}

/// The ERROR of an element that cannot leave READY.
Told start_error(const char* factory, const std::function<void(GstElement*)>& configure) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    configure(element);
    Told result;
    {
        Bus bus(element);
        EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
        const MessagePtr message = bus.wait_type(GST_MESSAGE_ERROR);
        EXPECT_TRUE(message);
        if (message) result = told(message.get());
        EXPECT_EQ(bus.count(GST_MESSAGE_ERROR), 0);
        gst_element_set_state(element, GST_STATE_NULL);
    }
    gst_object_unref(element);
    return result;
}

TEST(Errors, SettingsAtFaultAreNamed) {
    struct {
        const char *uri, *property, *value, *named;
    } const table[] = {
        {nullptr, "seed", seed, "uri"},
        {"stt://h:1", nullptr, nullptr, "seed-file"},
        {"stt://h:1", "seed", "12", "64 hexadecimal digits"},
        {"stt://h:1", "passphrase", "short", "14 characters"},
        {"stt://h:1", "passphrase", "äöüäöüäöüä", "14 characters"},
        {"stt://user@h:1", "seed", seed, "user information"},
        {"stt://h:1?framing=none", "seed", seed, "'framing'; allowed: buffer, bytes"},
        {"stt://h:1?drain-timeout=-5", "seed", seed, "'drain-timeout'; allowed: 0..2147483647"},
        {"stt://h:1?stream-id=x", "seed", seed, "'stream-id'; allowed: -1..2147483647"},
        {"stt://:1?mode=caller", "seed", seed, "mode=caller"},
        {"stt://h:1?peer-node-id=77", "seed", seed, "peer-node-id"},
    };
    g_unsetenv("STT_SEED_FILE");
    for (const auto& row : table) {
        const Told error = start_error("sttsink", [&](GstElement* element) {
            if (row.property) g_object_set(element, row.property, row.value, nullptr);
            if (row.uri) g_object_set(element, "uri", row.uri, nullptr);
        });
        EXPECT_EQ(error.code, GST_RESOURCE_ERROR_SETTINGS) << error.text;
        EXPECT_NE(error.text.find(row.named), std::string::npos) << row.named << ": " << error.text;
        EXPECT_NE(error.hint, "") << error.text;
    }
}

TEST(Errors, AMissingSeedFileIsNotFound) {
    const Told error = start_error("sttsink", [](GstElement* element) {
        g_object_set(element, "uri", "stt://h:1", "seed-file", "/nonexistent/seed", nullptr);
    });
    EXPECT_EQ(error.code, GST_RESOURCE_ERROR_NOT_FOUND) << error.text;
    EXPECT_EQ(error.number, 0u) << "whose hint would speak of something else";
    EXPECT_EQ(error.reason, "no-such-file");
    EXPECT_NE(error.hint.find("openssl rand"), std::string::npos) << error.hint;
}

TEST(Errors, TwoSourcesOfASeedAreOneTooMany) {
    const Told error = start_error("sttsrc", [](GstElement* element) {
        g_object_set(element, "uri", "stt://:0", "seed", seed, "passphrase", "0123456789abcdef", nullptr);
    });
    EXPECT_NE(error.text.find("only one"), std::string::npos) << error.text;
}

TEST(Errors, ASmallMtuIsRefused) {
    const Told error = start_error("sttsink", [](GstElement* element) {
        g_object_set(element, "uri", "stt://127.0.0.1:5", "seed", seed, "mtu", 1247u, nullptr);
    });
    EXPECT_NE(error.text.find("mtu"), std::string::npos) << error.text;
}

TEST(Errors, ASeedFileThatOthersMayReadIsRefused) {
    char* dir = g_dir_make_tmp("stt-test-XXXXXX", nullptr);
    const std::string file = std::string(dir) + "/seed";
    g_file_set_contents(file.c_str(), seed, -1, nullptr);
    g_chmod(file.c_str(), 0644);
    const auto start = [&](GstElement* element) {
        g_object_set(element, "uri", "stt://:0", "seed-file", file.c_str(), nullptr);
    };
    EXPECT_NE(start_error("sttsrc", start).text.find(file), std::string::npos);
    g_chmod(file.c_str(), 0600);
    GstElement* element = gst_element_factory_make("sttsrc", nullptr);
    start(element);
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
    g_remove(file.c_str());
    g_rmdir(dir);
    g_free(dir);
}

TEST(Errors, APortInUseFailsTheStateChange) {
    GstElement* first = make_element("sttsrc", "stt://:0");
    g_object_set(first, "local-address", "127.0.0.1", nullptr);
    ASSERT_EQ(gst_element_set_state(first, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
    const std::string port = std::to_string(local_port(first));
    const Told error = start_error("sttsrc", [&](GstElement* element) {
        g_object_set(element, "uri", ("stt://127.0.0.1:" + port + "?mode=listener").c_str(), "seed", seed,
                     nullptr);
    });
    EXPECT_NE(error.text.find(port), std::string::npos) << error.text;
    EXPECT_NE(error.hint, "");
    EXPECT_TRUE(error.terminal);
    gst_element_set_state(first, GST_STATE_NULL);
    gst_object_unref(first);
}

/// What a sink says to data that it cannot send; `push` is to be answered with EOS.
Told data_error(const std::function<GstFlowReturn(Pair&)>& push) {
    Pair pair;
    pair.start();
    EXPECT_EQ(push(pair), GST_FLOW_EOS);
    const MessagePtr message = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    EXPECT_TRUE(message);
    return message ? told(message.get()) : Told();
}

/// Memory that belongs to nobody and cannot be read, as that of a device.
GstMemory* unreadable_memory(gsize size) {
    static const GType type = g_type_register_static_simple(
        GST_TYPE_ALLOCATOR, "SttTestUnreadable", sizeof(GstAllocatorClass),
        [](gpointer allocator_class, gpointer) {
            static_cast<GstAllocatorClass*>(allocator_class)->free = [](GstAllocator*, GstMemory* memory) {
                g_free(memory);
            };
        },
        sizeof(GstAllocator),
        [](GTypeInstance* instance, gpointer) {
            auto* allocator = GST_ALLOCATOR(instance);
            allocator->mem_map = [](GstMemory*, gsize, GstMapFlags) -> gpointer { return nullptr; };
            allocator->mem_unmap = [](GstMemory*) {};
        },
        GTypeFlags{});
    auto* allocator = static_cast<GstAllocator*>(g_object_new(type, nullptr));
    GstMemory* memory = g_new0(GstMemory, 1);
    gst_memory_init(memory, GST_MEMORY_FLAG_NO_SHARE, allocator, nullptr, size, 0, 0, size);
    gst_object_unref(allocator);
    return memory;
}

TEST(Errors, DataThatCannotBeSentIsNoShortageAndNotToBeTriedAgain) {
    const Told large = data_error(
        [](Pair& pair) { return pair.push(gst_buffer_new_allocate(nullptr, (64 << 20) + 1, nullptr)); });
    EXPECT_EQ(large.reason, "too-large");
    EXPECT_NE(large.hint.find("Split buffers"), std::string::npos) << large.hint;

    const Told unreadable = data_error([](Pair& pair) {
        GstBuffer* buffer = gst_buffer_new();
        gst_buffer_append_memory(buffer, unreadable_memory(10));
        return pair.push(buffer);
    });
    EXPECT_EQ(unreadable.reason, "not-mappable");
    EXPECT_NE(unreadable.hint.find("system memory"), std::string::npos) << unreadable.hint;

    const Told complex = data_error([](Pair& pair) {
        std::string caps = "application/x-test";
        for (int i = 0; i < 5000; i++) caps += ", f" + std::to_string(i) + "=1";
        gst_harness_set_src_caps_str(pair.sink, caps.c_str());
        return pair.push(make_buffer(1).release());
    });
    EXPECT_EQ(complex.reason, "not-carried");
    EXPECT_NE(complex.hint.find("caps"), std::string::npos) << complex.hint;

    for (const Told& error : {large, unreadable, complex}) {
        EXPECT_EQ(error.code, GST_RESOURCE_ERROR_WRITE) << error.text;
        EXPECT_EQ(error.number, 0u) << error.text;
        EXPECT_FALSE(error.can_retry) << error.text;
        EXPECT_TRUE(error.terminal) << error.text;
    }
}

TEST(Errors, AWrongSeedIsOneErrorWithDetails) {
    Pair pair([](GstElement* sink, GstElement*) { g_object_set(sink, "seed", other_seed, nullptr); });
    const MessagePtr message = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(message);
    const Told error = told(message.get());
    EXPECT_EQ(error.code, GST_RESOURCE_ERROR_NOT_AUTHORIZED);
    EXPECT_EQ(error.number, 0x0103u);
    EXPECT_EQ(error.sub_code, 3u);
    EXPECT_EQ(error.name, "AUTHENTICATION_FAILED");
    EXPECT_TRUE(error.terminal);
    pair.start();
    EXPECT_EQ(pair.push(make_buffer(1).release()), GST_FLOW_EOS);
    pair.push_eos();
    pair.join();
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_ERROR), 0);
    EXPECT_EQ(pair.src_bus->count(GST_MESSAGE_ERROR), 0);
}

TEST(Errors, AWrongSeedAtTheReceiverIsOneErrorBeforeEos) {
    GstElement* sink = make_element("sttsink", "stt://:0");
    g_object_set(sink, "local-address", "127.0.0.1", nullptr);
    GstHarness* listener = gst_harness_new_with_element(sink, "sink", nullptr);
    gst_harness_play(listener);
    GstElement* pipeline = gst_pipeline_new(nullptr);
    GstElement* src =
        make_element("sttsrc", "stt://127.0.0.1:" + std::to_string(local_port(sink)), other_seed);
    GstElement* fake = gst_element_factory_make("fakesink", nullptr);
    gst_bin_add_many(GST_BIN(pipeline), src, fake, nullptr);
    gst_element_link(src, fake);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline);
    const auto both = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    const MessagePtr message(gst_bus_timed_pop_filtered(bus, deadline, both));
    ASSERT_TRUE(message);
    ASSERT_EQ(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_ERROR);
    EXPECT_EQ(told(message.get()).number, 0x0103u);
    // What the source does about it ends with EOS downstream.
    GstPad* pad = gst_element_get_static_pad(src, "src");
    EXPECT_TRUE(eventually([&] { return GST_PAD_IS_EOS(pad); }));
    gst_object_unref(pad);
    const MessagePtr second(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR));
    EXPECT_FALSE(second);
    gst_object_unref(bus);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    gst_harness_teardown(listener);
    gst_object_unref(sink);
}

TEST(Errors, APeerThatIsNotTheExpectedNodeIsRefused) {
    Pair pair([](GstElement* sink, GstElement*) {
        g_object_set(sink, "peer-node-id", std::string(64, '7').c_str(), nullptr);
    });
    const MessagePtr message = pair.sink_bus->wait_type(GST_MESSAGE_ERROR);
    ASSERT_TRUE(message);
    EXPECT_EQ(told(message.get()).name, "AUTHENTICATION_FAILED");
}

TEST(Errors, AListenerSaysWhomItTurnedAway) {
    Pair pair([](GstElement* sink, GstElement*) { g_object_set(sink, "seed", other_seed, nullptr); });
    const MessagePtr message = pair.src_bus->wait_element("stt-error", "name", "AUTHENTICATION_FAILED");
    ASSERT_TRUE(message);
    const char* peer = gst_structure_get_string(gst_message_get_structure(message.get()), "peer");
    ASSERT_NE(peer, nullptr);
    EXPECT_EQ(std::string(peer), "127.0.0.1:" + std::to_string(local_port(pair.sink_element)));
}

TEST(Errors, AListenersOwnLimitIsItsOwnDoing) {
    Pair pair([](GstElement*, GstElement* src) { g_object_set(src, "max-sessions", 1u, nullptr); });
    ASSERT_TRUE(pair.src_bus->wait_element("stt-session", "state", "connected"));
    GstElement* second =
        make_element("sttsrc", "stt://127.0.0.1:" + std::to_string(local_port(pair.src_element)));
    gst_element_set_state(second, GST_STATE_PAUSED);
    const MessagePtr message = pair.src_bus->wait_element("stt-error", "name", "TOO_MANY_SESSIONS");
    gst_element_set_state(second, GST_STATE_NULL);
    gst_object_unref(second);
    ASSERT_TRUE(message);
    EXPECT_STREQ(gst_structure_get_string(gst_message_get_structure(message.get()), "origin"), "local");
}

TEST(Errors, GivingUpComesAfterWarnings) {
    GstElement* sink = make_element("sttsink", "stt://127.0.0.1:1");
    g_object_set(sink, "retry-initial-delay", 1u, "max-retries", 2, nullptr);
    {
        Bus bus(sink);
        GstHarness* harness = gst_harness_new_with_element(sink, "sink", nullptr);
        gst_harness_play(harness);
        const MessagePtr warning = bus.wait_type(GST_MESSAGE_WARNING);
        ASSERT_TRUE(warning);
        const GstStructure* details = nullptr;
        gst_message_parse_warning_details(warning.get(), &details);
        ASSERT_NE(details, nullptr);
        EXPECT_TRUE(gst_structure_has_field(details, "next-delay-ms"));
        EXPECT_STREQ(gst_structure_get_string(details, "name"), "CONNECTION_REFUSED");
        const MessagePtr error = bus.wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(error);
        EXPECT_EQ(told(error.get()).code, GST_RESOURCE_ERROR_NOT_FOUND);
        gst_harness_teardown(harness);
    }
    gst_object_unref(sink);
}

TEST(Errors, NothingOfASecretIsEverShown) {
    Pair pair;
    pair.start();
    pair.push(make_buffer(1).release());
    EXPECT_TRUE(pair.pull());
    while (GstMessage* message = gst_bus_pop(pair.sink_bus->get())) {
        if (const GstStructure* structure = gst_message_get_structure(message)) {
            char* text = gst_structure_to_string(structure);
            EXPECT_EQ(strstr(text, seed), nullptr);
            g_free(text);
        }
        gst_message_unref(message);
    }
}

}  // namespace
}  // namespace stt::test
