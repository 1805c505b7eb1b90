// SPDX-License-Identifier: LGPL-2.1-or-later
/// Converts the buffers that are pushed into sttsink to messages.
#pragma once

#include <gst/base/gstbasesink.h>

#include "gst/buffer_codec.hpp"
#include "gst/connection.hpp"
#include "gst/link_writer.hpp"
#include "gst/pool_watch.hpp"
#include "gst/sending_policy.hpp"
#include "gst/units.hpp"

namespace stt {

/// Used on the streaming thread with the preroll lock held.
class BufferSender {
  public:
    /// `connection` belongs to `element`, which owns this object too. The other arguments outlive it.
    /// @param policy tells whether data waits for a peer
    /// @param writer takes the messages
    BufferSender(GstBaseSink* element, Connection& connection, const SendingPolicy& policy,
                 LinkWriter& writer)
        : element_(element),
          connection_(connection),
          policy_(policy),
          writer_(writer),
          metas_([this](const Error& error) { connection_.bus().warn(error); }) {}

    /// Begins a run of the element. Called while no streaming thread runs.
    /// @param bytes whether only the payload of buffers is sent
    void start(bool bytes);
    /// Sets the caps of the buffers that follow. The link keeps the headers in them for a receiver that takes
    /// over the stream from a peer that has had its beginning.
    void set_caps(const GstCaps* caps);
    /// There is no receiver now. The next one cannot use what precedes a key unit.
    void await_key_unit();

    /// Sends a buffer, unless everything is discarded until EOS or a key unit is awaited.
    GstFlowReturn send(GstBuffer* buffer);

  private:
    bool held_back(GstBuffer* buffer);
    GstFlowReturn learn_forms();

    GstBaseSink* const element_;
    Connection& connection_;
    const SendingPolicy& policy_;
    LinkWriter& writer_;

    // Streaming thread; reset by start().
    bool bytes_ = false;
    MetaEncoder metas_;
    PoolWatch pools_;
    KeyUnitWait key_unit_wait_;
};

}  // namespace stt
