// SPDX-License-Identifier: LGPL-2.1-or-later
/// The part of ReceiveQueue for a thread that reads ahead in place of the streaming thread.
#include <algorithm>
#include <cassert>
#include <iterator>

#include "core/io/queues.hpp"

namespace stt {

void ReceiveQueue::begin_read_ahead() {
    const std::lock_guard lock(mutex_);
    turn_ = Turn::ahead;
    ahead_stream_ = popped_stream_;
    notify();
}

QueueStatus ReceiveQueue::read_ahead(InMessage& message) {
    std::vector<InMessage> messages;
    const QueueStatus status = next(messages, 1, std::nullopt, Reader::ahead);
    if (status == QueueStatus::ok) message = std::move(messages.front());
    return status;
}

void ReceiveQueue::pass(uint64_t offset) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (start_over_) return;
        assert(ahead_stream_ == stream_);  // only read_ahead() moves to another stream meanwhile
        handed_offset_ = std::max(handed_offset_, offset);
        account(handed_offset_);
        wake = wake_due(false);
    }
    if (wake) wake_();
}

void ReceiveQueue::stop_read_ahead() {
    const std::lock_guard lock(mutex_);
    if (turn_ == Turn::ahead) turn_ = Turn::ending;
    notify();
}

void ReceiveQueue::end_read_ahead(std::vector<InMessage> messages) {
    const std::lock_guard lock(mutex_);
    // Messages that clear() has forgotten are discarded. Messages that were returned earlier and are still
    // waiting come after these.
    assert(start_over_ || messages.empty() || ahead_stream_ == stream_);
    if (!start_over_)
        returned_.insert(returned_.begin(), std::make_move_iterator(messages.begin()),
                         std::make_move_iterator(messages.end()));
    turn_ = Turn::streaming;
    notify();
}

void ReceiveQueue::hand_out_returned(std::vector<InMessage>& messages, size_t max, Reader reader) {
    while (messages.size() < max && !returned_.empty()) {
        messages.push_back(std::move(returned_.front()));
        returned_.pop_front();
    }
    // Messages before one for which pass() was called already count as passed downstream.
    if (reader == Reader::streaming) handed_offset_ = std::max(handed_offset_, messages.back().end_offset);
}

}  // namespace stt
