// SPDX-License-Identifier: LGPL-2.1-or-later
// A live stream through what breaks: whether it is current again at once, and says exactly what it gave up.
#include <gtest/gtest.h>

#include <cstdio>

#include "core/io/stream_feeder.hpp"
#include "tests/sim/world.hpp"

namespace stt::sim {
namespace {

constexpr uint8_t gap_kind = 99;

struct LiveConfig {
    size_t frame = 25'000;  ///< bytes of payload: 10 Mbit/s
    Duration interval = 20ms;
    unsigned group = 100;  ///< frames from one key to the next
    uint64_t queue = 8 << 20;
    GiveUpPolicy policy{.max_age = 1s};
    unsigned event_every = 10;  ///< frames
};

/// A source with an encoder that makes a key unit of the next frame when asked to, and a sender.
class LiveSender {
  public:
    LiveSender(World& world, Node& node, const LiveConfig& config)
        : config_(config),
          world_(world),
          queue(
              config.queue, [] {}, [&world] { return world.time(); }) {
        queue.set_live(true);
        queue.set_policy(config.policy);
        queue.restart({});
        node.application.hooks = {[this](const Event& event) { handle(event); },
                                  [this](Now now, Session& session) { pump(now, session); },
                                  [this] { return std::min(next_frame_, next_tend_); }};
    }
    void stop() {
        next_frame_ = time_never;
        queue.finish();
    }
    bool finished() const { return finished_; }

  private:
    void handle(const Event& event) {
        if (const auto* progress = std::get_if<event::StreamProgress>(&event.what)) {
            queue.progress(progress->acked, progress->delivered, progress->finished);
            finished_ = finished_ || progress->finished;
        } else if (const auto* skipped = std::get_if<event::StreamSkipped>(&event.what)) {
            queue.skipped(skipped->from, skipped->to, skipped->kept);
            skips++;
        }
    }
    void push(Unit unit, size_t size) {
        std::vector<uint8_t> header(16);
        ByteWriter out(header);
        out.u64(number_++);
        out.u64(static_cast<uint64_t>(world_.time().time_since_epoch().count()));
        OutMessage message =
            OutMessage::copy_of(static_cast<uint8_t>(unit), header, std::vector<uint8_t>(size));
        const auto duration = static_cast<uint64_t>(config_.interval.count());
        const bool passed = queue.push(std::move(message), unit, duration, 1ns) == QueueStatus::ok;
        ASSERT_TRUE(passed || unit == Unit::event) << "a frame had to wait";
        if (unit != Unit::event)
            pushed += {1, size, duration};
        else
            events += passed;
    }
    void make_frame() {
        next_frame_ += config_.interval;
        if (config_.event_every > 0 && frame_ % config_.event_every == 0) {
            push(Unit::event, 10);
        }
        const bool key = std::exchange(key_asked_, false) || frame_ % config_.group == 0;
        frame_ = key ? 1 : frame_ + 1;
        push(key ? Unit::key : Unit::delta, config_.frame * 3 / 4 + number_ * 7919 % (config_.frame / 2));
    }
    void pump(Now now, Session& session) {
        if (!stream_) {
            if (session.state() != SessionState::established) return;
            stream_ = session.open_stream({}, 0, std::nullopt).value();
            next_frame_ = now.time;
        }
        while (now.time >= next_frame_) make_frame();
        next_tend_ = feeder_.tend(now.time, &session, *stream_, session.state() == SessionState::established);
        if (queue.take_key_request()) {
            key_asked_ = true;
            key_requests++;
        }
        while (const auto gap = feeder_.feed(session, *stream_)) {
            told += *gap;
            std::vector<uint8_t> header(24);
            ByteWriter out(header);
            out.u64(gap->buffers);
            out.u64(gap->bytes);
            out.u64(gap->duration_ns);
            feeder_.write_notice(session, *stream_, OutMessage::copy_of(gap_kind, header));
        }
        held_most = std::max(held_most, session.held(*stream_));
    }

