// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element sttsink sends one stream to the peer.

/**
 * SECTION:element-sttsink
 * @title: sttsink
 * @see_also: sttsrc
 *
 * Sends the buffers, caps and events that it receives to a #sttsrc in another process or on another host, in
 * order, complete and encrypted. No muxer, payloader or caps filter is needed. Both ends must have the same
 * seed. Either end can be the listener (`stt://:PORT`), and the other one is the caller (`stt://HOST:PORT`).
 *
 * ## Example launch lines
 * |[
 * (umask 077; openssl rand -hex 32 > demo.seed)
 * export STT_SEED_FILE=demo.seed
 * gst-launch-1.0 sttsrc uri=stt://:7600 ! decodebin ! autovideosink &
 * gst-launch-1.0 -e videotestsrc is-live=true ! x264enc tune=zerolatency ! sttsink uri=stt://127.0.0.1:7600
 * ]| Sends a test picture to another process, which displays it. With `-e`, Ctrl-C ends the stream cleanly.
 * |[
 * gst-launch-1.0 filesrc location=original ! sttsink uri=stt://127.0.0.1:7600 framing=bytes
 * ]| Sends a file as plain bytes. With `filesink` the far end writes a copy.
 *
 * Since: 0.1
 */
#include <gst/base/gstbasesink.h>
#include <gst/video/video.h>

#include "core/base/text.hpp"
#include "gst/connection.hpp"
#include "gst/delayed_call.hpp"
#include "gst/element_class.hpp"
#include "gst/elements.hpp"
#include "gst/gap_sum.hpp"
#include "gst/key_unit_requests.hpp"
#include "gst/preroll.hpp"
#include "gst/receiver_report.hpp"
#include "gst/sink_caps.hpp"
#include "gst/transmitter.hpp"
#include "gst/upstream_backlog.hpp"
#include "gst/upstream_events.hpp"

GST_DEBUG_CATEGORY_STATIC(sttsink_debug);
#define GST_CAT_DEFAULT sttsink_debug

