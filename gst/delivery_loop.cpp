// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/delivery_loop.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "gst/coarse_clock.hpp"
#include "gst/debug.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

/// The largest number of messages taken at once, so that a batch is pushed downstream before its first buffer
/// has aged.
constexpr size_t batch_max = 64;
/// How often the progress of a slow batch downstream is reported to the sender, ns.
constexpr int64_t tell_passed_every = 100'000'000;
/// How long events wait for a buffer whose time shows where the sender's time lies.
constexpr Duration hold_time = 100ms;

}  // namespace

void DeliveryLoop::start() {
    next_message_ = 0;
    phase_ = Phase::delivering;
    flushing_ = false;
}

void DeliveryLoop::stop() { messages_.clear(); }

void DeliveryLoop::interrupt() {
    EventPtr(requested_eos_.exchange(nullptr));  // discarded like everything that a flush meets
    flushing_ = true;
    connection_.interrupt(true);
}

void DeliveryLoop::resume() {
    GstPad* pad = GST_BASE_SRC_PAD(element_);
    GST_PAD_STREAM_LOCK(pad);
    connection_.interrupt(false);
    flushing_ = false;
    receiver_.flushed();
    GST_PAD_STREAM_UNLOCK(pad);
}

void DeliveryLoop::request_eos(EventPtr eos) {
    EventPtr(requested_eos_.exchange(eos.release()));
    connection_.interrupt(true);
}

GstFlowReturn DeliveryLoop::run() {
    const std::shared_ptr<Link> link = connection_.link();
    if (!link || phase_ == Phase::ended) return GST_FLOW_FLUSHING;
    const Duration limit = std::chrono::milliseconds(connection_.setting(&Settings::receive_timeout));
    const bool keep_listening = connection_.setting(&Settings::keep_listening);
    Deadlines deadlines;
    if (limit > 0ms) deadlines.quiet = std::chrono::steady_clock::now() + limit;
    for (;;) {
        if (const GstFlowReturn flow = pass_on(); flow != GST_FLOW_OK) return flow;
        next_message_ = 0;
        deadlines = next_deadlines(deadlines, limit);
        const bool limited = phase_ != Phase::between_streams;
        const SteadyTime until = limited ? deadlines.first() : deadlines.hold;
        std::optional<Duration> left;  // none: no limit
        if (until != SteadyTime::max())
            left = std::max<Duration>(until - std::chrono::steady_clock::now(), Duration::zero());
        switch (link->inbox().pop(messages_, batch_max, left)) {
            case QueueStatus::ok:
                receive(*link);
                break;
            case QueueStatus::flushing: {
                EventPtr eos(requested_eos_.exchange(nullptr));
                return eos ? end(std::move(eos)) : GST_FLOW_FLUSHING;
            }
            case QueueStatus::eos: {
                if (keep_listening) receiver_.read_stream(link->inbox().stream());  // it may have been empty
                const GstFlowReturn flow = keep_listening ? finish_stream() : end(receiver_.eos());
                const bool passed = keep_listening ? flow == GST_FLOW_OK : phase_ == Phase::ended;
                if (passed) link->inbox().eos_passed();
                if (flow != GST_FLOW_OK) return flow;
                break;
            }
            case QueueStatus::failed:
                GST_DEBUG_OBJECT(element_, "the link has failed");
                connection_.peer().wait_error();
                return GST_FLOW_EOS;
            case QueueStatus::timeout:
                if (until < deadlines.hold) return fail_quiet();
                GST_DEBUG_OBJECT(element_, "no buffer has come: events are passed without one");
                if (const GstFlowReturn flow = receiver_.release_held(); flow != GST_FLOW_OK) return flow;
        }
    }
}

/// Called when everything that was taken has been passed on. `limit` is receive-timeout, zero: none.
DeliveryLoop::Deadlines DeliveryLoop::next_deadlines(const Deadlines& before, Duration limit) const {
    const SteadyTime now = std::chrono::steady_clock::now();
    Deadlines next = before;
    if (!messages_.empty() && limit > 0ms) next.quiet = now + limit;
    next.hold = receiver_.holds_events() ? std::min(before.hold, now + hold_time) : SteadyTime::max();
    return next;
}

/// Pushes the events that the application has sent, and the messages taken from the inbox.
GstFlowReturn DeliveryLoop::pass_on() {
    told_passed_at_ = coarse_now();
    if (const GstFlowReturn flow = receiver_.take_injected(); flow != GST_FLOW_OK) return flow;
    while (next_message_ < messages_.size()) {
        if (flushing_) return GST_FLOW_FLUSHING;  // the pad may have lost its segment
        const Result<GstFlowReturn> flow = receiver_.take(messages_[next_message_++]);
        if (!flow) {
            connection_.fail(flow.error());
            return GST_FLOW_EOS;
        }
        if (flow.value() != GST_FLOW_OK) return flow.value();
        if (const int64_t now = coarse_now(); now - told_passed_at_ >= tell_passed_every) tell_passed(now);
    }
    return receiver_.finish_batch();
}

/// Reports to the inbox how many of the taken messages were pushed downstream. A sink that plays in real time
/// takes long for all of them, and the sender must see that it makes progress.
void DeliveryLoop::tell_passed(int64_t now) {
    const std::shared_ptr<Link> link = connection_.link();
    const size_t passed = next_message_ - receiver_.batched();
    if (link && passed > 0) link->inbox().passed(messages_[passed - 1].end_offset);
    told_passed_at_ = now;
}

/// Messages have come, or another thread has something for this one.
void DeliveryLoop::receive(Link& link) {
    GST_LOG_OBJECT(element_, "%zu messages to pass on", messages_.size());
    if (!messages_.empty()) {
        phase_ = Phase::delivering;
        receiver_.read_stream(link.inbox().stream());
    }
    // `link` outlives the call.
    upstream_.send_due([&link](OutMessage message) { return link.send_upstream(std::move(message)); });
}

/// The stream has ended, and another one may follow.
GstFlowReturn DeliveryLoop::finish_stream() {
    GST_DEBUG_OBJECT(element_, "a stream has ended: waiting for the next one");
    if (const GstFlowReturn flow = receiver_.finish_stream(); flow != GST_FLOW_OK) return flow;
    upstream_.start();  // a waiting QOS belongs to the stream that has ended
    phase_ = Phase::between_streams;
    return GST_FLOW_OK;
}

/// Ends the stream, at its end or because the application wants no more of it. EOS is pushed here instead of
/// by the base class, so that the peer is informed of its delivery. Never returns OK.
GstFlowReturn DeliveryLoop::end(EventPtr eos) {
    GST_DEBUG_OBJECT(element_, "passing EOS on");
    // Applications exit on EOS, so messages announced before must be on the bus first.
    connection_.bus().announcer().wait_posted();
    const GstFlowReturn flow = receiver_.end(std::move(eos));
    if (flow != GST_FLOW_OK) return flow;
    phase_ = Phase::ended;
    return GST_FLOW_FLUSHING;
}

GstFlowReturn DeliveryLoop::fail_quiet() {
    connection_.fail(connection_.timed_out(
        Reason::receive_timeout, tr_noop("the peer sent nothing within the %s of %u ms"), "receive-timeout",
        connection_.setting(&Settings::receive_timeout)));
    return GST_FLOW_EOS;
}

}  // namespace stt
