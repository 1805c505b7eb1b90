// SPDX-License-Identifier: LGPL-2.1-or-later
/// sttsink: one stream to the peer.
#include <gst/base/gstbasesink.h>

#include <utility>

#include "gst/bus.hpp"
#include "gst/connection.hpp"
#include "gst/elements.hpp"
#include "gst/event_text.hpp"
#include "gst/metadata.hpp"

GST_DEBUG_CATEGORY_STATIC(sttsink_debug);
#define GST_CAT_DEFAULT sttsink_debug

namespace stt {
namespace {

struct SttSink {
    GstBaseSink parent;
    Connection* connection;
    // State changes and streaming thread.
    bool bytes;         ///< framing
    bool state_sent;    ///< the link was given the caps, segment and tags in force, each as it came
    bool flushed;       ///< a flush is to be announced
    bool finished;      ///< EOS was sent
    bool segment_sent;  ///< with the base time below
    GstClockTime base_time;
};
struct SttSinkClass {
    GstBaseSinkClass parent;
};

G_DEFINE_TYPE_WITH_CODE(SttSink, stt_sink, GST_TYPE_BASE_SINK,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, init_sink_uri_handler))

SttSink* self_of(gpointer object) { return static_cast<SttSink*>(object); }

Error stream_ended() {
    Error error;
    error.code = ErrorCode::stream_closed;
    error.reason = "after-eos";
    error.text = "data after EOS: the stream has ended; set the element to READY and back for another";
    return error;
}

/// Without a connection it is the network's fault, with one the peer's.
Error send_timeout(const Connection& connection) {
    Error error;
    error.code = ErrorCode::timeout;
    error.origin = connection.ready() ? ErrorOrigin::peer : ErrorOrigin::network;
    error.reason = "send-timeout";
    error.text = "the peer took nothing for the send-timeout of " +
                 std::to_string(connection.setting(&Settings::send_timeout)) + " ms";
    return error;
}

/// Hands a message to the link by `push(outbox, timeout)`, and waits for room when there is none. EOS: an
/// ERROR has been posted; what is upstream then stops without posting one of its own.
template <class Push>
GstFlowReturn hand_over(SttSink* self, Push push) {
    const std::shared_ptr<Link> link = self->connection->link();
    if (!link) return GST_FLOW_FLUSHING;
    const Duration timeout = std::chrono::milliseconds(self->connection->setting(&Settings::send_timeout));
    for (;;) {
        switch (push(link->outbox(), timeout)) {
            case QueueStatus::ok:
                return GST_FLOW_OK;
            case QueueStatus::flushing: {
                // Paused, flushed or stopped; the message is still ours.
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(&self->parent);
                if (resumed != GST_FLOW_OK) return resumed;
                continue;
            }
            case QueueStatus::timeout:
                self->connection->fail(send_timeout(*self->connection));
                return GST_FLOW_EOS;
            case QueueStatus::eos:
            case QueueStatus::failed:
                self->connection->wait_error();
                return GST_FLOW_EOS;
        }
    }
}

GstFlowReturn push_data(SttSink* self, OutMessage message, GstClockTime duration) {
    const uint64_t duration_ns = GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0;
    return hand_over(self, [&](SendQueue& outbox, Duration timeout) {
        return outbox.push(std::move(message), Unit::key, duration_ns, timeout);
    });
}

GstFlowReturn push_passing(SttSink* self, OutMessage message) {
    return hand_over(self, [&](SendQueue& outbox, Duration timeout) {
        return outbox.push(std::move(message), Unit::event, 0, timeout);
    });
}

GstFlowReturn push_state(SttSink* self, OutMessage message, GstEvent* event) {
    // Of one type, events of different names stand beside each other; types are numbered in the order in
    // which a pad takes them.
    const GstStructure* structure = gst_event_get_structure(event);
    const uint64_t key = uint64_t{GST_EVENT_TYPE(event)} << 32 |
                         (structure ? g_str_hash(gst_structure_get_name(structure)) : 0);
    return hand_over(self, [&](SendQueue& outbox, Duration timeout) {
        return outbox.push_state(std::move(message), key, timeout);
    });
}

/// A listener that does not wait has nobody to send to.
bool unheard(SttSink* self) {
    return !self->connection->is_caller() && !self->connection->ready() &&
           !self->connection->setting(&Settings::wait_for_connection);
}

GstFlowReturn send_event(SttSink* self, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
        const GstSegment* segment = nullptr;
        gst_event_parse_segment(event, &segment);
        self->base_time = gst_element_get_base_time(GST_ELEMENT(self));
        self->segment_sent = true;
        return push_state(self, encode_segment(*segment, self->base_time), event);
    }
    Result<std::optional<OutMessage>> message = encode_event(event);
    if (message && !*message) return GST_FLOW_OK;
    if (message) {
        const bool sticky = gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY;
        return sticky ? push_state(self, std::move(**message), event)
                      : push_passing(self, std::move(**message));
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        self->connection->fail(message.error());
        return GST_FLOW_EOS;
    }
    // Metadata that cannot travel must not stop the media.
    GST_WARNING_OBJECT(self, "%s event not sent: %s", GST_EVENT_TYPE_NAME(event),
                       message.error().text.c_str());
    return GST_FLOW_OK;
}

