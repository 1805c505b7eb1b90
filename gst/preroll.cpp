// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/preroll.hpp"

#include "gst/connection.hpp"

namespace stt {

void PrerollExit::start() { wanted_ = open_ = false; }

void PrerollExit::open() {
    wanted_ = true;
    let_go();
}

// The base class commits the state first and waits afterwards. Another thread gets the lock when the base
// class waits.
void PrerollExit::on_preroll() {
    if (!wanted_) return;
    gst_element_call_async(
        GST_ELEMENT(sink_), [](GstElement*, gpointer exit) { static_cast<PrerollExit*>(exit)->let_go(); },
        this, nullptr);
}

void PrerollExit::let_go() {
    GST_BASE_SINK_PREROLL_LOCK(sink_);
    if (wanted_ && sink_->have_preroll) {
        open_ = true;
        sink_->need_preroll = FALSE;
        GST_BASE_SINK_PREROLL_SIGNAL(sink_);
    }
    GST_BASE_SINK_PREROLL_UNLOCK(sink_);
}

void PrerollExit::close(Connection& connection) {
    wanted_ = false;
    if (!open_.exchange(false)) return;
    // The streaming thread holds the preroll lock while it waits for the peer.
    connection.interrupt(true);
    GST_BASE_SINK_PREROLL_LOCK(sink_);
    connection.interrupt(false);
    GST_BASE_SINK_PREROLL_UNLOCK(sink_);
}

}  // namespace stt
