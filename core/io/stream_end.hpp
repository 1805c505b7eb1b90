// SPDX-License-Identifier: LGPL-2.1-or-later
/// A link's end of its stream: what moves between the session and the element's queues.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "core/io/current_session.hpp"
#include "core/io/link.hpp"
#include "core/io/reporter.hpp"
#include "core/io/stream_feeder.hpp"

namespace stt {

/// All of it belongs to the I/O thread if nothing else is said. One stream follows another, in one session or
/// in several. The stream of a lost session continues in the session that resumes it. Messages against the
/// direction use the other half of the same stream.
class StreamEnd {
  public:
    /// All outlive the object.
    struct Parts {
        const LinkConfig& config;
        CurrentSession& session;
        Reporter& reporter;
        SendQueue& outbox;
    };
    /// What is wrong with the stream. The link decides what follows.
    struct Fault {
        enum class Kind : uint8_t {
            not_opened,  ///< this end could not open it
            misused,     ///< the peer does what no retry can mend; its stream was reset
            closed,      ///< it has ended abruptly; that is still to be reported
            unreadable,  ///< the streaming thread cannot read it, and has stopped
        };
        Kind kind;
        Error error;
    };
    /// None: nothing is wrong.
    using Outcome = std::optional<Fault>;

    explicit StreamEnd(const Parts& parts) : parts_(parts), feeder_(parts.outbox) {}
    virtual ~StreamEnd() = default;
    StreamEnd(const StreamEnd&) = delete;
    StreamEnd& operator=(const StreamEnd&) = delete;

    // How far it has come.

    /// None: there is no stream in the session.
    const std::optional<StreamId>& stream() const { return stream_; }
    /// Receiver: all of it has arrived, the end included. Sender: as finished().
    bool complete() const { return progress_ >= Progress::complete; }
    /// The receiver has passed on all of it, the end included.
    bool finished() const { return progress_ == Progress::finished; }
    /// Nothing more is wanted of a session that was lost.
    virtual bool satisfied() const = 0;
    /// With keep_listening: no stream is under way, and none is expected within a time.
    bool idle() const {
        return parts_.config.keep_listening && (stream_ ? finished() : expected_by_ == time_never);
    }
    /// Whether the last stream of that session was ended here, which was reported.
    bool ended_in(SessionHandle session) const { return session == ended_in_; }
    /// Any thread. Whether a receiver can send messages upstream.
    bool takes_upstream() const { return upstream_open_; }
    /// When expire() or tend() must be called at the latest.
    virtual Time deadline() const { return std::min(expected_by_, idle_at()); }

    // Its session.

    /// Another session is established: there is no stream in it yet.
    virtual void on_session() = 0;
    /// Another session has resumed the one that was lost, and has its stream.
    virtual void on_resumption(Time now);
    /// Sender: opens the stream. Receiver: expects one.
    virtual Outcome begin(Now now) = 0;
    /// The session is over, and may be resumed or not.
    void on_session_over();
    /// There is no stream any more. Returns the one there was: its end is still to be reported.
    std::optional<StreamId> leave();

    // Events of the session.

    virtual Outcome on_opened(Now now, const event::StreamOpened& opened) = 0;
    virtual void on_readable(Time now, StreamId stream);
    virtual void on_progress(Time now, const event::StreamProgress& progress);
    void on_skipped(const event::StreamSkipped& skipped);

    // A turn.

    /// Reports that no stream was opened in time. Resets a stream that has been idle for too long.
    Outcome expire(Time now);
    /// Lets the outbox drop what its policy does not wait for.
    virtual void tend(Time) {}
    /// Moves data in both directions.
    Outcome move(Time now);

    // The end of the link.

    /// Receiver: reports to the session what was taken and delivered.
    virtual void report_taken(Time, Session&) {}
    /// Sender: the stream does not continue. Reports what has not been delivered.
    virtual void report_undelivered() {}

    // Sender.

    /// The next stream, after one that was delivered, has `header`. begin() opens it.
    virtual void set_next(Time, std::vector<uint8_t>) {}

  protected:
    enum class Progress : uint8_t {
        none,      ///< sender: it has not been opened in any session yet
        open,      ///< sender: it has. Receiver: it is incomplete, or none has come in this session yet
        complete,  ///< receiver: all of it has arrived, the end included
        finished,  ///< the receiver has passed on all of it; a sender's next one has not begun
    };

    /// Moves data from the outbox to the session.
    virtual void feed(Session& session);
    /// Takes the data that the session has.
    virtual Outcome receive(Time now, Session& session) = 0;
    /// Ends the stream for a reason that this end reports itself.
    void reset(Session& session, StreamId stream, const Error& error);

    const Parts parts_;
    StreamFeeder feeder_;
    std::optional<StreamId> stream_;
    Progress progress_ = Progress::none;
    bool readable_ = false;                   // the session may have bytes of it
    Time moved_at_{};                         // when a byte of it last arrived, or was acknowledged
    Time expected_by_ = time_never;           // if the peer has opened none by then, that is reported
    SessionHandle ended_in_ = 0;              // session of the stream that this end has ended last
    std::atomic<bool> upstream_open_{false};  // any thread; changed on the I/O thread

  private:
    Time idle_at() const;
};

/// Refuses a caller after the only stream that a listener accepts.
Error stream_has_ended();

}  // namespace stt
