// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/trace_ring.hpp"

#include <algorithm>
#include <cinttypes>
#include <vector>

namespace stt::sim {
namespace {

std::vector<const TraceRing*>& rings() {
    static std::vector<const TraceRing*> all;
    return all;
}

}  // namespace

TraceRing::TraceRing() { rings().push_back(this); }

TraceRing::~TraceRing() { std::erase(rings(), this); }

TraceOutput::Sink TraceRing::sink() {
    return [this](Time at, uint64_t session, const std::string& text) {
        lines_[count_++ % lines_max] = {at, session, text};
    };
}

std::string TraceRing::text() const {
    std::string text;
    for (size_t i = count_ - std::min(count_, lines_max); i < count_; i++) {
        const Line& line = lines_[i % lines_max];
        const double seconds = std::chrono::duration<double>(line.at.time_since_epoch()).count();
        text += formatted("%.6f session %" PRIu64 ": %s\n", seconds, line.session, line.text.c_str());
    }
    return text;
}

std::string TraceRing::all() {
    std::string all;
    for (size_t i = 0; i < rings().size(); i++) all += formatted("node %zu:\n", i + 1) + rings()[i]->text();
    return all;
}

}  // namespace stt::sim
