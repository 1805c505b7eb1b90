// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/transmitter.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "gst/bus.hpp"
#include "gst/coarse_clock.hpp"
#include "gst/debug.hpp"
#include "gst/event_text.hpp"
#include "gst/meta/serialized.hpp"
#include "gst/stream_headers.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

Error send_timeout(const Connection& connection) {
    return connection.timed_out(Reason::send_timeout, tr_noop("the peer took nothing within the %s of %u ms"),
                                "send-timeout", connection.setting(&Settings::send_timeout));
}

/// Returns the error of a stored stream for which no receiver is there or awaited.
Error dropping() {
    return make_error(ErrorCode::buffer_overflow, Reason::no_receiver, ErrorOrigin::local,
                      tr("no receiver is connected, and wait-for-connection is false: data is dropped until "
                         "one connects"));
}

/// Returns what the peer's pipeline has not got. It is reported once only. `ended` is false while the link
/// still sends what is queued: then none of it is certain to be missing.
std::vector<Gap> undelivered(Link& link, bool ended = true) {
    SendQueue::GivenUp lost = link.outbox().give_up_all();
    if (!ended) lost.uncertain += std::exchange(lost.certain, {});
    std::vector<Gap> gaps;
    for (const bool uncertain : {true, false}) {
        const SendQueue::Account& part = uncertain ? lost.uncertain : lost.certain;
        if (part.buffers > 0) gaps.push_back({part.buffers, part.bytes, part.duration_ns, uncertain});
    }
    return gaps;
}

/// How long a new receiver waits for the key unit that was requested, µs. Streams that cannot produce one on
/// demand have one every ten seconds at the latest, or none at all.
constexpr gint64 key_unit_patience = 10 * G_USEC_PER_SEC;

/// Returns a key under which a pad keeps one event. Events of one type with different names are kept side by
/// side. Types are numbered in the order in which a pad accepts them.
uint64_t state_key(GstEvent* event) {
    const GstStructure* structure = gst_event_get_structure(event);
    return uint64_t{GST_EVENT_TYPE(event)} << 32 |
           (structure ? g_str_hash(gst_structure_get_name(structure)) : 0);
}

uint64_t known_duration(GstBuffer* buffer) {
    const GstClockTime duration = GST_BUFFER_DURATION(buffer);
    return GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0;
}

}  // namespace

void Transmitter::start() {
    run_ = {};
    run_.bytes = connection_.setting(&Settings::framing) == static_cast<uint32_t>(Framing::bytes);
    pipeline_changed_ = true;
    playout_ = 200 * GST_MSECOND;
    metas_.start();
}

void Transmitter::set_caps(const GstCaps* caps) {
    metas_.set_caps(caps);
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return;
    // They are for a receiver that takes over the stream from a peer that has had its beginning.
    std::vector<OutMessage> headers;
    for (const BufferPtr& header : stream_headers(caps)) {
        Result<OutMessage> message = run_.bytes ? encode_bytes(header.get()) : encode_buffer(header.get());
        if (message) headers.push_back(std::move(*message));
    }
    link->outbox().keep_headers(std::move(headers));
}

void Transmitter::expect_eos() {
    connection_.limit_waits(std::chrono::steady_clock::now() +
                            std::chrono::milliseconds(connection_.setting(&Settings::drain_timeout)));
}

void Transmitter::set_playout(GstClockTime latency) {
    // On no path is a smaller value a real backlog, and no receiver plays later than its memory allows.
    const GstClockTime playout = std::clamp<GstClockTime>(latency, 100 * GST_MSECOND, 60 * GST_SECOND);
    if (playout_.exchange(playout) != playout) pipeline_changed();
}

/// Blocks until the pipeline plays. GstBaseSink renders buffers outside of its segment, such as the first
/// ones of a stream with B-frames, without preroll. The pipeline then has no base time yet, and would never
/// get one if this element did not preroll.
GstFlowReturn Transmitter::wait_playing(GstMiniObject* object) {
    const GstFlowReturn flow = gst_base_sink_do_preroll(element_, object);
    if (flow == GST_FLOW_OK) look_if_changed();
    return flow;
}

