// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/progress.hpp"

#include <utility>

#include "gst/bus.hpp"

namespace stt {

bool Progress::start(const std::string& text) {
    {
        const std::lock_guard lock(mutex_);
        under_way_ = true;
    }
    announcer_.post_now(progress_message(element_, GST_PROGRESS_TYPE_START, text));
    return GST_STATE_TARGET(element_) >= GST_STATE_PAUSED;
}

void Progress::proceed(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (under_way_) announcer_.post(progress_message(element_, GST_PROGRESS_TYPE_CONTINUE, text));
}

void Progress::end(GstProgressType type, const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(under_way_, false)) announcer_.post(progress_message(element_, type, text));
}

}  // namespace stt
