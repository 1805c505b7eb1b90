// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the streaming thread of an element knows of its peer, and its waits for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "core/io/queues.hpp"

namespace stt {

/// The furthest state that any peer has reached since the element was opened. Each state includes the
/// preceding ones.
enum class Reached : uint8_t { nothing, call, session, stream };

/// Why an element stopped waiting for its peer: the stream is open; the element is being stopped or flushed;
/// the time limit has expired; or a terminal error was announced.
enum class Waited : uint8_t { ready, interrupted, expired, failed };

/// Thread-safe. The I/O thread and state changes report what happens; the streaming thread waits.
class AwaitedPeer {
  public:
    // Called in state changes.

    /// Resets everything: a connection is being opened.
    void open();
    /// The connection is closed: there is no stream, and no error to wait for.
    void close();

    // Called on the I/O thread.

    /// Records that a peer has reached `state`.
    void note_reached(Reached state);
    /// Records that a stream was opened (`ready`), or that there is none any more. What the previous stream's
    /// receiver has answered is forgotten.
    void set_ready(bool ready);
    /// Records whether the receiver of the stream reads metas as GStreamer serialises them.
    void set_reads_serialized(bool reads);

    // Callable from any thread.

    /// While `on` is set, every wait returns early and new waits return at once.
    void interrupt(bool on);
    bool interrupted() const;
    /// Ends wait_ready() and wait_reads_serialized() at `until`. Without a value there is no limit. Of
    /// several limits in a row the first one applies.
    void limit_waits(std::optional<SteadyTime> until);
    /// Whether the time limit set by limit_waits() has passed.
    bool waits_expired() const;
    /// Records that a terminal error is announced. Returns false if one was announced before.
    bool fail();
    /// Records that the ERROR is on the bus. Ignored without fail().
    void note_error_posted();
    /// Whether a terminal error was announced.
    bool failed() const { return failure_ != Failure::none; }
    /// Whether the stream is open.
    bool ready() const { return ready_; }
    Reached reached() const { return reached_; }
    /// Whether the receiver reads metas as GStreamer serialises them; null until it has answered.
    std::optional<bool> reads_serialized() const;

    // Called on the streaming thread.

    /// Blocks until the stream is open.
    Waited wait_ready();
    /// Blocks until the receiver has answered, see reads_serialized(), or is gone. A receiver that does not
    /// answer in time is treated as one that does not read them.
    Waited wait_reads_serialized();
    /// Called after the link has failed: blocks until its ERROR is on the bus, so that no later message can
    /// precede it.
    void wait_error();

  private:
    enum class Failure : uint8_t { none, announced, posted };
    Waited why_woken() const;  // requires the mutex

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // Written under mutex_.
    std::atomic<bool> ready_{false};
    std::atomic<Reached> reached_{Reached::nothing};
    std::atomic<Failure> failure_{Failure::none};
    // Under mutex_.
    bool open_ = false;
    bool interrupted_ = false;
    std::optional<SteadyTime> wait_until_;
    std::optional<bool> reads_serialized_;
};

}  // namespace stt
