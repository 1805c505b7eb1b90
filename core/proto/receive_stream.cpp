// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/receive_stream.hpp"

#include <algorithm>

namespace stt {

namespace {

/// How long a streaming thread may be late in taking data without that being the window's fault.
constexpr Duration scheduling_allowance = 5ms;

/// Progress that opens no window is reported this late, so that reports are exact without a frame per buffer.
constexpr Duration progress_delay = 50ms;

Error violation(ErrorCode code, std::string reason, std::string text) {
    return {.code = code,
            .origin = ErrorOrigin::peer,
            .authenticated = true,
            .reason = std::move(reason),
            .text = std::move(text)};
}

}  // namespace

Result<uint64_t> ReceiveStream::grow(uint64_t end) {
    if (end <= highest_) return uint64_t{0};
    if (end > limit_)
        return violation(ErrorCode::flow_control_violation, "stream-window",
                         "the peer sent up to offset " + std::to_string(end) + " where " +
                             std::to_string(limit_) + " was allowed");
    if (final_size_ && end > *final_size_)
        return violation(ErrorCode::invalid_frame, "stream-size", "data behind the end of the stream");
    const uint64_t growth = end - highest_;
    highest_ = end;
    return growth;
}

Result<uint64_t> ReceiveStream::on_data(uint64_t offset, Chunk data) {
    const uint64_t end = offset + data.size();
    const Result<uint64_t> growth = grow(end);
    if (!growth.ok() || end <= next_) return growth;

    if (offset < next_) {
        const auto known = static_cast<size_t>(next_ - offset);
        data = data.sub(known, data.size() - known);
        offset = next_;
    }
    if (offset == next_ && pieces_.empty()) {
        next_ = end;
        ready_.push_back(std::move(data));
        return growth;
    }

    // Fill only the holes: what is there already stays.
    auto behind = pieces_.upper_bound(offset);
    if (behind != pieces_.begin()) {
        const auto before = std::prev(behind);
        const uint64_t before_end = before->first + before->second.size();
        if (before_end >= end) return growth;
        if (before_end > offset) {
            const auto known = static_cast<size_t>(before_end - offset);
            data = data.sub(known, data.size() - known);
            offset = before_end;
        }
    }
    while (!data.empty()) {
        const uint64_t hole_end = behind == pieces_.end() ? end : std::min(end, behind->first);
        if (hole_end > offset) {
            const auto size = static_cast<size_t>(hole_end - offset);
            pieces_.emplace_hint(behind, offset, data.sub(0, size));
            data = data.sub(size, data.size() - size);
            offset = hole_end;
        }
        if (data.empty() || behind == pieces_.end()) break;
        const size_t known = std::min(data.size(), behind->second.size());
        data = data.sub(known, data.size() - known);
        offset += known;
        ++behind;
    }
    if (pieces_.size() > pieces_max)
        return violation(ErrorCode::buffer_overflow, "fragments",
                         "the peer sent too many fragments out of order");

    while (!pieces_.empty() && pieces_.begin()->first == next_) {
        next_ += pieces_.begin()->second.size();
        ready_.push_back(std::move(pieces_.begin()->second));
        pieces_.erase(pieces_.begin());
    }
    return growth;
}

Result<uint64_t> ReceiveStream::on_fin(uint64_t size) {
    if ((final_size_ && *final_size_ != size) || size < highest_)
        return violation(ErrorCode::invalid_frame, "stream-size", "the end of the stream moved");
    const Result<uint64_t> growth = grow(size);
    if (growth.ok()) final_size_ = size;
    return growth;
}

ReceiveStream::Read ReceiveStream::read() {
    Read result;
    result.chunks.swap(ready_);
    if (ended()) result.finished = end_read_ = true;
    return result;
}

void ReceiveStream::consumed(Time now, uint64_t taken, uint64_t delivered, bool finished, Duration rtt) {
    taken_ = std::max(taken_, std::min(taken, next_));
    delivered_ = std::max(delivered_, std::min(delivered, taken_));
    if (finished && ended() && end_read_) end_consumed_ = true;

    // A window that is used up within two round trips is too small for bandwidth × delay: double it.
    if (taken_ - tuned_at_ >= window_ / 2) {
        if (tuned_when_ != Time{} && now - tuned_when_ < 2 * rtt + scheduling_allowance)
            window_ = std::min(2 * window_, window_max_);
        tuned_at_ = taken_;
        tuned_when_ = now;
    }
    limit_ = std::max(limit_, taken_ + window_);

    if (limit_ - limit_sent_ >= window_ / 4 || (end_consumed_ && this->delivered() != delivered_sent_))
        frame_due_ = Time{};
    else if (this->delivered() != delivered_sent_)
        frame_due_ = std::min(frame_due_, now + progress_delay);
}

void ReceiveStream::on_window_frame_sent() {
    limit_sent_ = limit_;
    delivered_sent_ = delivered();
    frame_due_ = time_never;
}

}  // namespace stt
