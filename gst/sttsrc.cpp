// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element sttsrc delivers the peer's stream.

/**
 * SECTION:element-sttsrc
 * @title: sttsrc
 * @see_also: sttsink
 *
 * Delivers what a #sttsink sends, with its caps, timestamps, metadata and events. A live stream plays by an
 * estimate of the sender's clock; any other stream begins to play when it arrives. If the path breaks, the
 * stream pauses and nothing is lost.
 *
 * ## Example launch lines
 * |[
 * (umask 077; openssl rand -hex 32 > demo.seed)
 * export STT_SEED_FILE=demo.seed
 * gst-launch-1.0 sttsrc uri=stt://:7600 ! decodebin ! autovideosink &
 * gst-launch-1.0 -e videotestsrc is-live=true ! x264enc tune=zerolatency ! sttsink uri=stt://127.0.0.1:7600
 * ]| Waits for a sender and displays what it sends.
 * |[
 * gst-launch-1.0 -e sttsrc uri=stt://:7600 auto-reconnect=false ! filesink location=copy
 * ]| Receives a file that is sent with `framing=bytes`, and ends when all of it has arrived.
 * |[
 * gst-launch-1.0 playbin uri=stt://127.0.0.1:7600
 * ]| Calls a sender that listens. Players set only the URI, so the seed comes from the environment.
 *
 * Since: 0.1
 */
#include <gst/base/gstpushsrc.h>

#include <atomic>
#include <new>

#include "core/base/text.hpp"
#include "gst/bus.hpp"
#include "gst/connection.hpp"
#include "gst/delivery_loop.hpp"
#include "gst/element_class.hpp"
#include "gst/elements.hpp"
#include "gst/origin.hpp"
#include "gst/paused_reader.hpp"
#include "gst/receiver.hpp"
#include "gst/stats.hpp"
#include "gst/upstream_events.hpp"

GST_DEBUG_CATEGORY_STATIC(sttsrc_debug);
#define GST_CAT_DEFAULT sttsrc_debug