void Transmitter::look_if_changed() {
    if (pipeline_changed_.exchange(false)) look_upstream();
}

/// Queries the elements upstream. Live data must not be held back: a full queue upstream would drop data
/// before it arrives here, and no one would report the loss.
void Transmitter::look_upstream() {
    run_.timing_looked = 0;
    run_.origin = find_origin(element_, static_cast<Choice>(connection_.setting(&Settings::live)));
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return;
    GiveUpPolicy policy;
    if (!run_.bytes) {
        const auto when_full = static_cast<WhenFull>(connection_.setting(&Settings::when_full));
        policy.when_full =
            when_full == WhenFull::drop || (when_full == WhenFull::automatic && run_.origin.live);
        policy.max_age = std::chrono::milliseconds(connection_.setting(&Settings::max_age));
        if (policy.when_full && run_.origin.live) policy.backlog_patience = 10s;
        policy.backlog_allowance = std::chrono::nanoseconds(playout_.load());
    }
    link->outbox().set_policy(policy);
    link->outbox().set_live(run_.origin.live && (policy.when_full || policy.max_age > Duration::zero()));
}

/// Passes a message to the link by `push(outbox, timeout)`, and waits while there is no space. EOS means that
/// an ERROR has been posted; upstream elements then stop without posting one of their own.
template <class Push>
GstFlowReturn Transmitter::hand_over(Push push) {
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return GST_FLOW_FLUSHING;
    const Duration timeout = std::chrono::milliseconds(connection_.setting(&Settings::send_timeout));
    for (;;) {
        switch (push(link->outbox(), timeout)) {
            case QueueStatus::ok:
                return GST_FLOW_OK;
            case QueueStatus::flushing: {
                // The element was paused, flushed or stopped. The link has not taken the message.
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(element_);
                if (resumed != GST_FLOW_OK) return resumed;
                continue;
            }
            case QueueStatus::timeout:
                if (connection_.waits_expired()) return cut_off();
                connection_.fail(send_timeout(connection_));
                return GST_FLOW_EOS;
            case QueueStatus::eos:
            case QueueStatus::failed:
                connection_.wait_error();
                return GST_FLOW_EOS;
        }
    }
}

GstFlowReturn Transmitter::cut_off() {
    GST_DEBUG_OBJECT(element_,
                     "EOS is expected, and the peer takes nothing: discarding what comes before it");
    run_.cut_off = true;
    return GST_FLOW_OK;
}

GstFlowReturn Transmitter::push_data(OutMessage message, GstBuffer* buffer) {
    const uint64_t duration = known_duration(buffer);
    const Unit unit = unit_of(buffer);
    const GstFlowReturn flow = hand_over([&](SendQueue& outbox, Duration timeout) {
        return outbox.push(std::move(message), unit, duration, timeout);
    });
    if (run_.cut_off) discard(buffer);
    return flow;
}

GstFlowReturn Transmitter::push_passing(OutMessage message) {
    return hand_over([&](SendQueue& outbox, Duration timeout) {
        return outbox.push(std::move(message), Unit::event, 0, timeout);
    });
}

GstFlowReturn Transmitter::push_state(OutMessage message, uint64_t key) {
    return hand_over([&](SendQueue& outbox, Duration timeout) {
        return outbox.push_state(std::move(message), key, timeout);
    });
}

/// Parsers also mark key units as headers if they hold parameter sets. Pure headers have no time.
Unit Transmitter::unit_of(GstBuffer* buffer) const {
    if (run_.bytes) return Unit::key;
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_HEADER) && !GST_BUFFER_PTS_IS_VALID(buffer))
        return Unit::header;
    return GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) ? Unit::delta : Unit::key;
}

/// Ends the tags with their stream, as pads do.
GstFlowReturn Transmitter::end_tags(GstEvent* stream_start) {
    const char* id = nullptr;
    gst_event_parse_stream_start(stream_start, &id);
    if (std::exchange(run_.stream_id, id) == id) return GST_FLOW_OK;
    GstFlowReturn flow = GST_FLOW_OK;
    for (const uint64_t key : std::exchange(run_.tags, {})) {
        if (flow == GST_FLOW_OK) flow = push_state(encode_ended(), key);
    }
    return flow;
}

