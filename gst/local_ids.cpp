// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/local_ids.hpp"

#include <algorithm>
#include <cinttypes>

#include "gst/stream_events.hpp"

namespace stt {

void LocalIds::begin(uint64_t instance) {
    *this = {};
    instance_ = instance;
}

std::string LocalIds::stream_id(const char* sent) const {
    char instance[17];
    std::snprintf(instance, sizeof instance, "%016" PRIx64, instance_);
    return sha256(std::string(instance) + "/" + (sent ? sent : ""));
}

unsigned LocalIds::group(unsigned sent) {
    if (group_.here == 0 || group_.sent != sent) group_ = {sent, gst_util_group_id_next()};
    return group_.here;
}

uint32_t LocalIds::seqnum(uint32_t sent) {
    if (sent == GST_SEQNUM_INVALID) return gst_util_seqnum_next();
    const auto known = std::find_if(seqnums_.begin(), seqnums_.end(),
                                    [&](const Number& number) { return number.sent == sent; });
    if (known != seqnums_.end()) return known->here;
    Number& number = seqnums_[next_seqnum_++ % seqnums_.size()];
    number = {sent, gst_util_seqnum_next()};
    return number.here;
}

GstStream* LocalIds::stream(GstStream* sent) const {
    GstCaps* caps = gst_stream_get_caps(sent);
    GstTagList* tags = gst_stream_get_tags(sent);
    GstStream* made = gst_stream_new(stream_id(gst_stream_get_stream_id(sent)).c_str(), caps,
                                     gst_stream_get_stream_type(sent), gst_stream_get_stream_flags(sent));
    gst_stream_set_tags(made, tags);
    if (caps) gst_caps_unref(caps);
    if (tags) gst_tag_list_unref(tags);
    return made;
}

EventPtr LocalIds::stream_start() {
    EventPtr event(gst_event_new_stream_start(stream_id("").c_str()));
    gst_event_set_group_id(event.get(), group(0));
    return event;
}

EventPtr LocalIds::stream_start(GstEvent* sent) {
    const StreamStart theirs = parse_stream_start(sent);
    EventPtr event(gst_event_new_stream_start(stream_id(theirs.id).c_str()));
    gst_event_set_stream_flags(event.get(), theirs.flags);
    gst_event_set_group_id(event.get(), group(theirs.group));
    if (theirs.stream) {
        const StreamPtr ours(stream(theirs.stream.get()));
        gst_event_set_stream(event.get(), ours.get());
    }
    return event;
}

EventPtr LocalIds::stream_collection(GstEvent* sent) {
    GstStreamCollection* parsed = nullptr;
    gst_event_parse_stream_collection(sent, &parsed);
    const CollectionPtr theirs(parsed);
    const char* upstream = gst_stream_collection_get_upstream_id(parsed);
    const CollectionPtr ours(gst_stream_collection_new(upstream ? stream_id(upstream).c_str() : nullptr));
    for (unsigned i = 0; i < gst_stream_collection_get_size(parsed); i++)
        gst_stream_collection_add_stream(ours.get(), stream(gst_stream_collection_get_stream(parsed, i)));
    return EventPtr(gst_event_new_stream_collection(ours.get()));
}

EventPtr LocalIds::local(EventPtr event) {
    const uint32_t number = seqnum(gst_event_get_seqnum(event.get()));
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_STREAM_START)
        event = stream_start(event.get());
    else if (GST_EVENT_TYPE(event.get()) == GST_EVENT_STREAM_COLLECTION)
        event = stream_collection(event.get());
    gst_event_set_seqnum(event.get(), number);
    return event;
}

}  // namespace stt