namespace stt {
namespace {

struct SttSink {
    GstBaseSink parent;
    Connection* connection;
    Transmitter* transmitter;
    UpstreamLimits* upstream_limits;  ///< I/O thread
    UpstreamBacklog* upstream;        ///< the peer's events, except requests for a key unit
    KeyUnitRequests* key_units;       ///< the peer's, and those of the connection
    GstPadEventFunction base_event;   ///< of the pad, as set by the base class
    GapSum* discarded;                ///< gaps that the receiver has discarded
    PrerollExit* preroll_exit;
};
struct SttSinkClass {
    GstBaseSinkClass parent;
};

using GstSttSink = SttSink;  // the name of the GType
using GstSttSinkClass = SttSinkClass;
G_DEFINE_TYPE_WITH_CODE(GstSttSink, stt_sink, GST_TYPE_BASE_SINK,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, init_sink_uri_handler))

SttSink* self_of(gpointer object) { return static_cast<SttSink*>(object); }

/// Answers ACCEPT_CAPS itself, as the base class would call get_caps() without a filter. A CAPS event also
/// leads to this query before it is passed to the sink. If it were refused then, the upstream element would
/// post an ERROR of its own.
bool accepts(GstBaseSink* sink, GstQuery* query) {
    GstCaps* caps = nullptr;
    gst_query_parse_accept_caps(query, &caps);
    return !foreign_memory(caps) || are_under_way(GST_BASE_SINK_PAD(sink), caps);
}

gboolean set_caps(GstBaseSink* sink, GstCaps* caps) {
    self_of(sink)->transmitter->set_caps(caps);
    if (const char* feature = foreign_memory(caps)) {
        self_of(sink)->connection->fail(make_error(
            ErrorCode::none, Reason::memory_feature, ErrorOrigin::local,
            tr("caps with %s cannot be sent; put an element that downloads to system memory before sttsink",
               feature)));
    }
    return TRUE;  // everything that follows is refused as after EOS
}

/// Handles GAP and EOS when their time has come.
GstFlowReturn wait_event(GstBaseSink* sink, GstEvent* event) {
    self_of(sink)->preroll_exit->on_preroll();  // the base class calls it for buffers only
    const GstFlowReturn waited = GST_BASE_SINK_CLASS(stt_sink_parent_class)->wait_event(sink, event);
    if (waited != GST_FLOW_OK) return waited;
    Transmitter& transmitter = *self_of(sink)->transmitter;
    switch (GST_EVENT_TYPE(event)) {
        case GST_EVENT_EOS:
            return transmitter.take_eos();
        case GST_EVENT_GAP:
            return transmitter.take_gap(event);
        default:
            return GST_FLOW_OK;
    }
}

gboolean event(GstBaseSink* sink, GstEvent* event) {
    Transmitter& transmitter = *self_of(sink)->transmitter;
    const GstEventType type = GST_EVENT_TYPE(event);
    const EventPtr kept(gst_event_ref(event));
    if (!GST_BASE_SINK_CLASS(stt_sink_parent_class)->event(sink, event)) return FALSE;
    if (type == GST_EVENT_FLUSH_STOP) {
        transmitter.flush();
        return TRUE;
    }
    if (type == GST_EVENT_STREAM_START || type == GST_EVENT_SEGMENT) transmitter.pipeline_changed();
    if (type == GST_EVENT_INSTANT_RATE_CHANGE || type == GST_EVENT_CUSTOM_DOWNSTREAM_OOB ||
        type == GST_EVENT_CUSTOM_BOTH_OOB)
        return transmitter.take_out_of_band(kept.get());
    // GAP and EOS were handled in wait_event.
    const bool carried = (gst_event_type_get_flags(type) & GST_EVENT_TYPE_SERIALIZED) &&
                         type != GST_EVENT_GAP && type != GST_EVENT_EOS;
    return !carried || transmitter.take_event(kept.get());
}

/// A STREAM_START after EOS begins another stream. The base class would accept nothing more before a flush.
gboolean pad_event(GstPad* pad, GstObject* parent, GstEvent* event) {
    const GstPadEventFunction base_event = self_of(parent)->base_event;
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START && self_of(parent)->parent.eos) {
        base_event(pad, parent, gst_event_new_flush_start());
        base_event(pad, parent, gst_event_new_flush_stop(FALSE));
    }
    return base_event(pad, parent, event);
}

/// Makes an application that waits for the first connect before it plays, such as gst-launch-1.0, play now.
void expect_eos(SttSink* self) {
    self->transmitter->expect_eos();
    self->connection->cancel_progress(tr("The stream ends; connecting continues for at most %u ms",
                                         unsigned{self->connection->setting(&Settings::drain_timeout)}));
    if (GST_STATE(self) != GST_STATE_PLAYING) self->preroll_exit->open();
}

/// Handles events that the application sends to the pipeline. A bin passes downstream events, such as the EOS
/// that ends everything, only to elements that are flagged as sources. Therefore this element has that flag.
gboolean send_event(GstElement* element, GstEvent* event) {
    const bool latency = GST_EVENT_TYPE(event) == GST_EVENT_LATENCY;
    if (!(gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_DOWNSTREAM)) {
        const gboolean taken = GST_ELEMENT_CLASS(stt_sink_parent_class)->send_event(element, event);
        if (latency) self_of(element)->transmitter->pipeline_changed();
        return taken;
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) expect_eos(self_of(element));
    gst_event_unref(event);
    return FALSE;  // it arrives through the pad
}

