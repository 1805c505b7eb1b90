// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/caller.hpp"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include "core/io/loop.hpp"
#include "tests/unit/io/observer_log.hpp"

// A resolver by which every host has two addresses.
G_DECLARE_FINAL_TYPE(TwoAddresses, two_addresses, STT, TWO_ADDRESSES, GResolver)
struct _TwoAddresses {
    GResolver parent;
};
G_DEFINE_FINAL_TYPE(TwoAddresses, two_addresses, G_TYPE_RESOLVER)

static void two_addresses_lookup(GResolver* resolver, const char*, GCancellable* cancellable,
                                 GAsyncReadyCallback callback, gpointer data) {
    GTask* const task = g_task_new(resolver, cancellable, callback, data);
    GList* list = g_list_append(nullptr, g_inet_address_new_from_string("192.0.2.1"));
    list = g_list_append(list, g_inet_address_new_from_string("192.0.2.2"));
    g_task_return_pointer(
        task, list, [](gpointer addresses) { g_resolver_free_addresses(static_cast<GList*>(addresses)); });
    g_object_unref(task);
}
static GList* two_addresses_finish(GResolver*, GAsyncResult* result, GError** error) {
    return static_cast<GList*>(g_task_propagate_pointer(G_TASK(result), error));
}
static void two_addresses_init(TwoAddresses*) {}
static void two_addresses_class_init(TwoAddressesClass* klass) {
    G_RESOLVER_CLASS(klass)->lookup_by_name_async = two_addresses_lookup;
    G_RESOLVER_CLASS(klass)->lookup_by_name_finish = two_addresses_finish;
}

namespace stt {
namespace {

Error error_of(ErrorCode code, ErrorOrigin origin = ErrorOrigin::network) {
    return make_error(code, Reason::none, origin, "it failed");
}

// Hosts are given by address. Nothing is sent: what an endpoint would send stays in it.
struct CallerTest : testing::Test {
    CallerTest() {
        g_main_context_push_thread_default(context);
        config.caller = true;
        config.host = "192.0.2.7";
        config.port = 7600;
        config.retry_initial_delay = 1s;
        config.reconnect_timeout = 50s;
        std::vector<SecretBytes> seeds;
        seeds.push_back(SecretBytes::copy_of(std::vector<uint8_t>(seed_size, 7)));
        endpoint.set_seeds(std::move(seeds));
    }
    ~CallerTest() override {
        caller.reset();
        while (g_main_context_iteration(context, FALSE)) {
        }
        g_main_context_pop_thread_default(context);
        g_main_context_unref(context);
    }
    /// After the settings. No other test has called the peer with the same seed.
    void make() {
        const Caller::Parts parts{config, endpoint, session, reporter};
        caller.emplace(
            parts, [this](Now, Error error) { failures.push_back(std::move(error)); }, [this] { wakes++; });
        std::vector<uint8_t> seed(seed_size);
        system_random().fill(seed);
        caller->set_seed(seed);
    }
    /// Waits for the address, which comes from the loop.
    void resolve() {
        const int before = wakes;
        while (wakes == before) g_main_context_iteration(context, TRUE);
    }
    void start() {
        make();
        caller->start(now);
        EXPECT_FALSE(caller->calling()) << "the address comes later";
        resolve();
    }
    /// A session that is taken for established; nobody looks at its own state.
    void begin_session() {
        SessionConfig plain;
        session.begin(*endpoint.find(endpoint.connect(now, address, plain)));
        caller->on_session(now.time);
    }
    EndpointConfig endpoint_config() {
        EndpointConfig made;
        made.identity = &identity;
        return made;
    }

