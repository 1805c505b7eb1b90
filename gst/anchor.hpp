// SPDX-License-Identifier: LGPL-2.1-or-later
/// Anchors decide where streams that are not live begin to play. All streams of one sender pipeline share an
/// anchor, so that they stay synchronised.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace stt {

/// Identifies an anchor: it belongs to one pipeline at the sender and one pipeline in this process.
struct AnchorKey {
    uint64_t epoch = 0;              ///< of the sender's clock
    GstClockTime base_time = 0;      ///< of the sender's pipeline, ns
    const void* pipeline = nullptr;  ///< the local pipeline; the address is never dereferenced
    auto operator<=>(const AnchorKey&) const = default;
};

/// The clock of the local pipeline, and the time on it at which running time begins.
struct AnchorBase {
    uint64_t epoch = 0;  ///< epoch_of() the clock
    GstClockTime base_time = 0;
};

/// Thread-safe.
class Anchor {
  public:
    /// Returns the anchor of `key` and creates it if there is none. `base` is that of the local pipeline. If
    /// another pipeline of this process plays streams of the same sender pipeline on the same clock, the new
    /// anchor plays in step with that one's.
    static std::shared_ptr<Anchor> of(const AnchorKey& key, const AnchorBase& base);
    /// Registers `anchor` also under `key`, for a later run of the same sender pipeline whose base time has
    /// changed in a pause.
    static void also_of(const std::shared_ptr<Anchor>& anchor, const AnchorKey& key);

    /// Returns local running time minus the time of the sender's clock, ns. The first call sets it to
    /// `proposed`; later calls get the value that is set. `base` is the current base of the local pipeline,
    /// which changes in pauses.
    int64_t offset(int64_t proposed, const AnchorBase& base);
    /// Raises the offset to `offset` after an item has arrived too late, so that all later items play later.
    /// The offset never decreases. Returns the resulting offset, ns.
    int64_t move_on(int64_t offset);

  private:
    struct Registry;
    explicit Anchor(const AnchorBase& base) : base_(base) {}

    AnchorBase base_;                // under the registry's mutex
    std::optional<int64_t> offset_;  // ns; under the registry's mutex
};

}  // namespace stt
