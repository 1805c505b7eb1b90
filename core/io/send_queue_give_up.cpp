// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of SendQueue that drops and skips data, and counts it.
#include <algorithm>

#include "core/io/queues.hpp"

namespace stt {

bool SendQueue::skip(uint64_t payload_size, uint64_t duration_ns) {
    std::vector<SendEntry> dropped;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    if (streaming_) return false;
    for (; sent_.size() > acked_; sent_.pop_back()) {
        SendEntry& entry = sent_.back();
        if (!entry.was_given_up()) sent_unacked_ -= entry.message.size();
        undelivered_ -= entry.account;
        skipped_.uncertain += entry.account;
        dropped.push_back(std::move(entry));
    }
    // A caller that uses skip() sends all states again.
    states_.clear();
    begun_ = false;
    skipping_ = given_up_ = 0;
    kept_front_ = std::min(kept_front_, acked_);
    const size_t taken = dropped.size();
    backlog_.remove(true, dropped);
    for (size_t i = taken; i < dropped.size(); i++) {
        if (dropped[i].role != SendEntry::Role::gap) undelivered_ -= dropped[i].account;
        skipped_.certain += dropped[i].account;
    }
    skipped_.certain += {1, payload_size, duration_ns};
    return true;
}

void SendQueue::omit(uint64_t payload_size, uint64_t duration_ns) {
    const std::lock_guard lock(mutex_);
    if (taker_ != Taker::returning) return;
    backlog_.refuse(clock_(), {1, payload_size, duration_ns});
    backlog_.take_key_request();  // the caller requested one when the peer came
}

// Removes what the backlog has dropped from the undelivered count.
void SendQueue::settle_given_up(std::vector<OutMessage>& dropped) {
    const Account given_up = backlog_.take_given_up(dropped);
    begun_ = begun_ || given_up.buffers > 0;
    undelivered_ -= given_up;
}

Time SendQueue::expire(Time now) {
    if (!gives_up_) return time_never;
    std::vector<OutMessage> dropped;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    const Time next = backlog_.expire(now);
    settle_given_up(dropped);
    if (!dropped.empty()) notify();
    return next;
}

void SendQueue::set_path(Time now, bool flows) {
    const std::lock_guard lock(mutex_);
    backlog_.set_path(now, flows);
}

bool SendQueue::take_key_request() {
    if (!gives_up_) return false;
    const std::lock_guard lock(mutex_);
    return backlog_.take_key_request();
}

Time SendQueue::expire_taken(Time now, const SkipRoom& room, std::vector<StreamSkip>& skips) {
    if (!gives_up_) return time_never;
    std::vector<OutMessage> dropped;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    const Duration max_age = backlog_.policy().max_age;
    // A gap behind the end of the stream could not be reported.
    if (max_age == Duration::zero() || finish_taken_) return time_never;
    const Time youngest = now - max_age - room.round_trip;
    const auto to_keep = [](const SendEntry& entry) { return !entry.droppable() || entry.was_given_up(); };
    kept_front_ = std::max(kept_front_, acked_);
    while (kept_front_ < sent_.size() && to_keep(sent_[kept_front_])) kept_front_++;
    if (kept_front_ == sent_.size()) return time_never;
    const auto due = [&](const SendEntry& entry) { return entry.pushed + max_age + room.round_trip; };
    if (sent_[kept_front_].pushed > youngest) return due(sent_[kept_front_]);

    const size_t skips_before = skips.size();
    Time next = time_never;
    bool to_the_end = true;
    for (size_t i = kept_front_; i < sent_.size(); i++) {
        SendEntry& entry = sent_[i];
        if (to_keep(entry)) continue;
        const uint64_t from = entry.end_offset - entry.message.size();
        const bool joins = skips.size() > skips_before && skips.back().to == from;
        // The stream continues at such a key unit.
        const bool young_key = entry.unit == Unit::key && entry.pushed > youngest;
        const bool room_there =
            entry.end_offset <= room.limit && (joins || skips.size() - skips_before < room.ranges);
        if (young_key || !room_there) {
            // What the session cannot skip now is tried again after its next turn.
            if (young_key) next = due(entry);
            to_the_end = false;
            break;
        }
        if (joins)
            skips.back().to = entry.end_offset;
        else
            skips.push_back({from, entry.end_offset});
        entry.role = SendEntry::Role::skipping;
        sent_unacked_ -= entry.message.size();
        skipping_++;
        given_up_++;
        dropped.push_back({std::move(entry.message.owner), {}, {}});
    }
    if (to_the_end) backlog_.tear(now, now - max_age);
    settle_given_up(dropped);
    notify();
    return next;
}

void SendQueue::skipped(uint64_t from, uint64_t to, uint64_t kept) {
    {
        const std::lock_guard lock(mutex_);
        Account lost;
        auto entry = std::upper_bound(sent_.begin(), sent_.end(), from,
                                      [](uint64_t at, const SendEntry& e) { return at < e.end_offset; });
        for (; entry != sent_.end() && entry->end_offset <= to; ++entry) {
            if (entry->role != SendEntry::Role::skipping) continue;
            entry->role = SendEntry::Role::settled;
            skipping_--;
            if (entry->end_offset > kept) lost += std::exchange(entry->account, {});
        }
        undelivered_ -= lost;
        if (lost.buffers > 0) {
            std::deque<SendEntry> gap;
            gap.push_back({.message = {}, .account = lost, .role = SendEntry::Role::gap});
            backlog_.put_back(std::move(gap));
        }
        note_progress();
    }
    released_.clear();
}

SendQueue::Account SendQueue::give_up_undelivered() {
    Account lost;
    const std::lock_guard lock(mutex_);
    while (acked_ > 0) settle_front(lost);
    // Whether the peer had delivered what was to be skipped will not be reported any more.
    std::erase_if(sent_, [&](const SendEntry& entry) {
        if (!entry.was_given_up()) return false;
        undelivered_ -= entry.account;
        lost += entry.account;
        return true;
    });
    skipping_ = given_up_ = 0;
    return lost;
}

SendQueue::GivenUp SendQueue::give_up_all() {
    GivenUp lost;
    const std::lock_guard lock(mutex_);
    for (SendEntry& entry : sent_) lost.uncertain += std::exchange(entry.account, {});
    lost.certain = backlog_.write_off();
    undelivered_ = {};
    return lost;
}

SendQueue::GivenUp SendQueue::take_skipped(Taker taker) {
    const std::lock_guard lock(mutex_);
    taker_ = taker;
    streaming_ = true;  // what is pushed from now on belongs to the next stream
    return std::exchange(skipped_, {});
}

}  // namespace stt
