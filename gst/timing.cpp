// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timing.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.hpp"
#include "gst/numbers.hpp"

namespace stt {
namespace {

/// The largest skew of a clock that plays media. A pipeline could not follow a clock that is further off.
constexpr double clock_skew_max = 0.05;
/// The largest latency of a pipeline. The receiver's pipeline would have to wait for as long.
constexpr GstClockTime pipeline_latency_max = 3600 * GST_SECOND;

}  // namespace

OutMessage encode_timing(const Timing& timing) {
    std::array<uint8_t, 1 + 8 + 4 * 9 + 8> space;
    ByteWriter out(space);
    out.u8(timing.live);
    out.u64(timing.epoch);
    write_number(out, timing.base_time);
    write_number(out, std::min(timing.latency, pipeline_latency_max));
    write_number(out, static_cast<uint64_t>(timing.clock.from));
    write_number(out, static_cast<uint64_t>(timing.clock.to));
    write_double(out, timing.clock.skew);
    return header_message(MessageKind::timing, out.written());
}

Result<Timing> decode_timing(const InMessage& message) {
    ByteReader in{Bytes(message.header)};
    Timing timing;
    timing.live = in.u8() != 0;
    timing.epoch = in.u64();
    timing.base_time = read_number(in);
    timing.latency = read_number(in);
    timing.clock.from = static_cast<int64_t>(read_number(in));
    timing.clock.to = static_cast<int64_t>(read_number(in));
    timing.clock.skew = read_double(in);
    const bool ok = in.ok() && in.empty() && GST_CLOCK_TIME_IS_VALID(timing.base_time) &&
                    timing.latency <= pipeline_latency_max &&
                    std::abs(timing.clock.skew) <= clock_skew_max;  // false for NaN, too
    if (!ok) return malformed_message(tr("the peer sent a malformed timing message"));
    return timing;
}

}  // namespace stt
