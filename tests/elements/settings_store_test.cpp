// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/settings_store.hpp"

#include "gst/elements.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

class SettingsStoreTest : public testing::Test {
  protected:
    SettingsStoreTest()
        : element(GST_ELEMENT(g_object_new(sttsrc_get_type(), nullptr))), store(element, Side::src) {
        gst_object_ref_sink(element);
        g_signal_connect_swapped(element, "notify::uri", G_CALLBACK(+[](SettingsStoreTest* self) {
                                     self->notified++;
                                     self->seen = self->store.get(&Settings::uri);  // no lock is held
                                 }),
                                 this);
    }
    ~SettingsStoreTest() override { gst_object_unref(element); }
    /// The id of the property `name`.
    unsigned id_of(const char* name) {
        return g_object_class_find_property(G_OBJECT_GET_CLASS(element), name)->param_id;
    }

    GstElement* element;
    SettingsStore store;
    int notified = 0;
    std::string seen;
};

TEST_F(SettingsStoreTest, NotifiesOfAUriThatChanges) {
    ASSERT_TRUE(store.set_uri("stt://example.com:7600"));
    EXPECT_EQ(notified, 1);
    EXPECT_EQ(seen, "stt://example.com:7600");
    ASSERT_TRUE(store.set_uri("stt://example.com:7600"));
    EXPECT_EQ(notified, 1);
}

TEST_F(SettingsStoreTest, KeepsTheUriIfAnotherIsRefused) {
    ASSERT_TRUE(store.set_uri("stt://example.com:7600"));
    EXPECT_FALSE(store.set_uri("http://example.com"));
    EXPECT_EQ(store.get(&Settings::uri), "stt://example.com:7600");
    EXPECT_EQ(notified, 1);
    EXPECT_TRUE(store.get(&Settings::refused_uri));
}

TEST_F(SettingsStoreTest, PropertiesAreSettings) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_TYPE_UINT);
    g_value_set_uint(&value, 321);
    EXPECT_TRUE(store.set_property(id_of("latency"), &value));
    EXPECT_EQ(store.get(&Settings::latency), 321u);
    EXPECT_EQ(store.read([](const Settings& settings) { return settings.latency; }), 321u);
    g_value_set_uint(&value, 0);
    EXPECT_TRUE(store.get_property(id_of("latency"), &value));
    EXPECT_EQ(g_value_get_uint(&value), 321u);
    EXPECT_FALSE(store.set_property(own_property_first, &value));
    EXPECT_FALSE(store.get_property(own_property_first, &value));
    g_value_unset(&value);
}

}  // namespace
}  // namespace stt::test
