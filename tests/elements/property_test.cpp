// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every property: its default, that it keeps what it is given, and who may see it.
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "tests/elements/support.hpp"
#include "tests/lib/loopback_socket.hpp"

namespace stt::test {
namespace {

const char* const factories[] = {"sttsink", "sttsrc"};

std::vector<GParamSpec*> own_properties(GstElement* element) {
    unsigned count = 0;
    GParamSpec** all = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count);
    std::vector<GParamSpec*> own;
    for (unsigned i = 0; i < count; i++)
        if (all[i]->owner_type == G_OBJECT_TYPE(element)) own.push_back(all[i]);
    g_free(all);
    return own;
}

TEST(Properties, EveryOneExplainsItself) {
    for (const char* factory : factories) {
        GstElement* element = gst_element_factory_make(factory, nullptr);
        for (GParamSpec* spec : own_properties(element)) {
            EXPECT_GT(strlen(g_param_spec_get_blurb(spec)), 15u) << spec->name;
            EXPECT_NE(g_param_spec_get_nick(spec), nullptr) << spec->name;
        }
        gst_object_unref(element);
    }
}

std::string blurb_of(GstElement* element, const char* property) {
    return g_param_spec_get_blurb(g_object_class_find_property(G_OBJECT_GET_CLASS(element), property));
}

TEST(Properties, TellWhatASignalMayAnswer) {
    // gst-inspect-1.0 shows no more of a signal's type than its name.
    for (const char* factory : factories) {
        GstElement* element = gst_element_factory_make(factory, nullptr);
        GSignalQuery signal;
        g_signal_query(g_signal_lookup("retry-decision", G_OBJECT_TYPE(element)), &signal);
        auto* decisions = static_cast<GEnumClass*>(g_type_class_ref(signal.return_type));
        const std::string blurb = blurb_of(element, "auto-reconnect");
        EXPECT_NE(blurb.find(signal.signal_name), std::string::npos) << blurb;
        for (unsigned i = 0; i < decisions->n_values; i++) {
            const GEnumValue& decision = decisions->values[i];
            const std::string text = std::to_string(decision.value) + " " + decision.value_nick;
            EXPECT_NE(blurb.find(text), std::string::npos) << text << " is not in: " << blurb;
        }
        g_type_class_unref(decisions);
        gst_object_unref(element);
    }
}

TEST(Properties, ASourcesStatsAreNotASinks) {
    GstElement* sink = gst_element_factory_make("sttsink", nullptr);
    GstElement* src = gst_element_factory_make("sttsrc", nullptr);
    EXPECT_NE(blurb_of(sink, "stats").find("GstBaseSink"), std::string::npos);
    EXPECT_EQ(blurb_of(src, "stats").find("ink"), std::string::npos);
    gst_object_unref(sink);
    gst_object_unref(src);
}

TEST(Properties, BeginWithTheirDefaults) {
    for (const char* factory : factories) {
        GstElement* element = gst_element_factory_make(factory, nullptr);
        for (GParamSpec* spec : own_properties(element)) {
            const bool writable = spec->flags & G_PARAM_WRITABLE, readable = spec->flags & G_PARAM_READABLE;
            if (!writable || !readable) continue;
            GValue value = G_VALUE_INIT;
            g_value_init(&value, spec->value_type);
            g_object_get_property(G_OBJECT(element), spec->name, &value);
            EXPECT_TRUE(g_param_value_defaults(spec, &value)) << spec->name;
            g_value_unset(&value);
        }
        gst_object_unref(element);
    }
}

/// Something that is not the default.
void change(GParamSpec* spec, GValue* value) {
    if (G_IS_PARAM_SPEC_STRING(spec)) g_value_set_static_string(value, "something");
    if (G_IS_PARAM_SPEC_BOOLEAN(spec)) g_value_set_boolean(value, !g_value_get_boolean(value));
    if (G_IS_PARAM_SPEC_INT(spec)) g_value_set_int(value, g_value_get_int(value) + 17);
    if (G_IS_PARAM_SPEC_UINT(spec)) g_value_set_uint(value, g_value_get_uint(value) + 17);
    if (G_IS_PARAM_SPEC_UINT64(spec)) g_value_set_uint64(value, g_value_get_uint64(value) + 17);
    if (G_IS_PARAM_SPEC_ENUM(spec)) g_value_set_enum(value, 1);
    if (!strcmp(spec->name, "uri")) g_value_set_static_string(value, "stt://host:4711?mode=caller");
}

TEST(Properties, KeepWhatTheyAreGiven) {
    for (const char* factory : factories) {
        GstElement* element = gst_element_factory_make(factory, nullptr);
        for (GParamSpec* spec : own_properties(element)) {
            if (!(spec->flags & G_PARAM_WRITABLE) || !(spec->flags & G_PARAM_READABLE)) continue;
            GValue value = G_VALUE_INIT, got = G_VALUE_INIT;
            g_value_init(&value, spec->value_type);
            g_value_init(&got, spec->value_type);
            g_object_get_property(G_OBJECT(element), spec->name, &value);
            change(spec, &value);
            g_object_set_property(G_OBJECT(element), spec->name, &value);
            g_object_get_property(G_OBJECT(element), spec->name, &got);
            EXPECT_EQ(gst_value_compare(&value, &got), GST_VALUE_EQUAL) << spec->name;
            g_value_unset(&value);
            g_value_unset(&got);
        }
        gst_object_unref(element);
    }
}

TEST(Properties, SecretsCannotBeRead) {
    for (const char* factory : factories) {
        GstElement* element = gst_element_factory_make(factory, nullptr);
        for (const char* name : {"seed", "passphrase"}) {
            GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);
            ASSERT_NE(spec, nullptr);
            EXPECT_TRUE(spec->flags & G_PARAM_WRITABLE);
            EXPECT_FALSE(spec->flags & G_PARAM_READABLE);
        }
        gst_object_unref(element);
    }
}