/// Whether data waits for a peer that was never there or that cannot resume the stream.
bool Transmitter::waits_for_peer() const {
    switch (static_cast<Choice>(connection_.setting(&Settings::wait_for_connection))) {
        case Choice::no:
            return false;
        case Choice::yes:
            return true;
        case Choice::automatic:
            return !run_.origin.live;
    }
    return true;
}

bool Transmitter::will_wait_for_peer() const {
    const auto wait = static_cast<Choice>(connection_.setting(&Settings::wait_for_connection));
    if (wait != Choice::automatic) return wait == Choice::yes;
    return !find_origin(element_, static_cast<Choice>(connection_.setting(&Settings::live))).live;
}

/// Whether there is no peer to send to and the element does not wait for one. An element that has failed
/// accepts nothing.
bool Transmitter::unheard() const {
    return !connection_.ready() && !connection_.failed() && !waits_for_peer();
}

/// Whether the clocks must be read. This avoids reading them for each of a million small buffers per second.
bool Transmitter::timing_due() {
    const int64_t now = coarse_now();
    if (run_.timing && now - run_.timing_looked < PipelineClock::jump_interval) return false;
    run_.timing_looked = now;
    return true;
}

/// Sends what the receiver must know about the times that follow, if it has changed.
GstFlowReturn Transmitter::send_timing() {
    if (run_.bytes || !timing_due()) return GST_FLOW_OK;
    GstElement* element = GST_ELEMENT(element_);
    if (GstClock* clock = gst_element_get_clock(element)) {
        run_.clock.observe(clock);
        gst_object_unref(clock);
    }
    const Timing timing{run_.clock.epoch(), run_.origin.live, gst_element_get_base_time(element),
                        run_.origin.latency, run_.clock.line()};
    if (run_.timing == timing) return GST_FLOW_OK;
    // It precedes the states whose keys are those of events.
    constexpr uint64_t first = 0;
    const GstFlowReturn flow = push_state(encode_timing(timing), first);
    if (flow == GST_FLOW_OK) run_.timing = timing;
    return flow;
}

GstFlowReturn Transmitter::send(GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
        const GstSegment* segment = nullptr;
        gst_event_parse_segment(event, &segment);
        return push_state(encode_segment(*segment, gst_event_get_seqnum(event)), state_key(event));
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START) {
        if (const GstFlowReturn flow = end_tags(event); flow != GST_FLOW_OK) return flow;
    }
    Result<std::optional<OutMessage>> message = encode_event(event);
    if (message && !*message) return GST_FLOW_OK;
    if (message) {
        const bool sticky = gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY;
        if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) run_.tags.insert(state_key(event));
        return sticky ? push_state(std::move(**message), state_key(event))
                      : push_passing(std::move(**message));
    }
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        connection_.fail(message.error());
        return GST_FLOW_EOS;
    }
    // Metadata that cannot be sent must not stop the media.
    GST_WARNING_OBJECT(element_, "%s event not sent: %s", GST_EVENT_TYPE_NAME(event),
                       message.error().text.c_str());
    return GST_FLOW_OK;
}

/// Sends what a receiver needs before anything else: the pad's caps, segment, tags and the like.
GstFlowReturn Transmitter::send_state() {
    if (std::exchange(run_.state_sent, true)) return GST_FLOW_OK;
    const bool headers_due = std::exchange(run_.headers_due, false);
    if (run_.bytes) return headers_due ? send_headers() : GST_FLOW_OK;
    run_.timing.reset();
    GstFlowReturn flow = send_timing();
    if (flow == GST_FLOW_OK && std::exchange(run_.flushed, false)) flow = push_passing(encode_flush());
    std::vector<EventPtr> events;
    const auto collect = [](GstPad*, GstEvent** event, gpointer list) -> gboolean {
        static_cast<std::vector<EventPtr>*>(list)->emplace_back(gst_event_ref(*event));
        return TRUE;
    };
    gst_pad_sticky_events_foreach(GST_BASE_SINK_PAD(element_), collect, &events);
    for (const EventPtr& event : events) {
        if (flow == GST_FLOW_OK) flow = send(event.get());
    }
    return flow == GST_FLOW_OK && headers_due ? send_headers() : flow;
}

