// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/proto/congestion.hpp"

#include <gtest/gtest.h>

namespace stt {
namespace {

TEST(Congestion, MakesWhatIsAskedFor) {
    const auto bbr = make_congestion_controller(CongestionAlgorithm::bbr, 1200);
    const auto cubic = make_congestion_controller(CongestionAlgorithm::cubic, 1200);
    EXPECT_EQ(bbr->name(), "bbr");
    EXPECT_EQ(cubic->name(), "cubic");
    EXPECT_EQ(bbr->window(), 32u * 1200);
    EXPECT_EQ(cubic->window(), 10u * 1200);
}

}  // namespace
}  // namespace stt
