// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a link tells its observer. Nothing else calls the observer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/io/link.hpp"
#include "core/proto/error_digest.hpp"

namespace stt {

/// I/O thread. The observer may close the link from inside any call; from close() on nothing is reported, so
/// that whoever only reports need not ask. Whoever does more after a report looks at closed().
class Reporter {
  public:
    /// What a report says of the link beside its own subject.
    struct Facts {
        const SessionInfo& session;  ///< of the current session, the last one, or the one that is called
        bool established;
        Circuit circuit;
        unsigned attempt;  ///< of a caller, from 1; else 0
        std::optional<StreamId> stream;
    };
    class Subject {
      public:
        /// As they are now. Valid until the next call.
        virtual Facts facts() = 0;
        /// The state is about to be reported: statistics that the observer then asks for must not be older.
        virtual void on_state_changed() = 0;

      protected:
        ~Subject() = default;
    };

    /// All outlive the object.
    Reporter(const LinkConfig& config, LinkObserver& observer, Subject& subject);

    // How far the link has come.

    /// It has failed for good, or is closed: there is nothing to decide any more.
    bool ended() const { return phase_ != Phase::running; }
    bool closed() const { return phase_ == Phase::closed; }
    /// It has failed: of states and errors only those of its end are reported from now on.
    void fail() { phase_ = Phase::failed; }
    /// Nothing is reported from now on.
    void close() { phase_ = Phase::closed; }

    // Its state.

    LinkState state() const { return state_; }
    /// Reports `next` unless it was reported already, together with the circuit and the peer's address as
    /// they are.
    void set_state(LinkState next);
    /// The circuit may have changed, or the peer's address.
    void renew() { set_state(state_); }

    // Errors.

    /// Reports an error after which the link continues; of equal ones in quick succession the first few, and
    /// how many followed. `retry_after`: another attempt follows.
    void report(Error error, std::optional<Duration> retry_after = {});
    /// The same, as a warning, although nothing is to be decided.
    void warn(Error error);
    /// The same of an unauthenticated report, as a note: the peer need not have said it.
    void report_unauthenticated(Error error);
    /// The same of an error that concerns another node, at `peer`, and not the session of the stream.
    void report_other(Error error, const Address& peer);
    /// A report of `error` with the facts as they are now.
    ErrorReport describe(Error error);
    /// Reports the error that the link ends with.
    void report_end(const ErrorReport& report);
    /// Reports how many equal errors there were, where it is time to.
    void summarise_due(Time now);
    /// The same, whether it is time or not.
    void summarise_all();
    /// When summarise_due() must be called at the latest.
    Time deadline() const { return digest_.deadline(); }

    // The rest, as LinkObserver has it.

    void trace(const std::string& text);
    void ask(const ErrorReport& report, std::function<void(RetryDecision)> reply);
    void stream_opened(StreamId stream, const std::vector<uint8_t>& header);
    void stream_ready(StreamId stream, bool again);
    void stream_closed(StreamId stream, const Error& error);
    /// Without effect where nothing is lost.
    std::optional<OutMessage> gap(const SendQueue::Account& lost, bool uncertain);
    std::optional<OutMessage> late_start();
    void dropping();
    void upstream_message(InMessage message);

  private:
    enum class Phase : uint8_t { running, failed, closed };

    /// `other`: the node it is about; empty: the peer.
    ErrorReport describe(Error error, const std::string& other);
    std::string peer_text(const SessionInfo& session) const;
    bool admit(Error& error);
    void summarise(ErrorDigest::Summary summary);

    const LinkConfig& config_;
    LinkObserver& observer_;
    Subject& subject_;
    Phase phase_ = Phase::running;
    ErrorDigest digest_;
    // As reported last.
    LinkState state_ = LinkState::closed;
    Circuit circuit_ = Circuit::closed;
    Address peer_{};
};

}  // namespace stt
