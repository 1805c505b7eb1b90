// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/text.hpp"
#include "core/io/queues.hpp"

namespace stt {
namespace {

// The number of bytes taken or delivered that justifies waking the I/O thread. It is an eighth of the usual
// initial window of 512 KiB, so that the sender does not wait for the report. With a smaller max-window, the
// sender may wait until the reader has nothing left to read.
constexpr uint64_t wake_step = 64 << 10;

}  // namespace

ReceiveQueue::ReceiveQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

void ReceiveQueue::notify() {
    if (waiting_ > 0) changed_.notify_all();
}

QueueStatus ReceiveQueue::pop(std::vector<InMessage>& messages, size_t max, std::optional<Duration> timeout) {
    {
        const std::lock_guard lock(mutex_);
        // While another thread has the turn to read, it reports for both, and it splits messages without the
        // lock.
        if (!start_over_ && turn_ == Turn::streaming) account(handed_offset_);
    }
    return next(messages, max, timeout, Reader::streaming);
}

QueueStatus ReceiveQueue::next(std::vector<InMessage>& messages, size_t max, std::optional<Duration> timeout,
                               Reader reader) {
    using SteadyClock = std::chrono::steady_clock;
    messages.clear();
    const auto limit = [timeout] {
        return timeout ? SteadyClock::now() + *timeout : SteadyClock::time_point::max();
    };
    auto deadline = limit();
    bool in_time = true;

    std::unique_lock lock(mutex_);
    for (;;) {
        if (flushing_) return QueueStatus::flushing;
        if (failed_) return QueueStatus::failed;
        if (reader == Reader::ahead && turn_ != Turn::ahead) return QueueStatus::flushing;
        if (cutting_ || turn_ != (reader == Reader::streaming ? Turn::streaming : Turn::ahead)) {
            waiting_++;
            changed_.wait(lock);
            waiting_--;
            deadline = limit();
            in_time = true;
            continue;
        }
        if (start_over_) start_over();
        (reader == Reader::streaming ? popped_stream_ : ahead_stream_) = stream_;
        if (!returned_.empty()) {
            hand_out_returned(messages, max, reader);
            return QueueStatus::ok;
        }

        if (reader_has_more_ || next_chunk_ < chunks_.size() || next_cut_ < cuts_.size() || fetch()) {
            uint64_t ahead_offset = 0;
            cutting_ = true;
            lock.unlock();
            cut(messages, max, reader == Reader::streaming ? handed_offset_ : ahead_offset);
            lock.lock();
            cutting_ = false;
            notify();
            if (start_over_) {
                messages.clear();
                continue;
            }
            // Messages that are read ahead do not show what the streaming thread has passed downstream.
            account(messages.empty() && reader == Reader::streaming ? handed_offset_ : consumed_.delivered);
            if (!messages.empty()) {
                reader_woken_ = false;
                const bool wake = wake_due(false);
                lock.unlock();
                if (wake) wake_();
                return QueueStatus::ok;
            }
            if (!reader_.failed()) continue;
            error_ = *reader_.failed();
        }
        if (!error_ && streams_.front().finished && !eos_reported_) {
            if (reader_.at_boundary()) {
                eos_reported_ = true;
                return QueueStatus::eos;
            }
            error_ = make_error(ErrorCode::invalid_frame, Reason::malformed_message, ErrorOrigin::peer,
                                tr("the stream ended in the middle of a message"));
        }
        if (error_) {
            failed_ = true;
            lock.unlock();
            wake_();
            return QueueStatus::failed;
        }
        if (next_stream()) continue;
        if (eos_reported_ && !consumed_.finished) return QueueStatus::eos;
        if (reader == Reader::streaming && std::exchange(reader_woken_, false)) return QueueStatus::ok;
        // What was delivered is reported before this thread goes to sleep.
        if (wake_due(true)) {
            lock.unlock();
            wake_();
            lock.lock();
            continue;
        }
        if (!in_time) return QueueStatus::timeout;
        waiting_++;
        if (!timeout)
            changed_.wait(lock);
        else
            in_time = changed_.wait_until(lock, deadline) == std::cv_status::no_timeout;
        waiting_--;
    }
}

void ReceiveQueue::eos_passed() {
    {
        const std::lock_guard lock(mutex_);
        if (start_over_ || popped_stream_ != stream_ || !eos_reported_) return;
        account(handed_offset_);
        consumed_.finished = true;
    }
    wake_();
}

void ReceiveQueue::passed(uint64_t offset) {
    {
        const std::lock_guard lock(mutex_);
        const bool current = !start_over_ && popped_stream_ == stream_;
        if (!current || turn_ != Turn::streaming || offset <= consumed_.delivered) return;
        account(offset);
        woken_for_ = consumed_;
    }
    wake_();
}

bool ReceiveQueue::fetch() {
    Stream& stream = streams_.front();
    if (stream.arrived.empty() && stream.cuts.empty()) return false;
    chunks_.clear();
    chunks_.swap(stream.arrived);
    cuts_.clear();
    cuts_.swap(stream.cuts);
    arrivals_.insert(arrivals_.end(), stream.arrivals.begin(), stream.arrivals.end());
    stream.arrivals.clear();
    next_chunk_ = next_cut_ = 0;
    return true;
}

// At most one chunk more than the requested messages need goes into the reader, because the bytes in it count
// as taken and open the window.
void ReceiveQueue::cut(std::vector<InMessage>& messages, size_t max, uint64_t& end_offset) {
    for (;;) {
        InMessage message;
        while (messages.size() < max && reader_.next(message)) {
            end_offset = message.end_offset;
            while (!arrivals_.empty() && arrivals_.front().end_offset < end_offset) arrivals_.pop_front();
            if (!arrivals_.empty()) message.arrived = arrivals_.front().at;
            messages.push_back(std::move(message));
            message = {};
        }
        reader_has_more_ = messages.size() == max || reader_.failed();
        if (reader_has_more_) return;
        if (next_cut_ < cuts_.size() && cuts_[next_cut_].before == next_chunk_) {
            const uint64_t size = cuts_[next_cut_++].size;
            reader_.skip(size);
            // The bytes before the hole have been returned, or are a part of a message that cannot be
            // completed.
            end_offset = taken_offset_ += size;
            continue;
        }
        if (next_chunk_ == chunks_.size()) return;
        taken_offset_ += chunks_[next_chunk_].size();
        reader_.push(std::move(chunks_[next_chunk_++]));
    }
}

void ReceiveQueue::start_over() {
    reader_ = {};
    chunks_.clear();
    cuts_.clear();
    arrivals_.clear();
    next_chunk_ = next_cut_ = 0;
    returned_.clear();
    reader_has_more_ = false;
    taken_offset_ = handed_offset_ = 0;
    stream_ = streams_.front().number;
    start_over_ = false;
}

// Moves to the next stream when the one being read is over and another one has followed. Returns whether it
// did.
bool ReceiveQueue::next_stream() {
    if (streams_.size() == 1) return false;
    held_ -= consumed_.taken - consumed_.delivered;
    streams_.pop_front();
    consumed_ = reported_ = woken_for_ = {};
    eos_reported_ = false;
    start_over_ = true;
    return true;
}

void ReceiveQueue::account(uint64_t delivered) {
    held_ -= delivered - consumed_.delivered;
    consumed_.taken = taken_offset_;
    consumed_.delivered = delivered;
}

bool ReceiveQueue::wake_due(bool running_empty) {
    const bool due = consumed_.taken - woken_for_.taken >= wake_step ||
                     consumed_.delivered - woken_for_.delivered >= wake_step ||
                     (running_empty && consumed_.delivered != woken_for_.delivered);
    if (due) woken_for_ = consumed_;
    return due;
}

void ReceiveQueue::set_flushing(bool flushing) {
    const std::lock_guard lock(mutex_);
    flushing_ = flushing;
    notify();
}

void ReceiveQueue::wake_reader() {
    const std::lock_guard lock(mutex_);
    reader_woken_ = true;
    notify();
}

void ReceiveQueue::fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    notify();
}

