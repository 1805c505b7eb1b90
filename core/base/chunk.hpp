// SPDX-License-Identifier: LGPL-2.1-or-later
/// A range of bytes together with a reference to their owner.
#pragma once

#include <memory>
#include <vector>

#include "core/base/bytes.hpp"

namespace stt {

/// Immutable bytes, which stay valid as long as any Chunk with the same owner exists. Copies share the owner,
/// and they may be made and destroyed on any thread.
class Chunk {
  public:
    Chunk() = default;
    /// `owner` keeps `bytes` valid.
    Chunk(std::shared_ptr<const void> owner, Bytes bytes) : owner_(std::move(owner)), bytes_(bytes) {}
    /// Makes a chunk that owns a copy of `bytes`.
    static Chunk copy_of(Bytes bytes) {
        auto owner = std::make_shared<std::vector<uint8_t>>(bytes.begin(), bytes.end());
        const Bytes view(*owner);
        return Chunk(std::move(owner), view);
    }

    Bytes bytes() const { return bytes_; }
    size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }
    /// A part of this chunk, which shares its owner. `from + count` is at most size().
    Chunk sub(size_t from, size_t count) const& { return Chunk(owner_, bytes_.subspan(from, count)); }
    /// The same for a temporary chunk: the reference to the owner is moved instead of counted again.
    Chunk sub(size_t from, size_t count) && { return Chunk(std::move(owner_), bytes_.subspan(from, count)); }

  private:
    std::shared_ptr<const void> owner_;
    Bytes bytes_;
};

}  // namespace stt
