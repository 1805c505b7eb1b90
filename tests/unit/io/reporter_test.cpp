// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/reporter.hpp"

#include <gtest/gtest.h>

#include "tests/unit/io/observer_log.hpp"

namespace stt {
namespace {

LinkConfig caller_config() {
    LinkConfig config;
    config.caller = true;
    config.host = "studio.example";
    config.port = 7600;
    return config;
}

Error refused() {
    return make_error(ErrorCode::connection_refused, Reason::none, ErrorOrigin::network, "refused").ending();
}

struct ReporterTest : testing::Test {
    const LinkConfig config = caller_config();
    ObserverLog log;
    FixedFacts facts;
    Reporter reporter{config, log, facts};
};

TEST_F(ReporterTest, a_state_is_reported_once) {
    EXPECT_EQ(reporter.state(), LinkState::closed);
    reporter.set_state(LinkState::connecting);
    reporter.set_state(LinkState::connecting);
    reporter.renew();
    ASSERT_EQ(log.statuses.size(), 1u);
    EXPECT_EQ(log.statuses[0].state, LinkState::connecting);
    EXPECT_EQ(log.statuses[0].peer, "studio.example:7600") << "as long as no address is known";
    EXPECT_EQ(facts.states_changed, 1);
}

TEST_F(ReporterTest, the_trace_of_the_engine_ends_when_the_link_is_closed) {
    EXPECT_TRUE(reporter.traces_engine());
    reporter.engine_trace(1, "before");
    reporter.close();
    reporter.engine_trace(1, "after");
    EXPECT_EQ(log.engine_traces, std::vector<std::string>{"before"});
    EXPECT_FALSE(reporter.traces_engine());
}

TEST_F(ReporterTest, a_circuit_or_an_address_that_changes_is_reported_with_the_state) {
    reporter.set_state(LinkState::connecting);
    facts.circuit = Circuit::open;
    reporter.renew();
    ASSERT_EQ(log.statuses.size(), 2u);
    EXPECT_EQ(log.statuses[1].circuit, Circuit::open);

    facts.info.peer = Address::v4({192, 0, 2, 7}, 7600);
    reporter.renew();
    EXPECT_EQ(log.statuses.size(), 2u) << "a caller may try many addresses";
    facts.established = true;
    reporter.renew();
    ASSERT_EQ(log.statuses.size(), 3u);
    EXPECT_EQ(log.statuses[2].peer, facts.info.peer.to_string());
}

TEST_F(ReporterTest, statistics_are_renewed_before_the_observer_hears_of_the_state) {
    log.hook = [&] { EXPECT_EQ(facts.states_changed, static_cast<int>(log.statuses.size())); };
    reporter.set_state(LinkState::connecting);
    reporter.set_state(LinkState::handshaking);
    EXPECT_EQ(facts.states_changed, 2);
}

TEST_F(ReporterTest, a_report_says_what_the_link_does_about_the_error) {
    facts.attempt = 3;
    facts.stream = StreamId{4};
    reporter.report(refused(), 2s);
    reporter.report(make_error(ErrorCode::stream_closed, Reason::none, ErrorOrigin::peer, "closed"));
    reporter.warn(make_error(ErrorCode::path_loss, Reason::none, ErrorOrigin::network, "loss"));
    reporter.report_unauthenticated(
        make_error(ErrorCode::session_closed, Reason::none, ErrorOrigin::peer, "x"));
    ASSERT_EQ(log.errors.size(), 4u);
    EXPECT_FALSE(log.errors[0].error.terminal) << "the link continues, whatever has ended";
    EXPECT_TRUE(log.errors[0].retrying);
    EXPECT_EQ(log.errors[0].next_delay, 2s);
    EXPECT_EQ(log.errors[0].attempt, 3u);
    EXPECT_EQ(log.errors[0].stream, StreamId{4});
    EXPECT_TRUE(log.errors[0].caller);
    EXPECT_FALSE(log.errors[1].retrying);
    EXPECT_FALSE(log.errors[1].warned_of);
    EXPECT_TRUE(log.errors[2].warned_of);
    EXPECT_TRUE(log.errors[3].hearsay);
}

TEST_F(ReporterTest, an_error_of_another_node_says_nothing_of_the_session) {
    facts.attempt = 3;
    facts.stream = StreamId{4};
    facts.info.peer = Address::v4({192, 0, 2, 7}, 7600);
    const Address other = Address::v4({192, 0, 2, 9}, 1234);
    reporter.report_other(refused(), other);
    ASSERT_EQ(log.errors.size(), 1u);
    EXPECT_EQ(log.errors[0].peer, other.to_string());
    EXPECT_FALSE(log.errors[0].error.terminal);
    EXPECT_EQ(log.errors[0].attempt, 0u);
    EXPECT_EQ(log.errors[0].stream, std::nullopt);
    EXPECT_EQ(log.errors[0].session.peer, Address{});
}

TEST_F(ReporterTest, of_equal_errors_the_first_few_and_their_number_are_reported) {
    for (unsigned i = 0; i < ErrorDigest::burst + 3; i++) reporter.report(refused());
    EXPECT_EQ(log.errors.size(), ErrorDigest::burst);
    EXPECT_NE(reporter.deadline(), time_never);
    reporter.summarise_due(reporter.deadline() - 1ns);
    EXPECT_EQ(log.errors.size(), ErrorDigest::burst);
    reporter.summarise_due(reporter.deadline());
    ASSERT_EQ(log.errors.size(), ErrorDigest::burst + 1);
    EXPECT_EQ(log.errors.back().repeated, 3u);
    EXPECT_EQ(reporter.deadline(), time_never);
}

TEST_F(ReporterTest, a_link_that_has_failed_reports_its_end_only) {
    reporter.set_state(LinkState::connected);
    for (unsigned i = 0; i < ErrorDigest::burst + 1; i++) reporter.report(refused());
    const size_t before = log.calls.size();
    reporter.fail();
    EXPECT_TRUE(reporter.ended());
    EXPECT_FALSE(reporter.closed());
    reporter.report(make_error(ErrorCode::timeout, Reason::none, ErrorOrigin::local, "late"));
    reporter.report_other(refused(), Address::v4({192, 0, 2, 9}, 1));
    reporter.set_state(LinkState::reconnecting);
    EXPECT_EQ(log.calls.size(), before);
    reporter.summarise_all();
    reporter.report_end(reporter.describe(refused()));
    reporter.set_state(LinkState::closed);
    EXPECT_EQ(std::vector<std::string>(log.calls.begin() + static_cast<ptrdiff_t>(before), log.calls.end()),
              (std::vector<std::string>{"error", "error", "status"}));
    EXPECT_TRUE(log.errors.back().error.terminal);
}

TEST_F(ReporterTest, a_link_that_was_closed_from_inside_a_report_reports_nothing_more) {
    for (unsigned i = 0; i < ErrorDigest::burst + 1; i++) reporter.report(refused());
    reporter.report_other(refused(), Address::v4({192, 0, 2, 9}, 1));
    log.calls.clear();
    log.hook = [&] { reporter.close(); };
    reporter.set_state(LinkState::connecting);
    EXPECT_TRUE(reporter.ended());

    reporter.set_state(LinkState::closed);
    reporter.report(make_error(ErrorCode::timeout, Reason::none, ErrorOrigin::local, "late"));
    reporter.report_end(reporter.describe(refused()));
    reporter.summarise_all();
    reporter.trace("anything");
    reporter.ask(reporter.describe(refused()), [](RetryDecision) { FAIL(); });
    reporter.stream_opened(0, {});
    reporter.stream_ready(0, false);
    reporter.stream_closed(0, refused());
    EXPECT_FALSE(reporter.gap({1, 1, 1}, true));
    EXPECT_FALSE(reporter.late_start());
    reporter.dropping();
    reporter.upstream_message({});
    EXPECT_EQ(log.calls, std::vector<std::string>{"status"});
    EXPECT_TRUE(log.traces.empty());
}

TEST_F(ReporterTest, a_gap_of_nothing_is_none) {
    EXPECT_FALSE(reporter.gap({}, false));
    EXPECT_TRUE(reporter.gap({1, 100, 0}, false));
    EXPECT_EQ(log.calls, std::vector<std::string>{"gap"});
}

}  // namespace
}  // namespace stt
