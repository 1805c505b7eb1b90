// SPDX-License-Identifier: LGPL-2.1-or-later
/// The bounded queues between an element's streaming thread and the I/O thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/io/send_backlog.hpp"
#include "core/proto/receive_stream.hpp"
#include "core/proto/send_stream.hpp"
#include "core/wire/message.hpp"

namespace stt {

using SteadyTime = std::chrono::steady_clock::time_point;

enum class QueueStatus : uint8_t {
    ok,
    flushing,  ///< set_flushing(true) is in force
    eos,       ///< ReceiveQueue: the peer finished the stream
    failed,    ///< fail() was called; the element has posted the error or will post it
    timeout,
};

/// Messages on their way to the I/O thread, and the media count of what the peer got.
///
/// Offsets count the stream's bytes since open or the last restart(); a message has an offset once it has
/// been taken. According to its policy, the queue drops what a live stream cannot wait for. Every gap is
/// reported at its position in the stream.
class SendQueue {
  public:
    /// The memory that a pushed message takes in addition to its bytes, which counts against the limit. It
    /// consists of the entries here and in the session's stream (about 150 B) and of the head and the mapping
    /// of the payload (200 B). The GstBuffer and the GstMemory that the payload keeps take 280 B and 120 B.
    /// Without it, small buffers could take many times the limit.
    static constexpr uint64_t overhead = 750;

    /// `limit` is in bytes. It bounds the bytes and the overhead of messages that are pushed but not
    /// acknowledged; beyond it push() blocks. A message that is acknowledged but not delivered counts with
    /// the size of its entry. A single larger message is accepted when all others are acknowledged and their
    /// entries fit the limit or at most one of them is left.
    ///
    /// `wake` is called when the I/O thread has something to do, on any thread and without the lock. `clock`
    /// gives the time of a push, and must be the clock that the I/O thread uses; null means steady_clock.
    SendQueue(uint64_t limit, std::function<void()> wake, std::function<Time()> clock = nullptr);

    // Only the streaming thread may call the following.

    /// Pushes a message; blocks while the queue is over its limit. With GiveUpPolicy::when_full it drops the
    /// oldest units instead, in the worst case `message` itself. Then only two kinds of message still block:
    /// events and headers at twice the limit, and messages that are larger than the limit.
    ///
    /// In reports all units except events count as buffers, with `duration_ns` of media. It blocks for
    /// `timeout` at most, which may be zero; none means that there is no limit. `message` is moved from only
    /// when the result is ok.
    QueueStatus push(OutMessage&& message, Unit unit, uint64_t duration_ns, std::optional<Duration> timeout);
    /// The same as push() for a message that sets state on which all later ones rely. It replaces the
    /// previous one with the same `key`. A new stream begins with the states in force at the position where
    /// it resumes, in the order of their keys.
    QueueStatus push_state(OutMessage&& message, uint64_t key, std::optional<Duration> timeout);
    /// Sets the headers that a peer gets before the first unit when the beginning of the stream is missing,
    /// as it went to another peer or was dropped. They replace the previous headers.
    void keep_headers(std::vector<OutMessage> headers);
    /// Marks the end of the stream.
    void finish();
    /// Blocks until the peer's application has taken and delivered everything, the end included. It returns
    /// earlier on flushing or failure, and when the peer has taken nothing for `timeout` (none: no limit) or
    /// the time of limit_waits() has passed.
    QueueStatus wait_delivered(std::optional<Duration> timeout);
    /// Must be called after the end was delivered. What is pushed from now on belongs to another stream,
    /// which restart() begins.
    void begin_next();
    using Account = MediaAccount;
    /// The media count of what was pushed, and neither delivered nor dropped.
    Account undelivered() const;
    /// Drops a buffer that is not pushed because there is no peer. What the last peer has not acknowledged is
    /// dropped too, because the next peer gets only new data. Returns false, and does nothing, when there is
    /// a stream after all.
    bool skip(uint64_t payload_size, uint64_t duration_ns);
    /// Drops a delta unit that is not pushed because the peer that has taken over the stream needs a key unit
    /// first. For a peer that had the stream before, the unit is missing and becomes a part of the gap that
    /// is reported to it.
    void omit(uint64_t payload_size, uint64_t duration_ns);
    Account delivered() const;
    uint64_t queued_bytes() const;

    // Any thread may call the following.

