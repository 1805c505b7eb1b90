// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "core/io/queues.hpp"

namespace stt {
namespace {

void add(SendQueue::Account& to, uint64_t payload_size, uint64_t duration_ns) {
    to.buffers++;
    to.bytes += payload_size;
    to.duration_ns += duration_ns;
}

void subtract(SendQueue::Account& from, uint64_t payload_size, uint64_t duration_ns) {
    from.buffers--;
    from.bytes -= payload_size;
    from.duration_ns -= duration_ns;
}

SteadyTime deadline_after(Duration timeout) {
    return timeout == Duration::zero() ? SteadyTime::max() : std::chrono::steady_clock::now() + timeout;
}

}  // namespace

SendQueue::SendQueue(uint64_t limit, std::function<void()> wake) : limit_(limit), wake_(std::move(wake)) {}

// False once the deadline has passed. Max: none.
bool SendQueue::wait(std::unique_lock<std::mutex>& lock, SteadyTime deadline) {
    waiting_++;
    bool in_time = true;
    if (deadline == SteadyTime::max())
        changed_.wait(lock);
    else
        in_time = changed_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    waiting_--;
    return in_time;
}

// What is acknowledged and not delivered has but its entry left. A peer that never delivers makes no more
// room than one that never acknowledges.
bool SendQueue::over_limit(uint64_t size) const {
    const size_t unacked = entries_.size() - acked_;
    const uint64_t acked = acked_ * sizeof(Entry);
    if (unacked == 0) return acked_ > 1 && acked > limit_;
    return unacked_ + unacked * overhead + acked + size + overhead > limit_;
}

void SendQueue::notify() {
    if (waiting_ > 0) changed_.notify_all();
}

QueueStatus SendQueue::push(OutMessage&& message, bool is_data, uint64_t duration_ns, Duration timeout) {
    return push(message, {.message = {}, .duration_ns = duration_ns, .is_data = is_data, .state_key = {}},
                timeout);
}

QueueStatus SendQueue::push_state(OutMessage&& message, uint64_t key, Duration timeout) {
    return push(message, {.message = {}, .state_key = key}, timeout);
}

QueueStatus SendQueue::push(OutMessage& message, Entry entry, Duration timeout) {
    const uint64_t size = message.size();
    const SteadyTime deadline = deadline_after(timeout);

    std::unique_lock lock(mutex_);
    bool in_time = true;
    while (!flushing_ && !failed_ && over_limit(size)) {
        if (interrupted_) return QueueStatus::flushing;
        if (!in_time) return QueueStatus::timeout;
        in_time = wait(lock, std::min(deadline, wait_until_.value_or(SteadyTime::max())));
    }
    if (flushing_) return QueueStatus::flushing;
    if (failed_) return QueueStatus::failed;

    end_offset_ += size;
    unacked_ += size;
    entry.message = std::move(message);
    entry.end_offset = end_offset_;
    if (entry.is_data) add(undelivered_, entry.message.payload.size(), entry.duration_ns);
    const bool first = taken_ == entries_.size();
    entries_.push_back(std::move(entry));
    lock.unlock();
    if (first) wake_();
    return QueueStatus::ok;
}

void SendQueue::finish() {
    {
        const std::lock_guard lock(mutex_);
        finished_ = true;
    }
    wake_();
}

QueueStatus SendQueue::wait_delivered(Duration timeout, bool limited) {
    const SteadyTime deadline = deadline_after(timeout);
    std::unique_lock lock(mutex_);
    bool in_time = true;
    for (;;) {
        if (flushing_ || interrupted_) return QueueStatus::flushing;
        if (failed_) return QueueStatus::failed;
        if (entries_.empty() && (!finished_ || finish_delivered_)) return QueueStatus::ok;
        if (!in_time) return QueueStatus::timeout;
        const SteadyTime limit = limited ? wait_until_.value_or(SteadyTime::max()) : SteadyTime::max();
        in_time = wait(lock, std::min(deadline, limit));
    }
}

void SendQueue::begin_next() {
    const std::lock_guard lock(mutex_);
    finished_ = finish_taken_ = finish_delivered_ = false;
    states_.clear();
}

SendQueue::Account SendQueue::undelivered() const {
    const std::lock_guard lock(mutex_);
    return undelivered_;
}

SendQueue::Account SendQueue::delivered() const {
    const std::lock_guard lock(mutex_);
    return delivered_;
}

bool SendQueue::skip(uint64_t payload_size, uint64_t duration_ns) {
    std::vector<Entry> dropped;  // without the lock
    const std::lock_guard lock(mutex_);
    if (streaming_) return false;
    for (; entries_.size() > acked_; entries_.pop_back()) {
        Entry& entry = entries_.back();
        unacked_ -= entry.message.size();
        if (entry.is_data) {
            subtract(undelivered_, entry.message.payload.size(), entry.duration_ns);
            add(entries_.size() <= taken_ ? skipped_.uncertain : skipped_.certain,
                entry.message.payload.size(), entry.duration_ns);
        }
        dropped.push_back(std::move(entry));
    }
    taken_ = acked_;
    add(skipped_.certain, payload_size, duration_ns);
    return true;
}

uint64_t SendQueue::queued_bytes() const {
    const std::lock_guard lock(mutex_);
    return unacked_;
}

SendQueue::Account SendQueue::set_flushing(bool flushing) {
    Account discarded;
    // Payloads go back to their owners without the lock: that may run anybody's code.
    std::vector<Entry> entries;
    const std::lock_guard lock(mutex_);
    flushing_ = flushing;
    if (flushing) {
        while (entries_.size() > taken_ && !entries_.back().is_notice) {
            const Entry& entry = entries.emplace_back(std::move(entries_.back()));
            entries_.pop_back();
            end_offset_ -= entry.message.size();
            unacked_ -= entry.message.size();
            if (!entry.is_data) continue;
            subtract(undelivered_, entry.message.payload.size(), entry.duration_ns);
            add(discarded, entry.message.payload.size(), entry.duration_ns);
        }
        if (!finish_taken_) finished_ = false;
    }
    notify();
    return discarded;
}

bool SendQueue::finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
}

