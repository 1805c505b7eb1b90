// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/packet_faults.hpp"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

// The window is examined only here, so that opened packets cost nothing. After a time without damage, the
// first damaged packet ends a very long window, and the next window begins.
std::optional<Error> PacketFaults::on_damaged(uint64_t opened) {
    damaged_++;
    const uint64_t all = opened - opened_before_ + damaged_;
    if (noise_told_ || all < window) return std::nullopt;
    const double share = static_cast<double>(damaged_) / static_cast<double>(all);
    opened_before_ = opened;
    damaged_ = 0;
    if (share <= noisy_share) return std::nullopt;
    noise_told_ = true;
    const long tenths = std::lround(share * 1000);
    return make_error(ErrorCode::checksum_mismatch, Reason::line_noise, ErrorOrigin::network,
                      tr("%ld.%ld %% of the last %" PRIu64 " packets arrived damaged; they are sent again",
                         tenths / 10, tenths % 10, all));
}

std::optional<Error> PacketFaults::on_forged() {
    if (std::exchange(forgery_told_, true)) return std::nullopt;
    return make_error(ErrorCode::encryption_error, Reason::forged_packet, ErrorOrigin::network,
                      tr("a packet arrived undamaged but was not sealed by the peer; it was dropped, and "
                         "further ones are only counted"));
}

std::optional<Error> PacketFaults::on_unknown_frame(uint64_t type) {
    const auto told = types_.begin() + static_cast<std::ptrdiff_t>(types_told_);
    if (types_told_ == types_max || std::find(types_.begin(), told, type) != told) return std::nullopt;
    types_[types_told_++] = type;
    return make_error(ErrorCode::unknown_frame_type, Reason::unknown_frame, ErrorOrigin::peer,
                      tr("the peer sent a frame of type %" PRIu64
                         ", which this version does not know; such frames are ignored",
                         type))
        .proven();
}

}  // namespace stt