namespace stt {
namespace {

struct SttSrc {
    GstPushSrc parent;
    Connection* connection;
    Receiver* receiver;
    PausedReader* paused_reader;
    UpstreamEvents* upstream;
    DeliveryLoop* delivery;
    std::atomic<bool> pausing;  ///< the change from PLAYING to PAUSED is in progress; any thread
};
struct SttSrcClass {
    GstPushSrcClass parent;
};

using GstSttSrc = SttSrc;  // the name of the GType
using GstSttSrcClass = SttSrcClass;
G_DEFINE_TYPE_WITH_CODE(GstSttSrc, stt_src, GST_TYPE_PUSH_SRC,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, init_src_uri_handler))

SttSrc* self_of(gpointer object) { return static_cast<SttSrc*>(object); }

/// Restarts the task. The base class does so for a flush that is sent to the element, but not for one that
/// arrives through the pad.
void restart_task(SttSrc* self) {
    GstPad* pad = GST_BASE_SRC_PAD(self);
    GST_OBJECT_LOCK(pad);
    GstTask* task = GST_PAD_TASK(pad) ? GST_TASK(gst_object_ref(GST_PAD_TASK(pad))) : nullptr;
    GST_OBJECT_UNLOCK(pad);
    if (!task) return;
    gst_task_start(task);
    gst_object_unref(task);
}

/// Returns a function that sends upstream by way of `link`, which must outlive it.
UpstreamEvents::Send sending_over(Link& link) {
    return [&link](OutMessage message) { return link.send_upstream(std::move(message)); };
}

gboolean event(GstBaseSrc* source, GstEvent* event) {
    SttSrc* self = self_of(source);
    switch (GST_EVENT_TYPE(event)) {
        case GST_EVENT_QOS:
        case GST_EVENT_NAVIGATION:
        case GST_EVENT_CUSTOM_UPSTREAM:
        case GST_EVENT_CUSTOM_BOTH:
        case GST_EVENT_CUSTOM_BOTH_OOB: {
            const std::shared_ptr<Link> link = self->connection->link();
            const auto to_sender = [self](GstClockTime here) {
                return self->receiver->playout().sender_running_time_at(here);
            };
            return link && self->upstream->take(event, to_sender, sending_over(*link));
        }
        default:
            break;
    }
    const bool resumed = GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP;
    if (resumed) self->delivery->resume();
    const gboolean taken = GST_BASE_SRC_CLASS(stt_src_parent_class)->event(source, event);
    if (resumed) restart_task(self);
    return taken;
}

/// Handles events that the application sends to the element itself.
gboolean send_event(GstElement* element, GstEvent* event) {
    SttSrc* self = self_of(element);
    const GstEventType type = GST_EVENT_TYPE(event);
    const unsigned kind = gst_event_type_get_flags(type);
    if (type == GST_EVENT_SEEK) {  // the base class would flush downstream before it detects that the element
                                   // cannot seek
        gst_event_unref(event);
        return FALSE;
    }
    if (type == GST_EVENT_EOS && self->connection->link()) {
        // An application that waits for the first connect plays now.
        self->connection->cancel_progress(tr("The stream was ended before a connection was established"));
        self->delivery->request_eos(EventPtr(event));
        return TRUE;
    }
    if (type == GST_EVENT_FLUSH_STOP) self->delivery->resume();
    // Events that are ordered relative to the data would wait in the base class for a buffer of its own.
    const bool in_order = (kind & GST_EVENT_TYPE_DOWNSTREAM) && (kind & GST_EVENT_TYPE_SERIALIZED) &&
                          type != GST_EVENT_EOS && type != GST_EVENT_FLUSH_STOP &&
                          type != GST_EVENT_SEGMENT && type != GST_EVENT_STREAM_START;
    if (!in_order) return GST_ELEMENT_CLASS(stt_src_parent_class)->send_event(element, event);
    self->receiver->inject(EventPtr(event));
    if (const std::shared_ptr<Link> link = self->connection->link()) link->inbox().wake_reader();
    return TRUE;
}

gboolean query(GstBaseSrc* source, GstQuery* query) {
    SttSrc* self = self_of(source);
    switch (GST_QUERY_TYPE(query)) {
        case GST_QUERY_LATENCY: {
            // There is no maximum, as data that arrives before its time is kept in this element and then at
            // the sender.
            gst_query_set_latency(query, TRUE, self->receiver->latency(), GST_CLOCK_TIME_NONE);
            return TRUE;
        }
        case GST_QUERY_SCHEDULING:
            // BANDWIDTH_LIMITED is not set, as it would make players buffer data that is to be played as it
            // comes.
            gst_query_set_scheduling(query, GST_SCHEDULING_FLAG_SEQUENTIAL, 1, -1, 0);
            gst_query_add_scheduling_mode(query, GST_PAD_MODE_PUSH);
            return TRUE;
        case GST_QUERY_CUSTOM: {
            const std::optional<bool> live = self->receiver->playout().live();
            if (!is_live_query(query) || !live) break;
            answer_live_query(query, *live);
            return TRUE;
        }
        case GST_QUERY_URI: {
            const std::string uri = self->connection->setting(&Settings::uri);
            gst_query_set_uri(query, uri.empty() ? nullptr : uri.c_str());
            return TRUE;
        }
        default:
            break;
    }
    return GST_BASE_SRC_CLASS(stt_src_parent_class)->query(source, query);
}

/// Continues to read a live stream in a pause, so that it is current when the pipeline plays again.
void read_on(SttSrc* self) {
    const auto timestamps = static_cast<Timestamps>(self->connection->setting(&Settings::timestamps));
    if (timestamps == Timestamps::original) return;
    GST_DEBUG_OBJECT(self, "paused: a live stream is read on");
    self->paused_reader->start(self->connection->link(), self->receiver->playout().live());
}

void close(SttSrc* self) {
    if (const Gap gap = self->paused_reader->abandon(); gap.buffers > 0)
        self->connection->bus().announcer().post_now(gap_message(GST_ELEMENT(self), gap));
    self->connection->close();
    self->delivery->stop();
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
    SttSrc* self = self_of(element);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
        const auto timestamps = static_cast<Timestamps>(self->connection->setting(&Settings::timestamps));
        self->receiver->start(timestamps);
        self->upstream->start();
        self->delivery->start();
        if (!self->connection->open()) return GST_STATE_CHANGE_FAILURE;
    }
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) self->paused_reader->resume();
    self->pausing = transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
    const GstStateChangeReturn changed =
        GST_ELEMENT_CLASS(stt_src_parent_class)->change_state(element, transition);
    self->pausing = false;
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) read_on(self);
    const bool stopped = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
    const bool not_started =
        transition == GST_STATE_CHANGE_READY_TO_PAUSED && changed == GST_STATE_CHANGE_FAILURE;
    if (stopped || not_started) close(self);
    return changed;
}