TEST(Properties, EachIsWhereItBelongs) {
    const std::set<std::string> sink_only{
        "drain-timeout", "send-timeout", "send-queue-bytes", "wait-for-connection",
        "live",          "max-age",      "when-full"};
    const std::set<std::string> src_only{"timestamps",     "latency", "receive-timeout",
                                         "keep-listening", "is-live", "provide-clock"};
    GstElement* sink = gst_element_factory_make("sttsink", nullptr);
    GstElement* src = gst_element_factory_make("sttsrc", nullptr);
    std::set<std::string> of_sink, of_src;
    for (GParamSpec* spec : own_properties(sink)) of_sink.insert(spec->name);
    for (GParamSpec* spec : own_properties(src)) of_src.insert(spec->name);
    for (const std::string& name : of_sink) EXPECT_NE(of_src.count(name), sink_only.count(name)) << name;
    for (const std::string& name : of_src) EXPECT_NE(of_sink.count(name), src_only.count(name)) << name;
    gst_object_unref(sink);
    gst_object_unref(src);
}

TEST(Properties, TheUriSetsWhatItMay) {
    GstElement* src = gst_element_factory_make("sttsrc", nullptr);
    g_object_set(
        src, "uri",
        "stt://:5?mode=listener&latency=80&stream-id=7&stream-label=a%20b&framing=bytes&max-retries=-1",
        nullptr);
    int mode = 0, framing = 0, stream_id = 0;
    unsigned latency = 0;
    char* label = nullptr;
    g_object_get(src, "mode", &mode, "framing", &framing, "latency", &latency, "stream-id", &stream_id,
                 "stream-label", &label, nullptr);
    EXPECT_EQ(mode, 2);
    EXPECT_EQ(framing, 1);
    EXPECT_EQ(latency, 80u);
    EXPECT_EQ(stream_id, 7);
    EXPECT_STREQ(label, "a b");
    g_free(label);
    gst_object_unref(src);
}

TEST(Properties, AUriTakesBackWhatTheOneBeforeItSet) {
    GstElement* src = gst_element_factory_make("sttsrc", nullptr);
    g_object_set(src, "latency", 7u, "uri", "stt://:5?latency=80&receive-timeout=9&stream-label=a", nullptr);
    g_object_set(src, "receive-timeout", 30u, "uri", "stt://:5?latency=90", nullptr);
    const auto values = [&] {
        unsigned latency = 0, timeout = 0;
        char* label = nullptr;
        g_object_get(src, "latency", &latency, "receive-timeout", &timeout, "stream-label", &label, nullptr);
        const std::string text =
            std::to_string(latency) + " " + std::to_string(timeout) + (label ? label : "");
        g_free(label);
        return text;
    };
    EXPECT_EQ(values(), "90 30") << "what was set by itself stays";
    g_object_set(src, "uri", "stt://:5?latency=nonsense", nullptr);
    EXPECT_EQ(values(), "90 30");
    g_object_set(src, "uri", nullptr, nullptr);
    EXPECT_EQ(values(), "7 30");
    gst_object_unref(src);
}

