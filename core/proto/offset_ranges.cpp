// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/offset_ranges.hpp"

#include <algorithm>

namespace stt {

size_t OffsetRanges::first_reaching(uint64_t offset) const {
    const auto it = std::lower_bound(ranges_.begin(), ranges_.end(), offset,
                                     [](const Range& range, uint64_t at) { return range.end < at; });
    return static_cast<size_t>(it - ranges_.begin());
}

void OffsetRanges::add(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    const size_t from = first_reaching(begin);
    size_t to = from;
    while (to < ranges_.size() && ranges_[to].begin <= end) {
        begin = std::min(begin, ranges_[to].begin);
        end = std::max(end, ranges_[to].end);
        to++;
    }
    const auto at = ranges_.begin() + static_cast<ptrdiff_t>(from);
    if (from == to) {
        ranges_.insert(at, {begin, end});
    } else {
        *at = {begin, end};
        ranges_.erase(at + 1, ranges_.begin() + static_cast<ptrdiff_t>(to));
    }
}

void OffsetRanges::remove(uint64_t begin, uint64_t end) {
    if (begin >= end) return;
    size_t i = first_reaching(begin);
    while (i < ranges_.size() && ranges_[i].begin < end) {
        Range& range = ranges_[i];
        const auto at = ranges_.begin() + static_cast<ptrdiff_t>(i);
        if (range.begin < begin && range.end > end) {
            const Range tail{end, range.end};
            range.end = begin;
            ranges_.insert(at + 1, tail);
            return;
        }
        if (range.begin < begin) {
            range.end = std::min(range.end, begin);
            i++;
        } else if (range.end > end) {
            range.begin = end;
            return;
        } else {
            ranges_.erase(at);
        }
    }
}

bool OffsetRanges::contains(uint64_t offset) const {
    const size_t i = first_reaching(offset + 1);
    return i < ranges_.size() && ranges_[i].begin <= offset;
}

}  // namespace stt
