// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/link_writer.hpp"

#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "gst/debug.hpp"
#include "gst/units.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

Error send_timeout(const Connection& connection) {
    return connection.timed_out(Reason::send_timeout, tr_noop("the peer took nothing within the %s of %u ms"),
                                "send-timeout", connection.setting(&Settings::send_timeout));
}

}  // namespace

void LinkWriter::start() {
    discarding_ = false;
    discarded_ = {};
}

/// Passes a message to the link by `push(outbox, timeout)`, and waits while there is no space.
template <class Push>
GstFlowReturn LinkWriter::hand_over(Push push) {
    const std::shared_ptr<Link> link = connection_.link();
    if (!link) return GST_FLOW_FLUSHING;
    std::optional<Duration> timeout;  // none: no limit
    if (const unsigned limit = connection_.setting(&Settings::send_timeout); limit > 0)
        timeout = std::chrono::milliseconds(limit);
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
                if (connection_.peer().waits_expired()) return discard_until_eos();
                connection_.fail(send_timeout(connection_));
                return GST_FLOW_EOS;
            case QueueStatus::eos:
            case QueueStatus::failed:
                connection_.peer().wait_error();
                return GST_FLOW_EOS;
        }
    }
}

GstFlowReturn LinkWriter::discard_until_eos() {
    GST_DEBUG_OBJECT(element_,
                     "EOS is expected, and the peer takes nothing: discarding what comes before it");
    discarding_ = true;
    return GST_FLOW_OK;
}

GstFlowReturn LinkWriter::push_data(OutMessage message, Unit unit, GstBuffer* buffer) {
    const uint64_t duration = known_duration(buffer);
    const GstFlowReturn flow = hand_over([&](SendQueue& outbox, std::optional<Duration> timeout) {
        return outbox.push(std::move(message), unit, duration, timeout);
    });
    if (discarding_) discard(buffer);
    return flow;
}

GstFlowReturn LinkWriter::push_passing(OutMessage message) {
    return hand_over([&](SendQueue& outbox, std::optional<Duration> timeout) {
        return outbox.push(std::move(message), Unit::event, 0, timeout);
    });
}

GstFlowReturn LinkWriter::push_state(OutMessage message, uint64_t key) {
    return hand_over([&](SendQueue& outbox, std::optional<Duration> timeout) {
        return outbox.push_state(std::move(message), key, timeout);
    });
}

GstFlowReturn LinkWriter::wait_for_peer() {
    for (;;) {
        switch (connection_.peer().wait_ready()) {
            case Waited::ready:
                return GST_FLOW_OK;
            case Waited::expired:
                return discard_until_eos();
            case Waited::failed:
                connection_.peer().wait_error();
                return GST_FLOW_EOS;
            case Waited::interrupted: {
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(element_);
                if (resumed != GST_FLOW_OK) return resumed;
            }
        }
    }
}

GstFlowReturn LinkWriter::wait_delivered() {
    return hand_over(
        [](SendQueue& outbox, std::optional<Duration> timeout) { return outbox.wait_delivered(timeout); });
}

void LinkWriter::discard(GstBuffer* buffer) {
    discarded_.buffers++;
    discarded_.bytes += gst_buffer_get_size(buffer);
    discarded_.duration += known_duration(buffer);
}

}  // namespace stt