    GMainContext* context = g_main_context_new();
    const Now now = clock_now();
    const Address address = Address::v4({192, 0, 2, 7}, 7600);
    LinkConfig config;
    Identity identity = Identity::generate(system_random());
    Endpoint endpoint{endpoint_config(), system_random()};
    CurrentSession session{endpoint};
    ObserverLog log;
    FixedFacts facts;
    Reporter reporter{config, log, facts};
    std::optional<Caller> caller;
    std::vector<Error> failures;
    int wakes = 0;
};

TEST_F(CallerTest, an_attempt_calls_the_hosts_address) {
    start();
    EXPECT_TRUE(caller->calling());
    EXPECT_EQ(caller->attempt_number(), 1u);
    EXPECT_GE(caller->attempt_began(), now.time);
    EXPECT_EQ(session.info().peer, address);
    EXPECT_TRUE(caller->calls(address));
    EXPECT_FALSE(caller->calls(Address::v4({192, 0, 2, 8}, 7600)));
    ASSERT_EQ(log.traces.size(), 2u);
    EXPECT_EQ(log.traces[0], "192.0.2.7 has 1 addresses");
    EXPECT_EQ(log.traces[1], "attempt 1 calls " + address.to_string());
}

TEST_F(CallerTest, a_link_that_is_closed_meanwhile_calls_nobody) {
    make();
    facts.circuit = Circuit::open;  // the observer hears of it
    log.hook = [&] { reporter.close(); };
    caller->start(now);
    EXPECT_EQ(log.calls, std::vector<std::string>{"status"});
    while (g_main_context_iteration(context, FALSE)) {
    }
    EXPECT_FALSE(caller->calling());
    EXPECT_EQ(wakes, 0);
}

TEST_F(CallerTest, a_failed_attempt_is_told_by_one_call) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    EXPECT_FALSE(caller->calling());
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].code, ErrorCode::connection_refused);
    EXPECT_TRUE(log.errors.empty()) << "the link reports what it decides";
    EXPECT_TRUE(caller->note_failure(now.time, failures[0]));
    EXPECT_FALSE(caller->note_failure(now.time, error_of(ErrorCode::authentication_failed)));
}

struct TwoAddressesTest : CallerTest {
    TwoAddressesTest() {
        GObject* const resolver = static_cast<GObject*>(g_object_new(two_addresses_get_type(), nullptr));
        g_resolver_set_default(G_RESOLVER(resolver));
        g_object_unref(resolver);
        config.host = "two.test";
    }
    ~TwoAddressesTest() override {
        g_resolver_set_default(original);
        g_object_unref(original);
    }
    GResolver* const original = g_resolver_get_default();
    const Address first = Address::v4({192, 0, 2, 1}, 7600), second = Address::v4({192, 0, 2, 2}, 7600);
};

TEST_F(TwoAddressesTest, a_host_is_called_at_one_address_after_the_other) {
    start();
    EXPECT_EQ(session.info().peer, first);
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    EXPECT_TRUE(failures.empty());
    ASSERT_EQ(log.errors.size(), 1u);
    EXPECT_TRUE(log.errors[0].retrying);
    EXPECT_EQ(log.errors[0].next_delay, Duration::zero());
    EXPECT_TRUE(caller->calling());
    EXPECT_EQ(session.info().peer, second);
    EXPECT_EQ(caller->attempt_number(), 1u);
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    EXPECT_EQ(failures.size(), 1u);
    EXPECT_EQ(log.errors.size(), 1u);
}

TEST_F(TwoAddressesTest, what_no_other_address_can_mend_ends_the_attempt) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::authentication_failed));
    EXPECT_EQ(failures.size(), 1u);
    EXPECT_FALSE(caller->calling());
}

TEST_F(TwoAddressesTest, a_link_that_is_closed_calls_no_other_address) {
    start();
    log.hook = [&] { reporter.close(); };
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    EXPECT_EQ(log.calls, std::vector<std::string>{"error"});
    EXPECT_FALSE(caller->calling());
    EXPECT_TRUE(failures.empty());
}

TEST_F(CallerTest, without_auto_reconnect_no_other_attempt_follows) {
    config.auto_reconnect = false;
    start();
    EXPECT_FALSE(caller->note_failure(now.time, error_of(ErrorCode::connection_refused)));
}

