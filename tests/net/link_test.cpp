// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/link.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/crypto/handshake.hpp"
#include "core/io/loop.hpp"
#include "core/io/udp_socket.hpp"
#include "core/proto/error_digest.hpp"
#include "core/wire/handshake_packet.hpp"
#include "tests/lib/loopback_socket.hpp"
#include "tests/net/link_fixture.hpp"

namespace stt::test {
namespace {

std::vector<uint8_t> numbered(size_t size, uint32_t number) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(number * 31 + i * 7 + (i >> 8));
    return bytes;
}

// A sender and a receiver; the sender calls or listens.
struct Pair {
    End sender, receiver;

    void open(bool sender_calls) {
        End& listener = sender_calls ? receiver : sender;
        End& caller = sender_calls ? sender : receiver;
        const auto roles = sender_calls ? std::pair(StreamRole::receiver, StreamRole::sender)
                                        : std::pair(StreamRole::sender, StreamRole::receiver);
        ASSERT_TRUE(listener.open(listener_config(roles.first)));
        ASSERT_TRUE(caller.open(caller_config(roles.second, listener.link->local_port())));
    }
};

class LinkDirection : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Caller, LinkDirection, testing::Values(true, false),
                         [](const auto& param) { return param.param ? "Sender" : "Receiver"; });

TEST_P(LinkDirection, CarriesMessagesAndDrains) {
    Pair pair;
    pair.open(GetParam());
    constexpr uint32_t count = 10'000;
    std::thread streaming([&] {
        for (uint32_t i = 0; i < count; i++)
            ASSERT_EQ(pair.sender.link->outbox().push(message_of(numbered(1316, i)), Unit::key, 0, patience),
                      QueueStatus::ok);
        pair.sender.link->outbox().finish();
    });
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(pair.receiver.link->inbox(), all), QueueStatus::eos);
    streaming.join();
    pair.receiver.link->inbox().eos_passed();
    ASSERT_EQ(all.size(), count);
    for (uint32_t i = 0; i < count; i++) ASSERT_EQ(payload_of(all[i]), numbered(1316, i)) << i;
    EXPECT_EQ(pair.sender.link->outbox().wait_delivered(patience), QueueStatus::ok);
    EXPECT_EQ(pair.sender.link->outbox().undelivered().buffers, 0u);
    EXPECT_EQ(pair.sender.link->outbox().delivered().buffers, count);
    EXPECT_EQ(pair.sender.link->outbox().delivered().bytes, count * 1316u);
    ASSERT_EQ(pair.receiver.seen.headers.size(), 1u);
    EXPECT_EQ(pair.receiver.seen.headers[0], (std::vector<uint8_t>{1, 2, 3}));
    EXPECT_TRUE(pair.sender.seen.errors.empty());
    EXPECT_TRUE(pair.receiver.seen.errors.empty());
}

TEST(Link, CarriesTheLargestMessage) {
    Pair pair;
    pair.open(true);
    const std::vector<uint8_t> big = numbered(message_payload_max, 5);
    std::thread streaming([&] {
        EXPECT_EQ(pair.sender.link->outbox().push(message_of(big), Unit::key, 0, patience), QueueStatus::ok);
        pair.sender.link->outbox().finish();
    });
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(pair.receiver.link->inbox(), all), QueueStatus::eos);
    streaming.join();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_TRUE(payload_of(all[0]) == big);
}

