// SPDX-License-Identifier: LGPL-2.1-or-later
/// The session that a link's stream is on, and what is kept of the sessions before it.
#pragma once

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"

namespace stt {

/// I/O thread. It only keeps account: it ends no session, and tells nobody.
class CurrentSession {
  public:
    /// `endpoint` outlives the object.
    explicit CurrentSession(Endpoint& endpoint) : endpoint_(endpoint) {}

    // What there is.

    bool exists() const { return handle_ != 0; }
    bool established() const { return state_ == State::established; }
    /// Its path was lost, and another session may resume it.
    bool lost() const { return state_ == State::lost; }
    /// When that was; of the one that was lost last.
    Time lost_at() const { return lost_at_; }
    /// 0: there is none.
    SessionHandle handle() const { return handle_; }
    bool is(SessionHandle handle) const { return handle_ != 0 && handle_ == handle; }
    /// Null: there is none.
    Session* get() const { return handle_ ? endpoint_.find(handle_) : nullptr; }

    /// Of the session, or the last one, or whom a caller without a session calls; as of the last renewal.
    const SessionInfo& info() const { return info_; }
    /// The peer's address may change while the session is established.
    void renew_info();

    // What becomes of it.

    /// `fresh` is established, and takes the place of the session there is.
    void begin(const Session& fresh);
    /// The same, and `fresh` has resumed that one.
    void resume(const Session& fresh);
    /// It was lost, and may be resumed.
    void lose(Time now);
    /// There is none any more.
    void end();
    /// There is none, and `info` tells whom the caller calls for one; empty: nobody yet.
    void call(const SessionInfo& info) { info_ = info; }

    // Statistics.

    /// Sessions so far, resumptions included.
    uint64_t count() const { return count_; }
    uint64_t resumptions() const { return resumptions_; }
    /// Counters: of all sessions so far; the rest: of the present one.
    SessionStats stats() const;

  private:
    enum class State : uint8_t { none, established, lost };
    void replace(SessionHandle next);

    Endpoint& endpoint_;
    State state_ = State::none;
    SessionHandle handle_ = 0;
    Time lost_at_{};
    SessionInfo info_;
    uint64_t count_ = 0, resumptions_ = 0;
    SessionStats past_;  // counters of the sessions before
};

}  // namespace stt
