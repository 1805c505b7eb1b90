// SPDX-License-Identifier: LGPL-2.1-or-later
/// The latest reports of a node's engine, which are printed when a test fails.
#pragma once

#include <array>
#include <string>

#include "core/base/trace.hpp"

namespace stt::sim {

/// Keeps a bounded number of reports. All rings are used on one thread.
class TraceRing {
  public:
    /// The number of reports that are kept. They cover a few round trips.
    static constexpr size_t lines_max = 200;

    TraceRing();
    ~TraceRing();
    TraceRing(const TraceRing&) = delete;
    TraceRing& operator=(const TraceRing&) = delete;

    /// Returns a sink that adds to the ring. The ring outlives it.
    TraceOutput::Sink sink();
    /// Returns the reports that are kept, the oldest first, one per line.
    std::string text() const;
    /// Returns the texts of all rings that exist.
    static std::string all();

  private:
    struct Line {
        Time at{};
        uint64_t session = 0;
        std::string text;
    };
    std::array<Line, lines_max> lines_;
    size_t count_ = 0;  // of all reports so far
};

}  // namespace stt::sim
