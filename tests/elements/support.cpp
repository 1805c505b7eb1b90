// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/support.hpp"

#include <cstring>

namespace stt::test {

bool eventually(const std::function<bool()>& condition) {
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    while (!condition()) {
        if (g_get_monotonic_time() >= end) return false;
        g_usleep(1000);
    }
    return true;
}

Bus::Bus(GstElement* element) : bus_(gst_bus_new()), element_(GST_ELEMENT(gst_object_ref(element))) {
    gst_element_set_bus(element, bus_);
}

Bus::~Bus() {
    gst_element_set_bus(element_, nullptr);
    gst_object_unref(element_);
    gst_object_unref(bus_);
}

MessagePtr Bus::wait(const std::function<bool(GstMessage*)>& wanted, GstClockTime timeout) {
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(timeout / GST_USECOND);
    for (;;) {
        const gint64 left = end - g_get_monotonic_time();
        if (left <= 0) return nullptr;
        MessagePtr message(gst_bus_timed_pop(bus_, static_cast<GstClockTime>(left) * GST_USECOND));
        if (!message || wanted(message.get())) return message;
    }
}

MessagePtr Bus::wait_type(GstMessageType type, GstClockTime timeout) {
    return wait([type](GstMessage* message) { return GST_MESSAGE_TYPE(message) == type; }, timeout);
}

MessagePtr Bus::wait_element(const std::string& name, const std::string& field, const std::string& value) {
    return wait([&](GstMessage* message) {
        const GstStructure* structure = gst_message_get_structure(message);
        if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || name != gst_structure_get_name(structure))
            return false;
        const char* text = field.empty() ? nullptr : gst_structure_get_string(structure, field.c_str());
        return field.empty() || (text && value == text);
    });
}

int Bus::count(GstMessageType type) {
    int count = 0;
    while (GstMessage* message = gst_bus_pop_filtered(bus_, type)) {
        gst_message_unref(message);
        count++;
    }
    return count;
}

GstElement* make_element(const char* factory, const std::string& uri, const char* with_seed) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    if (!element) throw std::runtime_error(std::string("no element ") + factory);
    g_object_set(element, "uri", uri.c_str(), "seed", with_seed, nullptr);
    // A harness says that it is live, and what is live is dropped while there is nobody to hear it.
    if (factory == std::string_view("sttsink")) gst_util_set_object_arg(G_OBJECT(element), "live", "false");
    return element;
}

unsigned local_port(GstElement* element) {
    unsigned port = 0;
    g_object_get(element, "local-port", &port, nullptr);
    return port;
}

Pair::Pair(const std::function<void(GstElement*, GstElement*)>& configure)
    : sink_element(make_element("sttsink", "stt://127.0.0.1:1")),
      src_element(make_element("sttsrc", "stt://:0?mode=listener")) {
    g_object_set(src_element, "local-address", "127.0.0.1", nullptr);
    g_object_set(sink_element, "sync", FALSE, nullptr);
    if (configure) configure(sink_element, src_element);
    sink_bus = std::make_unique<Bus>(sink_element);
    src_bus = std::make_unique<Bus>(src_element);
    src = gst_harness_new_with_element(src_element, nullptr, "src");
    gst_harness_use_systemclock(src);
    gst_harness_play(src);
    const std::string uri = "stt://127.0.0.1:" + std::to_string(local_port(src_element));
    g_object_set(sink_element, "uri", uri.c_str(), nullptr);
    sink = gst_harness_new_with_element(sink_element, "sink", nullptr);
    gst_harness_use_systemclock(sink);
    gst_harness_play(sink);
}

Pair::~Pair() {
    // Stops what may still block in the sink.
    gst_element_set_state(sink_element, GST_STATE_NULL);
    join();
    gst_element_set_state(src_element, GST_STATE_NULL);
    gst_harness_teardown(sink);
    gst_harness_teardown(src);
    sink_bus.reset();
    src_bus.reset();
    gst_object_unref(sink_element);
    gst_object_unref(src_element);
}

void Pair::start(const char* caps) {
    push_event(gst_event_new_stream_start("test"));
    if (caps) {
        GstCaps* parsed = gst_caps_from_string(caps);
        push_event(gst_event_new_caps(parsed));
        gst_caps_unref(parsed);
    }
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    push_event(gst_event_new_segment(&segment));
}

void Pair::push_eos() {
    eos_ = g_thread_new(
        "eos",
        [](gpointer harness) -> gpointer {
            gst_harness_push_event(static_cast<GstHarness*>(harness), gst_event_new_eos());
            return nullptr;
        },
        sink);
}

void Pair::join() {
    if (eos_) g_thread_join(std::exchange(eos_, nullptr));
}

EventPtr Pair::pull_event(GstEventType type) {
    for (;;) {
        EventPtr event(gst_harness_pull_event(src));
        if (!event || GST_EVENT_TYPE(event.get()) == type) return event;
    }
}

std::vector<std::string> Pair::pull_names() {
    std::vector<std::string> names;
    for (;;) {
        const EventPtr event(gst_harness_pull_event(src));
        if (!event) {
            names.push_back("nothing");
            return names;
        }
        names.push_back(GST_EVENT_TYPE_NAME(event.get()));
        if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) return names;
    }
}

BufferPtr make_buffer(size_t size, unsigned salt) {
    BufferPtr buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
    GstMapInfo info;
    if (size > 0 && gst_buffer_map(buffer.get(), &info, GST_MAP_WRITE)) {
        uint32_t state = 2463534242u + salt;
        for (size_t i = 0; i < size; i++) {
            state ^= state << 13, state ^= state >> 17, state ^= state << 5;
            info.data[i] = static_cast<uint8_t>(state);
        }
        gst_buffer_unmap(buffer.get(), &info);
    }
    return buffer;
}

bool same_bytes(GstBuffer* a, GstBuffer* b) {
    if (gst_buffer_get_size(a) != gst_buffer_get_size(b)) return false;
    GstMapInfo info;
    if (!gst_buffer_map(a, &info, GST_MAP_READ)) return false;
    const bool same = info.size == 0 || gst_buffer_memcmp(b, 0, info.data, info.size) == 0;
    gst_buffer_unmap(a, &info);
    return same;
}

}  // namespace stt::test
