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
    failed,    ///< fail() was called: the element has posted, or will post, the error
    timeout,
};

/// Messages on their way to the I/O thread, and the account of what the peer got. Offsets count the stream's
/// bytes since open or the last restart(); a message has its offset once it was taken. By its policy the
/// queue gives up what a live stream cannot wait for; each gap is told where it is.
class SendQueue {
  public:
    /// What a message pushed takes in memory beside its bytes, counted against the limit: its entries here
    /// and in the session's stream (about 150 B), its head and the mapping of its payload (200 B), the
    /// GstBuffer and GstMemory its payload keeps (280 B and 120 B). Small buffers would otherwise take many
    /// times the limit.
    static constexpr uint64_t overhead = 750;

    /// `limit`: bytes, and overhead of messages, pushed but not acknowledged by the peer that push() lets
    /// stand before it blocks; what is acknowledged and not delivered counts with its entry. A single larger
    /// message passes when all others are acknowledged and at most one is not delivered. `wake` is called
    /// without the lock when the I/O thread has reason to look; any thread.
    /// `clock`: where the time of a push comes from, the same that the I/O thread goes by; null:
    /// steady_clock.
    SendQueue(uint64_t limit, std::function<void()> wake, std::function<Time()> clock = nullptr);

    // Streaming thread.

    /// Blocks while the queue is over its limit, or gives up what is oldest (GiveUpPolicy::when_full), at
    /// worst the message itself; then only events and headers block, at twice the limit, and what is larger
    /// than the limit. `unit`: all but events count as buffers in reports. `duration` (ns) of media it stands
    /// for, for reports. `timeout`: zero: none. `message` is moved from only when the result is ok.
    QueueStatus push(OutMessage&& message, Unit unit, uint64_t duration_ns, Duration timeout);
    /// As push, for a message that sets something which all later ones rely on, and which replaces the last
    /// one with the same `key`: a new stream begins with those in force where it takes up, by rising key.
    QueueStatus push_state(OutMessage&& message, uint64_t key, Duration timeout);
    /// What a peer gets before the first unit when the beginning of the stream is gone: another one had it,
    /// or it was given up. Replaces those before.
    void keep_headers(std::vector<OutMessage> headers);
    /// Marks the end of the stream.
    void finish();
    /// Blocks until the peer's application has consumed everything, the end included, or until it has taken
    /// nothing for `timeout` (zero: none), the time of limit_waits() is over, or flushing or failure.
    QueueStatus wait_delivered(Duration timeout);
    /// The end was delivered: what is pushed from now on belongs to another stream, which restart() begins.
    void begin_next();
    using Account = MediaAccount;
    /// What was pushed, and neither delivered nor given up.
    Account undelivered() const;
    /// A buffer that is not pushed, as there is nobody to send it to. What the last one who was there has
    /// not acknowledged goes the same way: whoever comes next wants what is new. False: there is a stream
    /// after all, and nothing was done.
    bool skip(uint64_t payload_size, uint64_t duration_ns);
    /// A delta unit that is not pushed, as the peer that has taken the stream needs a key unit first. To a
    /// peer that had the stream before it is missing, and joins the gap that is reported to it.
    void omit(uint64_t payload_size, uint64_t duration_ns);
    Account delivered() const;
    uint64_t queued_bytes() const;

    // Any thread.

    void set_policy(const GiveUpPolicy& policy);
    /// Of a live stream the session is given no more than it needs, so that what turns stale is here.
    void set_live(bool live) { live_ = live; }
    bool live() const { return live_; }
    /// While set, push and wait return `flushing` at once. Setting also discards what was pushed and the I/O
    /// thread has not taken, the end of the stream included, and returns how much that was. Gaps stay.
    Account set_flushing(bool flushing);
    /// Whether finish() was called, and no flush took it back.
    bool finished() const;
    /// While set, push and wait return `flushing` instead of blocking. Nothing is discarded.
    void set_interrupted(bool interrupted);
    /// push and wait_delivered block until then at most, and return `timeout`; none: as long as their own
    /// time-outs say. Of several limits in a row the first counts.
    void limit_waits(std::optional<SteadyTime> until);
    /// Of limit_waits().
    std::optional<SteadyTime> waits_until() const;
    /// Wakes everybody with `failed`; until clear().
    void fail();
    /// As new.
    void clear();

    // I/O thread.

