// SPDX-License-Identifier: LGPL-2.1-or-later
/// Decides when faults of packets are reported. A session counts all of them, but its application receives
/// each kind once. Neither a bad cable nor an attacker can then cause a storm of messages.
#pragma once

#include <array>
#include <optional>

#include "core/base/error.hpp"

namespace stt {

/// Each function counts one fault. Most return the error to report, or null if there is nothing new to
/// report.
class PacketFaults {
  public:
    /// The share of damaged packets above which the hardware should be checked, as documented in
    /// docs/errors.md.
    static constexpr double noisy_share = 0.05;
    /// The least number of packets over which the share is measured. With 512, a line that damages half as
    /// much stays unreported: it is expected to damage 12.8 packets with a deviation of 3.5, and 26 are
    /// needed.
    static constexpr uint64_t window = 512;
    /// The largest number of frame types reported, because the peer chooses them.
    static constexpr size_t types_max = 16;
    /// The number of genuine but malformed packets with which a session ends.
    static constexpr unsigned malformed_max = 16;

    /// A packet could not be opened, and its checksum does not match either. `opened` is the number of
    /// packets opened so far.
    std::optional<Error> on_damaged(uint64_t opened);
    /// A packet could not be opened although its checksum matches. It arrived as it was sent, by a node
    /// without the keys.
    std::optional<Error> on_forged();
    /// The peer sent a frame of an unknown type.
    std::optional<Error> on_unknown_frame(uint64_t type);
    /// A genuine packet was malformed. Returns true if there were so many that the session must end.
    bool on_malformed() { return ++malformed_ >= malformed_max; }

  private:
    // The current window.
    uint64_t opened_before_ = 0;
    uint64_t damaged_ = 0;
    bool noise_told_ = false;
    bool forgery_told_ = false;
    std::array<uint64_t, types_max> types_{};
    size_t types_told_ = 0;
    unsigned malformed_ = 0;
};

}  // namespace stt
