// SPDX-License-Identifier: LGPL-2.1-or-later
/// All that an element's connection reports: messages on the bus, and lines of the event log.
#pragma once

#include <gst/gst.h>

#include <string>
#include <vector>

#include "gst/announcer.hpp"
#include "gst/awaited_peer.hpp"
#include "gst/bus.hpp"
#include "gst/element_settings.hpp"
#include "gst/progress.hpp"
#include "gst/status_digest.hpp"

namespace stt {

/// Turns states and errors into messages. Nothing else posts an ERROR. Of an open connection only the first
/// one is posted.
class BusReporter {
  public:
    /// `element` owns the object. `side` is its kind. `peer` learns of each ERROR, and outlives the object.
    BusReporter(GstElement* element, Side side, AwaitedPeer& peer)
        : element_(element), side_(side), peer_(peer), announcer_(element), progress_(element, announcer_) {}

    // Called in state changes only.

    /// Writes what is posted from now on to the event log at `path` as well; empty: to none. The error names
    /// the path.
    Status open_log(const std::string& path);
    /// Messages posted before are still written.
    void close_log() { announcer_.set_log(nullptr); }
    /// Begins the PROGRESS of a caller's first connect or a listener's bind, with `text`. `node` is the
    /// node's own id. Returns false if a handler of the message has stopped the element. The PROGRESS has
    /// ended then.
    bool start(bool caller, const NodeId& node, const std::string& text);
    /// Posts the ERROR of an element that cannot be opened, within the state change.
    void refuse(const Error& error);
    /// Drops what is queued for the bus, as the element stops.
    void drop_queued() { announcer_.clear(); }

    // Called on the I/O thread.

    /// Posts `stt-session`, and PROGRESS of a caller's first connect.
    void on_status(const LinkStatus& status);
    /// Post `stt-stream`. `header` is null if it is malformed.
    void stream_opened(StreamId stream, const StreamHeader* header);
    void stream_closed(StreamId stream, const Error& error);

    // Callable from any thread.

    /// Posts the messages about `report`. Returns false if it is terminal and an ERROR was announced before:
    /// then nothing is posted.
    bool report(const ErrorReport& report);
    /// Posts a WARNING about a problem that does not stop the stream.
    void warn(Error error);
    /// The same, ahead of what is queued. Callable from a job of the announcer.
    void warn_now(Error error);
    /// Posts that the stream ends while the peer's pipeline lacks what is `missing`, with the messages about
    /// `report`. If that is terminal, AwaitedPeer::fail() must have returned true. Returns once all is on the
    /// bus.
    void report_undelivered(const std::vector<Gap>& missing, const ErrorReport& report);
    void gap(const Gap& gap) { announcer_.post_gap(gap); }
    /// The same, ahead of what is queued. Callable from a job of the announcer.
    void gap_now(const Gap& gap) { announcer_.post_now(gap_message(element_, gap)); }
    /// Posts LATENCY, as the LATENCY query will be answered differently from now on.
    void latency_changed() { announcer_.post_latency(); }
    /// Posts an element message, and takes ownership of `structure`.
    void post(GstStructure* structure);
    /// Ends the PROGRESS, if it is under way.
    void end_progress(GstProgressType type, const std::string& text) { progress_.end(type, text); }
    bool progress_under_way() const { return progress_.under_way(); }
    /// Returns a report of an error of the element's own.
    ErrorReport describe(Error error) const;
    Announcer& announcer() { return announcer_; }

  private:
    std::vector<GstMessage*> messages(const ErrorReport& report) const;
    void post_now(const ErrorReport& report);
    void announce(const LinkStatus& status);

    GstElement* const element_;
    const Side side_;
    AwaitedPeer& peer_;
    Announcer announcer_;
    Progress progress_;
    StatusDigest status_digest_;
    bool caller_ = false;     // written by start()
    NodeId node_{};           // written by start()
    LinkState told_state_{};  // the last state that PROGRESS has reported; I/O thread
};

}  // namespace stt
