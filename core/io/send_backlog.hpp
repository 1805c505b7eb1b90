// SPDX-License-Identifier: LGPL-2.1-or-later
/// The messages that an element has pushed and the I/O thread has not taken, and the dropping of units among
/// them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/message.hpp"

namespace stt {

/// The class of a message, which decides whether it may be dropped.
enum class Unit : uint8_t {
    event,   ///< not a buffer; never dropped
    header,  ///< a buffer on which all later ones rely; never dropped
    key,     ///< a buffer at which a decoder can start
    delta,   ///< any other buffer; it needs the units before it, back to the key unit
};

/// What a live sender drops instead of queueing it.
struct GiveUpPolicy {
    /// Whether a full queue drops its oldest whole units instead of blocking.
    bool when_full = false;
    /// Whole units are dropped when their data is this old, counted from the push. Zero: at no age.
    Duration max_age{};
    /// How long after the path is usable again a backlog older than `backlog_allowance` is tolerated,
    /// repeatedly. Zero: for ever. It has no effect with `max_age`: if an outage has made the stream
    /// discontinuous, such a backlog is then dropped at once.
    Duration backlog_patience{};
    /// The age up to which a backlog is harmless: the receiver's latency.
    Duration backlog_allowance = 200ms;
};

/// Counts of media, as used in reports.
struct MediaAccount {
    uint64_t buffers = 0, bytes = 0, duration_ns = 0;  ///< bytes of payload; nanoseconds

    MediaAccount& operator+=(const MediaAccount& other);
    MediaAccount& operator-=(const MediaAccount& other);
};

/// A message in a SendQueue, or a gap between messages.
struct SendEntry {
    enum class Role : uint8_t {
        message,
        notice,    ///< reports a gap to the peer; a flush keeps it
        gap,       ///< not a message: `account` was dropped here; a flush keeps it
        skipping,  ///< taken, then skipped; whether the peer had it is not known yet
        settled,   ///< the same, once it is known: `account` is what the peer had
    };
    // Without its owner once it is acknowledged; only the sizes of its views are valid then.
    OutMessage message;
    // What the message counts in reports; zero when it is not a buffer or has already been reported.
    MediaAccount account{};
    Unit unit = Unit::event;
    Role role = Role::message;
    std::optional<uint64_t> state_key{};
    Time pushed{};
    uint64_t end_offset = 0;  // stream offset of the message's end; valid once it was taken

    bool was_given_up() const { return role == Role::skipping || role == Role::settled; }
    bool droppable() const { return unit == Unit::key || unit == Unit::delta; }
};

/// A queue that drops whole units from its front: all droppable entries up to the next key unit. If there is
/// none, all of them are dropped, and so are new ones until a key unit is pushed.
///
/// Messages that must not be dropped keep their order relative to the rest, and a gap entry marks each place
/// where something is missing. The amortised cost is O(1) per entry pushed. Not thread-safe.
class SendBacklog {
  public:
    /// How long to wait for a key unit after the path is usable, if `max_age` is not set: the time between
    /// two key units in most streams.
    static constexpr Duration key_patience = 2s;

    void set_policy(const GiveUpPolicy& policy) { policy_ = policy; }
    const GiveUpPolicy& policy() const { return policy_; }

    bool empty() const { return kept_.empty() && units_.empty(); }
    /// Whether there is anything that can be dropped.
    bool has_units() const { return !units_.empty(); }
    /// The bytes of the messages in the queue; gaps have none.
    uint64_t bytes() const { return bytes_; }
    size_t messages() const { return messages_; }

    /// Whether `unit` may be pushed. A delta unit may not while a key unit is awaited.
    bool admits(Time now, Unit unit) const;
    void push(Time now, SendEntry entry);
    /// Replaces push() for a message that is dropped: `account` is missing at the end of the queue, and only
    /// a key unit can follow.
    void refuse(Time now, const MediaAccount& account);
    /// Drops the oldest unit. Returns false when there is nothing that can be dropped.
    bool give_up_unit(Time now);
    /// Drops what is too old according to the policy. Returns when to call it again.
    Time expire(Time now);
    /// States that the stream is discontinuous before the first entry: drops everything up to the first key
    /// unit that is younger than `youngest`.
    void tear(Time now, Time youngest);
    /// States whether data can reach the peer. `now` must be the time of the change.
    void set_path(Time now, bool flows);
    bool key_wanted() const { return key_wanted_; }
    /// Returns true once each time another key unit is needed.
    bool take_key_request();
    /// Returns the count of what was dropped since the last call. The messages are moved to `dropped` and
    /// must be destroyed without a lock.
    MediaAccount take_given_up(std::vector<OutMessage>& dropped);

    /// The next entry to be taken; null when there is none. `ended` means that nothing more will be pushed. A
    /// gap that may still grow is not returned.
    SendEntry* front(bool ended);
    SendEntry pop_front();
    /// Inserts `entries`, in order, before all others.
    void put_back(std::deque<SendEntry> entries);
    /// Inserts `headers` before the first unit, unless headers are already waiting there.
    void add_headers(const std::vector<OutMessage>& headers);
    /// Moves all messages to `into`; if `all` is set, gaps and notices too.
    void remove(bool all, std::vector<SendEntry>& into);
    /// Returns the sum of the counts of all entries, gaps included, and sets these counts to zero.
    MediaAccount write_off();

  private:
    enum class Phase : uint8_t {
        flowing,       // nothing has been dropped since a unit was last taken
        giving_up,     // something was dropped, and a unit to continue with has been pushed
        awaiting_key,  // something was dropped at the end of the queue: a key unit must follow
    };
    void enter(Phase phase, Time now);
    void keep(SendEntry entry);
    void keep_leading();
    void drop_front();
    void give_up_to(Time now, Time youngest);
    void give_up_backlog(Time now);
    void add_gap(std::deque<SendEntry>& at_end, const MediaAccount& account);
    Duration key_wait() const {
        return policy_.max_age > Duration::zero() ? 2 * policy_.max_age : key_patience;
    }

    GiveUpPolicy policy_;
    std::deque<SendEntry> kept_;   // entries before the first droppable one
    std::deque<SendEntry> units_;  // entries from the first droppable one on
    uint64_t bytes_ = 0;
    size_t messages_ = 0;
    Phase phase_ = Phase::flowing;
    bool path_flows_ = false;
    bool has_deltas_ = false;  // whether a delta unit was pushed: only then are key units worth requesting
    bool key_wanted_ = false;
    Time key_until_ = time_never;   // from then on any unit is admitted
    Time backlog_at_ = time_never;  // then a backlog older than allowed is dropped
    MediaAccount given_up_;         // since take_given_up()
    std::vector<OutMessage> dropped_;
};

}  // namespace stt
