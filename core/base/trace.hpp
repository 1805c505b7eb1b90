// SPDX-License-Identifier: LGPL-2.1-or-later
/// The trace of the engine: what it decides and why, in words, for finding faults. It costs one predictable
/// branch per report while it is off.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "core/base/time.hpp"

namespace stt {

/// Inserts the arguments as printf does. The text is for developers and is not translated.
[[gnu::format(printf, 1, 2)]] std::string formatted(const char* format, ...);

/// Where the reports of one engine go. Belongs to the engine, whose thread calls it.
class TraceOutput {
  public:
    /// Receives a report. `at` is the latest time that the engine was given. `session` is the handle of the
    /// session that the report is about; 0 means that it is about none. The engine is in the middle of a
    /// call, so the sink must not call it.
    using Sink = std::function<void(Time at, uint64_t session, const std::string& text)>;

    /// Without a sink the output is always off.
    explicit TraceOutput(Sink sink = nullptr) : sink_(std::move(sink)), on_(sink_ != nullptr) {}

    void set_on(bool on) { on_ = on && sink_; }
    bool on() const { return on_; }
    /// The engine is called at `now`. The time of the reports never goes back.
    void set_time(Time now) { now_ = std::max(now_, now); }
    /// Passes a report to the sink. The output must be on.
    void write(uint64_t session, const std::string& text) const {
        assert(on_);
        sink_(now_, session, text);
    }

  private:
    Sink sink_;
    bool on_;
    Time now_ = Time::min();
};

/// An output that is always off.
inline const TraceOutput no_trace_output;

/// A part's way to report. It is a small value, and the parts of one session have equal ones.
///
///     trace_([&] { return formatted("packet %" PRIu64 " is lost", number); });
class Trace {
  public:
    /// Reports nothing.
    Trace() = default;
    /// Reports about `session` to `output`, which outlives the object. 0 means that it is about no session.
    Trace(const TraceOutput& output, uint64_t session) : output_(&output), session_(session) {}

    /// Returns whether a report would reach a sink.
    bool on() const { return output_->on(); }
    /// Reports the text that `describe` returns. `describe` is called only while the output is on.
    template <class Describe>
    void operator()(Describe&& describe) const {
        if (output_->on()) [[unlikely]]
            output_->write(session_, std::forward<Describe>(describe)());
    }

  private:
    const TraceOutput* output_ = &no_trace_output;
    uint64_t session_ = 0;
};

}  // namespace stt
