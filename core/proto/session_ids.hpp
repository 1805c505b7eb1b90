// SPDX-License-Identifier: LGPL-2.1-or-later
/// The ids by which the two ends name one session, and their change when an address changes
/// (docs/wire-format.md, section 3.8).
#pragma once

#include <optional>
#include <vector>

#include "core/wire/frame.hpp"

namespace stt {

/// A receiver chooses the ids that its peer writes. The `local` ids are those of this side, and the `remote`
/// ids those of the peer.
class SessionIds {
  public:
    explicit SessionIds(SessionId local) : local_(local) {}

    /// The id in use.
    SessionId local() const { return local_; }
    /// Returns all ids that packets for this session may have.
    std::vector<SessionId> all_local() const;
    /// Offers another id to the peer; `id` is fresh. Its frame becomes due.
    void offer(SessionId id);
    /// Returns the frame that announces the latest offer, once, or null if none is due.
    std::optional<NewSessionIdFrame> take_frame();
    bool due() const { return due_; }
    /// The frame with `sequence` was lost.
    void on_frame_lost(uint64_t sequence) { due_ = due_ || sequence == offered_; }
    /// A genuine packet had the id `id`. Returns true if it is the offered id, which is now in use; the next
    /// one should be offered. `retired` is set to the id that is no longer valid, or to 0.
    bool on_received(SessionId id, SessionId& retired);

    /// The id to write in packets; 0 before it is known.
    SessionId remote() const { return remote_; }
    void set_remote(SessionId id) { remote_ = id; }
    /// Returns the id for an address that must not be linkable to the present one. It is the spare id, if
    /// there is one.
    SessionId remote_elsewhere() const { return remote_spare_ ? remote_spare_ : remote_; }
    void on_offered(const NewSessionIdFrame& frame);
    /// Takes the spare id into use, if there is one.
    void change_remote();

  private:
    SessionId local_, local_before_ = 0, local_next_ = 0;  // 0: none
    uint64_t offered_ = 0;                                 // sequence number of local_next_
    bool due_ = false;
    SessionId remote_ = 0, remote_spare_ = 0;
    uint64_t remote_sequence_ = 0;  // of the latest offer of the peer
};

}  // namespace stt
