// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/send_stream.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace stt {

namespace {

[[maybe_unused]] bool may_follow(SendStream::State from, SendStream::State to) {
    using State = SendStream::State;
    switch (from) {
        case State::send:
            return to == State::finished;
        case State::finished:
            return to == State::data_sent;
        case State::data_sent:
            return to == State::fin_lost || to == State::fin_recvd || to == State::data_recvd;
        case State::fin_lost:
            return to == State::data_sent || to == State::fin_recvd || to == State::data_recvd;
        case State::fin_recvd:
            return to == State::data_recvd;
        case State::data_recvd:
            break;
    }
    return false;
}

}  // namespace

void SendStream::enter(State next) {
    assert(may_follow(state_, next));
    state_ = next;
}

void SendStream::write(OutMessage message) {
    const uint64_t size = message.size();
    if (finish_written() || size == 0) return;
    segments_.push_back({written_, size, std::move(message)});
    written_ += size;
}

void SendStream::on_window(uint64_t limit, uint64_t delivered) {
    limit_ = std::max(limit_, limit);
    // A peer cannot have consumed what was never sent. The additional 1 is the end of the stream.
    const uint64_t most = sent_ + (fin_sent() ? 1 : 0);
    delivered_ = std::max(delivered_, std::min(delivered, most));
}

SendStream::Piece SendStream::next(uint64_t session_credit) const {
    if (!lost_.empty()) {
        const auto range = lost_.front();
        return {range.begin, range.end - range.begin, true};
    }
    const uint64_t allowed = std::min(limit_, sent_ + std::min(session_credit, varint_max - sent_));
    const uint64_t until = std::min(written_, allowed);
    return {sent_, until > sent_ ? until - sent_ : 0, false};
}

size_t SendStream::find_segment(uint64_t offset) {
    if (cursor_ < segments_.size()) {
        const Segment& at = segments_[cursor_];
        if (offset >= at.offset && offset < at.end()) return cursor_;
    }
    const auto behind =
        std::upper_bound(segments_.begin(), segments_.end(), offset,
                         [](uint64_t o, const Segment& segment) { return o < segment.offset; });
    assert(behind != segments_.begin());
    return static_cast<size_t>(behind - segments_.begin()) - 1;
}

void SendStream::copy(uint64_t offset, MutableBytes out) {
    assert(offset >= acked_base_ && offset < written_ && out.size() <= written_ - offset);
    size_t i = find_segment(offset);
    while (!out.empty()) {
        const Segment& segment = segments_[i];
        assert(!segment.skipped());
        const auto& [owner, head, payload] = segment.message;
        const auto at = static_cast<size_t>(offset - segment.offset);
        const Bytes from = at < head.size() ? head.subspan(at) : payload.subspan(at - head.size());
        const size_t count = std::min(from.size(), out.size());
        std::memcpy(out.data(), from.data(), count);
        out = out.subspan(count);
        offset += count;
        if (offset == segment.end()) i++;
    }
    cursor_ = i;
}

void SendStream::on_sent(const Piece& piece, uint64_t size) {
    assert(size <= piece.size && (piece.again || piece.offset == sent_));
    if (piece.again)
        lost_.remove(piece.offset, piece.offset + size);
    else
        sent_ = piece.offset + size;
}

void SendStream::on_acked(const StreamRange& range) { on_acked(range.offset, range.offset + range.size); }

void SendStream::on_acked(uint64_t begin, uint64_t end) {
    assert(end <= sent_);
    begin = std::max(begin, acked_base_);
    if (begin >= end) return;
    if (!lost_.empty()) lost_.remove(begin, end);
    if (begin > acked_base_) {
        acked_.add(begin, end);
        return;
    }
    acked_base_ = end;
    while (!acked_.empty() && acked_.front().begin <= acked_base_) {
        acked_base_ = std::max(acked_base_, acked_.front().end);
        acked_.remove(0, acked_base_);
    }
    release_acked();
    if (state_ == State::fin_recvd && acked_base_ == written_) enter(State::data_recvd);
}

