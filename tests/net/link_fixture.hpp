// SPDX-License-Identifier: LGPL-2.1-or-later
/// What tests of links over loopback share: a recording observer, and ends with kernel-picked ports.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "core/io/link.hpp"
#include "tests/lib/own_loopback.hpp"

namespace stt::test {

inline constexpr auto patience = 20s;  // far beyond anything that works

inline std::vector<SecretBytes> seed_of(uint8_t fill) {
    const std::vector<uint8_t> bytes(seed_size, fill);
    std::vector<SecretBytes> seeds;
    seeds.push_back(SecretBytes::copy_of(bytes));
    return seeds;
}

class Recorder : public LinkObserver {
  public:
    void on_status(const LinkStatus& status) override {
        note([&] { states.push_back(status.state); });
        if (status_hook) status_hook(status);
    }
    void on_error(const ErrorReport& report) override {
        note([&] { errors.push_back(report); });
        if (error_hook) error_hook(report);
    }
    void on_decision(const ErrorReport& report, std::function<void(RetryDecision)> reply) override {
        decision_hook ? decision_hook(report, std::move(reply)) : reply(RetryDecision::standard);
    }
    void on_stream_opened(StreamId, const std::vector<uint8_t>& header) override {
        note([&] { headers.push_back(header); });
    }
    void on_stream_ready(StreamId, bool) override {
        note([&] { ready++; });
    }
    std::optional<OutMessage> on_gap(const SendQueue::Account& lost, bool) override {
        note([&] { gaps.push_back(lost); });
        return std::nullopt;
    }
    void on_stream_closed(StreamId, const Error& error) override {
        note([&] { closed_streams.push_back(error); });
    }
    void on_upstream_message(InMessage message) override {
        note([&] { upstream.push_back(std::move(message)); });
    }

    /// False: it did not come about in time.
    template <class Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, patience, condition);
    }
    bool wait_state(LinkState state) {
        return wait([&] { return std::find(states.begin(), states.end(), state) != states.end(); });
    }
    const ErrorReport* find(ErrorCode code) const {
        for (const ErrorReport& report : errors)
            if (report.error.code == code) return &report;
        return nullptr;
    }
    size_t terminal_errors() {
        const std::lock_guard lock(mutex);
        return static_cast<size_t>(
            std::count_if(errors.begin(), errors.end(), [](const auto& r) { return r.error.terminal; }));
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<LinkState> states;
    std::vector<ErrorReport> errors;
    std::vector<std::vector<uint8_t>> headers;
    std::vector<Error> closed_streams;
    std::vector<InMessage> upstream;
    std::vector<SendQueue::Account> gaps;
    int ready = 0;
    std::function<void(const LinkStatus&)> status_hook;  // set before the link opens
    std::function<void(const ErrorReport&)> error_hook;
    std::function<void(const ErrorReport&, std::function<void(RetryDecision)>)> decision_hook;

  private:
    template <class Change>
    void note(Change change) {
        {
            const std::lock_guard lock(mutex);
            change();
        }
        changed.notify_all();
    }
};

/// A link and the observer that outlives it.
struct End {
    Recorder seen;
    std::shared_ptr<Link> link;

    bool open(LinkConfig config) {
        auto opened = Link::open(std::move(config), seen);
        if (opened) link = *opened;
        return opened.ok();
    }
    ~End() {
        if (link) link->close();
    }
};

inline LinkConfig base_config(StreamRole role) {
    LinkConfig config;
    config.role = role;
    config.identity = std::make_shared<Identity>(Identity::generate(system_random()));
    config.seeds = seed_of(7);
    config.stream_header = {1, 2, 3};
    config.retry_initial_delay = 20ms;
    config.reconnect_timeout = 10s;
    return config;
}

inline LinkConfig listener_config(StreamRole role) {
    LinkConfig config = base_config(role);
    config.local_address = "127.0.0.1";
    return config;
}

/// The port may be freed and bound again, see own_port. Callers call own_loopback().
inline LinkConfig own_listener_config(StreamRole role) {
    LinkConfig config = base_config(role);
    config.local_address = own_loopback();
    config.port = own_port;
    return config;
}

inline LinkConfig caller_config(StreamRole role, uint16_t port, std::string host = "127.0.0.1") {
    LinkConfig config = base_config(role);
    config.caller = true;
    config.host = std::move(host);
    config.port = port;
    return config;
}

inline OutMessage message_of(const std::vector<uint8_t>& payload, uint8_t kind = 1) {
    return OutMessage::copy_of(kind, {}, payload);
}

inline std::vector<uint8_t> payload_of(const InMessage& message) {
    std::vector<uint8_t> bytes;
    for (const Chunk& chunk : message.payload)
        bytes.insert(bytes.end(), chunk.bytes().begin(), chunk.bytes().end());
    return bytes;
}

/// Pops until the end, or anything else but messages.
inline QueueStatus pop_all(ReceiveQueue& inbox, std::vector<InMessage>& all, size_t stop_at = SIZE_MAX) {
    std::vector<InMessage> some;
    while (all.size() < stop_at) {
        const QueueStatus status = inbox.pop(some, 64, patience);
        if (status != QueueStatus::ok) return status;
        for (InMessage& message : some) all.push_back(std::move(message));
    }
    return QueueStatus::ok;
}

}  // namespace stt::test
