// SPDX-License-Identifier: LGPL-2.1-or-later
/// When faults of packets are worth telling: a session counts them all, its application hears of each kind
/// once, so that neither a bad cable nor an attacker makes a storm.
#pragma once

#include <array>
#include <optional>

#include "core/base/error.hpp"

namespace stt {

/// Each function counts one fault. Most return the error to be noted, or null when there is nothing new to
/// say.
class PacketFaults {
  public:
    /// Share of damaged packets beyond which somebody should look at the hardware, as the error reference has
    /// it.
    static constexpr double noisy_share = 0.05;
    /// Packets over which the share is measured at least. With 512 a line that damages half as much stays
    /// unreported: 12.8 damaged are expected with a deviation of 3.5, and 26 are needed.
    static constexpr uint64_t window = 512;
    /// Types told at most: each is the peer's choice.
    static constexpr size_t types_max = 16;
    /// Genuine packets that make no sense, with which a session ends.
    static constexpr unsigned malformed_max = 16;

    /// A packet did not open and its checksum does not fit either. `opened`: packets that have opened so far.
    std::optional<Error> on_damaged(uint64_t opened);
    /// A packet did not open although its checksum fits: it arrived as it was sent, by somebody without the
    /// keys.
    std::optional<Error> on_forged();
    /// The peer sent a frame of a type unknown here.
    std::optional<Error> on_unknown_frame(uint64_t type);
    /// A genuine packet made no sense. True: it is one of so many that the peer is broken beyond help.
    bool on_malformed() { return ++malformed_ >= malformed_max; }

  private:
    // The window under way.
    uint64_t opened_before_ = 0;
    uint64_t damaged_ = 0;
    bool noise_told_ = false;
    bool forgery_told_ = false;
    std::array<uint64_t, types_max> types_{};
    size_t types_told_ = 0;
    unsigned malformed_ = 0;
};

}  // namespace stt
