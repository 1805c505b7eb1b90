// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sends the events that are pushed into sttsink, and before everything else what a peer needs first: caps,
/// segment, tags and the like.
#pragma once

#include <gst/base/gstbasesink.h>

#include <set>
#include <string>

#include "gst/buffer_sender.hpp"
#include "gst/connection.hpp"
#include "gst/link_writer.hpp"
#include "gst/sending_policy.hpp"
#include "gst/timing_report.hpp"

namespace stt {

/// Used on the streaming thread with the preroll lock held.
class StateSender {
  public:
    /// `connection` belongs to `element`, which owns this object too. The other arguments outlive it.
    /// @param policy tells what is upstream
    /// @param writer takes the messages
    /// @param buffers sends the headers of a stream
    StateSender(GstBaseSink* element, Connection& connection, const SendingPolicy& policy, LinkWriter& writer,
                BufferSender& buffers)
        : element_(element),
          connection_(connection),
          policy_(policy),
          writer_(writer),
          buffers_(buffers),
          timing_(GST_ELEMENT_CAST(element)) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    /// @param bytes whether only the payload of buffers is sent, and no events
    void start(bool bytes);
    /// Another stream begins. The link discards the state of the previous one.
    void begin_stream();
    /// The element was flushed. The state is sent again, with a message that says so.
    void flushed();
    /// The link has not got all events: the state is sent again.
    void forget() { sent_ = false; }
    /// Data was dropped as there is no peer: the next one needs the headers of the stream, too. Returns
    /// whether it is the first since a peer was sent the beginning.
    bool drop_beginning();
    /// The pipeline has changed, so that its clocks must be read again.
    void pipeline_changed() { timing_.set_due(); }

    /// Whether the link has the state in force.
    bool sent() const { return sent_; }
    /// Sends the pad's state, unless sent().
    GstFlowReturn send_state();
    /// Sends what the receiver must know about the times that follow, if it has changed.
    GstFlowReturn send_timing();
    /// Sends an event.
    GstFlowReturn send(GstEvent* event);

  private:
    GstFlowReturn end_tags(GstEvent* stream_start);
    GstFlowReturn send_headers();

    GstBaseSink* const element_;
    Connection& connection_;
    const SendingPolicy& policy_;
    LinkWriter& writer_;
    BufferSender& buffers_;

    // Streaming thread; reset by start().
    bool bytes_ = false;
    bool sent_ = true;          // the link has the caps, segment and tags in force
    bool headers_due_ = false;  // data was dropped, as no peer was there, and the stream's headers with it
    bool flush_due_ = false;    // a flush must be announced
    std::string stream_id_;
    std::set<uint64_t> tags_;  // keys of the tags that the link has since STREAM_START
    TimingReport timing_;
};

}  // namespace stt
