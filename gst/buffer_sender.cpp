// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/buffer_sender.hpp"

#include <utility>
#include <vector>

#include "gst/debug.hpp"
#include "gst/meta/serialized.hpp"
#include "gst/stream_headers.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {

void BufferSender::start(bool bytes) {
    bytes_ = bytes;
    metas_.start();
    key_unit_wait_.clear();
}

void BufferSender::set_caps(const GstCaps* caps) {
    metas_.set_caps(caps);
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return;
    std::vector<OutMessage> headers;
    for (const BufferPtr& header : stream_headers(caps)) {
        Result<OutMessage> message = bytes_ ? encode_bytes(header.get()) : encode_buffer(header.get());
        if (message) headers.push_back(std::move(*message));
    }
    link->outbox().keep_headers(std::move(headers));
}

void BufferSender::await_key_unit() { key_unit_wait_.begin(g_get_monotonic_time()); }

/// Whether `buffer` is of no use to a peer that has just joined.
bool BufferSender::held_back(GstBuffer* buffer) {
    if (!key_unit_wait_.waiting() || bytes_) return false;
    if (!key_unit_wait_.holds_back(unit_of(buffer), g_get_monotonic_time())) return false;
    if (const std::shared_ptr<Link> link = connection_.link())
        link->outbox().omit(gst_buffer_get_size(buffer), known_duration(buffer));
    return true;
}

/// Waits until it is known whether the receiver reads metas as GStreamer serialises them, which it reports as
/// soon as it has the stream. If there is no receiver and none is awaited, the answer is no.
GstFlowReturn BufferSender::learn_forms() {
    std::optional<bool> reads;
    while (!(reads = connection_.peer().reads_serialized())) {
        if (!connection_.peer().ready()) {
            if (!policy_.waits_for_peer()) break;
            const GstFlowReturn waited = writer_.wait_for_peer();
            if (waited != GST_FLOW_OK || writer_.discarding()) return waited;
        }
        const Waited waited = connection_.peer().wait_reads_serialized();
        if (waited == Waited::failed) {
            connection_.peer().wait_error();
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

GstFlowReturn BufferSender::send(GstBuffer* buffer) {
    if (writer_.discarding()) {
        writer_.discard(buffer);
        return GST_FLOW_OK;
    }
    if (held_back(buffer)) return GST_FLOW_OK;
    GST_LOG_OBJECT(element_, "%" GST_PTR_FORMAT, static_cast<void*>(buffer));
    if (bytes_ && gst_buffer_get_size(buffer) == 0) return GST_FLOW_OK;
    if (!bytes_ && has_serializable_meta(buffer)) {
        const GstFlowReturn learnt = learn_forms();
        if (learnt != GST_FLOW_OK) return learnt;
        if (writer_.discarding()) return send(buffer);  // discards the buffer
    }
    const Payload payload = pools_.is_limited(buffer) ? Payload::copied : Payload::referenced;
    Result<OutMessage> message =
        bytes_ ? encode_bytes(buffer, payload) : encode_buffer(buffer, &metas_, payload);
    if (!message) {
        connection_.fail(message.error());
        return GST_FLOW_EOS;
    }
    return writer_.push_data(std::move(*message), bytes_ ? Unit::key : unit_of(buffer), buffer);
}

}  // namespace stt