TEST(Properties, TheUriHandler) {
    for (const GstURIType type : {GST_URI_SRC, GST_URI_SINK}) {
        GError* error = nullptr;
        GstElement* element = gst_element_make_from_uri(type, "stt://host:1?latency=5", nullptr, &error);
        ASSERT_NE(element, nullptr) << error->message;
        char* uri = gst_uri_handler_get_uri(GST_URI_HANDLER(element));
        EXPECT_STREQ(uri, "stt://host:1?latency=5");
        g_free(uri);
        EXPECT_FALSE(gst_uri_handler_set_uri(GST_URI_HANDLER(element), "stt://me:secret@host:1", &error));
        ASSERT_NE(error, nullptr);
        EXPECT_EQ(error->domain, GST_URI_ERROR);
        EXPECT_EQ(strstr(error->message, "secret"), nullptr);
        g_clear_error(&error);
        gst_object_unref(element);
    }
}

TEST(Properties, NodeIdIsTheProcesssUnlessAFileSaysOtherwise) {
    char *one = nullptr, *two = nullptr;
    GstElement* sink = gst_element_factory_make("sttsink", nullptr);
    GstElement* src = gst_element_factory_make("sttsrc", nullptr);
    g_object_get(sink, "node-id", &one, nullptr);
    g_object_get(src, "node-id", &two, nullptr);
    EXPECT_STREQ(one, two);
    EXPECT_EQ(strlen(one), 64u);
    g_free(one);
    g_free(two);
    gst_object_unref(sink);
    gst_object_unref(src);
}

TEST(Properties, AChangeThatComesTooLateIsSaid) {
    Pair pair;
    g_object_set(pair.sink_element, "max-window", guint64{1} << 20, nullptr);
    const MessagePtr warning = pair.sink_bus->wait_type(GST_MESSAGE_WARNING);
    ASSERT_TRUE(warning);
    GError* error = nullptr;
    gst_message_parse_warning(warning.get(), &error, nullptr);
    EXPECT_NE(strstr(error->message, "max-window"), nullptr);
    g_error_free(error);
    g_object_set(pair.sink_element, "drain-timeout", 5u, nullptr);
    EXPECT_EQ(pair.sink_bus->count(GST_MESSAGE_WARNING), 0);
}

TEST(Properties, ASeedFileThatChangesIsTakenUp) {
    char* dir = g_dir_make_tmp("stt-test-XXXXXX", nullptr);
    const std::string file = std::string(dir) + "/seed";
    const auto write = [&](const std::string& lines) {
        g_file_set_contents_full(file.c_str(), lines.data(), static_cast<gssize>(lines.size()),
                                 G_FILE_SET_CONTENTS_CONSISTENT, 0600, nullptr);
    };
    write(std::string(other_seed) + "\n");
    Pair pair([&](GstElement* sink, GstElement* src) {
        g_object_set(src, "seed", nullptr, "seed-file", file.c_str(), nullptr);
        g_object_set(sink, "seed", other_seed, nullptr);
    });
    ASSERT_TRUE(pair.sink_bus->wait_element("stt-session", "state", "connected"));
    gst_element_set_state(pair.sink_element, GST_STATE_READY);
    write(std::string(other_seed) + "\n" + seed + "\n");
    g_object_set(pair.sink_element, "seed", seed, nullptr);
    // The file is looked at once a second: until then the new seed is a wrong one.
    bool connected = false;
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    while (!connected && g_get_monotonic_time() < end) {
        gst_element_set_state(pair.sink_element, GST_STATE_PLAYING);
        const MessagePtr verdict = pair.sink_bus->wait([](GstMessage* message) {
            const GstStructure* structure = gst_message_get_structure(message);
            return GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR ||
                   (structure && !g_strcmp0(gst_structure_get_string(structure, "state"), "connected"));
        });
        ASSERT_TRUE(verdict);
        connected = GST_MESSAGE_TYPE(verdict.get()) == GST_MESSAGE_ELEMENT;
        if (!connected) gst_element_set_state(pair.sink_element, GST_STATE_READY);
    }
    EXPECT_TRUE(connected);
    g_remove(file.c_str());
    g_rmdir(dir);
    g_free(dir);
}