TEST_F(CallerTest, an_attempt_that_would_come_too_late_comes_earlier) {
    start();
    const Error error = error_of(ErrorCode::connection_refused);
    caller->on_attempt_closed(now, error);
    caller->hurry(now.time, now.time + 10s);
    EXPECT_EQ(caller->deadline(), time_never) << "none is due";
    caller->retry_at(now.time + 16s, error);
    caller->hurry(now.time, now.time);
    EXPECT_EQ(caller->deadline(), now.time + 16s) << "it is too late";
    caller->hurry(now.time, now.time + 10s);
    EXPECT_EQ(caller->deadline(), now.time + 5s);
    caller->hurry(now.time, time_never);
    EXPECT_EQ(caller->deadline(), now.time + 5s);
}

TEST_F(CallerTest, an_attempt_that_was_stopped_is_closed) {
    start();
    const SessionHandle attempt = 1;
    ASSERT_TRUE(caller->is_attempt(attempt));
    caller->stop(now);
    EXPECT_EQ(endpoint.find(attempt)->state(), SessionState::closed);
    EXPECT_EQ(caller->deadline(), time_never);
}

TEST_F(CallerTest, most_failures_open_the_circuit_and_a_success_closes_it) {
    make();
    for (int i = 0; i < 5; i++) caller->note_failure(now.time, error_of(ErrorCode::connection_refused));
    EXPECT_EQ(caller->circuit(), Circuit::open);
    begin_session();
    EXPECT_EQ(caller->circuit(), Circuit::open) << "a session that is lost at once is no success";
    EXPECT_EQ(caller->deadline(), now.time + config.retry_initial_delay);
    EXPECT_FALSE(caller->check_success(now.time + config.retry_initial_delay - 1ns));
    EXPECT_TRUE(caller->check_success(now.time + config.retry_initial_delay));
    EXPECT_FALSE(caller->check_success(now.time + config.retry_initial_delay));
    EXPECT_EQ(caller->circuit(), Circuit::closed);
    EXPECT_TRUE(caller->on_session_over());
}

TEST_F(CallerTest, a_session_that_ends_early_is_no_success) {
    make();
    begin_session();
    EXPECT_FALSE(caller->on_session_over());
    EXPECT_EQ(caller->deadline(), time_never);
    for (int i = 0; i < 5; i++) caller->count_session(now.time, false);
    EXPECT_EQ(caller->circuit(), Circuit::open);
}

TEST_F(CallerTest, plans_until_reconnect_timeout_has_passed) {
    start();
    const Error error = error_of(ErrorCode::connection_refused);
    const auto plan = caller->plan(now.time, error, true);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->retried);
    EXPECT_LE(plan->delay, config.retry_initial_delay);
    EXPECT_FALSE(caller->plan(now.time + 1s, error, false)->retried);
    EXPECT_TRUE(caller->plan(now.time + config.reconnect_timeout - 1ns, error, true));
    EXPECT_FALSE(caller->plan(now.time + config.reconnect_timeout, error, true));
    caller->restart(now.time + config.reconnect_timeout);
    EXPECT_TRUE(caller->plan(now.time + config.reconnect_timeout, error, true));
}

TEST_F(CallerTest, an_attempt_that_is_cut_short_does_not_hide_why_the_one_before_failed) {
    start();
    const Error silence = make_error(ErrorCode::connection_timeout, Reason::handshake_timeout,
                                     ErrorOrigin::network, "it failed");
    const Time early = caller->attempt_began() + config.session.handshake_timeout - 1ns;
    EXPECT_EQ(caller->overdue_error(early, silence).code, ErrorCode::connection_timeout)
        << "it is the only one";
    caller->retry_at(early, error_of(ErrorCode::connection_refused));
    EXPECT_EQ(caller->overdue_error(early, silence).code, ErrorCode::connection_refused);
    EXPECT_EQ(caller->overdue_error(early + 1ns, silence).code, ErrorCode::connection_timeout)
        << "it had all its time";
    const Error unreachable = error_of(ErrorCode::network_unreachable);
    EXPECT_EQ(caller->overdue_error(early, unreachable).code, ErrorCode::network_unreachable);
}

TEST_F(CallerTest, plans_no_more_than_max_retries) {
    config.max_retries = 1;
    start();
    const Error error = error_of(ErrorCode::connection_refused);
    EXPECT_TRUE(caller->plan(now.time, error, true)->retried);
    EXPECT_FALSE(caller->plan(now.time, error, true)->retried);
}

