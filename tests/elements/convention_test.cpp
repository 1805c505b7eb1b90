// SPDX-License-Identifier: LGPL-2.1-or-later
/// What GStreamer's tools and applications expect of any element.
#include <glib/gstdio.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

GType type_of(const char* factory) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    gst_object_ref_sink(element);
    const GType type = G_OBJECT_TYPE(element);
    gst_object_unref(element);
    return type;
}

TEST(Convention, TypesHaveGStreamersPrefix) {
    EXPECT_STREQ(g_type_name(type_of("sttsink")), "GstSttSink");
    EXPECT_STREQ(g_type_name(type_of("sttsrc")), "GstSttSrc");
}

TEST(Convention, EnumerationsArePartOfThePluginsInterface) {
    for (const char* factory : {"sttsink", "sttsrc"}) {
        auto* object_class = static_cast<GObjectClass*>(g_type_class_ref(type_of(factory)));
        unsigned count = 0, enumerations = 0;
        GParamSpec** specs = g_object_class_list_properties(object_class, &count);
        for (unsigned i = 0; i < count; i++) {
            const GType type = G_PARAM_SPEC_VALUE_TYPE(specs[i]);
            if (!G_TYPE_IS_ENUM(type)) continue;
            enumerations++;
            EXPECT_TRUE(g_str_has_prefix(g_type_name(type), "GstStt")) << g_type_name(type);
            GstPluginAPIFlags flags;
            EXPECT_TRUE(gst_type_is_plugin_api(type, &flags)) << g_type_name(type);
        }
        EXPECT_GE(enumerations, 3u);
        g_free(specs);
        g_type_class_unref(object_class);
        EXPECT_TRUE(gst_type_is_plugin_api(g_type_from_name("GstSttRetryDecision"), nullptr));
    }
}

TEST(Convention, ThePluginIsOfThisProject) {
    GstPlugin* plugin = gst_registry_find_plugin(gst_registry_get(), "stt");
    ASSERT_NE(plugin, nullptr);
    EXPECT_STREQ(gst_plugin_get_package(plugin), "STT for GStreamer");
    EXPECT_EQ(std::string(gst_plugin_get_origin(plugin)).find("gstreamer.freedesktop.org"),
              std::string::npos);
    gst_object_unref(plugin);
}

/// Of this process.
std::multiset<std::string> thread_names() {
    std::multiset<std::string> names;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        if (std::getline(std::ifstream(task.path() / "comm"), name)) names.insert(name);
    }
    return names;
}

TEST(Convention, ThreadsAreNamed) {
    Pair pair;
    EXPECT_TRUE(eventually([] { return thread_names().count("stt-io") == 2; }));
    GstElement* slow = make_element("sttsrc", "stt://:0", nullptr);
    gst_object_ref_sink(slow);
    g_object_set(slow, "passphrase", "a passphrase that is long enough", nullptr);
    gst_element_set_state(slow, GST_STATE_PLAYING);
    EXPECT_TRUE(eventually([] { return thread_names().contains("stt-stretch"); }));
    gst_element_set_state(slow, GST_STATE_NULL);
    gst_object_unref(slow);
}

/// Counts `notify` by property, and on which threads it came.
class Notified {
  public:
    explicit Notified(GstElement* element) : element_(element) {
        handler_ = g_signal_connect(element, "notify", G_CALLBACK(count), this);
    }
    ~Notified() { g_signal_handler_disconnect(element_, handler_); }
    Notified(const Notified&) = delete;
    Notified& operator=(const Notified&) = delete;
    int of(const std::string& property) {
        const std::lock_guard lock(mutex_);
        return counts_[property];
    }

  private:
    static void count(GstElement* element, GParamSpec* spec, Notified* self) {
        // No lock is held: the handler may ask for anything.
        GValue value = G_VALUE_INIT;
        if (spec->flags & G_PARAM_READABLE) g_object_get_property(G_OBJECT(element), spec->name, &value);
        if (G_VALUE_TYPE(&value)) g_value_unset(&value);
        const std::lock_guard lock(self->mutex_);
        self->counts_[spec->name]++;
    }
    GstElement* element_;
    gulong handler_;
    std::mutex mutex_;
    std::map<std::string, int> counts_;  // under mutex_
};

