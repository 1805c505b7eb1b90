// SPDX-License-Identifier: LGPL-2.1-or-later
/// The ids by which the two ends of one session know it, and their change with the address
/// (docs/wire-format.md, section 3.8).
#pragma once

#include <optional>
#include <vector>

#include "core/wire/frame.hpp"

namespace stt {

/// A receiver chooses the ids that its peer writes: `local` ones are ours, `remote` ones the peer's.
class SessionIds {
  public:
    explicit SessionIds(SessionId local) : local_(local) {}

    /// The one in use.
    SessionId local() const { return local_; }
    /// All that packets may bear.
    std::vector<SessionId> all_local() const;
    /// Gives the peer another; `id` is fresh. Its frame is due then.
    void offer(SessionId id);
    /// The frame that tells of the newest offer, once; null: none is due.
    std::optional<NewSessionIdFrame> frame_due();
    bool due() const { return due_; }
    /// The frame with `sequence` was lost.
    void on_frame_lost(uint64_t sequence) { due_ = due_ || sequence == offered_; }
    /// A genuine packet bore `id`. True: it is the one offered, which is now in use; the next should be
    /// offered. `retired` is set to the id that does not count any more, 0: none.
    bool on_received(SessionId id, SessionId& retired);

    /// The one to write; 0 before it is known.
    SessionId remote() const { return remote_; }
    void set_remote(SessionId id) { remote_ = id; }
    /// For an address that must not be seen to belong with the present one: the spare if there is one.
    SessionId remote_elsewhere() const { return remote_spare_ ? remote_spare_ : remote_; }
    void on_offered(const NewSessionIdFrame& frame);
    /// The spare, if there is one, comes into use.
    void change_remote();

  private:
    SessionId local_, local_before_ = 0, local_next_ = 0;  // 0: none
    uint64_t offered_ = 0;                                 // sequence of local_next_
    bool due_ = false;
    SessionId remote_ = 0, remote_spare_ = 0;
    uint64_t remote_sequence_ = 0;  // of the newest offer that came
};

}  // namespace stt
