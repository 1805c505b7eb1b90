// SPDX-License-Identifier: LGPL-2.1-or-later
/// What an element's bus tells of errors, in a form that tests and docs/errors.md share.
#pragma once

#include <condition_variable>
#include <mutex>

#include "core/base/error.hpp"
#include "tests/elements/support.hpp"

namespace stt::test {

/// One error, from `stt-error` and the ERROR or WARNING with the same event-id.
struct BusError {
    explicit BusError(const GstStructure* details);
    /// An ERROR or WARNING told of it, too.
    void told_by(GstMessage* standard);

    /// Everything about it that programs go by, in one line:
    /// CODE/SUB-CODE NAME CATEGORY REASON ERROR|WARNING|MESSAGE[ GERROR] origin=ORIGIN [authenticated]
    /// [terminal] [can-retry] [retried]
    std::string line() const;

    ErrorCode code = ErrorCode::none;
    unsigned sub_code = 0;
    std::string name, category, reason, origin, text, hint, event_id;
    bool authenticated = false, terminal = false, can_retry = false;
    bool retried = false;  ///< next-delay-ms says when
    std::string shown = "MESSAGE", gerror;
};

struct StructureDeleter {
    void operator()(GstStructure* structure) const { gst_structure_free(structure); }
};
using StructurePtr = std::unique_ptr<GstStructure, StructureDeleter>;

/// Takes the element's bus over and keeps the errors told on it.
class ErrorLog {
  public:
    explicit ErrorLog(GstElement* element);
    ~ErrorLog();
    ErrorLog(const ErrorLog&) = delete;
    ErrorLog& operator=(const ErrorLog&) = delete;

    /// The line of the first error with `code`, or of a later one (`which` is 1, 2, …); empty when none came
    /// in time.
    std::string wait(ErrorCode code, size_t which = 0);
    /// Waits until a message came that `wanted` accepts. False: none in time.
    bool wait_message(const std::function<bool(GstMessage*)>& wanted);
    /// The first element message `name` in which `field` is `value`; null: none came in time.
    StructurePtr wait_structure(const char* name, const char* field, const char* value);
    /// Waits for `stt-session` with this state.
    bool wait_state(const std::string& state);
    size_t count(ErrorCode code) const;
    /// Lines of all errors so far.
    std::string lines() const;

  private:
    void take(GstMessage* message);

    GstElement* element_;
    GstBus* bus_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool handler_gone_ = false;         // under mutex_
    std::vector<BusError> errors_;      // under mutex_
    std::vector<MessagePtr> messages_;  // under mutex_
};

/// An element that is playing, with its errors.
class Playing {
  public:
    /// `configure` sees the element before it starts. Synchronises to no clock.
    Playing(const char* factory, const std::string& uri,
            const std::function<void(GstElement*)>& configure = {});
    ~Playing();
    Playing(const Playing&) = delete;
    Playing& operator=(const Playing&) = delete;

    /// STREAM_START, CAPS and a segment, into a sink.
    void start();
    GstFlowReturn push(size_t bytes) { return gst_harness_push(harness, make_buffer(bytes).release()); }
    unsigned port() const { return local_port(element); }

    GstElement* element;
    std::unique_ptr<ErrorLog> errors;
    GstHarness* harness;
};

/// A listening sttsrc on 127.0.0.1.
std::unique_ptr<Playing> listening_src(const std::function<void(GstElement*)>& configure = {});
/// A sttsink that calls 127.0.0.1:`port`.
std::unique_ptr<Playing> calling_sink(unsigned port, const std::function<void(GstElement*)>& configure = {});
/// A sttsrc that calls 127.0.0.1:`port`.
std::unique_ptr<Playing> calling_src(unsigned port, const std::function<void(GstElement*)>& configure = {});

}  // namespace stt::test