/// What a receiver needs before anything else: the pad's caps, segment, tags and the like.
GstFlowReturn send_state(SttSink* self) {
    if (std::exchange(self->state_sent, true) || self->bytes) return GST_FLOW_OK;
    GstFlowReturn flow = GST_FLOW_OK;
    if (std::exchange(self->flushed, false)) flow = push_passing(self, encode_flush());
    std::vector<EventPtr> events;
    const auto collect = [](GstPad*, GstEvent** event, gpointer list) -> gboolean {
        static_cast<std::vector<EventPtr>*>(list)->emplace_back(gst_event_ref(*event));
        return TRUE;
    };
    gst_pad_sticky_events_foreach(GST_BASE_SINK_PAD(self), collect, &events);
    for (const EventPtr& event : events) {
        if (flow == GST_FLOW_OK) flow = send_event(self, event.get());
    }
    return flow;
}

/// Everything that must be there before the next buffer.
GstFlowReturn prepare(SttSink* self) {
    if (self->connection->failed()) {
        self->connection->wait_error();
        return GST_FLOW_EOS;
    }
    if (self->finished) {
        self->connection->fail(stream_ended());
        return GST_FLOW_EOS;
    }
    if (!self->connection->is_caller() && self->connection->setting(&Settings::wait_for_connection)) {
        for (Waited waited; (waited = self->connection->wait_ready()) != Waited::ready;) {
            if (waited == Waited::failed) {
                self->connection->wait_error();
                return GST_FLOW_EOS;
            }
            const GstFlowReturn resumed = gst_base_sink_wait_preroll(&self->parent);
            if (resumed != GST_FLOW_OK) return resumed;
        }
    }
    const GstFlowReturn flow = send_state(self);
    if (flow != GST_FLOW_OK || self->bytes || !self->segment_sent) return flow;
    const GstClockTime base_time = gst_element_get_base_time(GST_ELEMENT(self));
    if (base_time == self->base_time) return flow;
    // The pipeline has started, or was paused: the receiver must know, to keep the stream's pace.
    const EventPtr segment(gst_pad_get_sticky_event(GST_BASE_SINK_PAD(self), GST_EVENT_SEGMENT, 0));
    return segment ? send_event(self, segment.get()) : flow;
}

