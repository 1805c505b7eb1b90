// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/file_watch.hpp"

#include <glib/gstdio.h>

#include <atomic>
#include <fstream>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

struct Parts {
    explicit Parts(GstElement* element) : announcer(element), watch(element, announcer) {}
    Announcer announcer;
    FileWatch watch;
};

TEST(FileWatch, ReportsEachVersionAndThatTheFileIsGone) {
    char* const folder = g_dir_make_tmp("stt-test-XXXXXX", nullptr);
    const std::string path = std::string(folder) + "/seed";
    const auto write = [&](const char* text) { std::ofstream(path) << text; };
    write("one");
    GstElement* element = gst_bin_new(nullptr);
    gst_object_ref_sink(element);
    auto* parts = new Parts(element);
    g_object_set_data_full(G_OBJECT(element), "parts", parts,
                           [](gpointer owned) { delete static_cast<Parts*>(owned); });
    std::atomic<int> changes{0};
    parts->watch.start(path, [&] { changes++; });
    EXPECT_TRUE(eventually([&] { return changes == 1; })) << "it may have changed since it was read";
    g_remove(path.c_str());
    EXPECT_TRUE(eventually([&] { return changes == 2; }));
    write("another");
    EXPECT_TRUE(eventually([&] { return changes == 3; }));
    parts->watch.stop();
    parts->announcer.clear();
    parts->announcer.wait_posted();
    EXPECT_EQ(changes, 3);
    gst_object_unref(element);
    g_remove(path.c_str());
    g_rmdir(folder);
    g_free(folder);
}

}  // namespace
}  // namespace stt::test