    const LiveConfig config_;
    World& world_;

  public:
    SendQueue queue;
    MediaAccount pushed, told;
    unsigned skips = 0, key_requests = 0, events = 0;
    uint64_t held_most = 0;

  private:
    StreamFeeder feeder_{queue};
    std::optional<StreamId> stream_;
    Time next_frame_ = time_never, next_tend_ = time_never;
    bool key_asked_ = false, finished_ = false;
    uint64_t number_ = 0;
    unsigned frame_ = 0;
};

class LiveReceiver {
  public:
    explicit LiveReceiver(World& world, Node& node) : world_(world) {
        node.application.hooks = {[this](const Event& event) { handle(event); },
                                  [this](Now now, Session& session) { pump(now, session); },
                                  [] { return time_never; }};
    }
    struct Arrival {
        Time at;
        Duration age;
    };
    std::vector<Arrival> arrivals;
    MediaAccount media, missing;
    unsigned events = 0, undecodable = 0, unmarked = 0;  ///< the last: holes of which nothing told
    bool ended = false;
    Duration frame_duration{};

    /// When the stream had become current for good, after `since`: from then on no frame was older than
    /// `age`.
    Time current_from(Time since, Duration age) const {
        Time from = since;
        for (const Arrival& arrival : arrivals)
            if (arrival.at >= since && arrival.age > age)
                from = time_never;
            else if (arrival.at >= since && from == time_never)
                from = arrival.at;
        if (from != since) return from;
        for (const Arrival& arrival : arrivals)
            if (arrival.at >= since) return arrival.at;
        return time_never;
    }

  private:
    void handle(const Event& event) {
        if (const auto* opened = std::get_if<event::StreamOpened>(&event.what)) stream_ = opened->stream;
        readable_ = readable_ || std::holds_alternative<event::StreamReadable>(event.what);
    }
    void take(const InMessage& message) {
        ByteReader in(message.header);
        if (message.kind == gap_kind) {
            missing += {in.u64(), in.u64(), in.u64()};
            marked_ = true;
            return;
        }
        const uint64_t number = in.u64();
        ASSERT_GE(number, next_number_) << "out of order, or twice";
        const bool hole = std::exchange(next_number_, number + 1) != number;
        marked_ = marked_ || message.after_cut;
        if (hole && !marked_) unmarked++;
        const Time made{Duration(in.u64())};
        const auto unit = static_cast<Unit>(message.kind);
        if (unit == Unit::event) {
            events++;
            return;
        }
        marked_ = false;
        broken_ = unit != Unit::key && (broken_ || hole);
        if (broken_) undecodable++;
        arrivals.push_back({world_.time(), world_.time() - made});
        media += {1, message.payload_size, static_cast<uint64_t>(frame_duration.count())};
    }
    void pump(Now now, Session& session) {
        if (!stream_ || !std::exchange(readable_, false)) return;
        ReceiveStream::Read read = session.read(*stream_);
        queue_.push(std::move(read.chunks), read.finished, std::move(read.cuts));
        std::vector<InMessage> messages;
        QueueStatus status;
        while ((status = queue_.pop(messages, 64, 1ns)) == QueueStatus::ok)
            for (const InMessage& message : messages) take(message);
        ASSERT_NE(status, QueueStatus::failed) << queue_.take_error()->text;
        if (status == QueueStatus::eos) {
            ended = true;
            queue_.eos_passed();
        }
        if (const auto consumed = queue_.take_consumed())
            session.consumed(now.time, *stream_, consumed->taken, consumed->delivered, consumed->finished);
    }

