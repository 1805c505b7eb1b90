// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/send_stream.hpp"

#include <algorithm>
#include <cassert>

namespace stt {

void SendStream::write(OutMessage message) {
    const uint64_t size = message.size();
    if (finish_written_ || size == 0) return;
    segments_.push_back({written_, std::move(message)});
    written_ += size;
}

void SendStream::on_window(uint64_t limit, uint64_t delivered) {
    limit_ = std::max(limit_, limit);
    // A peer cannot have consumed what was never sent; the +1 is the end of the stream.
    const uint64_t most = sent_ + (fin_sent_ ? 1 : 0);
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
    size_t i = find_segment(offset);
    while (!out.empty()) {
        const Segment& segment = segments_[i];
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
    if (piece.again)
        lost_.remove(piece.offset, piece.offset + size);
    else
        sent_ = piece.offset + size;
}

void SendStream::on_acked(const StreamRange& range) {
    const uint64_t begin = std::max(range.offset, acked_base_);
    const uint64_t end = range.offset + range.size;
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
    if (begin >= end) return;
    lose(begin, end);
}

void SendStream::on_all_lost() {
    if (acked_base_ < sent_) lose(acked_base_, sent_);
    fin_lost_ = true;
}

void SendStream::lose(uint64_t begin, uint64_t end) {
    lost_.add(begin, end);
    for (const auto& acked : acked_.list()) {
        if (acked.begin >= end) break;
        lost_.remove(acked.begin, acked.end);
    }
}

}  // namespace stt
