// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports to a link's observer. Nothing else calls the observer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/io/link.hpp"
#include "core/proto/error_digest.hpp"

namespace stt {

/// All of it belongs to the I/O thread. The observer may close the link from inside any report. After that
/// close() nothing is reported any more, so that further reports need no condition. Code that does anything
/// else after a report looks at closed() first.
class Reporter {
  public:
    /// What a report says of the link.
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
        /// The state is about to be reported. Statistics that the observer then asks for must be as new.
        virtual void on_state_changed() = 0;

      protected:
        ~Subject() = default;
    };

    /// All outlive the object.
    Reporter(const LinkConfig& config, LinkObserver& observer, Subject& subject);

    // Whether the link has ended.

    /// It has failed for good, or is closed: nothing is left to decide.
    bool ended() const { return phase_ != Phase::running; }
    bool closed() const { return phase_ == Phase::closed; }
    /// The link has failed for good. From now on only its end is reported, not other states and errors.
    void fail() { phase_ = Phase::failed; }
    /// The link is closed. From now on nothing is reported.
    void close() { phase_ = Phase::closed; }

    // Its state.

    LinkState state() const { return state_; }
    /// Reports `next`, the circuit and the peer's address, unless all of them were reported already.
    void set_state(LinkState next);
    /// The same with the state as it is: the circuit may have changed, or the address.
    void renew() { set_state(state_); }

    // Errors.

    /// Reports an error after which the link continues. Of equal ones in quick succession it reports the
    /// first few, and later their number. `retry_after`: another attempt follows after that time.
    void report(Error error, std::optional<Duration> retry_after = {});
    /// The same, as a warning.
    void warn(Error error);
    /// The same of an unauthenticated report, as a note.
    void report_unauthenticated(Error error);
    /// The same of an error that concerns another node, at `peer`, and not the session of the stream.
    void report_other(Error error, const Address& peer);
    /// A report of `error` with the facts as they are now.
    ErrorReport describe(Error error);
    /// Reports the error that ends the link.
    void report_end(const ErrorReport& report);
    /// Reports the numbers of equal errors that are due.
    void summarise_due(Time now);
    /// Reports all of them.
    void summarise_all();
    /// When summarise_due() must be called at the latest.
    Time deadline() const { return digest_.deadline(); }

    // The rest, as LinkObserver has it.

    void trace(const std::string& text);
    bool traces_engine() const { return !closed() && observer_.traces_engine(); }
    void engine_trace(SessionHandle session, const std::string& text) {
        if (!closed()) observer_.on_engine_trace(session, text);
    }
    void ask(const ErrorReport& report, std::function<void(RetryDecision)> reply);
    void stream_opened(StreamId stream, const std::vector<uint8_t>& header);
    void stream_ready(StreamId stream, bool again);
    void stream_closed(StreamId stream, const Error& error);
    /// Reports nothing if nothing is lost.
    std::optional<OutMessage> gap(const SendQueue::Account& lost, bool uncertain);
    std::optional<OutMessage> late_start();
    void dropping();
    void upstream_message(InMessage message);

  private:
    enum class Phase : uint8_t { running, failed, closed };

    /// `other`: the address of the node that it is about; empty: the peer.
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
