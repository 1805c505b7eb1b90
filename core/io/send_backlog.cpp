// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/send_backlog.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stt {

MediaAccount& MediaAccount::operator+=(const MediaAccount& other) {
    buffers += other.buffers;
    bytes += other.bytes;
    duration_ns += other.duration_ns;
    return *this;
}

MediaAccount& MediaAccount::operator-=(const MediaAccount& other) {
    buffers -= other.buffers;
    bytes -= other.bytes;
    duration_ns -= other.duration_ns;
    return *this;
}

bool SendBacklog::admits(Time now, Unit unit) const {
    return unit != Unit::delta || phase_ != Phase::awaiting_key || now >= key_until_;
}

void SendBacklog::push(Time now, SendEntry entry) {
    entry.pushed = now;
    bytes_ += entry.message.size();
    messages_++;
    has_deltas_ = has_deltas_ || entry.unit == Unit::delta;
    if (!entry.droppable() && units_.empty()) {
        keep(std::move(entry));
        return;
    }
    if (entry.droppable() && phase_ == Phase::awaiting_key) enter(Phase::giving_up, now);
    units_.push_back(std::move(entry));
}

void SendBacklog::refuse(Time now, const MediaAccount& account) {
    add_gap(units_.empty() ? kept_ : units_, account);
    enter(Phase::awaiting_key, now);
}

void SendBacklog::add_gap(std::deque<SendEntry>& at_end, const MediaAccount& account) {
    if (at_end.empty() || at_end.back().role != SendEntry::Role::gap)
        at_end.push_back({.message = {}, .role = SendEntry::Role::gap});
    at_end.back().account += account;
}

void SendBacklog::enter(Phase phase, Time now) {
    const Phase before = std::exchange(phase_, phase);
    if (before == phase) return;
    key_until_ = phase == Phase::awaiting_key && path_flows_ ? now + key_wait() : time_never;
    // A change from awaiting_key to giving_up means that a key unit has been pushed, whether it was requested
    // or not.
    const bool lost_more =
        phase == Phase::awaiting_key || (phase == Phase::giving_up && before == Phase::flowing);
    if (lost_more && has_deltas_) key_wanted_ = true;
}

void SendBacklog::keep(SendEntry entry) {
    if (entry.role == SendEntry::Role::gap)
        add_gap(kept_, entry.account);
    else
        kept_.push_back(std::move(entry));
}

void SendBacklog::keep_leading() {
    for (; !units_.empty() && !units_.front().droppable(); units_.pop_front())
        keep(std::move(units_.front()));
}

void SendBacklog::drop_front() {
    SendEntry& entry = units_.front();
    bytes_ -= entry.message.size();
    messages_--;
    given_up_ += entry.account;
    add_gap(kept_, entry.account);
    dropped_.push_back(std::move(entry.message));
    units_.pop_front();
    keep_leading();
}

// Drops everything from the oldest droppable entry up to the first key unit that is younger than `youngest`.
void SendBacklog::give_up_to(Time now, Time youngest) {
    do drop_front();
    while (!units_.empty() && !(units_.front().unit == Unit::key && units_.front().pushed > youngest));
    if (units_.empty())
        enter(Phase::awaiting_key, now);
    else if (phase_ == Phase::flowing)
        enter(Phase::giving_up, now);
}

// Drops everything up to the first key unit that is young enough. If there is none and `max_age` is not set,
// the newest key unit is kept.
void SendBacklog::give_up_backlog(Time now) {
    Time youngest = now - policy_.backlog_allowance;
    if (policy_.max_age > Duration::zero()) {
        give_up_to(now, youngest);
        return;
    }
    const auto newest = std::find_if(units_.rbegin(), units_.rend(),
                                     [](const SendEntry& entry) { return entry.unit == Unit::key; });
    if (newest != units_.rend()) youngest = std::min(youngest, newest->pushed - Duration(1));
    if (units_.front().unit != Unit::key || units_.front().pushed <= youngest) give_up_to(now, youngest);
}

void SendBacklog::tear(Time now, Time youngest) {
    if (units_.empty())
        enter(Phase::awaiting_key, now);
    else if (units_.front().unit != Unit::key || units_.front().pushed <= youngest)
        give_up_to(now, youngest);
    else if (phase_ == Phase::flowing)
        enter(Phase::giving_up, now);
}

bool SendBacklog::give_up_unit(Time now) {
    if (units_.empty()) return false;
    give_up_to(now, Time::min());
    return true;
}