gboolean query(GstBaseSink* sink, GstQuery* query) {
    switch (GST_QUERY_TYPE(query)) {
        case GST_QUERY_URI: {
            const std::string uri = self_of(sink)->connection->setting(&Settings::uri);
            gst_query_set_uri(query, uri.empty() ? nullptr : uri.c_str());
            return TRUE;
        }
        case GST_QUERY_ACCEPT_CAPS:
            gst_query_set_accept_caps_result(query, accepts(sink, query));
            return TRUE;
        default:
            return GST_BASE_SINK_CLASS(stt_sink_parent_class)->query(sink, query);
    }
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
    SttSink* self = self_of(element);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
        self->transmitter->start();
        self->preroll_exit->start();
        if (!self->connection->open()) return GST_STATE_CHANGE_FAILURE;
    }
    // This precedes the first buffer that the base class lets through.
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
        self->transmitter->pipeline_changed();
        self->preroll_exit->close(*self->connection);
    }
    const GstStateChangeReturn changed =
        GST_ELEMENT_CLASS(stt_sink_parent_class)->change_state(element, transition);
    const bool stopped = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
    const bool not_started =
        transition == GST_STATE_CHANGE_READY_TO_PAUSED && changed == GST_STATE_CHANGE_FAILURE;
    if (stopped || not_started) {
        self->connection->close();
        self->upstream->take();
        self->key_units->clear();
        if (const auto gap = self->discarded->take())
            self->connection->bus().announcer().post_now(gap_message(element, *gap));
    }
    return changed;
}

/// Passes on what waits. The event functions of upstream elements may do anything, so this runs on the
/// announcer's thread.
void push_upstream(SttSink* self) {
    GstPad* pad = GST_BASE_SINK_PAD(self);
    for (EventPtr& event : self->upstream->take()) gst_pad_push_event(pad, event.release());
}

/// Called on the I/O thread.
void queue_upstream(SttSink* self, EventPtr event) {
    switch (self->upstream->add(std::move(event))) {
        case UpstreamBacklog::Added::first:
            self->connection->bus().announcer().run([self] { push_upstream(self); });
            break;
        case UpstreamBacklog::Added::another:
            break;
        case UpstreamBacklog::Added::refused:
            GST_WARNING_OBJECT(self, "an upstream event of the receiver is dropped, as too many wait");
    }
}

/// Callable from any thread.
void request_key_unit(SttSink* self, EventPtr request) {
    const std::optional<Duration> delay = self->key_units->add(std::move(request), RateLimit::Clock::now());
    if (!delay) return;
    const auto push = [self] {
        self->connection->bus().announcer().run([self] {
            if (EventPtr event = self->key_units->take(RateLimit::Clock::now()))
                gst_pad_push_event(GST_BASE_SINK_PAD(self), event.release());
        });
    };
    if (*delay > Duration::zero())
        call_later(GST_ELEMENT(self), *delay, push);
    else
        push();
}

/// Passes on an event of the receiver. Called on the I/O thread, which must not spend its time on what a peer
/// sends for no purpose: no other kind of message is parsed.
void pass_event(SttSink* self, const InMessage& message) {
    EventPtr event = decode_upstream(message);
    if (!event)
        GST_WARNING_OBJECT(self, "the receiver sent a malformed upstream event");
    else if (message.kind == static_cast<uint8_t>(MessageKind::force_key_unit))
        request_key_unit(self, std::move(event));
    else
        queue_upstream(self, std::move(event));
}

void pass_discarded(SttSink* self, const Gap& gap) {
    if (!self->discarded->add(gap)) return;
    self->connection->bus().announcer().run([self] {
        if (const auto sum = self->discarded->take()) self->connection->bus().gap_now(*sum);
    });
}

void pass_upstream(SttSink* self, const InMessage& message) {
    const auto kind = static_cast<MessageKind>(message.kind);
    // Gaps are added up, whatever their number, so that none is lost.
    if (kind != MessageKind::discarded && !self->upstream_limits->take(kind, RateLimit::Clock::now())) return;
    switch (kind) {
        case MessageKind::discarded:
            if (const auto gap = decode_discarded(message)) pass_discarded(self, *gap);
            break;
        case MessageKind::playout:
            if (const auto latency = decode_playout(message)) self->transmitter->set_playout(*latency);
            break;
        case MessageKind::reads_serialized:
            if (const auto reads = decode_reads_serialized(message))
                self->connection->peer().set_reads_serialized(*reads);
            break;
        case MessageKind::force_key_unit:
        case MessageKind::qos:
        case MessageKind::upstream:
            pass_event(self, message);
            break;
        default:
            GST_WARNING_OBJECT(self, "a message of kind %u does not belong to the upstream direction",
                               unsigned{message.kind});
    }
}

