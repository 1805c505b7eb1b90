// SPDX-License-Identifier: LGPL-2.1-or-later
/// Ends a stream of sttsink: waits until the peer has all of it, and reports what it lacks when that takes
/// longer than `drain-timeout`.
#pragma once

#include <gst/base/gstbasesink.h>

#include "gst/connection.hpp"
#include "gst/link_writer.hpp"
#include "gst/sending_policy.hpp"

namespace stt {

/// Used on the streaming thread with the preroll lock held.
class Drain {
  public:
    /// `connection` belongs to `element`, which owns this object too. The other arguments outlive it.
    /// @param policy tells whether the stream is live
    /// @param writer tells what was discarded
    Drain(GstBaseSink* element, Connection& connection, const SendingPolicy& policy, const LinkWriter& writer)
        : element_(element), connection_(connection), policy_(policy), writer_(writer) {}

    /// Another stream may begin: nothing of it has ended. Also called while no streaming thread runs.
    void begin_stream() { finished_ = false; }
    /// The element was flushed, which may have discarded the end.
    void flushed(Link& link);
    /// Whether the end of the stream was sent, so that what follows belongs to another stream.
    bool finished() const { return finished_; }

    /// Sends the end of the stream, unless finished(), and waits until the peer's pipeline has everything.
    GstFlowReturn finish(Link& link);
    /// Ends the stream after `drain-timeout` has passed. Data that a peer was promised and has not got is
    /// missing. So is data of a stored stream for a receiver that is awaited. Live data that no peer has
    /// received is not missing.
    GstFlowReturn end_undelivered(Link& link);
    /// Ends the stream of an element that has no peer and awaits none: reports what the last one lacks.
    void end_unheard(Link& link);

  private:
    GstBaseSink* const element_;
    Connection& connection_;
    const SendingPolicy& policy_;
    const LinkWriter& writer_;
    bool finished_ = false;  // EOS was sent, and another stream follows; streaming thread
};

}  // namespace stt