GstFlowReturn send_buffer(SttSink* self, GstBuffer* buffer) {
    GST_LOG_OBJECT(self, "%" GST_PTR_FORMAT, static_cast<void*>(buffer));
    if (self->bytes && gst_buffer_get_size(buffer) == 0) return GST_FLOW_OK;
    Result<OutMessage> message = self->bytes ? encode_bytes(buffer) : encode_buffer(buffer);
    if (!message) {
        self->connection->fail(message.error());
        return GST_FLOW_EOS;
    }
    return push_data(self, std::move(*message), GST_BUFFER_DURATION(buffer));
}

/// Nobody hears it; a caller that comes back is to know. False: somebody has just come.
bool skip(SttSink* self, GstBuffer* buffer) {
    const std::shared_ptr<Link> link = self->connection->link();
    const GstClockTime duration = GST_BUFFER_DURATION(buffer);
    if (link &&
        !link->outbox().skip(gst_buffer_get_size(buffer), GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0))
        return false;
    self->state_sent = false;
    return true;
}

GstFlowReturn render(GstBaseSink* sink, GstBuffer* buffer) {
    SttSink* self = self_of(sink);
    if (unheard(self) && skip(self, buffer)) return GST_FLOW_OK;
    const GstFlowReturn flow = prepare(self);
    return flow == GST_FLOW_OK ? send_buffer(self, buffer) : flow;
}

GstFlowReturn render_list(GstBaseSink* sink, GstBufferList* list) {
    SttSink* self = self_of(sink);
    const unsigned count = gst_buffer_list_length(list);
    unsigned i = 0;
    while (i < count && unheard(self) && skip(self, gst_buffer_list_get(list, i))) i++;
    if (i == count) return GST_FLOW_OK;
    GstFlowReturn flow = prepare(self);
    for (; i < count && flow == GST_FLOW_OK; i++) flow = send_buffer(self, gst_buffer_list_get(list, i));
    return flow;
}

/// What the peer's pipeline has not got; told once.
std::vector<Gap> undelivered(Link& link) {
    const SendQueue::GivenUp lost = link.outbox().give_up_all();
    std::vector<Gap> gaps;
    for (const bool uncertain : {true, false}) {
        const SendQueue::Account& part = uncertain ? lost.uncertain : lost.certain;
        if (part.buffers > 0) gaps.push_back({part.buffers, part.bytes, part.duration_ns, uncertain});
    }
    return gaps;
}

/// Waits until the peer's pipeline has everything.
GstFlowReturn drain(SttSink* self) {
    const std::shared_ptr<Link> link = self->connection->link();
    if (!link) return GST_FLOW_FLUSHING;
    if (unheard(self)) {
        for (const Gap& missing : undelivered(*link)) self->connection->announce_gap(missing);
        return GST_FLOW_OK;
    }
    const GstFlowReturn flow = send_state(self);
    if (flow != GST_FLOW_OK) return flow;
    GST_DEBUG_OBJECT(self, "the stream ends: waiting until the peer has it all");
    link->outbox().finish();
    self->finished = true;
    const uint32_t timeout_ms = self->connection->setting(&Settings::drain_timeout);
    const gint64 deadline = g_get_monotonic_time() + gint64{timeout_ms} * 1000;
    for (;;) {
        // To the queue, zero means for ever.
        const gint64 left = std::max<gint64>(deadline - g_get_monotonic_time(), 1);
        switch (link->outbox().wait_delivered(std::chrono::microseconds(left))) {
            case QueueStatus::eos:
            case QueueStatus::ok:
                self->connection->post_stats();
                self->connection->announcer().wait_posted();
                return GST_FLOW_OK;
            case QueueStatus::timeout: {
                const std::vector<Gap> missing = undelivered(*link);
                Announcer& announcer = self->connection->announcer();
                announcer.post(undelivered_messages(GST_ELEMENT(self), missing, timeout_ms));
                announcer.wait_posted();
                return GST_FLOW_OK;
            }
            case QueueStatus::flushing: {
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(&self->parent);
                if (resumed != GST_FLOW_OK) return resumed;
                continue;
            }
            case QueueStatus::failed:
                self->connection->wait_error();
                return GST_FLOW_ERROR;
        }
    }
}

