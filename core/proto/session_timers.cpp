// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/session_timers.hpp"

#include <algorithm>

namespace stt {

const char* timer_name(Timer timer) {
    switch (timer) {
        case Timer::handshake:
            return "handshake";
        case Timer::loss_detection:
            return "loss_detection";
        case Timer::narrow_path_probe:
            return "narrow_path_probe";
        case Timer::keep_alive_timeout:
            return "keep_alive_timeout";
        case Timer::doubt:
            return "doubt";
        case Timer::keep_alive:
            return "keep_alive";
        case Timer::silence_probe:
            return "silence_probe";
        case Timer::acknowledgement:
            return "acknowledgement";
        case Timer::window_frame:
            return "window_frame";
        case Timer::path_challenge:
            return "path_challenge";
        case Timer::clock_request:
            return "clock_request";
        case Timer::mtu_probe:
            return "mtu_probe";
        case Timer::pacer:
            return "pacer";
        case Timer::close_repetition:
            return "close_repetition";
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
