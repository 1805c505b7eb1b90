// SPDX-License-Identifier: LGPL-2.1-or-later
/// A source pad for the parts that push, and what arrives behind it.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "gst/owned.hpp"

namespace stt::test {

/// Used by one thread.
class PadPair {
  public:
    PadPair();
    ~PadPair();
    PadPair(const PadPair&) = delete;
    PadPair& operator=(const PadPair&) = delete;

    GstPad* src() { return src_; }
    /// Begins or ends a flush, which is not listed.
    void flush(bool start);
    /// Makes the pad that receives refuse buffers by `flow`.
    void refuse(GstFlowReturn flow) { flow_ = flow; }
    /// What arrived since the last call, in order: the names of events, "buffer", and "list of N".
    std::vector<std::string> take_names();
    /// The event that arrived last, which stays the pair's; null: none did.
    GstEvent* last_event() const { return last_event_.get(); }

  private:
    static gboolean on_event(GstPad* pad, GstObject* parent, GstEvent* event);
    static GstFlowReturn on_buffer(GstPad* pad, GstObject* parent, GstBuffer* buffer);
    static GstFlowReturn on_list(GstPad* pad, GstObject* parent, GstBufferList* list);
    static PadPair& of(GstPad* pad) { return *static_cast<PadPair*>(gst_pad_get_element_private(pad)); }

    GstPad* src_;
    GstPad* sink_;
    GstFlowReturn flow_ = GST_FLOW_OK;
    std::vector<std::string> names_;
    EventPtr last_event_;
};

}  // namespace stt::test