/// GAP and EOS, once it is their time.
GstFlowReturn wait_event(GstBaseSink* sink, GstEvent* event) {
    const GstFlowReturn waited = GST_BASE_SINK_CLASS(stt_sink_parent_class)->wait_event(sink, event);
    if (waited != GST_FLOW_OK) return waited;
    SttSink* self = self_of(sink);
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) return drain(self);
    if (GST_EVENT_TYPE(event) != GST_EVENT_GAP || self->bytes || unheard(self)) return GST_FLOW_OK;
    const GstFlowReturn flow = prepare(self);
    return flow == GST_FLOW_OK ? send_event(self, event) : flow;
}

/// The peer could not map memory of this host's devices. Null: nothing wrong.
const char* foreign_memory(GstCaps* caps) {
    for (unsigned i = 0; i < gst_caps_get_size(caps); i++) {
        const GstCapsFeatures* features = gst_caps_get_features(caps, i);
        for (unsigned j = 0; features && j < gst_caps_features_get_size(features); j++) {
            const char* feature = gst_caps_features_get_nth(features, j);
            if (g_str_has_prefix(feature, "memory:") &&
                g_strcmp0(feature, GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY))
                return feature;
        }
    }
    return nullptr;
}

gboolean set_caps(GstBaseSink* sink, GstCaps* caps) {
    const char* feature = foreign_memory(caps);
    if (!feature) return TRUE;
    Error error;
    error.reason = "memory-feature";
    error.text = std::string("caps with ") + feature +
                 " cannot be sent; put an element that downloads to system memory before sttsink";
    self_of(sink)->connection->fail(error);
    return FALSE;
}

void flush(SttSink* self) {
    if (const std::shared_ptr<Link> link = self->connection->link()) {
        const SendQueue::Account discarded = link->outbox().set_flushing(true);
        link->outbox().set_flushing(false);
        self->finished = self->finished && link->outbox().finished();
        GST_DEBUG_OBJECT(self, "flush discards %" G_GUINT64_FORMAT " buffers", discarded.buffers);
    }
    self->flushed = true;
    self->state_sent = false;
}

gboolean event(GstBaseSink* sink, GstEvent* event) {
    SttSink* self = self_of(sink);
    const GstEventType type = GST_EVENT_TYPE(event);
    const EventPtr kept(gst_event_ref(event));
    if (!GST_BASE_SINK_CLASS(stt_sink_parent_class)->event(sink, event)) return FALSE;
    if (type == GST_EVENT_FLUSH_STOP) flush(self);
    // GAP and EOS went out of wait_event.
    const unsigned kind = gst_event_type_get_flags(type);
    const bool carried = (kind & GST_EVENT_TYPE_SERIALIZED) && type != GST_EVENT_FLUSH_STOP &&
                         type != GST_EVENT_GAP && type != GST_EVENT_EOS;
    if (!carried || self->bytes || self->finished) return TRUE;
    if (unheard(self)) self->state_sent = false;
    if (!self->state_sent) {
        // What is sticky goes out with the rest of the state, before the next buffer.
        if ((kind & GST_EVENT_TYPE_STICKY) || unheard(self)) return TRUE;
        if (send_state(self) != GST_FLOW_OK) return FALSE;
    }
    const GstFlowReturn flow = send_event(self, kept.get());
    return flow == GST_FLOW_OK || flow == GST_FLOW_EOS;
}