TEST(Link, WorksWithoutOffload) {
    End sender, receiver;
    LinkConfig listening = listener_config(StreamRole::receiver);
    listening.offload = false;
    ASSERT_TRUE(receiver.open(std::move(listening)));
    LinkConfig calling = caller_config(StreamRole::sender, receiver.link->local_port());
    calling.offload = false;
    ASSERT_TRUE(sender.open(std::move(calling)));
    constexpr uint32_t count = 200;
    std::thread streaming([&] {
        for (uint32_t i = 0; i < count; i++)
            EXPECT_EQ(sender.link->outbox().push(message_of(numbered(65'536, i)), Unit::key, 0, patience),
                      QueueStatus::ok);
        sender.link->outbox().finish();
    });
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(receiver.link->inbox(), all), QueueStatus::eos);
    streaming.join();
    ASSERT_EQ(all.size(), count);
    for (uint32_t i = 0; i < count; i++) EXPECT_TRUE(payload_of(all[i]) == numbered(65'536, i)) << i;
}

TEST(Link, AnEndWithoutDataArrives) {
    Pair pair;
    pair.open(true);
    pair.sender.link->outbox().finish();
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(pair.receiver.link->inbox(), all), QueueStatus::eos);
    pair.receiver.link->inbox().eos_passed();
    EXPECT_EQ(pair.sender.link->outbox().wait_delivered(patience), QueueStatus::ok);
}

TEST(Link, CarriesMessagesUpstream) {
    Pair pair;
    pair.open(true);
    EXPECT_TRUE(pair.receiver.seen.wait([&] { return !pair.receiver.seen.headers.empty(); }));
    EXPECT_TRUE(pair.receiver.link->send_upstream(message_of({9, 8, 7}, 3)));
    ASSERT_TRUE(pair.sender.seen.wait([&] { return !pair.sender.seen.upstream.empty(); }));
    EXPECT_EQ(pair.sender.seen.upstream[0].kind, 3);
    EXPECT_EQ(payload_of(pair.sender.seen.upstream[0]), (std::vector<uint8_t>{9, 8, 7}));
    EXPECT_FALSE(pair.sender.link->send_upstream(message_of({1})));
}

TEST(Link, WrongSeedEndsTheCallerAndIsNotedByTheListener) {
    End listener, caller;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    LinkConfig config = caller_config(StreamRole::sender, listener.link->local_port());
    config.seeds = seed_of(8);
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::closed));
    ASSERT_EQ(caller.seen.errors.size(), 1u);
    EXPECT_EQ(caller.seen.errors[0].error.code, ErrorCode::authentication_failed);
    EXPECT_TRUE(caller.seen.errors[0].error.terminal);
    EXPECT_EQ(caller.link->outbox().push(message_of({1}), Unit::key, 0, patience), QueueStatus::failed);
    ASSERT_TRUE(listener.seen.wait([&] { return listener.seen.find(ErrorCode::authentication_failed); }));
    EXPECT_EQ(listener.seen.terminal_errors(), 0u);
    EXPECT_EQ(caller.seen.terminal_errors(), 1u);
}

TEST(Link, ClosedPortIsRefusedAndRetriedUntilTimeIsUp) {
    End caller;
    LinkConfig config = caller_config(StreamRole::sender, own_port, own_loopback());
    config.reconnect_timeout = 300ms;
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::closed));
    const std::lock_guard lock(caller.seen.mutex);
    ASSERT_GE(caller.seen.errors.size(), 2u);
    EXPECT_EQ(caller.seen.errors.front().error.code, ErrorCode::connection_refused);
    EXPECT_TRUE(caller.seen.errors.front().retrying);
    EXPECT_EQ(caller.seen.errors.front().attempt, 1u);
    EXPECT_GT(caller.seen.errors.front().next_delay, 0ns);
    EXPECT_EQ(caller.seen.errors.back().error.code, ErrorCode::connection_refused);
    EXPECT_TRUE(caller.seen.errors.back().error.terminal);
}

TEST(Link, BindConflictNamesThePort) {
    End first;
    ASSERT_TRUE(first.open(listener_config(StreamRole::receiver)));
    LinkConfig config = listener_config(StreamRole::receiver);
    config.port = first.link->local_port();
    Recorder seen;
    const auto second = Link::open(std::move(config), seen);
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().text.find(std::to_string(first.link->local_port())), std::string::npos);
    EXPECT_NE(second.error().text.find("127.0.0.1"), std::string::npos);
    EXPECT_TRUE(second.error().terminal);
}

TEST(Link, CloseFreesThePortAtOnce) {
    for (int i = 0; i < 20; i++) {
        End listener, caller, again;
        ASSERT_TRUE(listener.open(own_listener_config(StreamRole::receiver)));
        ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, own_port, own_loopback())));
        if (i % 2) {
            EXPECT_TRUE(listener.seen.wait_state(LinkState::connected));
        }
        listener.link->close();
        EXPECT_TRUE(again.open(own_listener_config(StreamRole::receiver)));
    }
}

