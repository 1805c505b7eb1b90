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

#include <algorithm>
#include <atomic>
#include <new>
#include <utility>

#include "core/base/text.hpp"
#include "gst/bus.hpp"
#include "gst/coarse_clock.hpp"
#include "gst/connection.hpp"
#include "gst/elements.hpp"
#include "gst/origin.hpp"
#include "gst/paused_reader.hpp"
#include "gst/receiver.hpp"
#include "gst/upstream_events.hpp"

GST_DEBUG_CATEGORY_STATIC(sttsrc_debug);
#define GST_CAT_DEFAULT sttsrc_debug

namespace stt {
namespace {

/// The largest number of messages taken at once, so that a batch is pushed downstream before its first buffer
/// has aged.
constexpr size_t batch_max = 64;
/// How often the progress of a slow batch downstream is reported to the sender, ns.
constexpr int64_t tell_passed_every = 100'000'000;
/// How long events wait for a buffer whose time shows where the sender's time lies.
constexpr Duration hold_time = 100ms;

struct SttSrc {
    GstPushSrc parent;
    Connection* connection;
    Receiver* receiver;
    PausedReader* paused_reader;
    UpstreamEvents* upstream;
    // Used on the streaming thread.
    std::vector<InMessage>* messages;  ///< taken from the inbox; those before next_message are processed
    size_t next_message;
    bool ended;              ///< EOS was pushed downstream
    bool between_streams;    ///< a stream has ended, and the next one is awaited
    int64_t told_passed_at;  ///< coarse_now(), ns
    // Used on any thread.
    std::atomic<bool> pausing;             ///< the change from PLAYING to PAUSED is in progress
    std::atomic<bool> flushing;            ///< from interrupt() to resume()
    std::atomic<GstEvent*> requested_eos;  ///< from the application; owned, null: none
};
struct SttSrcClass {
    GstPushSrcClass parent;
};

using GstSttSrc = SttSrc;  // the name of the GType
using GstSttSrcClass = SttSrcClass;
G_DEFINE_TYPE_WITH_CODE(GstSttSrc, stt_src, GST_TYPE_PUSH_SRC,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_URI_HANDLER, init_src_uri_handler))

SttSrc* self_of(gpointer object) { return static_cast<SttSrc*>(object); }

Error receive_timeout(const Connection& connection) {
    return connection.timed_out(Reason::receive_timeout,
                                tr_noop("the peer sent nothing within the %s of %u ms"), "receive-timeout",
                                connection.setting(&Settings::receive_timeout));
}

/// Reports to the inbox how many of the taken messages were pushed downstream. A sink that plays in real time
/// takes long for all of them, and the sender must see that it makes progress.
void tell_passed(SttSrc* self, int64_t now) {
    const std::shared_ptr<Link> link = self->connection->link();
    const size_t passed = self->next_message - self->receiver->batched();
    if (link && passed > 0) link->inbox().passed((*self->messages)[passed - 1].end_offset);
    self->told_passed_at = now;
}

/// Pushes the events that the application has sent, and the messages taken from the inbox.
GstFlowReturn pass_on(SttSrc* self) {
    std::vector<InMessage>& messages = *self->messages;
    self->told_passed_at = coarse_now();
    if (const GstFlowReturn flow = self->receiver->take_injected(); flow != GST_FLOW_OK) return flow;
    while (self->next_message < messages.size()) {
        if (self->flushing) return GST_FLOW_FLUSHING;  // the pad may have lost its segment
        const Result<GstFlowReturn> flow = self->receiver->take(messages[self->next_message++]);
        if (!flow) {
            self->connection->fail(flow.error());
            return GST_FLOW_EOS;
        }
        if (flow.value() != GST_FLOW_OK) return flow.value();
        if (const int64_t now = coarse_now(); now - self->told_passed_at >= tell_passed_every)
            tell_passed(self, now);
    }
    return self->receiver->finish_batch();
}

/// Ends the stream, at its end or because the application wants no more of it. EOS is pushed here instead of
/// by the base class, so that the peer is informed of its delivery. Never returns OK.
GstFlowReturn end(SttSrc* self, EventPtr eos) {
    GST_DEBUG_OBJECT(self, "passing EOS on");
    // Applications exit on EOS, so messages announced before must be on the bus first.
    self->connection->announcer().wait_posted();
    const GstFlowReturn flow = self->receiver->end(std::move(eos));
    if (flow != GST_FLOW_OK) return flow;
    self->ended = true;
    return GST_FLOW_FLUSHING;
}

/// Makes create() return when it is not in a push, and on each call until resume().
void interrupt(SttSrc* self) {
    EventPtr(self->requested_eos.exchange(nullptr));  // discarded like everything that a flush meets
    self->flushing = true;
    self->connection->interrupt(true);
}

/// Ends a flush when create() has returned. This is not done in unlock_stop(): since GStreamer 1.24 the
/// streaming thread calls that after a pause, too, and it could undo what another thread has just requested.
void resume(SttSrc* self) {
    GstPad* pad = GST_BASE_SRC_PAD(self);
    GST_PAD_STREAM_LOCK(pad);
    self->connection->interrupt(false);
    self->flushing = false;
    self->receiver->flushed();
    GST_PAD_STREAM_UNLOCK(pad);
}

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

/// Makes the streaming thread push `eos` after the messages that it has taken from the inbox. The base class
/// would wait here for the streaming thread. In PAUSED a sink blocks that thread until this function returns
/// and the state changes.
void request_eos(SttSrc* self, EventPtr eos) {
    EventPtr(self->requested_eos.exchange(eos.release()));
    self->connection->interrupt(true);
}

/// Returns a function that sends upstream by way of `link`, which must outlive it.
UpstreamEvents::Send sending_over(Link& link) {
    return [&link](OutMessage message) { return link.send_upstream(std::move(message)); };
}

/// Takes messages and pushes them downstream until an event ends this; never returns OK. When it returns EOS,
/// any error of the link has been posted. For a worse result the base class would post another error.
GstFlowReturn create(GstPushSrc* source, GstBuffer**) {
    SttSrc* self = self_of(source);
    const std::shared_ptr<Link> link = self->connection->link();
    if (!link || self->ended) return GST_FLOW_FLUSHING;
    const Duration limit = std::chrono::milliseconds(self->connection->setting(&Settings::receive_timeout));
    const bool keep_listening = self->connection->setting(&Settings::keep_listening);
    SteadyTime quiet_until = std::chrono::steady_clock::now() + limit, hold_until = SteadyTime::max();
    for (;;) {
        if (const GstFlowReturn flow = pass_on(self); flow != GST_FLOW_OK) return flow;
        const bool holding = self->receiver->holds_events();
        self->next_message = 0;
        const SteadyTime now = std::chrono::steady_clock::now();
        if (!self->messages->empty()) quiet_until = now + limit;
        hold_until = holding ? std::min(hold_until, now + hold_time) : SteadyTime::max();
        const bool limited = limit > 0ms && !self->between_streams;
        const SteadyTime until = limited ? std::min(quiet_until, hold_until) : hold_until;
        // For the queue zero means no limit.
        const Duration left = until == SteadyTime::max() ? 0ns : std::max<Duration>(until - now, 1ns);
        switch (link->inbox().pop(*self->messages, batch_max, left)) {
            case QueueStatus::ok:
                GST_LOG_OBJECT(self, "%zu messages to pass on", self->messages->size());
                if (!self->messages->empty()) {
                    self->between_streams = false;
                    self->receiver->read_stream(link->inbox().stream());
                }
                self->upstream->send_due(sending_over(*link));
                break;
            case QueueStatus::flushing: {
                EventPtr eos(self->requested_eos.exchange(nullptr));
                return eos ? end(self, std::move(eos)) : GST_FLOW_FLUSHING;
            }
            case QueueStatus::eos: {
                if (keep_listening) {
                    self->receiver->read_stream(link->inbox().stream());  // the stream may have been empty
                    if (const GstFlowReturn flow = self->receiver->finish_stream(); flow != GST_FLOW_OK)
                        return flow;
                    self->upstream->start();  // a waiting QOS belongs to the stream that has ended
                    self->between_streams = true;
                    link->inbox().eos_passed();
                    break;
                }
                const GstFlowReturn flow = end(self, self->receiver->eos());
                if (self->ended) link->inbox().eos_passed();
                return flow;
            }
            case QueueStatus::failed:
                self->connection->wait_error();
                return GST_FLOW_EOS;
            case QueueStatus::timeout:
                if (until < hold_until) {
                    self->connection->fail(receive_timeout(*self->connection));
                    return GST_FLOW_EOS;
                }
                if (const GstFlowReturn flow = self->receiver->release_held(); flow != GST_FLOW_OK)
                    return flow;
        }
    }
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
    if (resumed) resume(self);
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
        request_eos(self, EventPtr(event));
        return TRUE;
    }
    if (type == GST_EVENT_FLUSH_STOP) resume(self);
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
            const std::string uri = self->connection->uri();
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
    self->paused_reader->start(self->connection->link(), self->receiver->playout().live());
}

