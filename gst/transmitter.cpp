// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/transmitter.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "gst/debug.hpp"
#include "gst/event_codec.hpp"
#include "gst/sticky.hpp"
#include "gst/units.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

bool sends_bytes(const Connection& connection) {
    return connection.setting(&Settings::framing) == static_cast<uint32_t>(Framing::bytes);
}

/// Returns the error of a stored stream for which no receiver is there or awaited.
Error dropping() {
    return make_error(ErrorCode::buffer_overflow, Reason::no_receiver, ErrorOrigin::local,
                      tr("no receiver is connected, and wait-for-connection is false: data is dropped until "
                         "one connects"));
}

}  // namespace

Transmitter::Transmitter(GstBaseSink* element, Connection& connection)
    : element_(element),
      connection_(connection),
      policy_(element, connection),
      writer_(element, connection),
      buffers_(element, connection, policy_, writer_),
      state_(element, connection, policy_, writer_, buffers_),
      drain_(element, connection, policy_, writer_) {}

void Transmitter::start() {
    bytes_ = sends_bytes(connection_);
    policy_.start(bytes_);
    writer_.start();
    buffers_.start(bytes_);
    state_.start(bytes_);
    drain_.begin_stream();
}

void Transmitter::expect_eos() {
    GST_DEBUG_OBJECT(element_, "EOS is expected: all waits for the peer are limited");
    connection_.limit_waits(std::chrono::steady_clock::now() +
                            std::chrono::milliseconds(connection_.setting(&Settings::drain_timeout)));
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
    if (!policy_.renew()) return;
    GST_DEBUG_OBJECT(element_, "the stream is %s", policy_.origin().live ? "live" : "not live");
    state_.pipeline_changed();
}

/// Begins another stream, which is what follows EOS after a flush or a STREAM_START.
void Transmitter::begin_next() {
    GST_DEBUG_OBJECT(element_, "another stream begins");
    connection_.begin_stream();
    drain_.begin_stream();
    state_.begin_stream();
}

/// Waits until the peer has what a flush has left of the previous stream.
GstFlowReturn Transmitter::wait_next() {
    const GstFlowReturn flow = writer_.wait_delivered();
    if (flow == GST_FLOW_OK && !writer_.discarding()) begin_next();
    return flow;
}

/// Ensures everything that must precede the next buffer.
GstFlowReturn Transmitter::prepare() {
    if (connection_.peer().failed()) {
        connection_.peer().wait_error();
        return GST_FLOW_EOS;
    }
    if (drain_.finished()) {
        const GstFlowReturn next = wait_next();
        if (next != GST_FLOW_OK || writer_.discarding()) return next;
    }
    if (!connection_.is_caller() && !connection_.peer().ready() && policy_.waits_for_peer()) {
        GST_DEBUG_OBJECT(element_, "waiting for a caller");
        const GstFlowReturn waited = writer_.wait_for_peer();
        if (waited != GST_FLOW_OK || writer_.discarding()) return waited;
    }
    const GstFlowReturn flow = state_.send_state();
    return flow == GST_FLOW_OK && !writer_.discarding() ? state_.send_timing() : flow;
}

/// Drops the buffer, as there is no receiver. A caller that returns must be informed of it. Returns false if
/// a peer has just come.
bool Transmitter::drop(GstBuffer* buffer) {
    const std::shared_ptr<Link> link = connection_.link();
    // A caller calls again only when another stream begins.
    if (drain_.finished() && link)
        begin_next();  // there is no peer to which the end of the previous stream could be reported
    if (link && !link->outbox().skip(gst_buffer_get_size(buffer), known_duration(buffer))) return false;
    if (state_.drop_beginning()) {
        GST_DEBUG_OBJECT(element_, "no receiver is connected or waited for: dropping");
        if (!policy_.origin().live) connection_.bus().warn(dropping());
    }
    buffers_.await_key_unit();
    return true;
}

