// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where streams that are not live begin to play. Those of one sender pipeline share it, so that what belongs
/// together stays together.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace stt {

/// Which anchor a stream has: of one pipeline at the sender, for one pipeline here.
struct AnchorKey {
    uint64_t epoch = 0;              ///< of the sender's clock
    GstClockTime base_time = 0;      ///< of the sender's pipeline
    const void* pipeline = nullptr;  ///< the one here, as an address that is never followed
    auto operator<=>(const AnchorKey&) const = default;
};

/// The clock of a pipeline here, and where its running time begins on it.
struct AnchorBase {
    uint64_t epoch = 0;  ///< epoch_of() the clock
    GstClockTime base_time = 0;
};

/// Any thread.
class Anchor {
  public:
    /// The anchor of `key`, made when there is none yet. `base`: of the pipeline here. When another pipeline
    /// of this process plays streams of the same sender pipeline, on the same clock, the new one begins
    /// together with it.
    static std::shared_ptr<Anchor> of(const AnchorKey& key, const AnchorBase& base);
    /// The same anchor for another pipeline run of its sender, whose base time has moved in a pause.
    static void also_of(const std::shared_ptr<Anchor>& anchor, const AnchorKey& key);

    /// Running time here minus the sender's clock, ns. The first call decides, and others get what it gave.
    /// `base`: of the pipeline here, as it is now; it moves in pauses.
    int64_t offset(int64_t proposed, const AnchorBase& base);
    /// What came too late has made everything late: moves it on to `offset`, never back.
    int64_t move_on(int64_t offset);

  private:
    struct Registry;
    explicit Anchor(const AnchorBase& base) : base_(base) {}

    AnchorBase base_;                // under the registry's mutex
    std::optional<int64_t> offset_;  // under the registry's mutex
};

}  // namespace stt