GstClock* provide_clock(GstElement* element) {
    return self_of(element)->receiver->clock_provider().provide();
}

/// Informs the pipeline of a clock that is provided now or is no longer. A pipeline selects its clock only
/// when it begins to play.
void offer_clock(SttSrc* self) {
    const bool offered = self->connection->setting(&Settings::provide_clock);
    ClockProvider& provider = self->receiver->clock_provider();
    if (offered == provider.enabled()) return;
    if (offered) provider.set_enabled(true);
    GstClock* clock = provider.provide();
    if (offered) {
        GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_PROVIDE_CLOCK);
    } else {
        GST_OBJECT_FLAG_UNSET(self, GST_ELEMENT_FLAG_PROVIDE_CLOCK);
        provider.set_enabled(false);
    }
    gst_element_post_message(GST_ELEMENT(self),
                             offered ? gst_message_new_clock_provide(GST_OBJECT(self), clock, TRUE)
                                     : gst_message_new_clock_lost(GST_OBJECT(self), clock));
    gst_object_unref(clock);
}

void stt_src_init(SttSrc* self) {
    self->connection = new Connection(GST_ELEMENT(self), Side::src);
    self->receiver = new Receiver(GST_BASE_SRC(self), *self->connection);
    self->paused_reader = new PausedReader;
    self->upstream = new UpstreamEvents;
    self->delivery =
        new DeliveryLoop(GST_BASE_SRC(self), *self->connection, *self->receiver, *self->upstream);
    new (&self->pausing) std::atomic<bool>(false);
    self->connection->set_hooks({
        .upstream_message = nullptr,
        .key_unit_wanted = nullptr,
        .failed = nullptr,
        .waits_for_peer = nullptr,
        .stream_opened =
            [self](const StreamHeader* header) { self->receiver->opened(header ? header->instance : 0); },
        .add_stats =
            [self](GstStructure* stats) { set_lateness(stats, self->receiver->lateness().summary()); },
    });
    gst_base_src_set_live(GST_BASE_SRC(self), TRUE);
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}

void finalize(GObject* object) {
    SttSrc* self = self_of(object);
    close(self);
    delete self->delivery;
    delete self->connection;
    delete self->receiver;
    delete self->paused_reader;
    delete self->upstream;
    G_OBJECT_CLASS(stt_src_parent_class)->finalize(object);
}

void stt_src_class_init(SttSrcClass* src_class) {
    GST_DEBUG_CATEGORY_INIT(sttsrc_debug, "sttsrc", 0, "STT source");
    auto* object_class = G_OBJECT_CLASS(src_class);
    object_class->finalize = finalize;
    object_class->notify = [](GObject* object, GParamSpec* spec) {
        if (spec->name == std::string_view("provide-clock")) offer_clock(self_of(object));
    };
    install_properties(object_class, Side::src);

    auto* element_class = GST_ELEMENT_CLASS(src_class);
    element_class->change_state = change_state;
    element_class->send_event = send_event;
    element_class->provide_clock = provide_clock;
    static GstStaticPadTemplate pad =
        GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
    gst_element_class_add_static_pad_template(element_class, &pad);
    gst_element_class_set_static_metadata(element_class, "STT source", "Source/Network",
                                          "Delivers what a sttsink sends over an encrypted session",
                                          "The STT for GStreamer authors");

    auto* base_class = GST_BASE_SRC_CLASS(src_class);
    base_class->event = event;
    base_class->query = query;
    base_class->is_seekable = [](GstBaseSrc*) -> gboolean { return FALSE; };
    // Since GStreamer 1.24 the base class also calls this for a pause. That must not end create(), which may
    // be in a push at that time and would return only after the pause. The base class would then treat
    // FLUSHING as the end and stop the streaming thread.
    base_class->unlock = [](GstBaseSrc* source) -> gboolean {
        GST_DEBUG_OBJECT(source, "unlock: %s", self_of(source)->pausing ? "only a pause" : "returning");
        if (!self_of(source)->pausing) self_of(source)->delivery->interrupt();
        return TRUE;
    };
    // It never delivers a buffer to the base class.
    GST_PUSH_SRC_CLASS(src_class)->create = [](GstPushSrc* source, GstBuffer**) {
        return self_of(source)->delivery->run();
    };
}

}  // namespace

GType sttsrc_get_type() { return stt_src_get_type(); }

}  // namespace stt

GST_ELEMENT_REGISTER_DEFINE(sttsrc, "sttsrc", GST_RANK_PRIMARY, stt::sttsrc_get_type())