GstFlowReturn Transmitter::take(GstBuffer* buffer) {
    GstFlowReturn flow = wait_playing(GST_MINI_OBJECT_CAST(buffer));
    if (flow != GST_FLOW_OK) return flow;
    if (policy_.unheard() && drop(buffer)) return GST_FLOW_OK;
    if (!writer_.discarding()) flow = prepare();
    return flow == GST_FLOW_OK ? buffers_.send(buffer) : flow;
}

GstFlowReturn Transmitter::take(GstBufferList* list) {
    GstFlowReturn flow = wait_playing(GST_MINI_OBJECT_CAST(list));
    if (flow != GST_FLOW_OK) return flow;
    const unsigned count = gst_buffer_list_length(list);
    unsigned i = 0;
    while (i < count && policy_.unheard() && drop(gst_buffer_list_get(list, i))) i++;
    if (i < count && !writer_.discarding()) flow = prepare();
    for (; i < count && flow == GST_FLOW_OK; i++) flow = buffers_.send(gst_buffer_list_get(list, i));
    return flow;
}

GstFlowReturn Transmitter::take_gap(GstEvent* event) {
    if (bytes_ || writer_.discarding() || policy_.unheard()) return GST_FLOW_OK;
    const GstFlowReturn flow = prepare();
    return flow == GST_FLOW_OK && !writer_.discarding() ? state_.send(event) : flow;
}

bool Transmitter::take_event(GstEvent* event) {
    if (bytes_ || writer_.discarding()) return true;
    const bool sticky = is_sticky(event);
    // A sticky event is sent with the rest of the state, before the next buffer.
    if (drain_.finished() && sticky) return true;
    if (drain_.finished() && (policy_.unheard() || wait_next() != GST_FLOW_OK || writer_.discarding()))
        return true;
    if (policy_.unheard()) state_.forget();
    if (!state_.sent()) {
        if (sticky || policy_.unheard()) return true;
        if (state_.send_state() != GST_FLOW_OK) return false;
    }
    const GstFlowReturn flow = state_.send(event);
    return flow == GST_FLOW_OK || flow == GST_FLOW_EOS;
}

bool Transmitter::take_out_of_band(GstEvent* event) {
    const std::shared_ptr<Link> link = connection_.link();
    const bool bytes = sends_bytes(connection_);
    // Between EOS and the next stream there is no stream to which the event could belong.
    if (!link || bytes || !connection_.peer().ready() || link->outbox().finished()) return false;
    Result<std::optional<OutMessage>> message = encode_event(event);
    if (!message || !*message) return false;
    constexpr Duration at_once = Duration::zero();
    SendQueue& outbox = link->outbox();
    return (is_sticky(event) ? outbox.push_state(std::move(**message), state_key(event), at_once)
                             : outbox.push(std::move(**message), Unit::event, 0, at_once)) == QueueStatus::ok;
}

void Transmitter::flush() {
    if (const std::shared_ptr<Link> link = connection_.link()) {
        const SendQueue::Account discarded = link->outbox().set_flushing(true);
        link->outbox().set_flushing(false);
        drain_.flushed(*link);
        GST_DEBUG_OBJECT(element_, "flush discards %" G_GUINT64_FORMAT " buffers", discarded.buffers);
    }
    state_.flushed();
    writer_.flushed();
    connection_.limit_waits(std::nullopt);
}

GstFlowReturn Transmitter::take_eos() {
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return GST_FLOW_FLUSHING;
    look_if_changed();  // this may be the first item
    if (policy_.unheard()) {
        drain_.end_unheard(*link);
        return GST_FLOW_OK;
    }
    if (writer_.discarding()) return drain_.end_undelivered(*link);
    if (!drain_.finished()) {
        const GstFlowReturn flow = state_.send_state();
        if (flow != GST_FLOW_OK) return flow;
        if (writer_.discarding()) return drain_.end_undelivered(*link);
    }
    return drain_.finish(*link);
}

}  // namespace stt
