// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/paused_reader.hpp"

#include <gst/video/video.h>

#include <utility>

#include "gst/debug.hpp"
#include "gst/upstream_events.hpp"

#define GST_CAT_DEFAULT stt_debug

namespace stt {
namespace {

/// The interval at which the end of a flush is polled for.
constexpr Duration flush_patience = 20ms;

}  // namespace

void PausedReader::start(std::shared_ptr<Link> link, std::optional<bool> live) {
    if (thread_ || !link || live == false) return;
    link_ = std::move(link);
    backlog_.emplace(live);
    stopping_ = false;
    link_->inbox().begin_read_ahead();
    const auto run = [](gpointer self) -> gpointer {
        static_cast<PausedReader*>(self)->work();
        return nullptr;
    };
    thread_ = g_thread_try_new("stt-paused", run, this, nullptr);
    if (thread_) return;
    GST_WARNING("no thread for what arrives in a pause: the sender is held back");
    link_->inbox().end_read_ahead({});
    link_.reset();
}

void PausedReader::work() {
    ReceiveQueue& inbox = link_->inbox();
    uint64_t stream = inbox.stream_ahead();
    for (;;) {
        InMessage message;
        const QueueStatus status = inbox.read_ahead(message);
        // Also without a message: what was kept of the previous stream can no longer be handed out.
        if (std::exchange(stream, inbox.stream_ahead()) != inbox.stream_ahead()) backlog_->begin_stream();
        if (status == QueueStatus::eos || status == QueueStatus::failed) return;
        if (status != QueueStatus::ok) {
            std::unique_lock lock(mutex_);
            if (stopped_.wait_for(lock, flush_patience, [this] { return stopping_; })) return;
            continue;
        }
        const PausedBacklog::Want want = backlog_->take(std::move(message));
        if (backlog_->passed() > 0) inbox.pass(backlog_->passed());
        if (want == PausedBacklog::Want::no_more) return;
    }
}

void PausedReader::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    link_->inbox().stop_read_ahead();
    stopped_.notify_all();
    g_thread_join(std::exchange(thread_, nullptr));
}

void PausedReader::resume() {
    if (!thread_) return;
    stop();
    const Gap discarded = backlog_->discarded();
    if (backlog_->lacks_key_unit()) {
        const EventPtr request(gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
        const auto now = [](GstClockTime) { return GST_CLOCK_TIME_NONE; };
        if (auto message = encode_upstream(request.get(), now)) link_->send_upstream(std::move(*message));
    }
    link_->inbox().end_read_ahead(backlog_->finish());
    GST_DEBUG("discarded %" G_GUINT64_FORMAT " buffers in the pause", discarded.buffers);
    if (discarded.buffers > 0) link_->send_upstream(encode_discarded(discarded));
    link_.reset();
}

Gap PausedReader::abandon() {
    if (!thread_) return {};
    stop();
    link_.reset();
    return backlog_->discarded();
}

}  // namespace stt