void close(SttSrc* self) {
    if (const Gap gap = self->paused_reader->abandon(); gap.buffers > 0)
        self->connection->announcer().post_now(gap_message(GST_ELEMENT(self), gap));
    self->connection->close();
    self->messages->clear();
    self->receiver->stop();
}

GstStateChangeReturn change_state(GstElement* element, GstStateChange transition) {
    SttSrc* self = self_of(element);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
        const auto timestamps = static_cast<Timestamps>(self->connection->setting(&Settings::timestamps));
        self->receiver->start(timestamps);
        self->upstream->start();
        self->next_message = 0;
        self->ended = self->between_streams = self->flushing = false;
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
    self->messages = new std::vector<InMessage>;
    new (&self->pausing) std::atomic<bool>(false);
    new (&self->flushing) std::atomic<bool>(false);
    new (&self->requested_eos) std::atomic<GstEvent*>(nullptr);
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
    EventPtr(self->requested_eos.exchange(nullptr));
    delete self->connection;
    delete self->receiver;
    delete self->paused_reader;
    delete self->upstream;
    delete self->messages;
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
        if (!self_of(source)->pausing) interrupt(self_of(source));
        return TRUE;
    };
    GST_PUSH_SRC_CLASS(src_class)->create = create;
}

}  // namespace

GType sttsrc_get_type() { return stt_src_get_type(); }

}  // namespace stt

GST_ELEMENT_REGISTER_DEFINE(sttsrc, "sttsrc", GST_RANK_PRIMARY, stt::sttsrc_get_type())
