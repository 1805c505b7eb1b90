// SPDX-License-Identifier: LGPL-2.1-or-later
/// An application in miniature: sends scripts, checks every byte of those that arrive.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/proto/endpoint.hpp"
#include "core/proto/session.hpp"
#include "tests/sim/script.hpp"

namespace stt::sim {

class Application {
  public:
    /// Bytes that a sender keeps written and unacknowledged, per stream.
    uint64_t unacknowledged_max = 4 << 20;
    /// Bytes per second that are consumed of all streams together; 0: at once; stalled: none.
    double appetite = 0;
    /// Bytes per second that its sources make, all streams together; 0: whatever can be written.
    double production = 0;
    /// Only in the first `production_on` of each period; zero: always.
    Duration production_period{}, production_on{};
    bool stalled = false;
    std::set<StreamId> stalled_streams;

    /// Something else than scripts: sees each event, is pumped, and says when it wants to be again.
    struct Hooks {
        std::function<void(const Event&)> event;
        std::function<void(Now, Session&)> pump;
        std::function<Time()> next_wake;
    };
    std::optional<Hooks> hooks;

    /// Opens a stream on `session` and sends `script` on it. False: refused, see failure().
    bool send(Session& session, const Script& script, uint8_t priority = 0);

    /// Ends a stream abruptly.
    void reset(Session& session, StreamId id);

    void handle(const Event& event);
    /// Reads, checks, consumes and writes what can be. Call after events and at next_wake().
    void pump(Now now, Session& session);
    /// Call pump() again then.
    Time next_wake() const { return hooks ? hooks->next_wake() : next_wake_; }

    /// Every script was sent and its end reported as delivered.
    bool all_delivered() const;
    /// Every script that arrives came to its end.
    bool all_received() const;
    bool idle() const { return all_delivered() && all_received(); }
    /// What went wrong, or empty.
    const std::string& failure() const { return failure_; }

    struct Flow {
        explicit Flow(const Script& s) : script(s), expected(s) {}
        Script script;
        // Sending.
        std::optional<MessageMaker> maker;
        bool writable = true, finish_written = false, end_delivered = false;
        uint64_t acked = 0, delivered_there = 0;
        // Receiving.
        bool receiving = false, readable = false, end_read = false, end_consumed = false;
        MessageMaker expected;
        MessageReader reader;
        std::deque<Chunk> held;  // read, not yet given to `reader`
        uint64_t arrived = 0;    // bytes read from the session
        uint64_t taken = 0, delivered = 0;
        uint64_t payload = 0;  // bytes in messages that were checked
    };
    const std::map<StreamId, Flow>& flows() const { return flows_; }
    uint64_t payload_received() const;
    /// Streams that ended abruptly.
    unsigned streams_closed() const { return streams_closed_; }

  private:
    void fail(StreamId id, const std::string& what);
    void write(Now now, Session& session, StreamId id, Flow& flow);
    void consume(Now now, Session& session, StreamId id, Flow& flow);
    void refill(Time now);
    void produce(Time now);

    std::map<StreamId, Flow> flows_;
    std::string failure_;
    unsigned streams_closed_ = 0;
    std::set<StreamId> given_up_;
    double budget_ = 0;  // bytes that may be consumed now
    Time refilled_{};
    double made_ = 0;  // bytes that may be written now; less than 0: a message was larger
    Time produced_{};
    Time next_wake_ = time_never;
};

}  // namespace stt::sim