    struct Taken {
        bool finished = false;       ///< once, with the end of the stream
        std::optional<Account> gap;  ///< what was given up behind the messages; more may follow
    };
    /// Takes what was pushed, in order, to the end of `messages`, up to the next gap, or until the session
    /// holds `ahead` bytes or more, of which it holds `held` already; of a live stream two messages at least,
    /// so that one is there when the other has left. wake is not called again while anything is left.
    Taken take(std::vector<OutMessage>& messages, uint64_t held, uint64_t ahead);
    /// What tells the peer of the gap that take() came to; the caller writes it next.
    void taken_notice(OutMessage notice);
    /// Gives up what is too old. Returns when to call again.
    Time expire(Time now);
    /// What the session can skip.
    struct SkipRoom {
        uint64_t limit = 0;     ///< offset up to which
        size_t ranges = 0;      ///< in how many ranges
        Duration round_trip{};  ///< within which data that was not late is acknowledged
    };
    /// Gives up what was taken, has not been acknowledged and is too old, and appends what the session is to
    /// skip for that to `skips`. Returns when to call again.
    Time expire_taken(Time now, const SkipRoom& room, std::vector<StreamSkip>& skips);
    /// From StreamSkipped.
    void skipped(uint64_t from, uint64_t to, uint64_t kept);
    /// Whether data can get to the peer. Give it the time of each change.
    void set_path(Time now, bool flows);
    /// Whether to ask for a key unit: once when giving up begins, and once when the path is back after that.
    bool take_key_request();
    /// From StreamProgress.
    void progress(uint64_t acked, uint64_t delivered, bool finished);
    /// The stream's peer is gone: forgets what it has acknowledged and not passed on, which may or may not
    /// have got there, and returns how much that was.
    Account give_up_undelivered();
    /// What nobody will try to send again.
    struct GivenUp {
        Account uncertain;  ///< the I/O thread had taken it: the peer may have it, and may have passed it on
        Account certain;
    };
    /// The stream is over: everything that has not been delivered is given up. To be told once.
    GivenUp give_up_all();
    /// Who takes the stream.
    enum class Taker : uint8_t {
        newcomer,   ///< nothing that came before is missing to it
        returning,  ///< had the stream before
    };
    /// What was skipped since the last call. A restart() follows: nothing is skipped from now on.
    GivenUp take_skipped(Taker taker);
    /// There is no stream until restart().
    void end_stream();
    /// Hands every message the peer has not acknowledged out again, from offset 0 of a new stream, behind
    /// `notices`, which no flush discards. After give_up_undelivered().
    void restart(std::vector<OutMessage> notices);

  private:
    QueueStatus push(OutMessage& message, SendEntry entry, Duration timeout);
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
    std::atomic<bool> gives_up_{false};  // the policy gives something up; changed under the mutex
    std::vector<std::shared_ptr<const void>> released_;  // I/O thread only: to be dropped without the lock

    // Everything below: under the mutex.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    unsigned waiting_ = 0;  // threads on changed_
    bool flushing_ = false, interrupted_ = false, failed_ = false;
    std::optional<SteadyTime> wait_until_;   // of limit_waits()
    SteadyTime moved_at_{};                  // when the peer took something last
    std::map<uint64_t, OutMessage> states_;  // acknowledged and still in force
    std::vector<OutMessage> headers_;        // of keep_headers()
    bool begun_ = false;                     // something is acknowledged, or given up
    std::deque<SendEntry> sent_;             // taken and not delivered
    size_t acked_ = 0;                       // of sent_, from the front
    size_t kept_front_ = 0;                  // of sent_, from the front: nothing to give up among them
    size_t skipping_ = 0;                    // of sent_: what the peer had of them is not known
    size_t given_up_ = 0;                    // of sent_ from acked_ on: given up, known or not
    uint64_t acked_offset_ = 0, delivered_offset_ = 0;  // as told last
    SendBacklog backlog_;                               // pushed and not taken
    uint64_t end_offset_ = 0;                           // of the last message taken
    uint64_t sent_unacked_ = 0;                         // bytes of the entries of sent_ from acked_ on
    bool finished_ = false;                             // finish() was called
    bool finish_taken_ = false, finish_delivered_ = false;
    bool streaming_ = false;  // since take_skipped() or restart(), until end_stream()
    Account undelivered_, delivered_;
    GivenUp skipped_;
    Taker taker_ = Taker::newcomer;  // of take_skipped()
};

/// Messages that arrived, cut from the stream's bytes on the streaming thread.
class ReceiveQueue {
  public:
    /// `wake`: the I/O thread should call take_consumed(); called without the lock, any thread.
    explicit ReceiveQueue(std::function<void()> wake);

    // Streaming thread.

    /// Blocks until at least one message is complete, or wake_reader() was called, then moves up to `max` of
    /// them into `messages` (cleared first). Calling it says that all messages handed out before have been
    /// passed downstream. `eos` comes after the last message, once everything before has been passed on;
    /// after eos_passed() the next stream is waited for. `timeout` zero: none.
    QueueStatus pop(std::vector<InMessage>& messages, size_t max, Duration timeout);
    /// Which stream the messages that pop() returned last are of: how many restart()s came before it.
    uint64_t stream() const { return popped_stream_; }
    /// The end of the stream has been passed downstream, too.
    void eos_passed();
    /// Of the messages that pop() returned last, those up to `offset` of the stream have been passed
    /// downstream. For those that take long: the next pop() says so of all.
    void passed(uint64_t offset);

    // Another thread, which reads on while the streaming thread must not.