    World& world_;
    ReceiveQueue queue_{[] {}};
    std::optional<StreamId> stream_;
    bool readable_ = false, broken_ = false;
    bool marked_ = false;  // a hole before the next message
    uint64_t next_number_ = 0;
};

void expect_same(const MediaAccount& a, const MediaAccount& b) {
    EXPECT_EQ(a.buffers, b.buffers);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.duration_ns, b.duration_ns);
}

struct Live {
    Live(const WorldConfig& world_config, const LiveConfig& config)
        : world(world_config), sender(world, world.caller, config), receiver(world, world.listener) {
        receiver.frame_duration = config.interval;
    }
    /// To the end of the stream; then everything must add up.
    void finish(Duration limit = 120s) {
        sender.stop();
        world.flush();
        EXPECT_TRUE(world.reaches([&] { return sender.finished() && receiver.ended; }, limit));
        EXPECT_EQ(sender.queue.wait_delivered(1ns), QueueStatus::ok);
        EXPECT_EQ(sender.queue.undelivered().buffers, 0u);
        expect_same(sender.told, receiver.missing);
        expect_same(sender.queue.delivered(), receiver.media);
        MediaAccount sum = receiver.media;
        sum += receiver.missing;
        expect_same(sum, sender.pushed);
        EXPECT_EQ(receiver.events, sender.events) << "these are never given up";
        EXPECT_EQ(receiver.unmarked, 0u);
    }
    World world;
    LiveSender sender;
    LiveReceiver receiver;
};

constexpr Duration round_trip = 40ms;

WorldConfig line() {
    WorldConfig config;
    config.forward.latency = config.backward.latency = round_trip / 2;
    config.forward.rate = 20e6 / 8;
    config.forward.queue = 256 << 10;
    return config;
}

double ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

TEST(SimLive, IsCurrentAtOnceAfterACutAndTellsExactlyWhatIsMissing) {
    for (const Duration offset : {0ms, 130ms, 777ms, 1333ms}) {
        WorldConfig config = line();
        const Time cut = epoch + 5s + offset, back = cut + 8s;
        config.forward.blackouts = config.backward.blackouts = {{cut, back}};
        Live live(config, {});
        ASSERT_TRUE(live.world.establishes());
        live.world.run_for(20s);
        live.finish();
        // What a frame takes alone: the way, and its bytes' time on the line.
        const Time current = live.receiver.current_from(back, round_trip / 2 + 40ms);
        std::printf(
            "cut of 8 s: current %.0f ms after the path's return, %u skips, %u keys asked for, %llu of "
            "%llu given up, %llu kB held at most\n",
            ms(current - back), live.sender.skips, live.sender.key_requests,
            static_cast<unsigned long long>(live.sender.told.buffers),
            static_cast<unsigned long long>(live.sender.pushed.buffers),
            static_cast<unsigned long long>(live.sender.held_most >> 10));
        EXPECT_LE(current - back, 200ms + round_trip);
        EXPECT_EQ(live.receiver.undecodable, 0u);
        EXPECT_GE(live.sender.skips, 1u) << "the session held some";
        EXPECT_LE(live.sender.told.buffers, 8s / 20ms + 15u) << "no more than the outage";
    }
}

TEST(SimLive, AcrossAResumptionToo) {
    WorldConfig config = line();
    config.reconnect = true;
    config.caller.keepalive_timeout = config.listener.keepalive_timeout = 2s;
    const Time cut = epoch + 5s, back = cut + 8s;
    config.forward.blackouts = config.backward.blackouts = {{cut, back}};
    Live live(config, {});
    ASSERT_TRUE(live.world.establishes());
    live.world.run_for(25s);
    EXPECT_GE(live.world.caller.resumptions, 1u);
    live.finish();
    EXPECT_EQ(live.receiver.undecodable, 0u);
    EXPECT_GE(live.sender.skips, 1u);
    EXPECT_LT(live.receiver.current_from(back, 100ms), time_never);
}

TEST(SimLive, ALineThatIsTooSlowCostsWholeUnits) {
    WorldConfig config = line();
    config.forward.rate = 6e6 / 8;
    Live live(config, {.group = 25, .queue = 4 << 20, .policy = {.when_full = true, .max_age = 1s}});
    ASSERT_TRUE(live.world.establishes());
    live.world.run_for(20s);
    live.finish();
    EXPECT_EQ(live.receiver.undecodable, 0u);
    EXPECT_GT(live.sender.told.buffers, 100u);
    EXPECT_GT(live.receiver.media.buffers, 300u) << "what the line takes";
    for (const auto& arrival : live.receiver.arrivals) ASSERT_LE(ms(arrival.age), 2500);
}

TEST(SimLive, NothingIsGivenUpOnAGoodLine) {
    for (const Duration latency : {1ms, 20ms, 150ms}) {
        WorldConfig config = line();
        config.forward.latency = config.backward.latency = latency;
        config.forward.queue = 1 << 20;
        config.forward.loss = 0.005;
        Live live(config, {});
        ASSERT_TRUE(live.world.establishes());
        live.world.run_for(20s);
        live.finish();
        EXPECT_EQ(live.sender.told.buffers, 0u) << ms(latency);
        std::printf("round trip %.0f ms: %llu kB held at most\n", ms(2 * latency),
                    static_cast<unsigned long long>(live.sender.held_most >> 10));
    }
}

TEST(SimLive, WhatWasGivenUpInASessionThatIsLostForGoodIsUncertain) {
    WorldConfig config = line();
    config.caller.keepalive_timeout = config.listener.keepalive_timeout = 3s;
    const Time cut = epoch + 5s;
    config.forward.blackouts = config.backward.blackouts = {{cut, time_never}};
    Live live(config, {});
    ASSERT_TRUE(live.world.establishes());
    live.world.run_for(10s);
    EXPECT_EQ(live.sender.skips, 0u);
    const SendQueue::GivenUp lost = live.sender.queue.give_up_all();
    EXPECT_GT(lost.uncertain.buffers, 0u);
    MediaAccount sum = live.sender.queue.delivered();
    sum += lost.certain;
    sum += lost.uncertain;
    sum += live.sender.told;
    expect_same(sum, live.sender.pushed);
    EXPECT_EQ(live.sender.queue.undelivered().buffers, 0u);
}

class SimLiveSeeds : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(TwentyEach, SimLiveSeeds, testing::Range(0, 10));

TEST_P(SimLiveSeeds, AddUpWhateverHappens) {
    for (int i = 0; i < 20; i++) {
        const uint64_t seed = static_cast<uint64_t>(20 * GetParam() + i);
        SCOPED_TRACE(seed);
        SeededRandom random(seed);
        WorldConfig config;
        config.seed = seed;
        for (LinkConfig* link : {&config.forward, &config.backward}) {
            link->latency = 1ms * random.below(80);
            link->loss = random.fraction() * 0.1;
            link->reordering = random.fraction() * 0.2;
            link->duplication = random.fraction() * 0.05;
            Time at = epoch + 1s;
            for (uint64_t cuts = random.below(5); cuts > 0; cuts--) {
                at += 1ms * random.below(3000);
                link->blackouts.push_back({at, at + 1ms * random.below(random.below(2) ? 4000 : 300)});
                at = link->blackouts.back().end;
            }
        }
        config.forward.rate = 1e5 + random.fraction() * 1e6;
        config.reconnect = true;
        if (seed % 3 == 0) config.caller.keepalive_timeout = config.listener.keepalive_timeout = 1s;
        config.caller.max_window = config.listener.max_window = 64 << (10 + random.below(6));
        LiveConfig live_config{.frame = static_cast<size_t>(200 + random.below(8000)),
                               .group = static_cast<unsigned>(1 + random.below(60)),
                               .queue = 50'000 + random.below(500'000),
                               .policy = {.when_full = true, .max_age = 1ms * (100 + random.below(1500))},
                               .event_every = static_cast<unsigned>(random.below(12))};
        Live live(config, live_config);
        ASSERT_TRUE(live.world.establishes(120s));
        live.world.run_for(12s);
        live.finish(300s);
        ASSERT_FALSE(HasFailure());
    }
}

}  // namespace
}  // namespace stt::sim
