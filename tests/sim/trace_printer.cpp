// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what the engines did last when a test fails. At that time the nodes of the test still exist.
#include <gtest/gtest.h>

#include <iostream>
#include <utility>

#include "tests/sim/trace_ring.hpp"

namespace stt::sim {
namespace {

class TracePrinter final : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { printed_ = false; }
    /// Only the first failure of a test, because others usually follow from it.
    void OnTestPartResult(const testing::TestPartResult& result) override {
        if (!result.failed() || std::exchange(printed_, true)) return;
        std::cerr << "The latest reports of the engines:\n" << TraceRing::all();
    }
    bool printed_ = false;
};

[[maybe_unused]] const bool listens = [] {
    testing::UnitTest::GetInstance()->listeners().Append(new TracePrinter);  // which owns it
    return true;
}();

}  // namespace
}  // namespace stt::sim