TEST_F(CallerTest, a_listener_waits_without_a_plan_for_calls) {
    config.caller = false;
    make();
    const auto plan = caller->plan(now.time + 1h, error_of(ErrorCode::session_timeout), true);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->retried);
    EXPECT_EQ(plan->delay, Duration::zero());
    EXPECT_EQ(caller->attempt_number(), 0u);
}

TEST_F(CallerTest, the_next_attempt_is_made_when_it_is_due) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    const Error error = error_of(ErrorCode::connection_refused);
    caller->retry_at(now.time + 1s, error);
    EXPECT_EQ(caller->deadline(), now.time + 1s);
    EXPECT_FALSE(caller->retry_if_due({now.time + 1s - 1ns, now.wall}));
    EXPECT_EQ(caller->attempt_number(), 1u);
    EXPECT_FALSE(caller->retry_if_due({now.time + 1s, now.wall}));
    EXPECT_EQ(caller->attempt_number(), 2u);
    EXPECT_EQ(caller->deadline(), time_never);
    resolve();
    EXPECT_TRUE(caller->calling());
}

TEST_F(CallerTest, a_proposed_attempt_is_not_made_before_it_is_confirmed) {
    start();
    const Error error = error_of(ErrorCode::connection_refused);
    caller->on_attempt_closed(now, error);
    caller->propose_retry(now.time + 1s, error);
    EXPECT_EQ(caller->deadline(), time_never);
    EXPECT_FALSE(caller->retry_if_due({now.time + 2s, now.wall}));
    EXPECT_EQ(caller->attempt_number(), 1u);
    EXPECT_EQ(caller->confirm_retry(error), now.time + 1s);
    EXPECT_EQ(caller->deadline(), now.time + 1s);
    EXPECT_FALSE(caller->retry_if_due({now.time + 2s, now.wall}));
    EXPECT_EQ(caller->attempt_number(), 2u);
}

TEST_F(CallerTest, a_proposed_attempt_can_be_brought_forward) {
    start();
    const Error error = error_of(ErrorCode::connection_refused);
    caller->on_attempt_closed(now, error);
    const Time begun = caller->attempt_began();
    caller->propose_retry(begun + 16s, error);
    caller->hurry(begun, begun + 10s);
    EXPECT_EQ(caller->confirm_retry(error), begun + 5s);
    caller->propose_retry(begun + 16s, error);
    caller->on_host_reached(begun + 1s, address);
    EXPECT_EQ(caller->deadline(), time_never);
    EXPECT_EQ(caller->confirm_retry(error), begun + 1s);
}

TEST_F(CallerTest, a_proposed_attempt_that_is_withdrawn_is_not_made) {
    start();
    const Error error = error_of(ErrorCode::connection_refused);
    caller->on_attempt_closed(now, error);
    caller->propose_retry(now.time + 1s, error);
    caller->withdraw_retry();
    EXPECT_EQ(caller->deadline(), time_never);
    caller->on_host_reached(now.time + 1s, address);
    EXPECT_EQ(caller->deadline(), time_never) << "none is planned";
    caller->retry_at(now.time + 1s, error);
    caller->withdraw_retry();
    EXPECT_EQ(caller->deadline(), now.time + 1s) << "it was not proposed only";
}

TEST_F(CallerTest, a_session_beside_the_present_one_leaves_a_proposed_attempt_to_the_link) {
    make();
    begin_session();
    caller->call_in_parallel(now);
    const Error error = error_of(ErrorCode::timeout);
    caller->propose_retry(now.time + 1s, error);
    caller->on_attempt_established();
    EXPECT_EQ(caller->confirm_retry(error), now.time + 1s);
}

TEST_F(CallerTest, an_attempt_that_is_due_too_late_is_not_made) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    const Time late = now.time + config.reconnect_timeout;
    caller->retry_at(late, error_of(ErrorCode::connection_timeout));
    const auto error = caller->retry_if_due({late, now.wall});
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ErrorCode::connection_timeout);
    EXPECT_EQ(caller->attempt_number(), 1u);
}