    void set_policy(const GiveUpPolicy& policy);
    /// Sets whether the stream is live. The session is then given no more than it needs, so that data becomes
    /// stale here and not there.
    void set_live(bool live) { live_ = live; }
    bool live() const { return live_; }
    /// While set, push and wait functions return `flushing` at once. Setting it also discards what was pushed
    /// and the I/O thread has not taken, the end of the stream included. Returns the media count of what was
    /// discarded. Gaps are kept.
    Account set_flushing(bool flushing);
    /// Whether finish() was called and no flush has discarded the end.
    bool finished() const;
    /// While set, push functions return `flushing` instead of blocking, and wait_delivered() returns it at
    /// once. Nothing is discarded.
    void set_interrupted(bool interrupted);
    /// Makes push functions and wait_delivered() block until `until` at most, and then return `timeout`. Null
    /// leaves only their own timeouts. Of several limits in a row the first one counts.
    void limit_waits(std::optional<SteadyTime> until);
    /// The limit that limit_waits() has set.
    std::optional<SteadyTime> waits_until() const;
    /// Makes all blocked and later calls return `failed`, until clear().
    void fail();
    /// Restores the initial state, except for the policy and whether the stream is live.
    void clear();

    // Only the I/O thread may call the following.

    struct Taken {
        bool finished = false;       ///< true once, with the end of the stream
        std::optional<Account> gap;  ///< what was dropped behind the messages; more gaps may follow
        uint64_t end_offset = 0;     ///< stream offset; end of the last message taken so far
    };
    /// Takes what was pushed, in order, and appends it to `messages`. It stops at the next gap, or when the
    /// session holds `ahead` bytes or more, of which it already holds `held`. Of a live stream the session
    /// gets at least two messages, so that one is there when the other has been sent. `wake` is not called
    /// again while anything is left.
    Taken take(std::vector<OutMessage>& messages, uint64_t held, uint64_t ahead);
    /// Records the message that reports the gap at which take() stopped; the caller must write it to the
    /// session next.
    void taken_notice(OutMessage notice);
    /// Drops what is too old. Returns when to call it again.
    Time expire(Time now);
    /// What the session can skip at the moment.
    struct SkipRoom {
        uint64_t limit = 0;     ///< stream offset up to which it can skip
        size_t ranges = 0;      ///< the number of ranges
        Duration round_trip{};  ///< the time within which data that is not late is acknowledged
    };
    /// Skips what was taken, has not been acknowledged and is too old: the ranges that the session must skip
    /// are appended to `skips`. Returns when to call it again.
    Time expire_taken(Time now, const SkipRoom& room, std::vector<StreamSkip>& skips);
    /// Handles event::StreamSkipped: of the range `from` to `to`, the peer had everything up to `kept`.
    void skipped(uint64_t from, uint64_t to, uint64_t kept);
    /// States whether data can reach the peer. `now` must be the time of the change.
    void set_path(Time now, bool flows);
    /// Whether to ask for a key unit: once when dropping begins, and once when the path is usable again after
    /// that.
    bool take_key_request();
    /// Handles event::StreamProgress.
    void progress(uint64_t acked, uint64_t delivered, bool finished);
    /// Must be called when the peer is gone. Forgets what it has acknowledged and not delivered, which may or
    /// may not have been passed downstream. Returns the media count of that.
    Account give_up_undelivered();
    /// What will not be sent again.
    struct GivenUp {
        /// What the I/O thread had taken: the peer may have it, and may have delivered it.
        Account uncertain;
        Account certain;
    };
    /// Must be called when the stream is over. Drops everything that has not been delivered, and returns it
    /// once, to be reported.
    GivenUp give_up_all();
    /// The receiver of the stream.
    enum class Taker : uint8_t {
        newcomer,   ///< new: nothing that came before is missing for it
        returning,  ///< had the stream before
    };
    /// Returns what was dropped by skip() since the last call. A restart() follows: from now on nothing is
    /// dropped by skip().
    GivenUp take_skipped(Taker taker);
    /// States that there is no stream until restart().
    void end_stream();
    /// Makes take() return every message that the peer has not acknowledged again, from offset 0 of a new
    /// stream. `notices` come before them, and no flush discards these. Must be called after
    /// give_up_undelivered().
    void restart(std::vector<OutMessage> notices);

  private:
    QueueStatus push(OutMessage& message, SendEntry entry, std::optional<Duration> timeout);
    enum class Room : uint8_t { there, none, refused };
    Room make_room(Time now, const SendEntry& entry, uint64_t size);
    bool over_limit(uint64_t size, uint64_t limit) const;
    bool wait(std::unique_lock<std::mutex>& lock, SteadyTime deadline);
    void add_sent(SendEntry entry);
    bool waits_for_ack(const SendEntry& entry) const;
    void note_progress();
    void settle_front(Account& into);
    void settle_given_up(std::vector<OutMessage>& dropped);
    void notify();