/// Sends the headers of a stream whose beginning no receiver has got.
GstFlowReturn Transmitter::send_headers() {
    GstFlowReturn flow = GST_FLOW_OK;
    GstCaps* caps = gst_pad_get_current_caps(GST_BASE_SINK_PAD(element_));
    for (const BufferPtr& header : stream_headers(caps)) {
        if (flow == GST_FLOW_OK) flow = send(header.get());
    }
    gst_clear_caps(&caps);
    return flow;
}

/// A listener waits for its caller. The data of a caller waits in its queue.
GstFlowReturn Transmitter::wait_for_peer() {
    for (;;) {
        switch (connection_.wait_ready()) {
            case Waited::ready:
                return GST_FLOW_OK;
            case Waited::expired:
                return cut_off();
            case Waited::failed:
                connection_.wait_error();
                return GST_FLOW_EOS;
            case Waited::interrupted: {
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(element_);
                if (resumed != GST_FLOW_OK) return resumed;
            }
        }
    }
}

/// Waits until it is known whether the receiver reads metas as GStreamer serialises them, which it reports as
/// soon as it has the stream. If there is no receiver and none is awaited, the answer is no.
GstFlowReturn Transmitter::learn_forms() {
    std::optional<bool> reads;
    while (!(reads = connection_.peer_reads_serialized())) {
        if (!connection_.ready()) {
            if (!waits_for_peer()) break;
            const GstFlowReturn waited = wait_for_peer();
            if (waited != GST_FLOW_OK || run_.cut_off) return waited;
        }
        const Waited waited = connection_.wait_peer_reads_serialized();
        if (waited == Waited::failed) {
            connection_.wait_error();
            return GST_FLOW_EOS;
        }
        if (waited == Waited::interrupted) {
            const GstFlowReturn resumed = gst_base_sink_wait_preroll(element_);
            if (resumed != GST_FLOW_OK) return resumed;
        }
    }
    metas_.set_peer_reads_serialized(reads.value_or(false));
    return GST_FLOW_OK;
}

/// Begins another stream, which is what follows EOS after a flush or a STREAM_START.
void Transmitter::begin_next() {
    GST_DEBUG_OBJECT(element_, "another stream begins");
    connection_.begin_stream();
    run_.finished = run_.flushed = run_.state_sent = false;
    // The link discards the state of the previous stream.
    run_.stream_id.clear();
    run_.tags.clear();
}

/// Waits until the peer has what a flush has left of the previous stream.
GstFlowReturn Transmitter::wait_next() {
    const GstFlowReturn flow =
        hand_over([](SendQueue& outbox, Duration timeout) { return outbox.wait_delivered(timeout); });
    if (flow == GST_FLOW_OK && !run_.cut_off) begin_next();
    return flow;
}

/// Ensures everything that must precede the next buffer.
GstFlowReturn Transmitter::prepare() {
    if (connection_.failed()) {
        connection_.wait_error();
        return GST_FLOW_EOS;
    }
    if (run_.finished) {
        const GstFlowReturn next = wait_next();
        if (next != GST_FLOW_OK || run_.cut_off) return next;
    }
    if (!connection_.is_caller() && !connection_.ready() && waits_for_peer()) {
        const GstFlowReturn waited = wait_for_peer();
        if (waited != GST_FLOW_OK || run_.cut_off) return waited;
    }
    const GstFlowReturn flow = send_state();
    return flow == GST_FLOW_OK && !run_.cut_off ? send_timing() : flow;
}