gboolean query(GstBaseSink* sink, GstQuery* query) {
    if (GST_QUERY_TYPE(query) == GST_QUERY_URI) {
        const std::string uri = self_of(sink)->connection->uri();
        gst_query_set_uri(query, uri.empty() ? nullptr : uri.c_str());
        return TRUE;
    }
    return GST_BASE_SINK_CLASS(stt_sink_parent_class)->query(sink, query);
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
    SttSink* self = self_of(element);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
        self->bytes = self->connection->setting(&Settings::framing) == static_cast<uint32_t>(Framing::bytes);
        self->flushed = self->finished = self->segment_sent = false;
        self->state_sent = true;
        if (!self->connection->open()) return GST_STATE_CHANGE_FAILURE;
    }
    const GstStateChangeReturn changed =
        GST_ELEMENT_CLASS(stt_sink_parent_class)->change_state(element, transition);
    const bool stopped = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
    const bool not_started =
        transition == GST_STATE_CHANGE_READY_TO_PAUSED && changed == GST_STATE_CHANGE_FAILURE;
    if (stopped || not_started) self->connection->close();
    return changed;
}

/// I/O thread. Upstream elements may do anything in their event functions.
void push_upstream(SttSink* self, EventPtr event) {
    self->connection->announcer().run([self, kept = std::shared_ptr<GstEvent>(std::move(event))] {
        gst_pad_push_event(GST_BASE_SINK_PAD(self), gst_event_ref(kept.get()));
    });
}

void pass_upstream(SttSink* self, const InMessage& message) {
    Result<Decoded> decoded = decode(message);
    auto* event = decoded ? std::get_if<EventPtr>(&*decoded) : nullptr;
    if (!event || GST_EVENT_TYPE(event->get()) != GST_EVENT_CUSTOM_UPSTREAM) {
        GST_WARNING_OBJECT(self, "a message from the receiver was not a force-key-unit request");
        return;
    }
    push_upstream(self, std::move(*event));
}

void stt_sink_init(SttSink* self) {
    self->connection = new Connection(GST_ELEMENT(self), Side::sink);
    self->connection->set_hooks({
        .upstream_message = [self](InMessage message) { pass_upstream(self, message); },
        // What comes next may be of no use to it before a key unit.
        .stream_taken_up = [self] { push_upstream(self, make_force_key_unit(GST_CLOCK_TIME_NONE, true, 0)); },
        .stream_opened = nullptr,
    });
    gst_base_sink_set_processing_deadline(&self->parent, 0);
    // The receiver clips; and a copy of the last buffer is of no use here.
    gst_base_sink_set_drop_out_of_segment(&self->parent, FALSE);
    gst_base_sink_set_last_sample_enabled(&self->parent, FALSE);
}

void finalize(GObject* object) {
    delete self_of(object)->connection;
    G_OBJECT_CLASS(stt_sink_parent_class)->finalize(object);
}

void stt_sink_class_init(SttSinkClass* sink_class) {
    GST_DEBUG_CATEGORY_INIT(sttsink_debug, "sttsink", 0, "STT sink");
    auto* object_class = G_OBJECT_CLASS(sink_class);
    object_class->finalize = finalize;
    install_properties(object_class, Side::sink);

    auto* element_class = GST_ELEMENT_CLASS(sink_class);
    element_class->change_state = change_state;
    static GstStaticPadTemplate pad =
        GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
    gst_element_class_add_static_pad_template(element_class, &pad);
    gst_element_class_set_static_metadata(element_class, "STT sink", "Sink/Network",
                                          "Sends buffers and events of any kind over an encrypted session",
                                          "The STT for GStreamer authors");

    auto* base_class = GST_BASE_SINK_CLASS(sink_class);
    base_class->render = render;
    base_class->render_list = render_list;
    base_class->wait_event = wait_event;
    base_class->set_caps = set_caps;
    base_class->event = event;
    base_class->query = query;
    base_class->unlock = [](GstBaseSink* sink) -> gboolean {
        self_of(sink)->connection->interrupt(true);
        return TRUE;
    };
    base_class->unlock_stop = [](GstBaseSink* sink) -> gboolean {
        self_of(sink)->connection->interrupt(false);
        return TRUE;
    };
}

}  // namespace

GType sttsink_get_type() { return stt_sink_get_type(); }

}  // namespace stt