    const uint64_t limit_;
    const std::function<void()> wake_;
    const std::function<Time()> clock_;
    std::atomic<bool> live_{false};
    std::atomic<bool> gives_up_{false};  // whether the policy drops anything; changed under the mutex
    // I/O thread only; the references are released without the lock.
    std::vector<std::shared_ptr<const void>> released_;

    // The following is protected by the mutex.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    unsigned waiting_ = 0;  // threads waiting on changed_
    bool flushing_ = false, interrupted_ = false, failed_ = false;
    std::optional<SteadyTime> wait_until_;   // of limit_waits()
    SteadyTime moved_at_{};                  // when the peer last acknowledged or delivered something
    std::map<uint64_t, OutMessage> states_;  // acknowledged and still in force, by key
    std::vector<OutMessage> headers_;        // set by keep_headers()
    bool begun_ = false;                     // whether anything was acknowledged or dropped
    std::deque<SendEntry> sent_;             // taken and not delivered
    size_t acked_ = 0;                       // number in sent_, from the front, of acknowledged entries
    size_t kept_front_ = 0;                  // number in sent_, from the front, that cannot be skipped
    size_t skipping_ = 0;                    // number in sent_ whose reception by the peer is unknown
    size_t given_up_ = 0;                    // number in sent_ from acked_ on that were skipped
    uint64_t acked_offset_ = 0, delivered_offset_ = 0;  // stream offsets, as last reported
    SendBacklog backlog_;                               // pushed and not taken
    uint64_t end_offset_ = 0;                           // stream offset; end of the last message taken
    uint64_t sent_unacked_ = 0;                         // bytes of the entries of sent_ from acked_ on
    bool finished_ = false;                             // finish() was called
    bool finish_taken_ = false, finish_delivered_ = false;
    bool streaming_ = false;  // since take_skipped() or restart(), until end_stream()
    Account undelivered_, delivered_;
    GivenUp skipped_;
    Taker taker_ = Taker::newcomer;  // set by take_skipped()
};

/// Messages that were received. They are split from the stream's bytes on the streaming thread.
class ReceiveQueue {
  public:
    /// `wake` is called, on any thread and without the lock, when the I/O thread should call take_consumed().
    explicit ReceiveQueue(std::function<void()> wake);

    // Only the streaming thread may call the following.

    /// Blocks until at least one message is complete or wake_reader() was called, then moves up to `max`
    /// messages into `messages`, which is cleared first. Each call states that all messages returned before
    /// have been passed downstream.
    ///
    /// `eos` follows the last message, once everything before it has been passed on. After eos_passed() the
    /// queue waits for the next stream. It blocks for `timeout` at most; none means that there is no limit.
    QueueStatus pop(std::vector<InMessage>& messages, size_t max, std::optional<Duration> timeout);
    /// The number of the stream to which the messages last returned by pop() belong: the count of restart()
    /// calls before it.
    uint64_t stream() const { return popped_stream_; }
    /// States that the end of stream() has been passed downstream too.
    void eos_passed();
    /// States that the messages last returned by pop() have been passed downstream up to `offset` of
    /// stream(). It is meant for messages that take long, because the next pop() states it for all. Ignored
    /// if the thread that reads ahead has begun another stream since.
    void passed(uint64_t offset);

    // Another thread, which reads while the streaming thread must not, may call the following.

    /// From this call on pop() waits in any case, and read_ahead() may be called by one thread at a time.
    void begin_read_ahead();
    /// The same as pop() for one message, except that it states nothing about messages returned before.
    /// Returns `flushing` also after stop_read_ahead(). pop() still returns `eos` and `failed` afterwards.
    QueueStatus read_ahead(InMessage& message);
    /// The number of the stream that read_ahead() was reading when it returned last, with or without a
    /// message. Before the first call it is that of pop(). Messages of earlier streams must not be returned
    /// to the queue.
    uint64_t stream_ahead() const { return ahead_stream_; }
    /// States that everything up to `offset` counts as passed downstream, including what the streaming thread
    /// is still processing. `offset` must be the end of a message, returned by read_ahead(), of
    /// stream_ahead().
    void pass(uint64_t offset);
    /// Makes read_ahead() return `flushing` from now on. Any thread.
    void stop_read_ahead();
    /// Lets pop() resume, with `messages` of stream_ahead() first. Must be called after stop_read_ahead(),
    /// when no thread is in read_ahead().
    void end_read_ahead(std::vector<InMessage> messages);

    // Any thread may call the following.

    void set_flushing(bool flushing);
    /// Makes the pop() that is waiting, or otherwise the next one, return `ok` at once. Its `messages` are
    /// empty when none is complete.
    void wake_reader();
    /// Makes all blocked and later calls return `failed`, even if messages are left, until clear().
    void fail();
    /// Restores the initial state for another stream. Forgets everything except what came after the last
    /// restart() that pop() has not reached yet.
    void clear();
    uint64_t held_bytes() const;