TEST(Convention, ReadBacksNotify) {
    char* directory = g_dir_make_tmp("stt-notify-XXXXXX", nullptr);
    const std::string identity = std::string(directory) + "/identity";
    GstElement* src = make_element("sttsrc", "stt://:0");
    gst_object_ref_sink(src);
    g_object_set(src, "identity-file", identity.c_str(), "local-address", "127.0.0.1", nullptr);
    auto watch = std::make_unique<Notified>(src);
    Notified& notified = *watch;
    gst_element_set_state(src, GST_STATE_PAUSED);
    EXPECT_EQ(notified.of("local-port"), 1);
    EXPECT_EQ(notified.of("node-id"), 1);
    gst_element_set_state(src, GST_STATE_NULL);
    EXPECT_EQ(notified.of("local-port"), 2) << "it reads as set again";
    EXPECT_EQ(notified.of("node-id"), 2);
    EXPECT_EQ(notified.of("uri"), 0);
    gst_uri_handler_set_uri(GST_URI_HANDLER(src), "stt://:7601", nullptr);
    EXPECT_EQ(notified.of("uri"), 1);
    gst_uri_handler_set_uri(GST_URI_HANDLER(src), "nonsense", nullptr);
    EXPECT_EQ(notified.of("uri"), 1);
    watch.reset();
    gst_object_unref(src);
    remove(identity.c_str());
    g_rmdir(directory);
    g_free(directory);
}

TEST(Convention, ProgressStartsInTheStateChange) {
    for (const char* uri : {"stt://127.0.0.1:9", "stt://:0"}) {
        GstElement* src = make_element("sttsrc", uri);
        gst_object_ref_sink(src);
        {
            Bus bus(src);
            std::atomic<GThread*> thread = nullptr;
            gst_bus_set_sync_handler(
                bus.get(),
                [](GstBus*, GstMessage* message, gpointer seen) {
                    GstProgressType type = GST_PROGRESS_TYPE_ERROR;
                    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS)
                        gst_message_parse_progress(message, &type, nullptr, nullptr);
                    if (type == GST_PROGRESS_TYPE_START)
                        *static_cast<std::atomic<GThread*>*>(seen) = g_thread_self();
                    return GST_BUS_PASS;
                },
                &thread, nullptr);
            gst_element_set_state(src, GST_STATE_PAUSED);
            EXPECT_EQ(thread.load(), g_thread_self()) << uri;
            gst_element_set_state(src, GST_STATE_NULL);
        }
        gst_object_unref(src);
    }
}

TEST(Convention, StoppedAtItsFirstProgressItDoesNotStart) {
    GstElement* src = make_element("sttsrc", "stt://:0");
    gst_object_ref_sink(src);
    {
        Bus bus(src);
        gst_bus_set_sync_handler(
            bus.get(),
            [](GstBus*, GstMessage* message, gpointer) {
                if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS)
                    gst_element_set_state(GST_ELEMENT(GST_MESSAGE_SRC(message)), GST_STATE_NULL);
                return GST_BUS_PASS;
            },
            nullptr, nullptr);
        gst_element_set_state(src, GST_STATE_PAUSED);
        EXPECT_EQ(local_port(src), 0u) << "no socket is left behind";
        gst_element_set_state(src, GST_STATE_NULL);
        for (const GstProgressType expected : {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_CANCELED}) {
            const MessagePtr message = bus.wait_type(GST_MESSAGE_PROGRESS);
            ASSERT_TRUE(message) << expected;
            GstProgressType type = GST_PROGRESS_TYPE_ERROR;
            gst_message_parse_progress(message.get(), &type, nullptr, nullptr);
            EXPECT_EQ(type, expected);
        }
    }
    gst_object_unref(src);
}

}  // namespace
}  // namespace stt::test
