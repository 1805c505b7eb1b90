// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/trace.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace stt {
namespace {

struct Report {
    Time at;
    uint64_t session;
    std::string text;
    bool operator==(const Report&) const = default;
};

struct TraceTest : testing::Test {
    std::vector<Report> reports;
    TraceOutput output{[this](Time at, uint64_t session, const std::string& text) {
        reports.push_back({at, session, text});
    }};
    unsigned described = 0;
    void report(const Trace& trace, const char* text) {
        trace([&] {
            described++;
            return formatted("%s %u", text, described);
        });
    }
};

TEST_F(TraceTest, reports_arrive_in_order_with_time_and_session) {
    output.set_time(Time{} + 1s);
    report(Trace(output, 7), "first");
    output.set_time(Time{} + 2s);
    report(Trace(output, 0), "second");
    EXPECT_EQ(reports, (std::vector<Report>{{Time{} + 1s, 7, "first 1"}, {Time{} + 2s, 0, "second 2"}}));
}

TEST_F(TraceTest, nothing_is_described_while_the_output_is_off) {
    const Trace trace(output, 7);
    output.set_on(false);
    EXPECT_FALSE(trace.on());
    report(trace, "unheard");
    EXPECT_EQ(described, 0u);
    output.set_on(true);
    report(trace, "heard");
    EXPECT_EQ(described, 1u);
    EXPECT_EQ(reports.size(), 1u);
}

TEST_F(TraceTest, an_output_without_a_sink_cannot_be_on) {
    TraceOutput without;
    without.set_on(true);
    report(Trace(without, 7), "unheard");
    report(Trace(), "unheard");
    EXPECT_EQ(described, 0u);
}

TEST(Formatted, takes_texts_of_any_length) {
    EXPECT_EQ(formatted("%s", ""), "");
    for (const size_t size : {190, 191, 192, 193, 5000})
        EXPECT_EQ(formatted("%s", std::string(size, 'x').c_str()), std::string(size, 'x'));
}

}  // namespace
}  // namespace stt
