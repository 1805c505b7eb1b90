// SPDX-License-Identifier: LGPL-2.1-or-later
/// A set of numbers, stored as sorted and disjoint half-open ranges that do not touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stt {

class OffsetRanges {
  public:
    struct Range {
        uint64_t begin;
        uint64_t end;
        bool operator==(const Range&) const = default;
    };

    bool empty() const { return ranges_.empty(); }
    const std::vector<Range>& list() const { return ranges_; }
    Range front() const { return ranges_.front(); }

    void add(uint64_t begin, uint64_t end);
    void remove(uint64_t begin, uint64_t end);
    bool contains(uint64_t offset) const;
    void clear() { ranges_.clear(); }

  private:
    /// Returns the index of the first range that ends at or after `offset`.
    size_t first_reaching(uint64_t offset) const;

    std::vector<Range> ranges_;
};

}  // namespace stt