GstFlowReturn Transmitter::send(GstBuffer* buffer) {
    if (run_.cut_off) {
        discard(buffer);
        return GST_FLOW_OK;
    }
    if (waits_for_key_unit(buffer)) return GST_FLOW_OK;
    GST_LOG_OBJECT(element_, "%" GST_PTR_FORMAT, static_cast<void*>(buffer));
    if (run_.bytes && gst_buffer_get_size(buffer) == 0) return GST_FLOW_OK;
    if (!run_.bytes && has_serializable_meta(buffer)) {
        const GstFlowReturn learnt = learn_forms();
        if (learnt != GST_FLOW_OK) return learnt;
        if (run_.cut_off) return send(buffer);  // discards the buffer
    }
    const Payload payload = pools_.is_limited(buffer) ? Payload::copied : Payload::referenced;
    Result<OutMessage> message =
        run_.bytes ? encode_bytes(buffer, payload) : encode_buffer(buffer, &metas_, payload);
    if (!message) {
        connection_.fail(message.error());
        return GST_FLOW_EOS;
    }
    return push_data(std::move(*message), buffer);
}

/// Drops the buffer, as there is no receiver. A caller that returns must be informed of it. Returns false if
/// a peer has just come.
bool Transmitter::skip(GstBuffer* buffer) {
    const std::shared_ptr<Link> link = connection_.link();
    // A caller calls again only when another stream begins.
    if (run_.finished && link)
        begin_next();  // there is no peer to which the end of the previous stream could be reported
    if (link && !link->outbox().skip(gst_buffer_get_size(buffer), known_duration(buffer))) return false;
    run_.state_sent = false;
    if (!std::exchange(run_.headers_due, true) && !run_.origin.live) connection_.warn(dropping());
    run_.key_unit_by = g_get_monotonic_time() + key_unit_patience;
    return true;
}

/// Whether `buffer` is of no use to a peer that has just joined.
bool Transmitter::waits_for_key_unit(GstBuffer* buffer) {
    if (run_.key_unit_by == 0 || run_.bytes) return false;
    const Unit unit = unit_of(buffer);
    if (unit == Unit::header) return false;
    if (unit == Unit::delta && g_get_monotonic_time() < run_.key_unit_by) {
        if (const std::shared_ptr<Link> link = connection_.link())
            link->outbox().omit(gst_buffer_get_size(buffer), known_duration(buffer));
        return true;
    }
    run_.key_unit_by = 0;
    return false;
}

void Transmitter::discard(GstBuffer* buffer) {
    run_.discarded.buffers++;
    run_.discarded.bytes += gst_buffer_get_size(buffer);
    run_.discarded.duration += known_duration(buffer);
}

GstFlowReturn Transmitter::take(GstBuffer* buffer) {
    GstFlowReturn flow = wait_playing(GST_MINI_OBJECT_CAST(buffer));
    if (flow != GST_FLOW_OK) return flow;
    if (unheard() && skip(buffer)) return GST_FLOW_OK;
    if (!run_.cut_off) flow = prepare();
    return flow == GST_FLOW_OK ? send(buffer) : flow;
}

GstFlowReturn Transmitter::take(GstBufferList* list) {
    GstFlowReturn flow = wait_playing(GST_MINI_OBJECT_CAST(list));
    if (flow != GST_FLOW_OK) return flow;
    const unsigned count = gst_buffer_list_length(list);
    unsigned i = 0;
    while (i < count && unheard() && skip(gst_buffer_list_get(list, i))) i++;
    if (i < count && !run_.cut_off) flow = prepare();
    for (; i < count && flow == GST_FLOW_OK; i++) flow = send(gst_buffer_list_get(list, i));
    return flow;
}

GstFlowReturn Transmitter::take_gap(GstEvent* event) {
    if (run_.bytes || run_.cut_off || unheard()) return GST_FLOW_OK;
    const GstFlowReturn flow = prepare();
    return flow == GST_FLOW_OK && !run_.cut_off ? send(event) : flow;
}

bool Transmitter::take_event(GstEvent* event) {
    if (run_.bytes || run_.cut_off) return true;
    const bool sticky = gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY;
    // A sticky event is sent with the rest of the state, before the next buffer.
    if (run_.finished && sticky) return true;
    if (run_.finished && (unheard() || wait_next() != GST_FLOW_OK || run_.cut_off)) return true;
    if (unheard()) run_.state_sent = false;
    if (!run_.state_sent) {
        if (sticky || unheard()) return true;
        if (send_state() != GST_FLOW_OK) return false;
    }
    const GstFlowReturn flow = send(event);
    return flow == GST_FLOW_OK || flow == GST_FLOW_EOS;
}