void SendQueue::set_interrupted(bool interrupted) {
    const std::lock_guard lock(mutex_);
    interrupted_ = interrupted;
    notify();
}

void SendQueue::limit_waits(std::optional<SteadyTime> until) {
    const std::lock_guard lock(mutex_);
    wait_until_ = until;
    notify();
}

void SendQueue::fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    notify();
}

void SendQueue::clear() {
    std::deque<Entry> entries;
    const std::lock_guard lock(mutex_);
    entries.swap(entries_);
    acked_ = taken_ = 0;
    end_offset_ = unacked_ = 0;
    states_.clear();
    flushing_ = interrupted_ = failed_ = finished_ = finish_taken_ = finish_delivered_ = false;
    streaming_ = false;
    wait_until_.reset();
    undelivered_ = delivered_ = {};
    skipped_ = {};
    notify();
}

void SendQueue::take(std::vector<OutMessage>& messages, uint64_t size, bool& finished) {
    const std::lock_guard lock(mutex_);
    while (size > 0 && taken_ < entries_.size()) {
        const OutMessage& message = entries_[taken_++].message;
        size -= std::min<uint64_t>(size, message.size());
        messages.push_back(message);
    }
    finished = taken_ == entries_.size() && finished_ && !finish_taken_;
    if (finished) finish_taken_ = true;
}

// The oldest entry, which has been acknowledged, is done with: `into` tells how.
void SendQueue::settle_front(Account& into) {
    const Entry& entry = entries_.front();
    if (entry.is_data) {
        subtract(undelivered_, entry.message.payload.size(), entry.duration_ns);
        add(into, entry.message.payload.size(), entry.duration_ns);
    }
    entries_.pop_front();
    acked_--;
    taken_--;
}

void SendQueue::progress(uint64_t acked, uint64_t delivered, bool finished) {
    {
        const std::lock_guard lock(mutex_);
        while (acked_ < taken_ && entries_[acked_].end_offset <= std::max(acked, delivered)) {
            Entry& entry = entries_[acked_++];
            unacked_ -= entry.message.size();
            if (entry.state_key)
                states_[*entry.state_key] = std::move(entry.message);
            else
                released_.push_back(std::move(entry.message.owner));
        }
        while (acked_ > 0 && entries_.front().end_offset <= delivered) settle_front(delivered_);
        if (finished && finish_taken_) finish_delivered_ = true;
        notify();
    }
    released_.clear();
}

SendQueue::Account SendQueue::give_up_undelivered() {
    Account lost;
    const std::lock_guard lock(mutex_);
    while (acked_ > 0) settle_front(lost);
    return lost;
}

SendQueue::GivenUp SendQueue::give_up_all() {
    GivenUp lost;
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < entries_.size(); i++) {
        Entry& entry = entries_[i];
        if (!std::exchange(entry.is_data, false)) continue;
        add(i < taken_ ? lost.uncertain : lost.certain, entry.message.payload.size(), entry.duration_ns);
    }
    undelivered_ = {};
    return lost;
}

SendQueue::GivenUp SendQueue::take_skipped() {
    const std::lock_guard lock(mutex_);
    streaming_ = true;  // what comes from now on is for the stream that follows
    return std::exchange(skipped_, {});
}

void SendQueue::end_stream() {
    const std::lock_guard lock(mutex_);
    streaming_ = false;
}

void SendQueue::restart(std::vector<OutMessage> notices) {
    const std::lock_guard lock(mutex_);
    streaming_ = true;
    if (finish_delivered_) states_.clear();
    for (auto state = states_.rbegin(); state != states_.rend(); ++state) {
        unacked_ += state->second.size();
        entries_.push_front({.message = std::move(state->second), .state_key = state->first});
    }
    states_.clear();
    for (auto message = notices.rbegin(); message != notices.rend(); ++message) {
        unacked_ += message->size();
        entries_.push_front({.message = std::move(*message), .is_notice = true, .state_key = {}});
    }
    taken_ = 0;
    end_offset_ = 0;
    for (Entry& entry : entries_) entry.end_offset = end_offset_ += entry.message.size();
    finish_taken_ = finish_delivered_;
    notify();
}

}  // namespace stt
