// SPDX-License-Identifier: LGPL-2.1-or-later
/// What an element has pushed and the I/O thread has not taken, and what of it is given up.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/message.hpp"

namespace stt {

/// What a message is to whoever has to leave some out.
enum class Unit : uint8_t {
    event,   ///< no buffer; never given up
    header,  ///< a buffer that all later ones rely on; never given up
    key,     ///< a buffer at which a decoder can begin
    delta,   ///< any other buffer: of no use without what came before, down to the key
};

/// What a live sender gives up rather than pile it up.
struct GiveUpPolicy {
    /// A full queue gives up its oldest whole units instead of blocking.
    bool when_full = false;
    /// Data that has waited this long since it was pushed goes, by whole units; zero: however long.
    Duration max_age{};
    /// How long after the path's return a backlog older than `backlog_allowance` is put up with, and then
    /// again; zero: for ever. With `max_age` not at all, where an outage has torn the stream anyway.
    Duration backlog_patience{};
    /// The age up to which a backlog does no harm: the receiver's latency.
    Duration backlog_allowance = 200ms;
};

/// Media, as counted in reports.
struct MediaAccount {
    uint64_t buffers = 0, bytes = 0, duration_ns = 0;  ///< bytes: of payload

    MediaAccount& operator+=(const MediaAccount& other);
    MediaAccount& operator-=(const MediaAccount& other);
};

/// One message in a SendQueue, or a gap between messages.
struct SendEntry {
    enum class Role : uint8_t {
        message,
        notice,    ///< tells the peer of a gap: a flush leaves it
        gap,       ///< no message yet: `account` is what was given up here. A flush leaves it
        skipping,  ///< taken and given up; what the peer had of it is not known yet
        settled,   ///< … is known: `account` is what it had
    };
    OutMessage message;      // without its owner once acknowledged; of the bytes only the sizes count then
    MediaAccount account{};  // what it stands for in reports; nothing: not a buffer, or told of already
    Unit unit = Unit::event;
    Role role = Role::message;
    std::optional<uint64_t> state_key{};
    Time pushed{};
    uint64_t end_offset = 0;  // of the message in the stream; known once it was taken

    bool was_given_up() const { return role == Role::skipping || role == Role::settled; }
    bool droppable() const { return unit == Unit::key || unit == Unit::delta; }
};

/// A queue that loses whole units from its front: everything droppable up to the next key. If none follows,
/// all of it goes, and so does what comes, until a key does. What must not be lost keeps its order to what
/// remains, and a gap entry stands where something is missing. Each call costs O(1) for each entry pushed, in
/// the long run. Not thread-safe.
class SendBacklog {
  public:
    /// How long a key unit is waited for once the path is there, if there is no `max_age` to go by: as long
    /// as between two key units of most streams.
    static constexpr Duration key_patience = 2s;

    void set_policy(const GiveUpPolicy& policy) { policy_ = policy; }
    const GiveUpPolicy& policy() const { return policy_; }

    bool empty() const { return kept_.empty() && units_.empty(); }
    /// Whether there is anything to give up.
    bool has_units() const { return !units_.empty(); }
    /// Of the messages in it; gaps are none.
    uint64_t bytes() const { return bytes_; }
    size_t messages() const { return messages_; }

    /// Whether a unit may come: a delta may not while a key is waited for.
    bool admits(Time now, Unit unit) const;
    void push(Time now, SendEntry entry);
    /// Instead of push(): `account` is missing at the end of the queue, and only a key can follow.
    void refuse(Time now, const MediaAccount& account);
    /// Gives up the oldest unit. False: there is nothing to give up.
    bool give_up_unit(Time now);
    /// Gives up what is too old by the policy. Returns when to call again.
    Time expire(Time now);
    /// What came before the first entry is torn: up to the first key that is younger than `youngest` all
    /// goes.
    void tear(Time now, Time youngest);
    /// Whether data can get to the peer; `now` is when that changed.
    void set_path(Time now, bool flows);
    bool key_wanted() const { return key_wanted_; }
    /// Once each time that a new key unit is wanted.
    bool take_key_request();
    /// What was given up since the last call. The messages are to be dropped without a lock.
    MediaAccount take_given_up(std::vector<OutMessage>& dropped);

    /// The next entry to be taken; null: none. `ended`: nothing will be pushed any more. A gap that may still
    /// grow is not to be taken.
    SendEntry* front(bool ended);
    SendEntry pop_front();
    /// Puts `entries`, in order, before all others.
    void put_back(std::deque<SendEntry> entries);
    /// Puts `headers` before the first unit, unless headers wait there already.
    void add_headers(const std::vector<OutMessage>& headers);
    /// Removes the messages, and gaps and what tells of some if `all`; `into` gets them.
    void remove(bool all, std::vector<SendEntry>& into);
    /// The sum of everything in it, gaps included, which then counts for nothing.
    MediaAccount write_off();

  private:
    enum class Phase : uint8_t {
        flowing,       // nothing was given up since a unit was taken last
        giving_up,     // something was, and a unit to go on with is there
        awaiting_key,  // something was at the end of the queue: a key must come next
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
    std::deque<SendEntry> kept_;   // not droppable, before the first droppable one
    std::deque<SendEntry> units_;  // from the first droppable one on
    uint64_t bytes_ = 0;
    size_t messages_ = 0;
    Phase phase_ = Phase::flowing;
    bool path_flows_ = false;
    bool has_deltas_ = false;  // one was pushed: the stream has key units worth asking for
    bool key_wanted_ = false;
    Time key_until_ = time_never;   // then any unit will do
    Time backlog_at_ = time_never;  // then a backlog older than allowed goes
    MediaAccount given_up_;         // since take_given_up()
    std::vector<OutMessage> dropped_;
};

}  // namespace stt
