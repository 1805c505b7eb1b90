// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/receive_stream.hpp"

#include <algorithm>
#include <cassert>
#include <cinttypes>

#include "core/base/text.hpp"

namespace stt {

namespace {

/// The delay with which a streaming thread may take data without the window being considered too small.
constexpr Duration scheduling_allowance = 5ms;

/// Progress that opens no window is reported with this delay, so that reports are exact without a frame per
/// buffer.
constexpr Duration progress_delay = 50ms;

Error violation(ErrorCode code, Reason reason, std::string text) {
    return make_error(code, reason, ErrorOrigin::peer, std::move(text)).proven();
}

}  // namespace

void ReceiveStream::advance(State next) {
    assert(static_cast<int>(next) == static_cast<int>(state_) + 1);
    state_ = next;
}

void ReceiveStream::advance_to(uint64_t next) {
    assert(next >= next_ && next <= highest_);
    next_ = next;
    if (state_ == State::size_known && next_ == final_size_) advance(State::data_recvd);
}

Result<uint64_t> ReceiveStream::grow(uint64_t end) {
    if (end <= highest_) return uint64_t{0};
    if (end > limit_)
        return violation(
            ErrorCode::flow_control_violation, Reason::stream_window,
            tr("the peer sent up to offset %" PRIu64 ", but the limit is %" PRIu64, end, limit_));
    if (size_known() && end > final_size_)
        return violation(ErrorCode::invalid_frame, Reason::stream_size,
                         tr("the peer sent data beyond the end of the stream"));
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
        advance_to(end);
        ready_.push_back(std::move(data));
        return growth;
    }

    // Only the holes are filled; bytes that have arrived are kept.
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
            pieces_.emplace_hint(behind, offset, Piece{data.sub(0, size)});
            data = data.sub(size, data.size() - size);
            offset = hole_end;
        }
        if (data.empty() || behind == pieces_.end()) break;
        const auto known = static_cast<size_t>(std::min<uint64_t>(data.size(), behind->second.size()));
        data = data.sub(known, data.size() - known);
        offset += known;
        ++behind;
    }
    if (pieces_.size() > pieces_max)
        return violation(ErrorCode::buffer_overflow, Reason::fragments,
                         tr("the peer sent too many fragments out of order"));
    take_in_order();
    return growth;
}

void ReceiveStream::take_in_order() {
    while (!pieces_.empty() && pieces_.begin()->first == next_) {
        Piece piece = std::move(pieces_.begin()->second);
        pieces_.erase(pieces_.begin());
        if (piece.skipped > 0) {
            skips_ahead_--;
            pass(next_, next_ + piece.skipped);
        } else {
            advance_to(next_ + piece.data.size());
            ready_.push_back(std::move(piece.data));
        }
    }
}

void ReceiveStream::pass(uint64_t from, uint64_t to) {
    passed_.push_back({.from = from, .to = to, .kept = std::min(next_, to)});
    if (next_ >= to) return;
    const uint64_t size = to - next_;
    if (!cuts_.empty() && cuts_.back().before == ready_.size())
        cuts_.back().size += size;
    else
        cuts_.push_back({ready_.size(), size});
    advance_to(to);
}

bool ReceiveStream::meets_skip(uint64_t from, uint64_t to, bool& same) const {
    for (const Passed& other : passed_) {
        if (from >= other.to || other.from >= to) continue;
        same = from == other.from && to == other.to;
        return true;
    }
    auto piece = pieces_.upper_bound(from);
    if (piece != pieces_.begin()) --piece;
    for (; piece != pieces_.end() && piece->first < to; ++piece) {
        const uint64_t end = piece->first + piece->second.size();
        if (piece->second.skipped == 0 || end <= from) continue;
        same = from == piece->first && to == end;
        return true;
    }
    return false;
}

void ReceiveStream::drop_pieces(uint64_t from, uint64_t to) {
    auto piece = pieces_.upper_bound(from);
    if (piece != pieces_.begin()) --piece;
    while (piece != pieces_.end() && piece->first < to) {
        const uint64_t begin = piece->first, end = begin + piece->second.size();
        if (end <= from) {
            ++piece;
            continue;
        }
        const Chunk data = std::move(piece->second.data);
        piece = pieces_.erase(piece);
        if (begin < from) pieces_.emplace(begin, Piece{data.sub(0, static_cast<size_t>(from - begin))});
        if (end > to)
            pieces_.emplace(to,
                            Piece{data.sub(static_cast<size_t>(to - begin), static_cast<size_t>(end - to))});
    }
}