TEST(Properties, ASeedFileThatIsRemovedIsWarnedOf) {
    char* dir = g_dir_make_tmp("stt-test-XXXXXX", nullptr);
    const std::string file = std::string(dir) + "/seed";
    g_file_set_contents_full(file.c_str(), seed, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, nullptr);
    GstElement* src = make_element("sttsrc", "stt://:0");
    gst_object_ref_sink(src);
    {
        Bus bus(src);
        g_object_set(src, "seed", nullptr, "seed-file", file.c_str(), nullptr);
        ASSERT_NE(gst_element_set_state(src, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
        ASSERT_EQ(g_remove(file.c_str()), 0);
        const MessagePtr warning = bus.wait_type(GST_MESSAGE_WARNING);
        ASSERT_TRUE(warning);
        const GstStructure* details = nullptr;
        gst_message_parse_warning_details(warning.get(), &details);
        ASSERT_NE(details, nullptr);
        EXPECT_STREQ(gst_structure_get_string(details, "reason"), "no-such-file");
        EXPECT_NE(gst_structure_get_string(details, "hint"), nullptr);
        gst_element_set_state(src, GST_STATE_NULL);
    }
    gst_object_unref(src);
    g_remove(file.c_str());
    g_rmdir(dir);
    g_free(dir);
}

TEST(Properties, StatsCountWhatNoSessionReceives) {
    GstElement* src = make_element("sttsrc", "stt://:0");
    gst_object_ref_sink(src);
    ASSERT_NE(gst_element_set_state(src, GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
    const LoopbackSocket socket;
    const std::vector<uint8_t> noise(20, 0xff);
    socket.send(static_cast<uint16_t>(local_port(src)), noise);
    EXPECT_TRUE(eventually([&] {
        GstStructure* stats = nullptr;
        g_object_get(src, "stats", &stats, nullptr);
        guint64 count = 0;
        const bool there = gst_structure_get_uint64(stats, "datagrams-malformed", &count);
        gst_structure_free(stats);
        return there && count == 1;
    }));
    gst_element_set_state(src, GST_STATE_NULL);
    gst_object_unref(src);
}

TEST(Properties, APassphraseConnects) {
    Pair pair([](GstElement* sink, GstElement* src) {
        for (GstElement* element : {sink, src})
            g_object_set(element, "seed", nullptr, "passphrase", "correct horse battery", nullptr);
    });
    pair.start();
    pair.push(make_buffer(3).release());
    EXPECT_TRUE(pair.pull());
}

/// Listens by `uri`, and is called at `host`.
void expect_reached(const std::string& uri, const std::string& host) {
    SCOPED_TRACE(uri);
    GstElement* src = make_element("sttsrc", uri);
    gst_object_ref_sink(src);
    {
        Bus bus(src);
        gst_element_set_state(src, GST_STATE_PLAYING);
        ASSERT_NE(local_port(src), 0u);
        GstElement* sink = make_element("sttsink", "stt://" + host + ":" + std::to_string(local_port(src)));
        gst_object_ref_sink(sink);
        gst_element_set_state(sink, GST_STATE_PAUSED);
        EXPECT_TRUE(bus.wait_element("stt-session", "state", "connected"));
        gst_element_set_state(sink, GST_STATE_NULL);
        gst_element_set_state(src, GST_STATE_NULL);
        gst_object_unref(sink);
    }
    gst_object_unref(src);
}

bool has_ipv6() {
    const int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    const bool has = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&loopback), sizeof loopback) == 0;
    if (fd >= 0) close(fd);
    return has;
}

TEST(Properties, UrisOfEveryAddressListen) {
    expect_reached("stt://*:0", "127.0.0.1");
    expect_reached("stt://0.0.0.0:0", "127.0.0.1");
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
    expect_reached("stt://*:0", "[::1]");
    expect_reached("stt://[::]:0", "[::1]");
}

TEST(Properties, UrisOfEveryAddressCannotBeCalled) {
    GstElement* src = make_element("sttsrc", "stt://0.0.0.0:7600?mode=caller");
    gst_object_ref_sink(src);
    {
        Bus bus(src);
        EXPECT_EQ(gst_element_set_state(src, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
        const MessagePtr message = bus.wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(message);
        GError* error = nullptr;
        gst_message_parse_error(message.get(), &error, nullptr);
        EXPECT_NE(std::string(error->message).find("to listen, use stt://:7600"), std::string::npos)
            << error->message;
        g_error_free(error);
    }
    gst_element_set_state(src, GST_STATE_NULL);
    gst_object_unref(src);
}

}  // namespace
}  // namespace stt::test
