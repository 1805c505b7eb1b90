// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/awaited_peer.hpp"

#include <algorithm>

namespace stt {
namespace {

/// How long a receiver has for its answer once the stream has been opened to it: some round trips.
constexpr Duration answer_patience = 500ms;

}  // namespace

void AwaitedPeer::open() {
    const std::lock_guard lock(mutex_);
    ready_ = false;
    reached_ = Reached::nothing;
    failure_ = Failure::none;
    open_ = true;
    interrupted_ = false;
    wait_until_.reset();
    reads_serialized_.reset();
}

void AwaitedPeer::close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    ready_ = false;
    changed_.notify_all();
}

void AwaitedPeer::note_reached(Reached state) {
    const std::lock_guard lock(mutex_);
    reached_ = std::max(reached_.load(), state);
}

void AwaitedPeer::set_ready(bool ready) {
    const std::lock_guard lock(mutex_);
    ready_ = ready;
    if (ready) reached_ = Reached::stream;
    reads_serialized_.reset();
    changed_.notify_all();
}

void AwaitedPeer::set_reads_serialized(bool reads) {
    const std::lock_guard lock(mutex_);
    reads_serialized_ = reads;
    changed_.notify_all();
}

void AwaitedPeer::interrupt(bool on) {
    const std::lock_guard lock(mutex_);
    interrupted_ = on;
    changed_.notify_all();
}

bool AwaitedPeer::interrupted() const {
    const std::lock_guard lock(mutex_);
    return interrupted_;
}

void AwaitedPeer::limit_waits(std::optional<SteadyTime> until) {
    const std::lock_guard lock(mutex_);
    if (until && wait_until_) return;
    wait_until_ = until;
    changed_.notify_all();
}

bool AwaitedPeer::waits_expired() const {
    const std::lock_guard lock(mutex_);
    return wait_until_ && std::chrono::steady_clock::now() >= *wait_until_;
}

bool AwaitedPeer::fail() {
    const std::lock_guard lock(mutex_);
    if (failure_ != Failure::none) return false;
    failure_ = Failure::announced;
    changed_.notify_all();
    return true;
}

void AwaitedPeer::note_error_posted() {
    const std::lock_guard lock(mutex_);
    if (failure_ == Failure::announced) failure_ = Failure::posted;
    changed_.notify_all();
}

std::optional<bool> AwaitedPeer::reads_serialized() const {
    const std::lock_guard lock(mutex_);
    return reads_serialized_;
}

Waited AwaitedPeer::why_woken() const {
    return failed() ? Waited::failed : interrupted_ ? Waited::interrupted : Waited::ready;
}

Waited AwaitedPeer::wait_ready() {
    std::unique_lock lock(mutex_);
    while (!ready_ && !interrupted_ && !failed()) {
        if (!wait_until_)
            changed_.wait(lock);
        else if (std::chrono::steady_clock::now() < *wait_until_)
            changed_.wait_until(lock, SteadyTime(*wait_until_));
        else
            return Waited::expired;
    }
    return why_woken();
}

Waited AwaitedPeer::wait_reads_serialized() {
    std::unique_lock lock(mutex_);
    const SteadyTime until =
        std::min(std::chrono::steady_clock::now() + answer_patience, wait_until_.value_or(SteadyTime::max()));
    const bool woken = changed_.wait_until(
        lock, until, [this] { return reads_serialized_ || !ready_ || interrupted_ || failed(); });
    if (!woken) reads_serialized_ = false;
    return why_woken();
}

void AwaitedPeer::wait_error() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return failure_ == Failure::posted || interrupted_ || !open_; });
}

}  // namespace stt