void SendStream::on_fin_sent() {
    assert(fin_due());
    enter(State::data_sent);
}

void SendStream::on_fin_acked() {
    assert(fin_sent());
    if (state_ == State::data_sent || state_ == State::fin_lost)
        enter(acked_base_ == written_ ? State::data_recvd : State::fin_recvd);
}

void SendStream::release_acked() {
    while (!segments_.empty() && segments_.front().end() <= acked_base_) {
        segments_.pop_front();
        if (cursor_ > 0) cursor_--;
    }
}

void SendStream::on_lost(const StreamRange& range) {
    const uint64_t begin = std::max(range.offset, acked_base_);
    const uint64_t end = range.offset + range.size;
    assert(end <= sent_);
    if (begin >= end) return;
    lose(begin, end);
}

void SendStream::on_all_lost() {
    if (acked_base_ < sent_) lose(acked_base_, sent_);
    for (OpenSkip& skip : skips_) skip.due = true;
    on_fin_lost();
}

uint64_t SendStream::skip_limit(uint64_t session_credit) const {
    return std::max(sent_, std::min(limit_, sent_ + std::min(session_credit, varint_max - sent_)));
}

uint64_t SendStream::skip(const StreamSkip& range) {
    assert(range.from <= range.to && range.to <= written_ && range.to <= std::max(sent_, limit_));
    assert(skips_left() > 0 && (skips_.empty() || skips_.back().range.to <= range.from));
    skips_.push_back({range});
    const uint64_t before = sent_;
    if (range.to > sent_) {
        lost_.add(sent_, range.from);  // adds nothing if that much was sent
        sent_ = range.to;
    }
    lost_.remove(range.from, range.to);
    auto segment = std::lower_bound(segments_.begin(), segments_.end(), range.from,
                                    [](const Segment& s, uint64_t offset) { return s.offset < offset; });
    assert(segment == segments_.begin() || std::prev(segment)->end() <= range.from);
    for (; segment != segments_.end() && segment->end() <= range.to; ++segment) segment->message = {};
    assert(segment == segments_.end() || segment->offset >= range.to);
    return sent_ - before;
}

const StreamSkip* SendStream::skip_due() const {
    const auto due =
        std::find_if(skips_.begin(), skips_.end(), [](const OpenSkip& skip) { return skip.due; });
    return due == skips_.end() ? nullptr : &due->range;
}

void SendStream::on_skip_sent() {
    const auto due =
        std::find_if(skips_.begin(), skips_.end(), [](const OpenSkip& skip) { return skip.due; });
    assert(due != skips_.end());
    due->due = false;
}

std::vector<SendStream::OpenSkip>::iterator SendStream::find_skip(uint64_t to) {
    return std::find_if(skips_.begin(), skips_.end(),
                        [&](const OpenSkip& skip) { return skip.range.to == to; });
}

void SendStream::on_skip_lost(uint64_t to) {
    const auto skip = find_skip(to);
    if (skip != skips_.end()) skip->due = true;
}

std::optional<StreamSkip> SendStream::on_skipped(uint64_t to) {
    const auto skip = find_skip(to);
    if (skip == skips_.end()) return std::nullopt;
    const StreamSkip range = skip->range;
    skips_.erase(skip);
    on_acked(range.from, range.to);
    return range;
}

uint64_t SendStream::held() const {
    uint64_t held = written_ - acked_base_;
    for (const OpenSkip& skip : skips_)
        held -= skip.range.to - std::clamp(acked_base_, skip.range.from, skip.range.to);
    return held;
}

void SendStream::lose(uint64_t begin, uint64_t end) {
    lost_.add(begin, end);
    for (const auto& acked : acked_.list()) {
        if (acked.begin >= end) break;
        lost_.remove(acked.begin, acked.end);
    }
    for (const OpenSkip& skip : skips_) lost_.remove(skip.range.from, skip.range.to);
}

}  // namespace stt
