// SPDX-License-Identifier: LGPL-2.1-or-later
/// The buffers that sttsrc pushes in one list.
#pragma once

#include <gst/gst.h>

#include <vector>

#include "gst/owned.hpp"

namespace stt {

/// Returns when `buffer` is due: its DTS, if there is one, else its PTS, as GStreamer decides it.
GstClockTime due_time(GstBuffer* buffer);

/// Used on the streaming thread.
class BufferBatch {
  public:
    /// `pad` outlives the batch.
    explicit BufferBatch(GstPad* pad) : pad_(pad) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    /// @param count_max the number of buffers after which the stream ends; negative: no limit
    void start(int64_t count_max);

    /// Whether `buffer` is due together with those in the batch.
    bool joins(GstBuffer* buffer) const;
    /// Adds a buffer, which must join the others. Not called once the limit is reached.
    void add(BufferPtr buffer);
    /// Whether as many buffers were added as the limit allows.
    bool counted_out() const { return left_ == 0; }
    size_t size() const { return buffers_.size(); }

    /// Pushes the buffers. The result is GST_FLOW_EOS if they were pushed and the limit is reached.
    GstFlowReturn push();
    /// Discards the buffers.
    void clear() { buffers_.clear(); }

    /// Buffers within this time are due together, ns. It is less than media requires, and more than the span
    /// of a batch of small packets of a fast stream.
    static constexpr GstClockTimeDiff due_together = 5 * GST_MSECOND;

  private:
    GstPad* const pad_;
    int64_t left_ = -1;  // how many more may be added; negative: no limit
    std::vector<BufferPtr> buffers_;
};

}  // namespace stt