    // Only the I/O thread may call the following.

    /// Adds bytes in order. `finished` marks the end of the stream. `cuts` are the holes, by index into
    /// `chunks`. `at` is when the bytes arrived.
    void push(std::vector<Chunk> chunks, bool finished, std::vector<ReceiveStream::Cut> cuts = {},
              Time at = {});
    /// Begins another stream, to which all later pushes belong. The messages of the previous stream are still
    /// returned, except for an incomplete one at its end. Its end is not reported if it came without one.
    void restart();
    /// Whether the newest stream has reached its end.
    bool finished() const;
    /// Whether pop() has not reached the newest stream yet. No other stream should be started before it has,
    /// because the bytes they hold add up.
    bool behind() const;
    /// The error for which the bytes pushed cannot be split into messages. It is returned once, and pop()
    /// returns `failed` from then on.
    std::optional<Error> take_error();
    struct Consumed {
        uint64_t taken = 0, delivered = 0;
        bool finished = false;
    };
    /// The latest offsets taken and delivered, for Session::consumed(). Null when they have not changed.
    std::optional<Consumed> take_consumed();

  private:
    struct Arrival {
        uint64_t end_offset;  // stream offset; everything before it had arrived
        Time at;
    };
    struct Stream {
        std::vector<Chunk> arrived;            // not yet fetched by the reading thread
        std::vector<ReceiveStream::Cut> cuts;  // holes among `arrived`
        std::vector<Arrival> arrivals;         // arrival times of `arrived`
        uint64_t end_offset = 0;               // stream offset; end of what was pushed
        bool finished = false;                 // whether nothing follows `arrived`
        uint64_t number = 0;
    };
    enum class Reader : uint8_t { streaming, ahead };
    /// Which thread may read. While `ending`, no thread may.
    enum class Turn : uint8_t { streaming, ahead, ending };
    // For the thread whose turn it is.
    QueueStatus next(std::vector<InMessage>& messages, size_t max, std::optional<Duration> timeout,
                     Reader reader);
    void hand_out_returned(std::vector<InMessage>& messages, size_t max, Reader reader);
    bool fetch();  // requires the mutex
    void cut(std::vector<InMessage>& messages, size_t max, uint64_t& end_offset);
    void start_over();
    // Any thread; requires the mutex.
    bool next_stream();
    void account(uint64_t delivered);
    bool wake_due(bool running_empty);
    void notify();

    const std::function<void()> wake_;

    // For the thread whose turn it is, while `cutting_` is set or with the mutex held.
    MessageReader reader_;
    std::vector<Chunk> chunks_;  // fetched; from next_chunk_ on not yet in the reader
    size_t next_chunk_ = 0;
    std::vector<ReceiveStream::Cut> cuts_;  // holes among chunks_; from next_cut_ on not yet read
    size_t next_cut_ = 0;
    std::deque<Arrival> arrivals_;  // arrival times of what was fetched
    bool reader_has_more_ = false;  // whether the reader has more messages or has failed
    uint64_t taken_offset_ = 0;     // stream offset up to which bytes went into the reader
    uint64_t handed_offset_ = 0;  // end of the last message returned by pop(), or the offset given to pass()
    uint64_t stream_ = 0;         // the number of the stream being read
    // Used only on the streaming thread.
    uint64_t popped_stream_ = 0;  // the number of the stream of the messages that pop() returned last
    // Used only on the thread that reads ahead, and by begin_read_ahead().
    uint64_t ahead_stream_ = 0;  // the number of the stream that read_ahead() was reading last

    // The following is protected by the mutex.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    unsigned waiting_ = 0;  // threads waiting on changed_
    bool flushing_ = false, failed_ = false;
    bool reader_woken_ = false;  // wake_reader() was called, and pop() has not returned since
    Turn turn_ = Turn::streaming;
    bool cutting_ = false;            // a thread is in cut(), without the mutex
    std::deque<InMessage> returned_;  // given to end_read_ahead(); pop() returns them first
    bool start_over_ = false;         // the streaming thread holds messages of a stream that is over
    std::deque<Stream> streams_{1};   // the one being read, and its successors
    bool eos_reported_ = false;       // of the one being read
    Consumed consumed_;               // of the one being read
    Consumed reported_;               // what take_consumed() last returned for it
    Consumed woken_for_;              // consumed_ when wake_ was last called, or reported_
    uint64_t held_ = 0;               // bytes pushed and not delivered
    std::optional<Error> error_;      // not yet taken
};

}  // namespace stt