Time SendBacklog::expire(Time now) {
    const auto too_old = [&](Duration age) { return !units_.empty() && units_.front().pushed + age <= now; };
    const Duration max_age = policy_.max_age;
    if (max_age > Duration::zero() && too_old(max_age)) give_up_to(now, now - max_age);
    if (now >= backlog_at_) {
        backlog_at_ = time_never;
        if (too_old(policy_.backlog_allowance)) {
            give_up_backlog(now);
            // The rest may still be too much for the path.
            if (max_age == Duration::zero() && too_old(policy_.backlog_allowance))
                backlog_at_ = now + policy_.backlog_patience;
        }
    }
    const bool ages = max_age > Duration::zero() && !units_.empty();
    return std::min(backlog_at_, ages ? units_.front().pushed + max_age : time_never);
}

void SendBacklog::set_path(Time now, bool flows) {
    if (std::exchange(path_flows_, flows) == flows) return;
    key_until_ = flows && phase_ == Phase::awaiting_key ? now + key_wait() : time_never;
    backlog_at_ = time_never;
    if (!flows) return;
    const bool torn = phase_ != Phase::flowing;
    if (torn && has_deltas_) key_wanted_ = true;
    if (policy_.max_age > Duration::zero())
        backlog_at_ = torn ? now : time_never;
    else if (policy_.backlog_patience > Duration::zero())
        backlog_at_ = now + policy_.backlog_patience;
}

bool SendBacklog::take_key_request() { return std::exchange(key_wanted_, false); }

MediaAccount SendBacklog::take_given_up(std::vector<OutMessage>& dropped) {
    if (dropped.empty())
        dropped.swap(dropped_);
    else
        std::move(dropped_.begin(), dropped_.end(), std::back_inserter(dropped));
    dropped_.clear();
    return std::exchange(given_up_, {});
}

SendEntry* SendBacklog::front(bool ended) {
    if (kept_.empty()) return units_.empty() ? nullptr : &units_.front();
    SendEntry& entry = kept_.front();
    const bool last = kept_.size() == 1 && units_.empty();
    const bool grows = entry.role == SendEntry::Role::gap && last && phase_ == Phase::awaiting_key && !ended;
    return grows ? nullptr : &entry;
}

SendEntry SendBacklog::pop_front() {
    std::deque<SendEntry>& from = kept_.empty() ? units_ : kept_;
    SendEntry entry = std::move(from.front());
    from.pop_front();
    if (entry.role != SendEntry::Role::gap) {
        bytes_ -= entry.message.size();
        messages_--;
    }
    if (entry.droppable() && phase_ == Phase::giving_up) phase_ = Phase::flowing;
    keep_leading();
    return entry;
}

void SendBacklog::put_back(std::deque<SendEntry> entries) {
    for (const SendEntry& entry : entries) {
        if (entry.role == SendEntry::Role::gap) continue;
        bytes_ += entry.message.size();
        messages_++;
    }
    std::move(kept_.begin(), kept_.end(), std::back_inserter(entries));
    std::move(units_.begin(), units_.end(), std::back_inserter(entries));
    kept_.clear();
    units_ = std::move(entries);
    keep_leading();
}

void SendBacklog::add_headers(const std::vector<OutMessage>& headers) {
    const auto is_header = [](const SendEntry& entry) { return entry.unit == Unit::header; };
    if (std::any_of(kept_.begin(), kept_.end(), is_header)) return;
    for (const OutMessage& header : headers) {
        bytes_ += header.size();
        messages_++;
        kept_.push_back({.message = header, .unit = Unit::header});
    }
}

void SendBacklog::remove(bool all, std::vector<SendEntry>& into) {
    std::deque<SendEntry> left;
    for (std::deque<SendEntry>* from : {&kept_, &units_}) {
        for (SendEntry& entry : *from) {
            if (entry.role == SendEntry::Role::message || all)
                into.push_back(std::move(entry));
            else
                left.push_back(std::move(entry));
        }
        from->clear();
    }
    bytes_ = messages_ = 0;
    put_back(std::move(left));
}

MediaAccount SendBacklog::write_off() {
    MediaAccount sum;
    for (std::deque<SendEntry>* from : {&kept_, &units_})
        for (SendEntry& entry : *from) sum += std::exchange(entry.account, {});
    return sum;
}

}  // namespace stt