    /// From the call on pop() waits, whatever comes, and read_ahead() may be called by one thread at a time.
    void begin_read_ahead();
    /// As pop() for one message, without saying anything of those handed out before. `flushing` also after
    /// stop_read_ahead(). `eos` and `failed` are still to be had from pop().
    QueueStatus read_ahead(InMessage& message);
    /// Everything up to `offset` of the stream being read, the end of a message that read_ahead() returned,
    /// counts as passed downstream: also what the streaming thread still has under way.
    void pass(uint64_t offset);
    /// Has read_ahead() return from now on. Any thread.
    void stop_read_ahead();
    /// pop() goes on, with `messages` of the stream being read first. After stop_read_ahead(), once no thread
    /// is in read_ahead().
    void end_read_ahead(std::vector<InMessage> messages);

    // Any thread.

    void set_flushing(bool flushing);
    /// pop() returns at once with `ok` and, where there are none, without messages: the one that waits, else
    /// the next.
    void wake_reader();
    /// Wakes everybody with `failed`, whatever there still is to pop; until clear().
    void fail();
    /// As new, for another stream: forgets everything but what came after the last restart() that pop() has
    /// not come to yet.
    void clear();
    uint64_t held_bytes() const;

    // I/O thread.

    /// `cuts`: where something is missing, by index into `chunks`. `at`: when they arrived.
    void push(std::vector<Chunk> chunks, bool finished, std::vector<ReceiveStream::Cut> cuts = {},
              Time at = {});
    /// What is pushed from now on belongs to another stream. The messages of the one before are still handed
    /// out, except for the part of one at its end; its end is not reported when it came without one.
    void restart();
    /// Whether the newest stream has come to its end.
    bool finished() const;
    /// Whether pop() has not come to the newest stream yet: no other should follow before, for what they hold
    /// adds up.
    bool behind() const;
    /// Why the bytes pushed cannot be cut into messages: once, after which pop() returns `failed`.
    std::optional<Error> take_error();
    struct Consumed {
        uint64_t taken = 0, delivered = 0;
        bool finished = false;
    };
    /// The newest account, for Session::consumed; null when it has not changed.
    std::optional<Consumed> take_consumed();

  private:
    struct Arrival {
        uint64_t end_offset;  // all before had arrived
        Time at;
    };
    struct Stream {
        std::vector<Chunk> arrived;            // not yet fetched by pop()
        std::vector<ReceiveStream::Cut> cuts;  // among them
        std::vector<Arrival> arrivals;         // … of them
        uint64_t end_offset = 0;               // of what was pushed
        bool finished = false;                 // nothing follows `arrived`
        uint64_t number = 0;
    };
    enum class Reader : uint8_t { streaming, ahead };
    /// Whose turn it is to read. While `ending` it is nobody's.
    enum class Turn : uint8_t { streaming, ahead, ending };
    // The thread whose turn it is.
    QueueStatus next(std::vector<InMessage>& messages, size_t max, Duration timeout, Reader reader);
    void hand_out_returned(std::vector<InMessage>& messages, size_t max, Reader reader);
    bool fetch();  // under the mutex
    void cut(std::vector<InMessage>& messages, size_t max, uint64_t& end_offset);
    void start_over();
    // Any thread, under the mutex.
    bool next_stream();
    void account(uint64_t delivered);
    bool wake_due(bool running_empty);
    void notify();

    const std::function<void()> wake_;

    // The thread whose turn it is, while `cutting_` is set or with the mutex.
    MessageReader reader_;
    std::vector<Chunk> chunks_;  // fetched; from next_chunk_ on not yet in the reader
    size_t next_chunk_ = 0;
    std::vector<ReceiveStream::Cut> cuts_;  // among chunks_; from next_cut_ on not yet made
    size_t next_cut_ = 0;
    std::deque<Arrival> arrivals_;  // of what was fetched
    bool reader_has_more_ = false;  // more messages, or the news that it failed
    uint64_t taken_offset_ = 0;     // stream offset up to which bytes went into the reader
    uint64_t handed_offset_ = 0;    // end of the last message handed out by pop(), or of what pass() said
    uint64_t stream_ = 0;           // the number of the one being read
    // The streaming thread only.
    uint64_t popped_stream_ = 0;  // of what pop() returned last

    // Everything below: under the mutex.
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    unsigned waiting_ = 0;  // threads on changed_
    bool flushing_ = false, failed_ = false;
    bool reader_woken_ = false;  // by wake_reader(), and pop() has not returned since
    Turn turn_ = Turn::streaming;
    bool cutting_ = false;            // a thread is in cut(), without the mutex
    std::deque<InMessage> returned_;  // by end_read_ahead(); pop() hands them out first
    bool start_over_ = false;         // what the streaming thread holds is of a stream that clear() forgot
    std::deque<Stream> streams_{1};   // the one being read, and those that took its place
    bool eos_reported_ = false;       // of the one being read
    Consumed consumed_;               // of the one being read
    Consumed reported_;               // what take_consumed() returned last of it
    Consumed woken_for_;              // what wake_ was called for last, or reported_
    uint64_t held_ = 0;               // bytes pushed and not delivered
    std::optional<Error> error_;      // not yet taken
};

}  // namespace stt