TEST_F(CallerTest, a_lost_session_calls_where_the_peer_was_and_looks_it_up_in_turns) {
    make();
    begin_session();
    session.lose(now.time);
    caller->on_session_over();
    caller->restart(now.time);
    caller->retry_at(now.time, error_of(ErrorCode::session_timeout));
    EXPECT_FALSE(caller->retry_if_due(now));
    EXPECT_TRUE(caller->calling()) << "at once, without a look-up";
    EXPECT_EQ(log.traces.back(), "attempt 1 calls " + address.to_string() + " to resume the session");
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_timeout));
    caller->retry_at(now.time, error_of(ErrorCode::connection_timeout));
    EXPECT_FALSE(caller->retry_if_due(now));
    EXPECT_FALSE(caller->calling());
    resolve();
    EXPECT_TRUE(caller->calling());
}

TEST_F(CallerTest, a_lost_session_waits_for_its_path_and_not_for_its_turn) {
    config.reconnect_timeout = Duration::zero();
    config.max_retries = 0;
    make();
    begin_session();
    session.lose(now.time);
    caller->restart(now.time);
    const auto delay_after = [&](const Error& error, Duration later) {
        const auto plan = caller->plan(now.time + later, error, true);
        return plan && plan->retried ? std::optional(plan->delay) : std::nullopt;
    };
    const Error silence = error_of(ErrorCode::connection_timeout);
    const Error refused = error_of(ErrorCode::connection_refused);
    EXPECT_EQ(delay_after(silence, 1s), Duration::zero());
    EXPECT_EQ(delay_after(silence, 10min), Duration::zero());
    EXPECT_EQ(delay_after(refused, 1s), silence_probe_fast);
    EXPECT_EQ(delay_after(refused, 10min), silence_probe_slow);
    Error authentic = error_of(ErrorCode::connection_refused, ErrorOrigin::peer);
    authentic.authenticated = true;
    EXPECT_EQ(delay_after(authentic, 1s), std::nullopt) << "an attempt like any other";
    for (int i = 0; i < 10; i++) caller->note_failure(now.time, refused);
    EXPECT_EQ(caller->circuit(), Circuit::closed);
}

TEST_F(CallerTest, a_session_that_is_doubted_is_checked_in_parallel) {
    make();
    begin_session();
    caller->call_in_parallel(now);
    EXPECT_TRUE(caller->calling());
    EXPECT_TRUE(session.established());
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_timeout));
    EXPECT_TRUE(log.errors.empty()) << "the session's own timeout decides";
    EXPECT_TRUE(failures.empty());
    caller->call_in_parallel(now);
    EXPECT_FALSE(caller->calling()) << "not that often";

    const Now later{now.time + config.retry_initial_delay, now.wall};
    caller->call_in_parallel(later);
    ASSERT_TRUE(caller->calling());
    Error answer = error_of(ErrorCode::too_many_sessions, ErrorOrigin::peer);
    answer.authenticated = true;
    caller->on_attempt_closed(later, answer);
    ASSERT_EQ(log.errors.size(), 1u);
    EXPECT_FALSE(log.errors[0].hearsay);
    EXPECT_TRUE(failures.empty());
}

TEST_F(CallerTest, a_listener_or_a_caller_that_must_not_reconnect_checks_nothing) {
    config.auto_reconnect = false;
    make();
    begin_session();
    caller->call_in_parallel(now);
    EXPECT_FALSE(caller->calling());
}

TEST_F(CallerTest, an_attempt_that_waits_is_due_when_its_host_answers_another_caller) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    const Time begun = caller->attempt_began();
    caller->retry_at(begun + 4s, error_of(ErrorCode::connection_refused));
    caller->on_host_reached(begun + 1s, Address::v4({192, 0, 2, 8}, address.port));
    EXPECT_EQ(caller->deadline(), begun + 4s) << "another host";
    caller->on_host_reached(begun + 1s, Address::v4({192, 0, 2, 7}, 9));
    EXPECT_EQ(caller->deadline(), begun + 1s);
}