TEST(Link, ClosesFromInsideACallback) {
    End listener, caller;
    std::atomic<bool> closed{false};
    caller.seen.status_hook = [&](const LinkStatus& status) {
        if (status.state != LinkState::connected) return;
        caller.link->close();
        closed = true;
        caller.seen.changed.notify_all();
    };
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, listener.link->local_port())));
    ASSERT_TRUE(caller.seen.wait([&] { return closed.load(); }));
    caller.link->close();
    EXPECT_EQ(caller.seen.ready, 0) << "a callback after close()";
    EXPECT_TRUE(listener.seen.wait([&] { return listener.seen.find(ErrorCode::session_closed); }));
}

TEST(Link, TheLastReferenceMayGoInACallback) {
    End listener;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    static Recorder seen;  // nobody can wait for the end of the callback
    std::mutex mutex;
    std::shared_ptr<Link> link;
    bool dropped = false;
    seen.status_hook = [&](const LinkStatus& status) {
        if (status.state != LinkState::connected) return;
        std::shared_ptr<Link> last;
        {
            const std::lock_guard lock(mutex);
            last = std::move(link);
        }
        last.reset();
        {
            const std::lock_guard lock(seen.mutex);
            dropped = true;
        }
        seen.changed.notify_all();
    };
    {
        const std::lock_guard lock(mutex);
        link = std::move(*Link::open(caller_config(StreamRole::sender, listener.link->local_port()), seen));
    }
    ASSERT_TRUE(seen.wait([&] { return dropped; }));
    EXPECT_TRUE(listener.seen.wait([&] { return listener.seen.find(ErrorCode::session_closed); }));
}

TEST(Link, ASecondCallerIsTurnedAway) {
    Pair pair;
    pair.open(true);
    ASSERT_TRUE(pair.receiver.seen.wait([&] { return !pair.receiver.seen.headers.empty(); }));
    End second;
    LinkConfig config = caller_config(StreamRole::sender, pair.receiver.link->local_port());
    config.auto_reconnect = false;
    ASSERT_TRUE(second.open(std::move(config)));
    ASSERT_TRUE(second.seen.wait_state(LinkState::closed));
    {
        const std::lock_guard lock(second.seen.mutex);
        ASSERT_FALSE(second.seen.errors.empty());
        EXPECT_EQ(second.seen.errors.back().error.code, ErrorCode::too_many_sessions)
            << second.seen.errors.back().error.text;
    }
    ASSERT_TRUE(
        pair.receiver.seen.wait([&] { return pair.receiver.seen.find(ErrorCode::too_many_sessions); }));
    EXPECT_EQ(pair.sender.link->outbox().push(message_of({1}), Unit::key, 0, patience), QueueStatus::ok);
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(pair.receiver.link->inbox(), all, 1), QueueStatus::ok);
}

TEST(Link, TwoSendersAreToldSo) {
    End listener, caller;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::sender)));
    ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, listener.link->local_port())));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::closed));
    // Its own error, or the one that the caller closed the session with: whichever came first.
    const auto told = [](const ErrorReport& r) {
        return r.error.text.find("both ends are senders") != std::string::npos;
    };
    ASSERT_TRUE(listener.seen.wait([&] { return std::ranges::any_of(listener.seen.errors, told); }));
    const std::lock_guard lock(caller.seen.mutex);
    ASSERT_TRUE(caller.seen.find(ErrorCode::stream_closed));
    EXPECT_TRUE(caller.seen.errors.back().error.terminal);
}

TEST(Link, AStreamThatFailsAtOnceIsNotRetriedForEver) {
    End listener, caller;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::sender)));
    LinkConfig calling = caller_config(StreamRole::sender, listener.link->local_port());
    calling.reconnect_timeout = 500ms;
    caller.seen.decision_hook = [](const ErrorReport&, std::function<void(RetryDecision)> reply) {
        reply(RetryDecision::retry);
    };
    ASSERT_TRUE(caller.open(std::move(calling)));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::closed));
    EXPECT_EQ(caller.seen.terminal_errors(), 1u);
}