bool Transmitter::take_out_of_band(GstEvent* event) {
    const std::shared_ptr<Link> link = connection_.link();
    const bool bytes = connection_.setting(&Settings::framing) == static_cast<uint32_t>(Framing::bytes);
    // Between EOS and the next stream there is no stream to which the event could belong.
    if (!link || bytes || !connection_.ready() || link->outbox().finished()) return false;
    Result<std::optional<OutMessage>> message = encode_event(event);
    if (!message || !*message) return false;
    // Zero would mean no limit.
    constexpr Duration at_once = std::chrono::microseconds(1);
    const bool sticky = gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_STICKY;
    SendQueue& outbox = link->outbox();
    return (sticky ? outbox.push_state(std::move(**message), state_key(event), at_once)
                   : outbox.push(std::move(**message), Unit::event, 0, at_once)) == QueueStatus::ok;
}

void Transmitter::flush() {
    if (const std::shared_ptr<Link> link = connection_.link()) {
        const SendQueue::Account discarded = link->outbox().set_flushing(true);
        link->outbox().set_flushing(false);
        run_.finished = run_.finished && link->outbox().finished();
        GST_DEBUG_OBJECT(element_, "flush discards %" G_GUINT64_FORMAT " buffers", discarded.buffers);
    }
    run_.flushed = true;
    run_.state_sent = false;
    run_.cut_off = false;
    run_.discarded = {};
    connection_.limit_waits(std::nullopt);
}

/// Ends the stream after `drain-timeout` has passed. Data that a peer was promised and has not got is
/// missing. So is data of a stored stream for a receiver that is awaited. Live data that no peer has received
/// is not missing.
GstFlowReturn Transmitter::end_undelivered(Link& link) {
    const bool waits = connection_.setting(&Settings::drain_timeout) > 0;
    std::vector<Gap> missing = undelivered(link, waits);
    if (run_.discarded.buffers > 0) {
        if (missing.empty() || missing.back().uncertain) missing.push_back({});
        missing.back() += run_.discarded;
    }
    // With drain-timeout=0, EOS does not wait for the peer to learn that the stream has ended.
    if (missing.empty() && !waits) return GST_FLOW_OK;
    if (run_.origin.live && !connection_.ready()) {
        for (const Gap& gap : missing) connection_.announce_gap(gap);
        connection_.announcer().wait_posted();
        return GST_FLOW_OK;
    }
    return connection_.announce_undelivered(missing) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

GstFlowReturn Transmitter::take_eos() {
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return GST_FLOW_FLUSHING;
    look_if_changed();  // this may be the first item
    if (unheard()) {
        for (const Gap& missing : undelivered(*link)) connection_.announce_gap(missing);
        return GST_FLOW_OK;
    }
    if (run_.cut_off) return end_undelivered(*link);
    if (!run_.finished) {
        const GstFlowReturn flow = send_state();
        if (flow != GST_FLOW_OK) return flow;
        if (run_.cut_off) return end_undelivered(*link);
        GST_DEBUG_OBJECT(element_, "the stream ends: waiting until the peer has it all");
        link->outbox().finish();
        run_.finished = true;
    }
    // For the queue zero means no limit.
    const Duration patience =
        std::max<Duration>(std::chrono::milliseconds(connection_.setting(&Settings::drain_timeout)), 1ns);
    if (!connection_.ready() && !link->outbox().waits_until())
        link->hurry(std::chrono::steady_clock::now() + patience);
    for (;;) {
        switch (link->outbox().wait_delivered(patience)) {
            case QueueStatus::eos:
            case QueueStatus::ok:
                connection_.limit_waits(std::nullopt);  // the limit was set for this EOS
                connection_.post_stats();
                connection_.announcer().wait_posted();
                return GST_FLOW_OK;
            case QueueStatus::timeout:
                return end_undelivered(*link);
            case QueueStatus::flushing: {
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(element_);
                if (resumed != GST_FLOW_OK) return resumed;
                continue;
            }
            case QueueStatus::failed:
                connection_.wait_error();
                return GST_FLOW_ERROR;
        }
    }
}

}  // namespace stt