TEST_F(CallerTest, attempts_are_hastened_ten_times_per_second_at_most) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    const Time begun = caller->attempt_began();
    caller->retry_at(begun + 4s, error_of(ErrorCode::connection_refused));
    caller->on_host_reached(begun, address);
    EXPECT_EQ(caller->deadline(), begun + 100ms);
}

TEST_F(CallerTest, an_answer_to_another_caller_begins_no_attempt_by_itself) {
    start();
    caller->on_host_reached(now.time + 1s, address);
    EXPECT_EQ(caller->deadline(), time_never) << "one is under way";
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    caller->on_host_reached(now.time + 1s, address);
    EXPECT_EQ(caller->deadline(), time_never) << "none is planned";
}

TEST_F(CallerTest, a_link_that_has_failed_calls_no_other_address) {
    start();
    reporter.fail();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    EXPECT_FALSE(caller->calling());
    EXPECT_TRUE(failures.empty());
}

TEST_F(CallerTest, an_attempt_in_parallel_takes_the_place_of_the_one_that_is_due) {
    make();
    begin_session();
    caller->call_in_parallel(now);
    ASSERT_TRUE(caller->calling());
    const Time begun = caller->attempt_began();
    session.end();
    caller->retry_at(now.time + 1s, error_of(ErrorCode::session_timeout));
    EXPECT_FALSE(caller->retry_if_due({now.time + 1s, now.wall}));
    EXPECT_TRUE(caller->calling());
    EXPECT_EQ(caller->attempt_began(), begun);
}

TEST_F(CallerTest, a_session_makes_the_errors_before_it_forgotten) {
    start();
    const Error silence = make_error(ErrorCode::connection_timeout, Reason::handshake_timeout,
                                     ErrorOrigin::network, "it failed");
    const Time early = caller->attempt_began() + 1s;
    caller->retry_at(early, error_of(ErrorCode::connection_refused));
    caller->on_attempt_established();
    EXPECT_EQ(caller->overdue_error(early, silence).code, ErrorCode::connection_timeout);
}

TEST_F(CallerTest, a_lookup_that_is_cut_short_does_not_hide_why_the_attempt_before_failed) {
    start();
    const Error unanswered =
        make_error(ErrorCode::timeout, Reason::resolve, ErrorOrigin::network, "it failed");
    const Time early = caller->attempt_began() + 1s;
    caller->retry_at(early, error_of(ErrorCode::connection_refused));
    EXPECT_EQ(caller->overdue_error(early, unanswered).code, ErrorCode::connection_refused);
}

TEST_F(TwoAddressesTest, an_attempt_is_hastened_whichever_address_of_the_host_has_answered) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    ASSERT_EQ(failures.size(), 1u);
    const Time begun = caller->attempt_began();
    caller->retry_at(begun + 4s, failures[0]);
    caller->on_host_reached(begun + 1s, Address::v4({192, 0, 2, 1}, 9));
    EXPECT_EQ(caller->deadline(), begun + 1s);
}

TEST_F(CallerTest, what_the_host_has_answered_itself_is_not_asked_again_sooner) {
    start();
    const Time begun = caller->attempt_began();
    caller->on_attempt_established();
    begin_session();
    session.end();
    caller->on_session_over();
    caller->retry_at(begun + 4s, error_of(ErrorCode::too_many_sessions, ErrorOrigin::peer));
    caller->on_host_reached(begun + 1s, address);
    EXPECT_EQ(caller->deadline(), begun + 4s);
}

TEST_F(CallerTest, a_host_that_can_be_reached_closes_the_circuit) {
    start();
    caller->on_attempt_closed(now, error_of(ErrorCode::connection_refused));
    for (int i = 0; i < 5; i++) caller->note_failure(now.time, error_of(ErrorCode::connection_refused));
    ASSERT_EQ(caller->circuit(), Circuit::open);
    const Time begun = caller->attempt_began();
    caller->retry_at(begun + 9s, error_of(ErrorCode::connection_refused));
    caller->on_host_reached(begun + 1s, address);
    EXPECT_EQ(caller->circuit(), Circuit::closed);
    EXPECT_EQ(caller->deadline(), begun + 1s);
}

}  // namespace
}  // namespace stt
