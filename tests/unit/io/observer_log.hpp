// SPDX-License-Identifier: LGPL-2.1-or-later
/// What tests of a link's parts share: an observer that records, and facts for its reports.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/io/reporter.hpp"

namespace stt {

class ObserverLog : public LinkObserver {
  public:
    void on_status(const LinkStatus& status) override {
        statuses.push_back(status);
        add("status");
    }
    void on_error(const ErrorReport& report) override {
        errors.push_back(report);
        add("error");
    }
    void on_trace(const std::string& text) override { traces.push_back(text); }
    bool traces_engine() const override { return true; }
    void on_engine_trace(SessionHandle, const std::string& text) override { engine_traces.push_back(text); }
    void on_decision(const ErrorReport&, std::function<void(RetryDecision)> reply) override {
        add("question");
        reply(RetryDecision::standard);
    }
    void on_stream_opened(StreamId, const std::vector<uint8_t>& header) override {
        headers.push_back(header);
        add("opened");
    }
    void on_stream_ready(StreamId, bool again) override { add(again ? "ready again" : "ready"); }
    std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool uncertain) override {
        gaps.push_back(lost);
        add(uncertain ? "uncertain gap" : "gap");
        return OutMessage::copy_of(gap_kind, {});
    }
    void on_giving_up() override { add("dropping"); }
    std::optional<OutMessage> on_late_start() override {
        add("late start");
        return std::nullopt;
    }
    void on_stream_closed(StreamId, const Error& error) override {
        closed_streams.push_back(error);
        add("closed");
    }
    void on_upstream_message(InMessage message) override {
        upstream.push_back(std::move(message));
        add("upstream");
    }

    static constexpr uint8_t gap_kind = 99;
    std::vector<std::string> calls;  ///< all but traces, in order
    std::vector<LinkStatus> statuses;
    std::vector<ErrorReport> errors;
    std::vector<std::string> traces, engine_traces;
    std::vector<std::vector<uint8_t>> headers;
    std::vector<SendQueue::Account> gaps;
    std::vector<Error> closed_streams;
    std::vector<InMessage> upstream;
    std::function<void()> hook;  ///< after each of `calls`

  private:
    void add(const char* call) {
        calls.push_back(call);
        if (hook) hook();
    }
};

struct FixedFacts : Reporter::Subject {
    Reporter::Facts facts() override { return {info, established, circuit, attempt, stream}; }
    void on_state_changed() override { states_changed++; }

    SessionInfo info;
    bool established = false;
    Circuit circuit = Circuit::closed;
    unsigned attempt = 0;
    std::optional<StreamId> stream;
    int states_changed = 0;
};

}  // namespace stt
