// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cassert>
#include <iterator>

#include "core/base/adaptive_mutex.hpp"
#include "core/io/queues.hpp"

namespace stt {
namespace {

/// Returns when `timeout` has passed since `begin`; the maximum value means never.
SteadyTime deadline_after(SteadyTime begin, std::optional<Duration> timeout) {
    return timeout ? begin + *timeout : SteadyTime::max();
}

Time steady_time() { return Time(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

SendQueue::SendQueue(uint64_t limit, std::function<void()> wake, std::function<Time()> clock)
    : limit_(limit), wake_(std::move(wake)), clock_(clock ? std::move(clock) : steady_time) {
    make_adaptive(mutex_);
}

// Waits until something has changed. Returns false, without waiting, when `deadline` or that of limit_waits()
// has passed. The maximum value means no deadline.
bool SendQueue::wait(std::unique_lock<std::mutex>& lock, SteadyTime deadline) {
    deadline = std::min(deadline, wait_until_.value_or(SteadyTime::max()));
    if (deadline != SteadyTime::max() && std::chrono::steady_clock::now() >= deadline) return false;
    waiting_++;
    if (deadline == SteadyTime::max())
        changed_.wait(lock);
    else
        changed_.wait_until(lock, deadline);
    waiting_--;
    return true;
}

// Of a message that is acknowledged but not delivered, only the entry is left. A peer that never delivers
// therefore frees no more space than one that never acknowledges.
bool SendQueue::over_limit(uint64_t size, uint64_t limit) const {
    const size_t unacked = sent_.size() - acked_ - given_up_ + backlog_.messages();
    const uint64_t acked = (acked_ + given_up_) * sizeof(SendEntry);
    if (unacked == 0) return acked_ > 1 && acked > limit;
    return sent_unacked_ + backlog_.bytes() + unacked * overhead + acked + size + overhead > limit;
}

void SendQueue::notify() {
    if (waiting_ > 0) changed_.notify_all();
}

QueueStatus SendQueue::push(OutMessage&& message, Unit unit, uint64_t duration_ns,
                            std::optional<Duration> timeout) {
    SendEntry entry{.message = {}, .unit = unit};
    if (unit != Unit::event) entry.account = {1, message.payload.size(), duration_ns};
    return push(message, std::move(entry), timeout);
}

QueueStatus SendQueue::push_state(OutMessage&& message, uint64_t key, std::optional<Duration> timeout) {
    return push(message, {.message = {}, .state_key = key}, timeout);
}

// Makes space for `entry`, and drops older units for it where the policy says so.
SendQueue::Room SendQueue::make_room(Time now, const SendEntry& entry, uint64_t size) {
    for (;;) {
        if (!backlog_.admits(now, entry.unit)) return Room::refused;
        if (!over_limit(size, limit_)) return Room::there;
        if (!backlog_.policy().when_full) return Room::none;
        if (backlog_.give_up_unit(now)) continue;
        if (size + overhead > limit_) return Room::none;
        if (entry.droppable()) return Room::refused;
        // Messages that must not be dropped have some space of their own, because there may be nothing to
        // drop for them.
        return over_limit(size, 2 * limit_) ? Room::none : Room::there;
    }
}

QueueStatus SendQueue::push(OutMessage& message, SendEntry entry, std::optional<Duration> timeout) {
    const uint64_t size = message.size();
    // Most callers have no limit, and need no reading of the clock per message.
    const SteadyTime deadline = timeout ? std::chrono::steady_clock::now() + *timeout : SteadyTime::max();
    std::vector<OutMessage> dropped;  // destroyed without the lock

    std::unique_lock lock(mutex_);
    const bool key_wanted = backlog_.key_wanted();
    Time now = clock_();
    Room room = Room::there;
    while (!flushing_ && !failed_ && (room = make_room(now, entry, size)) == Room::none) {
        if (interrupted_) return QueueStatus::flushing;
        settle_given_up(dropped);
        if (!wait(lock, deadline)) return QueueStatus::timeout;
        now = clock_();
    }
    settle_given_up(dropped);
    if (flushing_) return QueueStatus::flushing;
    if (failed_) return QueueStatus::failed;

    bool due = false;
    if (room == Room::refused) {
        backlog_.refuse(now, entry.account);
        dropped.push_back(std::move(message));
    } else {
        due = !backlog_.front(finished_) || (entry.droppable() && !backlog_.has_units());
        entry.message = std::move(message);
        undelivered_ += entry.account;
        backlog_.push(now, std::move(entry));
    }
    due = due || (!key_wanted && backlog_.key_wanted());
    lock.unlock();
    if (due) wake_();
    return QueueStatus::ok;
}

void SendQueue::keep_headers(std::vector<OutMessage> headers) {
    // The old headers are destroyed without the lock, as parameters outlive it.
    const std::lock_guard lock(mutex_);
    headers_.swap(headers);
}

void SendQueue::finish() {
    {
        const std::lock_guard lock(mutex_);
        finished_ = true;
    }
    wake_();
}

QueueStatus SendQueue::wait_delivered(std::optional<Duration> timeout) {
    const SteadyTime begun = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
        if (flushing_ || interrupted_) return QueueStatus::flushing;
        if (failed_) return QueueStatus::failed;
        if (sent_.empty() && backlog_.empty() && (!finished_ || finish_delivered_)) return QueueStatus::ok;
        if (!wait(lock, deadline_after(std::max(begun, moved_at_), timeout))) return QueueStatus::timeout;
    }
}

void SendQueue::begin_next() {
    const std::lock_guard lock(mutex_);
    finished_ = finish_taken_ = finish_delivered_ = begun_ = false;
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

uint64_t SendQueue::queued_bytes() const {
    const std::lock_guard lock(mutex_);
    return sent_unacked_ + backlog_.bytes();
}

void SendQueue::set_policy(const GiveUpPolicy& policy) {
    {
        const std::lock_guard lock(mutex_);
        backlog_.set_policy(policy);
        gives_up_ = policy.when_full || policy.max_age > Duration::zero() ||
                    policy.backlog_patience > Duration::zero();
        notify();
    }
    wake_();
}

SendQueue::Account SendQueue::set_flushing(bool flushing) {
    Account discarded;
    // Payloads are released without the lock, because their owners may run arbitrary code.
    std::vector<SendEntry> entries;
    const std::lock_guard lock(mutex_);
    flushing_ = flushing;
    if (flushing) {
        backlog_.remove(false, entries);
        for (const SendEntry& entry : entries) discarded += entry.account;
        undelivered_ -= discarded;
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
    if (until && wait_until_) return;
    wait_until_ = until;
    notify();
}

std::optional<SteadyTime> SendQueue::waits_until() const {
    const std::lock_guard lock(mutex_);
    return wait_until_;
}

void SendQueue::fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    notify();
}

void SendQueue::clear() {
    std::deque<SendEntry> sent;  // all destroyed without the lock
    std::vector<OutMessage> headers;
    SendBacklog backlog;
    const std::lock_guard lock(mutex_);
    sent.swap(sent_);
    backlog.set_policy(backlog_.policy());
    std::swap(backlog, backlog_);
    acked_ = kept_front_ = skipping_ = given_up_ = 0;
    end_offset_ = sent_unacked_ = acked_offset_ = delivered_offset_ = 0;
    states_.clear();
    headers.swap(headers_);
    begun_ = false;
    flushing_ = interrupted_ = failed_ = finished_ = finish_taken_ = finish_delivered_ = false;
    streaming_ = false;
    wait_until_.reset();
    moved_at_ = {};
    undelivered_ = delivered_ = {};
    skipped_ = {};
    taker_ = Taker::newcomer;
    notify();
}

SendQueue::Taken SendQueue::take(std::vector<OutMessage>& messages, uint64_t held, uint64_t ahead) {
    Taken taken;
    const std::lock_guard lock(mutex_);
    while (const SendEntry* next = backlog_.front(finished_)) {
        taken.end_offset = end_offset_;
        const uint64_t size = next->message.size();
        if (held >= std::max(ahead, live_ ? 2 * size : 0)) return taken;
        SendEntry entry = backlog_.pop_front();
        if (entry.role == SendEntry::Role::gap) {
            if (entry.account.buffers == 0) continue;
            taken.gap = entry.account;
            return taken;
        }
        held += size;
        messages.push_back(entry.message);
        add_sent(std::move(entry));
    }
    taken.end_offset = end_offset_;
    taken.finished = backlog_.empty() && skipping_ == 0 && finished_ && !finish_taken_;
    if (taken.finished) finish_taken_ = true;
    return taken;
}

void SendQueue::add_sent(SendEntry entry) {
    const uint64_t size = entry.message.size();
    end_offset_ += size;
    sent_unacked_ += size;
    entry.end_offset = end_offset_;
    sent_.push_back(std::move(entry));
}

void SendQueue::taken_notice(OutMessage notice) {
    const std::lock_guard lock(mutex_);
    add_sent({.message = std::move(notice), .role = SendEntry::Role::notice});
}

// Removes the oldest entry, which has been acknowledged, and adds its count to `into`.
void SendQueue::settle_front(Account& into) {
    undelivered_ -= sent_.front().account;
    into += sent_.front().account;
    sent_.pop_front();
    acked_--;
    if (kept_front_ > 0) kept_front_--;
}

bool SendQueue::waits_for_ack(const SendEntry& entry) const {
    return entry.role == SendEntry::Role::skipping ||
           entry.end_offset > std::max(acked_offset_, delivered_offset_);
}

void SendQueue::note_progress() {
    assert(acked_ + given_up_ <= sent_.size() && skipping_ <= given_up_);
    for (; acked_ < sent_.size() && !waits_for_ack(sent_[acked_]); acked_++) {
        SendEntry& entry = sent_[acked_];
        begun_ = true;
        if (entry.was_given_up()) {
            given_up_--;
            continue;
        }
        sent_unacked_ -= entry.message.size();
        if (entry.state_key)
            states_[*entry.state_key] = std::move(entry.message);
        else
            released_.push_back(std::move(entry.message.owner));
    }
    while (acked_ > 0 && sent_.front().end_offset <= delivered_offset_) settle_front(delivered_);
    notify();
}

void SendQueue::progress(uint64_t acked, uint64_t delivered, bool finished) {
    {
        const std::lock_guard lock(mutex_);
        const uint64_t before = acked_offset_ + delivered_offset_;
        acked_offset_ = std::max(acked_offset_, std::min(acked, end_offset_));
        delivered_offset_ = std::max(delivered_offset_, std::min(delivered, end_offset_));
        if (acked_offset_ + delivered_offset_ > before) moved_at_ = std::chrono::steady_clock::now();
        if (finished && finish_taken_) finish_delivered_ = true;
        note_progress();
    }
    released_.clear();
}

void SendQueue::end_stream() {
    const std::lock_guard lock(mutex_);
    streaming_ = false;
}

void SendQueue::restart(std::vector<OutMessage> notices) {
    std::vector<OutMessage> dropped;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    streaming_ = true;
    if (finish_delivered_) states_.clear();
    std::deque<SendEntry> again;
    for (OutMessage& notice : notices)
        again.push_back({.message = std::move(notice), .role = SendEntry::Role::notice});
    for (auto& [key, state] : states_) again.push_back({.message = std::move(state), .state_key = key});
    states_.clear();
    std::move(sent_.begin(), sent_.end(), std::back_inserter(again));
    sent_.clear();
    backlog_.put_back(std::move(again));
    if (begun_) {
        backlog_.add_headers(headers_);
        // A live stream begins with a key unit for a peer that takes it over.
        if (backlog_.policy().when_full) backlog_.tear(clock_(), Time::min());
        settle_given_up(dropped);
    }
    acked_ = kept_front_ = 0;
    end_offset_ = sent_unacked_ = acked_offset_ = delivered_offset_ = 0;
    finish_taken_ = finish_delivered_;
    notify();
}

}  // namespace stt
