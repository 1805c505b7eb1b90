// SPDX-License-Identifier: LGPL-2.1-or-later
/// GStreamer's leak tracer over a whole conversation: nothing of it is left.
#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

// Before gst_init, which starts the tracers.
const bool traced = [] {
    g_setenv("GST_TRACERS",
             "leaks(filters=\"GstElement,GstPad,GstBuffer,GstBufferList,GstEvent,GstCaps,GstMessage\")",
             TRUE);
    return true;
}();

/// Until the last reference is gone: a thread of GStreamer's pool may hold one for a moment longer than we.
void wait_gone(GWeakRef& element) {
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    while (gpointer strong = g_weak_ref_get(&element)) {
        gst_object_unref(strong);
        if (g_get_monotonic_time() > end) break;
        g_usleep(1000);
    }
    g_weak_ref_clear(&element);
}

void converse(Pair& pair, bool stop_early) {
    pair.start();
    for (unsigned i = 0; i < 50; i++) pair.push(make_buffer(5000, i).release());
    pair.push_event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "title", nullptr)));
    pair.push_event(gst_event_new_gap(GST_SECOND, GST_SECOND));
    if (stop_early) return;
    pair.push_eos();
    pair.join();
    for (unsigned i = 0; i < 50; i++) EXPECT_TRUE(pair.pull());
}

TEST(Leaks, NothingIsLeft) {
    ASSERT_TRUE(traced);
    for (const bool stop_early : {false, true}) {
        GWeakRef sink, src;
        {
            Pair pair;
            g_weak_ref_init(&sink, pair.sink_element);
            g_weak_ref_init(&src, pair.src_element);
            converse(pair, stop_early);
        }
        wait_gone(sink);
        wait_gone(src);
    }
    GList* tracers = gst_tracing_get_active_tracers();
    ASSERT_NE(tracers, nullptr);
    GstStructure* live = nullptr;
    g_signal_emit_by_name(tracers->data, "get-live-objects", &live);
    ASSERT_NE(live, nullptr);
    const GValue* list = gst_structure_get_value(live, "live-objects-list");
    ASSERT_NE(list, nullptr);
    for (unsigned i = 0; i < gst_value_list_get_size(list); i++) {
        char* text = g_strdup_value_contents(gst_value_list_get_value(list, i));
        ADD_FAILURE() << "left over: " << text;
        g_free(text);
    }
    gst_structure_free(live);
    g_list_free_full(tracers, gst_object_unref);
}

}  // namespace
}  // namespace stt::test
