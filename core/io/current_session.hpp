// SPDX-License-Identifier: LGPL-2.1-or-later
/// The session that a link's stream is on, and what is kept of the sessions before it.
#pragma once

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"

namespace stt {

/// All of it belongs to the I/O thread. It only keeps records: it neither ends sessions nor reports anything.
class CurrentSession {
  public:
    /// `endpoint` outlives the object.
    explicit CurrentSession(Endpoint& endpoint) : endpoint_(endpoint) {}

    // What there is.

    bool exists() const { return handle_ != 0; }
    bool established() const { return state_ == State::established; }
    /// Its path was lost, and another session may resume it.
    bool lost() const { return state_ == State::lost; }
    /// When the last one was lost.
    Time lost_at() const { return lost_at_; }
    /// 0: there is none.
    SessionHandle handle() const { return handle_; }
    bool is(SessionHandle handle) const { return handle_ != 0 && handle_ == handle; }
    /// Null: there is none.
    Session* get() const { return handle_ ? endpoint_.find(handle_) : nullptr; }

    /// Of the session, or of the last one, or of the attempt of a caller without a session; as it was when it
    /// was renewed last.
    const SessionInfo& info() const { return info_; }
    /// To be called before info() matters: the peer's address may change.
    void renew_info();

    // What becomes of it.

    /// `fresh` is established, and takes the place of the session there is.
    void begin(const Session& fresh);
    /// The same, and `fresh` has resumed that one.
    void resume(const Session& fresh);
    /// It was lost, and may be resumed.
    void lose(Time now);
    /// It is over.
    void end();
    /// There is none, and the caller's attempt at one has `info`; empty: it is not known yet what to call.
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
