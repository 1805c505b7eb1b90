// SPDX-License-Identifier: LGPL-2.1-or-later
/// A link's end of its stream: what moves between the session and the element's queues.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "core/io/current_session.hpp"
#include "core/io/link.hpp"
#include "core/io/reporter.hpp"
#include "core/io/stream_feeder.hpp"

namespace stt {

/// I/O thread, if nothing else is said. One stream follows another, in one session or in several; a lost
/// session's stream continues in the session that resumes it. What goes against the direction uses the other
/// half of the same stream.
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
            not_opened,  ///< it could not be opened here
            misused,     ///< the peer does what no retry can mend; its stream was reset
            closed,      ///< it has ended abruptly, which is still to be reported
            unreadable,  ///< the streaming thread has stopped because of it: there is nothing to receive for
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
    /// All of it has arrived, the end included.
    bool complete() const { return progress_ >= Progress::complete; }
    /// The receiver has passed its end on, too.
    bool finished() const { return progress_ == Progress::finished; }
    /// Nothing more is wanted of a session that was lost.
    virtual bool satisfied() const = 0;
    /// Between two streams (keep_listening), with none expected within a time.
    bool idle() const {
        return parts_.config.keep_listening && (stream_ ? finished() : expected_by_ == time_never);
    }
    /// Whether the last stream of that session was ended here, which was reported.
    bool ended_in(SessionHandle session) const { return session == ended_in_; }
    /// Any thread. Receiver: there is a stream to send messages upstream.
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
    /// The session is over.
    void on_session_over();
    /// There is no stream any more. Returns the one there was, whose end is still to be reported.
    std::optional<StreamId> leave();

    // Events of the session.

    virtual Outcome on_opened(Now now, const event::StreamOpened& opened) = 0;
    virtual void on_readable(Time now, StreamId stream);
    virtual void on_progress(Time now, const event::StreamProgress& progress);
    void on_skipped(const event::StreamSkipped& skipped);

    // A turn.

    /// Reports that no stream was opened in time, and ends one that has been idle for too long.
    Outcome expire(Time now);
    /// Lets the outbox drop what its policy does not wait for.
    virtual void tend(Time) {}
    /// Moves what there is in both directions.
    Outcome move(Time now);

    // The end of the link.

    /// Receiver: tells the session how far its data has got.
    virtual void report_taken(Time, Session&) {}
    /// Sender: the stream goes no further; reports what has not been delivered.
    virtual void report_undelivered() {}

    // Sender.

    /// The next stream, after one that was delivered, has `header`. It is still to begin().
    virtual void set_next(Time, std::vector<uint8_t>) {}

  protected:
    enum class Progress : uint8_t {
        none,      ///< sender: it was not opened yet, in any session
        open,      ///< it was, or (receiver) none has come in this session
        complete,  ///< receiver: all of it has arrived, the end included
        finished,  ///< the receiver has passed its end on; a sender's next one has not begun
    };

    /// Gives the session what the outbox has.
    virtual void feed(Session& session);
    /// Takes what the session has.
    virtual Outcome receive(Time now, Session& session) = 0;
    /// Ends it by `error`.
    void reset(Session& session, StreamId stream, const Error& error);

    const Parts parts_;
    StreamFeeder feeder_;
    std::optional<StreamId> stream_;
    Progress progress_ = Progress::none;
    bool readable_ = false;                   // the session may have bytes of it
    Time moved_at_{};                         // when a byte of it last came, or was acknowledged
    Time expected_by_ = time_never;           // a peer that has opened none by then is to be reported
    SessionHandle ended_in_ = 0;              // the session of a stream that was ended here and reported
    std::atomic<bool> upstream_open_{false};  // any thread; changed on the I/O thread

  private:
    Time idle_at() const;
};

/// With which a caller is refused after the only stream that a listener accepts.
Error stream_has_ended();

}  // namespace stt
