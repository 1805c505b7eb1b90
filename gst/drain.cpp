// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/drain.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "gst/debug.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

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

}  // namespace

void Drain::flushed(Link& link) { finished_ = finished_ && link.outbox().finished(); }

GstFlowReturn Drain::finish(Link& link) {
    if (!finished_) {
        GST_DEBUG_OBJECT(element_, "the stream ends: waiting until the peer has it all");
        link.outbox().finish();
        finished_ = true;
    }
    const Duration patience = std::chrono::milliseconds(connection_.setting(&Settings::drain_timeout));
    if (!connection_.peer().ready() && !link.outbox().waits_until())
        link.hurry(std::chrono::steady_clock::now() + patience);
    for (;;) {
        switch (link.outbox().wait_delivered(patience)) {
            case QueueStatus::eos:
            case QueueStatus::ok:
                connection_.limit_waits(std::nullopt);  // the limit was set for this EOS
                connection_.post_stats();
                connection_.bus().announcer().wait_posted();
                return GST_FLOW_OK;
            case QueueStatus::timeout:
                return end_undelivered(link);
            case QueueStatus::flushing: {
                const GstFlowReturn resumed = gst_base_sink_wait_preroll(element_);
                if (resumed != GST_FLOW_OK) return resumed;
                continue;
            }
            case QueueStatus::failed:
                connection_.peer().wait_error();
                return GST_FLOW_ERROR;
        }
    }
}

GstFlowReturn Drain::end_undelivered(Link& link) {
    const bool waits = connection_.setting(&Settings::drain_timeout) > 0;
    std::vector<Gap> missing = undelivered(link, waits);
    if (writer_.discarded().buffers > 0) {
        if (missing.empty() || missing.back().uncertain) missing.push_back({});
        missing.back() += writer_.discarded();
    }
    // With drain-timeout=0, EOS does not wait for the peer to learn that the stream has ended.
    if (missing.empty() && !waits) return GST_FLOW_OK;
    if (policy_.origin().live && !connection_.peer().ready()) {
        for (const Gap& gap : missing) connection_.bus().gap(gap);
        connection_.bus().announcer().wait_posted();
        return GST_FLOW_OK;
    }
    return connection_.announce_undelivered(missing) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

void Drain::end_unheard(Link& link) {
    for (const Gap& missing : undelivered(link)) connection_.bus().gap(missing);
}

}  // namespace stt
