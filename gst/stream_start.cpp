// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/stream_start.hpp"

#include <utility>

namespace stt {
namespace {

/// Returns an empty event that replaces `event` on pads, or null if none is needed.
EventPtr nothing_instead(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY) {
        const char* name = gst_structure_get_name(gst_event_get_structure(event));
        return EventPtr(
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, gst_structure_new_empty(name)));
    }
    if (GST_EVENT_TYPE(event) != GST_EVENT_TOC) return nullptr;
    GstToc* toc = nullptr;
    gst_event_parse_toc(event, &toc, nullptr);
    GstToc* empty = gst_toc_new(gst_toc_get_scope(toc));
    EventPtr nothing(gst_event_new_toc(empty, TRUE));
    gst_toc_unref(toc);
    gst_toc_unref(empty);
    return nothing;
}

/// Whether a pad keeps only the newer of the two events.
bool same_place(GstEvent* a, GstEvent* b) {
    const GstStructure* structure = gst_event_get_structure(b);
    return GST_EVENT_TYPE(a) == GST_EVENT_TYPE(b) && structure &&
           gst_event_has_name(a, gst_structure_get_name(structure));
}

}  // namespace

void StartHold::hold(GstPad* pad) {
    if (probe_) return;
    const auto drop = [](GstPad*, GstPadProbeInfo* info, gpointer) {
        return GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_STREAM_START ? GST_PAD_PROBE_DROP
                                                                                        : GST_PAD_PROBE_OK;
    };
    probe_ = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop, nullptr, nullptr);
}

void StartHold::release(GstPad* pad) {
    if (probe_) gst_pad_remove_probe(pad, std::exchange(probe_, 0));
}

std::vector<EventPtr> ended_by_another_run(GstPad* pad) {
    std::vector<EventPtr> ended;
    const auto collect = [](GstPad*, GstEvent** event, gpointer list) -> gboolean {
        if (EventPtr nothing = nothing_instead(*event))
            static_cast<std::vector<EventPtr>*>(list)->push_back(std::move(nothing));
        return TRUE;
    };
    gst_pad_sticky_events_foreach(pad, collect, &ended);
    return ended;
}

void spare_replaced(std::vector<EventPtr>& ended, GstEvent* event) {
    std::erase_if(ended, [&](const EventPtr& nothing) { return same_place(nothing.get(), event); });
}

bool has_room_for(GstPad* pad, GstEvent* event) {
    if (!(gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY_MULTI)) return true;
    struct Count {
        GstEvent* event;
        size_t names = 0;
        bool known = false;
    } count{event};
    const auto look = [](GstPad*, GstEvent** kept, gpointer data) -> gboolean {
        auto* counted = static_cast<Count*>(data);
        if (GST_EVENT_TYPE(*kept) == GST_EVENT_TYPE(counted->event)) counted->names++;
        counted->known = counted->known || same_place(*kept, counted->event);
        return TRUE;
    };
    gst_pad_sticky_events_foreach(pad, look, &count);
    return count.known || count.names < sticky_names_max;
}

}  // namespace stt