void stt_sink_init(SttSink* self) {
    self->connection = new Connection(GST_ELEMENT(self), Side::sink);
    self->connection->set_hooks({
        .upstream_message = [self](InMessage message) { pass_upstream(self, message); },
        // The data that follows may be of no use to the peer before a key unit.
        .key_unit_wanted =
            [self] {
                request_key_unit(self, EventPtr(gst_video_event_new_upstream_force_key_unit(
                                           GST_CLOCK_TIME_NONE, TRUE, 0)));
            },
        .failed =
            [self] {
                // What the streaming thread waits for in PAUSED will not come. It is let go on a
                // thread that holds no lock.
                gst_element_call_async(
                    GST_ELEMENT(self),
                    [](GstElement* element, gpointer) {
                        if (self_of(element)->connection->peer().failed())
                            self_of(element)->preroll_exit->open();
                    },
                    nullptr, nullptr);
            },
        .waits_for_peer = [self] { return self->transmitter->will_wait_for_peer(); },
        .stream_opened = nullptr,
        .add_stats = nullptr,
    });
    self->upstream_limits = new UpstreamLimits(upstream_receive_limits);
    self->upstream = new UpstreamBacklog;
    self->key_units = new KeyUnitRequests;
    self->transmitter = new Transmitter(&self->parent, *self->connection);
    GstPad* pad = GST_BASE_SINK_PAD(self);
    self->base_event = GST_PAD_EVENTFUNC(pad);
    gst_pad_set_event_function(pad, pad_event);
    self->discarded = new GapSum;
    self->preroll_exit = new PrerollExit(&self->parent);
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
    gst_base_sink_set_processing_deadline(&self->parent, 0);
    // The receiver does the clipping, and a copy of the last buffer is of no use in this element.
    gst_base_sink_set_drop_out_of_segment(&self->parent, FALSE);
    gst_base_sink_set_last_sample_enabled(&self->parent, FALSE);
}

void finalize(GObject* object) {
    delete self_of(object)->connection;
    delete self_of(object)->transmitter;
    delete self_of(object)->discarded;
    delete self_of(object)->preroll_exit;
    delete self_of(object)->upstream_limits;
    delete self_of(object)->upstream;
    delete self_of(object)->key_units;
    G_OBJECT_CLASS(stt_sink_parent_class)->finalize(object);
}

void stt_sink_class_init(SttSinkClass* sink_class) {
    GST_DEBUG_CATEGORY_INIT(sttsink_debug, "sttsink", 0, "STT sink");
    auto* object_class = G_OBJECT_CLASS(sink_class);
    object_class->finalize = finalize;
    install_properties(object_class, Side::sink);

    auto* element_class = GST_ELEMENT_CLASS(sink_class);
    element_class->change_state = change_state;
    element_class->send_event = send_event;
    static GstStaticPadTemplate pad =
        GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
    gst_element_class_add_static_pad_template(element_class, &pad);
    gst_element_class_set_static_metadata(element_class, "STT sink", "Sink/Network",
                                          "Sends buffers and events of any kind over an encrypted session",
                                          "The STT for GStreamer authors");

    auto* base_class = GST_BASE_SINK_CLASS(sink_class);
    base_class->render = [](GstBaseSink* sink, GstBuffer* buffer) {
        return self_of(sink)->transmitter->take(buffer);
    };
    base_class->render_list = [](GstBaseSink* sink, GstBufferList* list) {
        return self_of(sink)->transmitter->take(list);
    };
    base_class->preroll = [](GstBaseSink* sink, GstBuffer*) {
        self_of(sink)->preroll_exit->on_preroll();
        return GST_FLOW_OK;
    };
    base_class->wait_event = wait_event;
    base_class->get_caps = [](GstBaseSink*, GstCaps* filter) { return sendable_caps(filter); };
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

GST_ELEMENT_REGISTER_DEFINE(sttsink, "sttsink", GST_RANK_PRIMARY, stt::sttsink_get_type())