void ReceiveQueue::clear() {
    std::deque<Stream> forgotten;  // its chunks are released without the lock
    const std::lock_guard lock(mutex_);
    forgotten.swap(streams_);
    streams_.resize(1);
    if (forgotten.size() > 1) streams_.front() = std::move(forgotten.back());
    held_ = 0;
    for (const Chunk& chunk : streams_.front().arrived) held_ += chunk.size();
    for (const ReceiveStream::Cut& cut : streams_.front().cuts) held_ += cut.size;
    flushing_ = failed_ = reader_woken_ = eos_reported_ = false;
    consumed_ = reported_ = woken_for_ = {};
    error_.reset();
    start_over_ = true;
    notify();
}

uint64_t ReceiveQueue::held_bytes() const {
    const std::lock_guard lock(mutex_);
    return held_;
}

void ReceiveQueue::push(std::vector<Chunk> chunks, bool finished, std::vector<ReceiveStream::Cut> cuts,
                        Time at) {
    const std::lock_guard lock(mutex_);
    Stream& stream = streams_.back();
    const uint64_t held_before = held_;
    for (const Chunk& chunk : chunks) held_ += chunk.size();
    for (ReceiveStream::Cut& cut : cuts) {
        held_ += cut.size;
        cut.before += stream.arrived.size();
        if (!stream.cuts.empty() && stream.cuts.back().before == cut.before)
            stream.cuts.back().size += cut.size;
        else
            stream.cuts.push_back(cut);
    }
    if (stream.arrived.empty()) {
        stream.arrived.swap(chunks);
    } else {
        for (Chunk& chunk : chunks) stream.arrived.push_back(std::move(chunk));
    }
    stream.end_offset += held_ - held_before;
    if (held_ != held_before) stream.arrivals.push_back({stream.end_offset, at});
    stream.finished = stream.finished || finished;
    notify();
}

void ReceiveQueue::restart() {
    const std::lock_guard lock(mutex_);
    const uint64_t number = streams_.back().number + 1;
    streams_.emplace_back().number = number;
    notify();
}

bool ReceiveQueue::finished() const {
    const std::lock_guard lock(mutex_);
    return streams_.back().finished;
}

bool ReceiveQueue::behind() const {
    const std::lock_guard lock(mutex_);
    return streams_.size() > 1;
}

std::optional<Error> ReceiveQueue::take_error() {
    const std::lock_guard lock(mutex_);
    return std::exchange(error_, std::nullopt);
}

std::optional<ReceiveQueue::Consumed> ReceiveQueue::take_consumed() {
    const std::lock_guard lock(mutex_);
    if (streams_.size() > 1) return std::nullopt;  // the offsets are those of a stream that is over
    if (consumed_.taken == reported_.taken && consumed_.delivered == reported_.delivered &&
        consumed_.finished == reported_.finished)
        return std::nullopt;
    reported_ = woken_for_ = consumed_;
    return consumed_;
}

}  // namespace stt