TEST(Link, TwoReceiversAreToldSo) {
    End listener, caller;
    LinkConfig listening = listener_config(StreamRole::receiver);
    listening.session.handshake_timeout = 200ms;
    ASSERT_TRUE(listener.open(std::move(listening)));
    LinkConfig calling = caller_config(StreamRole::receiver, listener.link->local_port());
    calling.session.handshake_timeout = 200ms;
    ASSERT_TRUE(caller.open(std::move(calling)));
    EXPECT_TRUE(caller.seen.wait([&] { return caller.seen.find(ErrorCode::timeout); }));
    EXPECT_TRUE(listener.seen.wait([&] { return listener.seen.find(ErrorCode::timeout); }));
}

TEST(Link, ANewListenerGetsWhatTheOldOneDidNotAcknowledge) {
    End caller;
    auto old = std::make_unique<End>();
    ASSERT_TRUE(old->open(own_listener_config(StreamRole::receiver)));
    ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, own_port, own_loopback())));
    ASSERT_TRUE(old->seen.wait_state(LinkState::connected));
    EXPECT_EQ(caller.link->outbox().push(message_of(numbered(100, 0)), Unit::key, 0, patience),
              QueueStatus::ok);
    std::vector<InMessage> first;
    EXPECT_EQ(pop_all(old->link->inbox(), first, 1), QueueStatus::ok);
    old.reset();
    ASSERT_TRUE(caller.seen.wait_state(LinkState::reconnecting));
    EXPECT_EQ(caller.link->outbox().push(message_of(numbered(100, 1)), Unit::key, 0, patience),
              QueueStatus::ok);
    caller.link->outbox().finish();
    End fresh;
    ASSERT_TRUE(fresh.open(own_listener_config(StreamRole::receiver)));
    std::vector<InMessage> second;
    EXPECT_EQ(pop_all(fresh.link->inbox(), second), QueueStatus::eos);
    ASSERT_FALSE(second.empty());
    EXPECT_EQ(payload_of(second.back()), numbered(100, 1));
    EXPECT_EQ(caller.seen.ready, 2);
    EXPECT_EQ(caller.link->stats().reconnects, 1u);
}

TEST(Link, AListenerTakesTheNextCaller) {
    End listener;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    std::vector<InMessage> all;
    for (uint32_t i = 0; i < 3; i++) {
        End caller;
        ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, listener.link->local_port())));
        EXPECT_EQ(caller.link->outbox().push(message_of(numbered(50, i)), Unit::key, 0, patience),
                  QueueStatus::ok);
        EXPECT_EQ(pop_all(listener.link->inbox(), all, i + 1), QueueStatus::ok);
    }
    for (uint32_t i = 0; i < 3; i++) EXPECT_EQ(payload_of(all[i]), numbered(50, i));
}

TEST(Link, StretchesAPassphrase) {
    End listener, caller;
    const std::string phrase = "correct horse battery staple";
    const Bytes bytes(reinterpret_cast<const uint8_t*>(phrase.data()), phrase.size());
    LinkConfig listening = listener_config(StreamRole::receiver);
    listening.seeds.clear();
    listening.passphrase = SecretBytes::copy_of(bytes);
    ASSERT_TRUE(listener.open(std::move(listening)));
    LinkConfig calling = caller_config(StreamRole::sender, listener.link->local_port());
    calling.seeds.clear();
    calling.passphrase = SecretBytes::copy_of(bytes);
    ASSERT_TRUE(caller.open(std::move(calling)));
    EXPECT_TRUE(caller.seen.wait_state(LinkState::connected));
}

