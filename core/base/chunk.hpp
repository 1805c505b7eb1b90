// SPDX-License-Identifier: LGPL-2.1-or-later
/// A run of bytes together with a share in whatever owns them.
#pragma once

#include <memory>
#include <vector>

#include "core/base/bytes.hpp"

namespace stt {

/// Immutable bytes that stay valid as long as any Chunk of the same owner lives. Copies share the owner;
/// they may be made and dropped on any thread.
class Chunk {
  public:
    Chunk() = default;
    /// `owner` keeps `bytes` alive.
    Chunk(std::shared_ptr<const void> owner, Bytes bytes) : owner_(std::move(owner)), bytes_(bytes) {}
    /// Owns a copy of `bytes`.
    static Chunk copy_of(Bytes bytes) {
        auto owner = std::make_shared<std::vector<uint8_t>>(bytes.begin(), bytes.end());
        const Bytes view(*owner);
        return Chunk(std::move(owner), view);
    }

    Bytes bytes() const { return bytes_; }
    size_t size() const { return bytes_.size(); }
    bool empty() const { return bytes_.empty(); }
    /// Part of this chunk, sharing its owner. `from + count` ≤ size().
    Chunk sub(size_t from, size_t count) const& { return Chunk(owner_, bytes_.subspan(from, count)); }
    /// The same, handing this chunk's share over instead of counting another one.
    Chunk sub(size_t from, size_t count) && { return Chunk(std::move(owner_), bytes_.subspan(from, count)); }

  private:
    std::shared_ptr<const void> owner_;
    Bytes bytes_;
};

}  // namespace stt