Result<uint64_t> ReceiveStream::on_skip(uint64_t from, uint64_t to) {
    assert(from < to);
    const Result<uint64_t> growth = grow(to);
    if (!growth.ok()) return growth;
    bool same = false;
    if (meets_skip(from, to, same)) {
        if (same) return growth;  // the peer has repeated the skip
        return violation(ErrorCode::invalid_frame, Reason::skip,
                         tr("the peer skipped a range that overlaps an earlier one"));
    }
    if (passed_.size() + skips_ahead_ >= skips_max)
        return violation(ErrorCode::buffer_overflow, Reason::skips,
                         tr("the peer skipped too many ranges of a stream at a time"));
    drop_pieces(std::max(from, next_), to);
    if (from > next_) {
        pieces_.emplace(from, Piece{.data = {}, .skipped = to - from});
        skips_ahead_++;
    } else {
        pass(from, to);
        take_in_order();
    }
    return growth;
}

const ReceiveStream::Passed* ReceiveStream::passed_due() const {
    const auto due = std::find_if(passed_.begin(), passed_.end(), [](const Passed& p) { return p.due; });
    return due == passed_.end() ? nullptr : &*due;
}

void ReceiveStream::on_passed_sent() {
    const auto due = std::find_if(passed_.begin(), passed_.end(), [](const Passed& p) { return p.due; });
    assert(due != passed_.end());
    due->due = false;
}

void ReceiveStream::on_passed_acked(uint64_t to) {
    std::erase_if(passed_, [&](const Passed& p) { return p.to == to; });
}

void ReceiveStream::on_passed_lost(uint64_t to) {
    for (Passed& p : passed_) p.due = p.due || p.to == to;
}

void ReceiveStream::on_all_lost() {
    for (Passed& p : passed_) p.due = true;
    on_window_frame_lost();
}

Result<uint64_t> ReceiveStream::on_fin(uint64_t size) {
    if ((size_known() && final_size_ != size) || size < highest_)
        return violation(ErrorCode::invalid_frame, Reason::stream_size,
                         tr("the peer moved the end of the stream"));
    const Result<uint64_t> growth = grow(size);
    if (!growth.ok() || size_known()) return growth;
    final_size_ = size;
    advance(State::size_known);
    advance_to(next_);
    return growth;
}

ReceiveStream::Read ReceiveStream::read() {
    Read result;
    result.chunks.swap(ready_);
    result.cuts.swap(cuts_);
    result.finished = ended();
    if (state_ == State::data_recvd) advance(State::data_read);
    return result;
}

void ReceiveStream::consumed(Time now, uint64_t taken, uint64_t delivered, bool finished, Duration rtt) {
    assert(delivered <= taken);
    taken_ = std::max(taken_, std::min(taken, next_));
    delivered_ = std::max(delivered_, std::min(delivered, taken_));
    if (finished && state_ == State::data_read) advance(State::delivered);

    // A window that is used up within two round trips is too small for bandwidth × delay, and is doubled.
    if (taken_ - tuned_at_ >= window_ / 2) {
        if (tuned_when_ != Time{} && now - tuned_when_ < 2 * rtt + scheduling_allowance)
            window_ = std::min(2 * window_, window_max_);
        tuned_at_ = taken_;
        tuned_when_ = now;
    }
    limit_ = std::max(limit_, taken_ + window_);

    if (limit_ - limit_sent_ >= window_ / 4 || (complete() && this->delivered() != delivered_sent_))
        frame_due_ = Time{};
    else if (this->delivered() != delivered_sent_)
        frame_due_ = std::min(frame_due_, now + progress_delay);
}

void ReceiveStream::on_window_frame_sent() {
    limit_sent_ = limit_;
    delivered_sent_ = delivered();
    frame_due_ = time_never;
}

void ReceiveStream::on_window_frame_acked(uint64_t delivered) {
    if (state_ == State::delivered && delivered == this->delivered()) advance(State::delivery_acked);
}

}  // namespace stt
