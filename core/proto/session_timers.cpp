// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_timers.hpp"

#include <algorithm>

namespace stt {

const char* timer_name(Timer timer) {
    switch (timer) {
        case Timer::handshake:
            return "handshake";
        case Timer::loss_detection:
            return "loss-detection";
        case Timer::narrow_path_probe:
            return "narrow-path-probe";
        case Timer::keep_alive_timeout:
            return "keep-alive-timeout";
        case Timer::doubt:
            return "doubt";
        case Timer::keep_alive:
            return "keep-alive";
        case Timer::silence_probe:
            return "silence-probe";
        case Timer::acknowledgement:
            return "acknowledgement";
        case Timer::window_frame:
            return "window-frame";
        case Timer::path_challenge:
            return "path-challenge";
        case Timer::clock_request:
            return "clock-request";
        case Timer::mtu_probe:
            return "mtu-probe";
        case Timer::pacer:
            return "pacer";
        case Timer::close_repetition:
            return "close-repetition";
        case Timer::linger:
            return "linger";
        case Timer::resumption:
            return "resumption";
    }
    return "";
}

Deadlines::Due Deadlines::next() const {
    const auto earliest = std::min_element(at_.begin(), at_.end());
    return {*earliest, static_cast<Timer>(earliest - at_.begin())};
}

}  // namespace stt
