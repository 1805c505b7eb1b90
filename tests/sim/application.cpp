// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/sim/application.hpp"

#include <algorithm>

namespace stt::sim {

namespace {

/// How often a slow receiver takes something, and a source makes something.
constexpr Duration appetite_tick = 10ms, production_tick = 10ms;

}  // namespace

void Application::fail(StreamId id, const std::string& what) {
    if (failure_.empty()) failure_ = "stream " + std::to_string(id) + ": " + what;
}

bool Application::send(Session& session, const Script& script, uint8_t priority) {
    const Result<StreamId> id = session.open_stream(script.encode(), priority, std::nullopt);
    if (!id.ok()) {
        fail(no_stream, id.error().text);
        return false;
    }
    Flow& flow = flows_.try_emplace(id.value(), script).first->second;
    flow.maker.emplace(script);
    flow.receiving = true;
    if (!script.answered) flow.expected = MessageMaker(Script{});
    return true;
}

void Application::reset(Session& session, StreamId id) {
    session.reset(id, {.code = ErrorCode::stream_closed, .reason = Reason::none, .text = "enough of it"});
    flows_.erase(id);
    given_up_.insert(id);
}

void Application::handle(const Event& event) {
    if (hooks) return hooks->event(event);
    if (const auto* opened = std::get_if<event::StreamOpened>(&event.what)) {
        const auto script = Script::decode(opened->header);
        if (!script) return fail(opened->stream, "its header is not what was sent");
        const auto [it, fresh] = flows_.try_emplace(opened->stream, *script);
        if (!fresh) return fail(opened->stream, "was opened twice");
        it->second.receiving = true;
        it->second.maker.emplace(script->answered ? *script : Script{});
    } else if (const auto* readable = std::get_if<event::StreamReadable>(&event.what)) {
        const auto it = flows_.find(readable->stream);
        if (given_up_.contains(readable->stream)) return;
        if (it == flows_.end()) return fail(readable->stream, "is readable before it was opened");
        it->second.readable = true;
    } else if (const auto* progress = std::get_if<event::StreamProgress>(&event.what)) {
        const auto it = flows_.find(progress->stream);
        if (given_up_.contains(progress->stream)) return;
        if (it == flows_.end()) return fail(progress->stream, "makes progress, but was never opened");
        Flow& flow = it->second;
        if (progress->acked < flow.acked || progress->delivered < flow.delivered_there)
            fail(progress->stream, "its progress went back");
        if (progress->delivered > progress->acked && !progress->finished && flow.acked > progress->delivered)
            fail(progress->stream, "more was delivered than acknowledged");
        flow.acked = progress->acked;
        flow.delivered_there = progress->delivered;
        flow.end_delivered = flow.end_delivered || progress->finished;
        flow.writable = true;
    } else if (const auto* closed = std::get_if<event::StreamClosed>(&event.what)) {
        streams_closed_++;
        flows_.erase(closed->stream);
    }
}

void Application::refill(Time now) {
    if (refilled_ != Time{}) budget_ += appetite * std::chrono::duration<double>(now - refilled_).count();
    // What was not eaten in time is not made up for.
    budget_ = std::min(budget_, 2 * appetite * std::chrono::duration<double>(appetite_tick).count() + 1);
    refilled_ = now;
}

void Application::produce(Time now) {
    const bool pausing =
        production_period > Duration::zero() && now.time_since_epoch() % production_period >= production_on;
    if (produced_ != Time{} && !pausing)
        made_ += production * std::chrono::duration<double>(now - produced_).count();
    // A live source does not make up for what it could not write.
    made_ = std::min(made_, 2 * production * std::chrono::duration<double>(production_tick).count());
    produced_ = now;
}

void Application::pump(Now now, Session& session) {
    if (hooks) return hooks->pump(now, session);
    next_wake_ = time_never;
    if (appetite > 0) refill(now.time);
    if (production > 0) produce(now.time);
    for (auto& [id, flow] : flows_) {
        if (flow.receiving) consume(now, session, id, flow);
        if (flow.maker && flow.writable) write(now, session, id, flow);
    }
}

void Application::write(Now now, Session& session, StreamId id, Flow& flow) {
    flow.writable = false;
    if (flow.finish_written) return;
    while (!flow.maker->done() && session.unacknowledged(id) < unacknowledged_max) {
        if (production > 0 && made_ <= 0) {
            flow.writable = true;
            next_wake_ = std::min(next_wake_, now.time + production_tick);
            return;
        }
        const uint64_t before = session.unacknowledged(id);
        if (!session.write(id, flow.maker->next())) return fail(id, "does not take a message");
        made_ -= static_cast<double>(session.unacknowledged(id) - before);
    }
    if (!flow.maker->done()) return;
    flow.finish_written = true;
    if (!session.finish(id)) fail(id, "cannot be finished");
}

void Application::consume(Now now, Session& session, StreamId id, Flow& flow) {
    if (flow.readable) {
        flow.readable = false;
        ReceiveStream::Read read = session.read(id);
        if (!read.cuts.empty()) fail(id, "something was skipped");
        for (Chunk& chunk : read.chunks) {
            flow.arrived += chunk.size();
            flow.held.push_back(std::move(chunk));
        }
        if (read.finished) {
            if (flow.end_read) fail(id, "ended twice");
            flow.end_read = true;
        }
    }
    if (stalled || stalled_streams.contains(id)) return;
    const uint64_t taken_before = flow.taken;
    while (!flow.held.empty()) {
        size_t count = flow.held.front().size();
        if (appetite > 0) {
            count = std::min(count, static_cast<size_t>(std::max(budget_, 0.0)));
            budget_ -= static_cast<double>(count);
            if (count == 0) {
                next_wake_ = std::min(next_wake_, now.time + appetite_tick);
                break;
            }
        }
        Chunk& front = flow.held.front();
        flow.taken += count;
        flow.reader.push(front.sub(0, count));
        if (count == front.size())
            flow.held.pop_front();
        else
            front = front.sub(count, front.size() - count);
    }
    InMessage message;
    while (flow.reader.next(message)) {
        if (std::string wrong = flow.expected.check(message); !wrong.empty()) return fail(id, wrong);
        flow.delivered = message.end_offset;
        flow.payload += message.payload_size;
    }
    if (flow.reader.failed()) return fail(id, flow.reader.failed()->text);
    const bool finished = flow.end_read && flow.held.empty();
    if (finished && (!flow.reader.at_boundary() || !flow.expected.done()))
        return fail(id, "ends at message " + std::to_string(flow.expected.number()) + ", too early");
    if (flow.taken == taken_before && finished == flow.end_consumed) return;
    flow.end_consumed = finished;
    session.consumed(now.time, id, flow.taken, flow.delivered, finished);
}

bool Application::all_delivered() const {
    return std::all_of(flows_.begin(), flows_.end(), [](const auto& entry) {
        const Flow& flow = entry.second;
        return !flow.maker || (flow.finish_written && flow.end_delivered);
    });
}

bool Application::all_received() const {
    return std::all_of(flows_.begin(), flows_.end(), [](const auto& entry) {
        return !entry.second.receiving || entry.second.end_consumed;
    });
}

uint64_t Application::payload_received() const {
    uint64_t sum = 0;
    for (const auto& [id, flow] : flows_) sum += flow.payload;
    return sum;
}

}  // namespace stt::sim
