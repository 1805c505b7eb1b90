// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/property_changes.hpp"

#include "gst/owned.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

TEST(PropertyChanges, NotifyOfWhatDiffersAndOnlyOnce) {
    GstElement* element = gst_element_factory_make("identity", nullptr);
    gst_object_ref_sink(element);
    g_object_set(element, "dump", FALSE, "datarate", 0, nullptr);
    PropertyChanges changes(element, {"dump", "datarate"});
    std::vector<std::string> notified;
    g_object_set(element, "datarate", 5, nullptr);
    g_signal_connect(element, "notify",
                     G_CALLBACK(+[](GObject*, GParamSpec* spec, std::vector<std::string>* seen) {
                         seen->emplace_back(spec->name);
                     }),
                     &notified);
    changes.notify();
    EXPECT_EQ(notified, std::vector<std::string>{"datarate"});
    changes.notify();
    EXPECT_EQ(notified, std::vector<std::string>{"datarate"});
    gst_object_unref(element);
}

}  // namespace
}  // namespace stt::test