TEST(Link, StatsCountWhatWasSent) {
    Pair pair;
    pair.open(true);
    EXPECT_EQ(pair.sender.link->outbox().push(message_of(numbered(50'000, 0)), Unit::key, 0, patience),
              QueueStatus::ok);
    std::vector<InMessage> all;
    EXPECT_EQ(pop_all(pair.receiver.link->inbox(), all, 1), QueueStatus::ok);
    EXPECT_GE(pair.sender.link->stats().session.bytes_sent, 50'000u);
    EXPECT_GE(pair.receiver.link->stats().session.bytes_received, 50'000u);
    EXPECT_EQ(pair.receiver.link->stats().state, LinkState::connected);
    EXPECT_EQ(pair.receiver.link->stats().sessions, 1u);
    pair.receiver.link->close();
    ASSERT_TRUE(pair.sender.seen.wait_state(LinkState::reconnecting));
    const LinkStats stats = pair.sender.link->stats();
    EXPECT_GE(stats.session.bytes_sent, 50'000u) << "the session is over, what it counted stays";
    EXPECT_EQ(stats.session.congestion_window, 0u);
}

TEST(Link, AnElementThatFailedEndsTheSessionAndTakesNoOther) {
    Pair pair;
    pair.open(true);
    ASSERT_TRUE(pair.receiver.seen.wait([&] { return !pair.receiver.seen.headers.empty(); }));
    Error error;
    error.code = ErrorCode::timeout;
    error.reason = Reason::receive_timeout;
    pair.receiver.link->fail(error);
    Recorder& seen = pair.sender.seen;
    ASSERT_TRUE(seen.wait([&] { return seen.find(ErrorCode::session_closed); }));
    EXPECT_EQ(seen.find(ErrorCode::session_closed)->error.reason, Reason::error);
    EXPECT_TRUE(seen.wait([&] { return seen.find(ErrorCode::too_many_sessions); }));
    pair.receiver.link->close();
    EXPECT_TRUE(pair.receiver.seen.errors.empty()) << "the element has told it";
    EXPECT_EQ(pair.receiver.seen.states.back(), LinkState::closed);
    EXPECT_EQ(
        std::count(pair.receiver.seen.states.begin(), pair.receiver.seen.states.end(), LinkState::closed), 1)
        << "who is turned away is no news";
}

TEST(Link, AnElementThatFailedWhileItsPassphraseStretchedCallsNobody) {
    const LoopbackSocket failed_peer, peer;
    const auto open = [](End& end, uint16_t port, uint8_t fill) {
        LinkConfig config = caller_config(StreamRole::sender, port);
        config.seeds.clear();
        config.passphrase = SecretBytes::copy_of(std::vector<uint8_t>(16, fill));
        ASSERT_TRUE(end.open(std::move(config)));
    };
    End failed, other;
    open(failed, failed_peer.port(), 'a');
    failed.link->fail({.code = ErrorCode::timeout, .reason = Reason::send_timeout, .text = {}});
    open(other, peer.port(), 'b');
    // Another passphrase is stretched after the first, which takes as long again.
    ASSERT_TRUE(peer.receive(patience));
    EXPECT_FALSE(failed_peer.receive(0ms));
}

TEST(Link, APeerThatProvedItselfIsNotGivenUpForAForgedRefusal) {
    {
        End listener, caller;
        ASSERT_TRUE(listener.open(own_listener_config(StreamRole::receiver)));
        ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, own_port, own_loopback())));
        ASSERT_TRUE(caller.seen.wait_state(LinkState::connected));
    }
    UdpConfig config;
    config.local_address = own_loopback();
    config.local_port = own_port;
    auto forger = UdpSocket::open(config);
    ASSERT_TRUE(forger.ok());
    std::jthread forging([&](const std::stop_token& over) {
        while (!over.stop_requested()) {
            forger->receive([&](const Address& from, MutableBytes datagram, const auto&) {
                const auto hello = read_hello_header(datagram);
                if (!hello) return;
                RejectPacket packet;
                packet.attempt = hello->attempt;
                packet.receiver_session = hello->caller_session;
                packet.code = static_cast<uint16_t>(ErrorCode::authentication_failed);
                const std::vector<uint8_t> reject = encode(packet);
                (void)forger->send(from, reject, reject.size());
            });
            std::this_thread::yield();
        }
    });
    {
        End again;
        ASSERT_TRUE(again.open(caller_config(StreamRole::sender, own_port, own_loopback())));
        EXPECT_TRUE(again.seen.wait([&] { return !again.seen.errors.empty(); }));
        EXPECT_TRUE(again.seen.errors.front().retrying);
        EXPECT_EQ(again.seen.terminal_errors(), 0u);
        End other;
        LinkConfig mistaken = caller_config(StreamRole::sender, own_port, own_loopback());
        mistaken.seeds = seed_of(99);
        ASSERT_TRUE(other.open(std::move(mistaken)));
        EXPECT_TRUE(other.seen.wait([&] { return !other.seen.errors.empty(); }));
        EXPECT_TRUE(other.seen.errors.front().error.terminal) << "with that seed it has proved nothing";
    }
}

TEST(Link, TellsOfTheCircuitAndInItsStatistics) {
    End caller;
    std::vector<Circuit> circuits;  // as told, without repetitions
    caller.seen.status_hook = [&](const LinkStatus& status) {
        const std::lock_guard lock(caller.seen.mutex);
        if (circuits.empty() || circuits.back() != status.circuit) circuits.push_back(status.circuit);
    };
    LinkConfig config = caller_config(StreamRole::sender, own_port, own_loopback());
    config.retry_initial_delay = 1ms;
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(caller.seen.wait([&] { return circuits.size() >= 3; }));
    EXPECT_NE(caller.link->stats().circuit, Circuit::closed);
    End listener;
    ASSERT_TRUE(listener.open(own_listener_config(StreamRole::receiver)));
    ASSERT_TRUE(caller.seen.wait_state(LinkState::connected));
    // Once the session has stood for a moment.
    EXPECT_TRUE(caller.seen.wait([&] { return circuits.back() == Circuit::closed; }));
    EXPECT_EQ(caller.link->stats().circuit, Circuit::closed);
    caller.link->close();
    EXPECT_EQ(circuits[0], Circuit::closed);
    EXPECT_EQ(circuits[1], Circuit::open);
    EXPECT_EQ(circuits[2], Circuit::half_open);
    EXPECT_EQ(circuits.back(), Circuit::closed);
}

TEST(Link, AFloodOfWrongHellosIsAHandfulOfReportsThatAddUp) {
    End listener;
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    const Address to = Address::v4({127, 0, 0, 1}, listener.link->local_port());
    UdpConfig config;
    config.local_address = "127.0.0.1";
    auto stranger = UdpSocket::open(config);
    ASSERT_TRUE(stranger.ok());
    const Identity identity = Identity::generate(system_random());
    const std::vector<SecretBytes> seeds = seed_of(99);
    CallerHandshake handshake(identity, seeds[0].bytes(), AttemptId{1}, 1, preferred_ciphers(),
                              system_random());
    const std::vector<uint8_t> hello = handshake.make_hello(clock_now().wall, {});

    // As many as the listener turned away out loud; the others fell to its limits.
    uint64_t rejects = 0;
    const auto count = [&](const Address&, MutableBytes datagram, const auto&) {
        rejects += packet_type(datagram) == PacketType::reject;
    };
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (int sent = 0; sent < 3000 || rejects <= 2 * ErrorDigest::burst; sent++) {
        ASSERT_LT(std::chrono::steady_clock::now(), give_up);
        (void)stranger->send(to, hello, hello.size());
        while (stranger->receive(count)) {
        }
    }
    listener.link->close();
    while (stranger->receive(count)) {
    }
    uint64_t told = 0, repeated = 0;
    for (const ErrorReport& report : listener.seen.errors) {
        EXPECT_EQ(report.error.code, ErrorCode::authentication_failed);
        EXPECT_FALSE(report.error.terminal);
        report.repeated > 0 ? repeated += report.repeated : told++;
    }
    EXPECT_EQ(told, ErrorDigest::burst);
    EXPECT_EQ(told + repeated, rejects);
    EXPECT_LE(listener.seen.errors.size(), ErrorDigest::burst + 3u);
}

TEST(Link, WhatItHasAskedAboutIsReportedIfItIsClosedBeforeTheAnswer) {
    uint16_t unused;
    {
        End nobody;
        ASSERT_TRUE(nobody.open(listener_config(StreamRole::receiver)));
        unused = nobody.link->local_port();
    }
    End caller;
    Recorder& seen = caller.seen;
    bool asked = false;  // under the recorder's mutex
    seen.decision_hook = [&](const ErrorReport&, const std::function<void(RetryDecision)>&) {
        const std::lock_guard lock(seen.mutex);
        asked = true;
        seen.changed.notify_all();
    };
    ASSERT_TRUE(caller.open(caller_config(StreamRole::sender, unused)));
    ASSERT_TRUE(seen.wait([&] { return asked; }));
    EXPECT_FALSE(seen.find(ErrorCode::connection_refused));
    caller.link->close();
    ASSERT_TRUE(seen.find(ErrorCode::connection_refused));
    EXPECT_FALSE(seen.find(ErrorCode::connection_refused)->retrying);
    EXPECT_EQ(seen.terminal_errors(), 0u);
}

/// The report of what was asked about is the last chance to close the link before the session is its own.
TEST(Link, ASessionThatArrivesWhenTheLinkIsClosedIsClosedToo) {
    End listener, second;
    Recorder& seen = listener.seen;
    bool asked = false;  // under the recorder's mutex
    seen.decision_hook = [&](const ErrorReport&, const std::function<void(RetryDecision)>&) {
        const std::lock_guard lock(seen.mutex);
        asked = true;
        seen.changed.notify_all();
    };
    seen.error_hook = [&](const ErrorReport&) { listener.link->close(); };
    ASSERT_TRUE(listener.open(listener_config(StreamRole::receiver)));
    const uint16_t port = listener.link->local_port();
    {
        End first;
        ASSERT_TRUE(first.open(caller_config(StreamRole::sender, port)));
        ASSERT_TRUE(seen.wait([&] { return !seen.headers.empty(); }));
    }
    ASSERT_TRUE(seen.wait([&] { return asked; }));
    ASSERT_TRUE(second.open(caller_config(StreamRole::sender, port)));
    EXPECT_TRUE(second.seen.wait([&] { return second.seen.find(ErrorCode::session_closed); }));
    const std::lock_guard lock(seen.mutex);
    EXPECT_EQ(seen.errors.size(), 1u);
}

TEST(Link, WaitsForADecisionAndHeedsEachAnswerOnce) {
    End caller;
    Recorder& seen = caller.seen;
    std::vector<std::function<void(RetryDecision)>> replies;  // under the recorder's mutex
    seen.decision_hook = [&](const ErrorReport& report, std::function<void(RetryDecision)> reply) {
        EXPECT_EQ(report.error.code, ErrorCode::connection_refused);
        EXPECT_TRUE(report.retrying);
        const std::lock_guard lock(seen.mutex);
        replies.push_back(std::move(reply));
        seen.changed.notify_all();
    };
    const auto answer = [&](size_t number, RetryDecision decision) {
        std::function<void(RetryDecision)> reply;
        {
            const std::lock_guard lock(seen.mutex);
            reply = replies[number];
        }
        reply(decision);
    };
    LinkConfig config = caller_config(StreamRole::sender, own_port, own_loopback());
    config.retry_initial_delay = 1ms;
    ASSERT_TRUE(caller.open(std::move(config)));
    ASSERT_TRUE(seen.wait([&] { return replies.size() == 1; }));
    EXPECT_EQ(caller.link->stats().state, LinkState::handshaking) << "it goes on turning";
    answer(0, RetryDecision::retry);
    ASSERT_TRUE(seen.wait([&] { return replies.size() == 2; }));
    answer(0, RetryDecision::stop);  // to a question that was answered
    answer(1, RetryDecision::standard);
    ASSERT_TRUE(seen.wait([&] { return replies.size() == 3; }));
    EXPECT_EQ(seen.terminal_errors(), 0u);
    answer(2, RetryDecision::stop);
    ASSERT_TRUE(seen.wait_state(LinkState::closed));
    EXPECT_EQ(seen.terminal_errors(), 1u);
    answer(2, RetryDecision::retry);
    caller.link->close();
    answer(2, RetryDecision::retry);  // to a link that is gone
    EXPECT_EQ(replies.size(), 3u);
}

}  // namespace
}  // namespace stt::test
