// SPDX-License-Identifier: LGPL-2.1-or-later
/// When live streams play, in real pipelines, over minutes: how far each frame's due time lies from the time
/// it was captured at, and how many frames a sink that allows 20 ms drops. Both ends are on this host, so
/// that the two can be compared. Usage: bench-playout SCENARIO...; without one it lists them;
/// bench-playout far SHELL HOST: the sender is where SHELL runs its command, and reaches this process by
/// HOST.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "tests/elements/pipeline.hpp"

namespace stt::test {
namespace {

constexpr GstClockTimeDiff tolerance = 20 * GST_MSECOND;
const char played_by[] = " ! fakesink name=played sync=true qos=true max-lateness=20000000";

std::string video(const std::string& more = "") {
    return "videotestsrc is-live=true ! video/x-raw,format=GRAY8,width=16,height=16,framerate=50/1 ! " + more;
}

std::string listening_sink() {
    return std::string("sttsink name=sink uri=stt://:0 local-address=127.0.0.1 seed=") + seed;
}

std::string calling_src(unsigned port) {
    return "sttsrc name=src uri=stt://127.0.0.1:" + std::to_string(port) + " seed=" + seed;
}

/// What is measured is how pipelines fare over a length of time, so that time has to pass; nothing is waited
/// for.
void let_pass(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

double milliseconds(GstClockTimeDiff time) { return static_cast<double>(time) / 1e6; }

/// CLOCK_MONOTONIC when the pipeline's clock shows `time`: it is the system's clock, calibrated or not.
GstClockTime monotonic(Pipeline& pipeline, GstClockTime time) {
    GstClock* clock = gst_pipeline_get_clock(GST_PIPELINE(pipeline.pipeline()));
    GstClockTime internal = 0, external = 0, numerator = 1, denominator = 1;
    gst_clock_get_calibration(clock, &internal, &external, &numerator, &denominator);
    const GstClockTime at =
        gst_clock_unadjust_with_calibration(clock, time, internal, external, numerator, denominator);
    gst_object_unref(clock);
    return at;
}

/// Up to the last that the sink has rendered: those behind may still be waiting.
std::vector<Played::Item> items_of(const Played& played) {
    std::vector<Played::Item> items = played.items();
    while (!items.empty() && !items.back().rendered) items.pop_back();
    return items;
}

/// How much later than it was captured a frame is due, without the pipeline's latency.
GstClockTimeDiff error_of(const Played::Item& item, Pipeline& sender, Pipeline& receiver) {
    return GST_CLOCK_DIFF(monotonic(sender, item.sent + sender.base_time()),
                          monotonic(receiver, item.running_time + item.base_time));
}

/// Of the items from `from` on.
void report(const char* name, std::vector<GstClockTimeDiff> errors, const std::vector<Played::Item>& items,
            size_t from) {
    const auto dropped = std::count_if(items.begin() + static_cast<ptrdiff_t>(from), items.end(),
                                       [](const auto& item) { return !item.rendered; });
    std::sort(errors.begin(), errors.end(), [](auto a, auto b) { return std::llabs(a) < std::llabs(b); });
    const size_t count = errors.size();
    if (count == 0) {
        std::printf("%-28s nothing came\n", name);
        return;
    }
    std::printf("%-28s %6zu frames, due times off by p50 %.2f, p99 %.2f, worst %.2f ms, %td dropped\n", name,
                count, milliseconds(errors[count / 2]), milliseconds(errors[count * 99 / 100]),
                milliseconds(errors.back()), dropped);
}

/// A receiving pipeline whose sink drops what is late.
struct Viewer {
    explicit Viewer(const std::string& source = listening_src(), double skew = 0)
        : pipeline(source + played_by) {
        if (skew != 0) pipeline.use_skewed_clock(skew);
        pipeline.play();
    }
    unsigned port() const { return local_port(pipeline.get("src")); }

    Pipeline pipeline;
    Played played{pipeline.get("played")};
};

/// All but the frames of the first second.
void report(const char* name, const Played& played, Pipeline& sender, Pipeline& receiver) {
    const std::vector<Played::Item> items = items_of(played);
    std::vector<GstClockTimeDiff> errors;
    const size_t from = std::min<size_t>(50, items.size());
    for (size_t i = from; i < items.size(); i++) errors.push_back(error_of(items[i], sender, receiver));
    report(name, std::move(errors), items, from);
}

void skewed(const char* name, double sender_skew, double receiver_skew, double seconds) {
    Viewer receiver(listening_src(), receiver_skew);
    Pipeline sender(video() + calling_sink_to(receiver.port()));
    if (sender_skew != 0) sender.use_skewed_clock(sender_skew);
    sender.play();
    let_pass(seconds);
    report(name, receiver.played, sender, receiver.pipeline);
}

/// Streams of two pairs of elements, from one pipeline to one.
void two_pairs(const char* name, bool live, double lead, double seconds) {
    const std::string is_live = live ? "is-live=true " : "";
    Pipeline receiver(listening_src() + " ! fakesink name=video sync=true " +
                      "sttsrc name=other uri=stt://:0 local-address=127.0.0.1 seed=" + seed +
                      " ! fakesink name=audio sync=true");
    Played video_played(receiver.get("video")), audio_played(receiver.get("audio"));
    // The ports are known before anything listens that the senders could find.
    receiver.set(GST_STATE_PAUSED);
    const unsigned video_port = local_port(receiver.get("src")),
                   audio_port = local_port(receiver.get("other"));
    receiver.set(GST_STATE_NULL);
    g_object_set(receiver.get("src"), "uri", ("stt://:" + std::to_string(video_port)).c_str(), nullptr);
    g_object_set(receiver.get("other"), "uri", ("stt://:" + std::to_string(audio_port)).c_str(), nullptr);
    Pipeline sender("videotestsrc " + is_live +
                    "! video/x-raw,format=GRAY8,width=16,height=16,framerate=50/1 ! " +
                    calling_sink_to(video_port) + " audiotestsrc " + is_live +
                    "samplesperbuffer=441 ! audio/x-raw,rate=44100 ! sttsink uri=stt://127.0.0.1:" +
                    std::to_string(audio_port) + " seed=" + seed);
    sender.play();
    let_pass(lead);
    receiver.play();
    let_pass(seconds);
    const auto frames = video_played.items(), samples = audio_played.items();
    GstClockTimeDiff worst = 0;
    size_t compared = 0;
    for (const auto& frame : frames) {
        const auto same = std::lower_bound(samples.begin(), samples.end(), frame.sent,
                                           [](const auto& item, auto sent) { return item.sent < sent; });
        if (same == samples.end() || compared++ < 50) continue;
        worst = std::max<GstClockTimeDiff>(worst, std::llabs(frame.shift(0) - same->shift(0)));
    }
    std::printf("%-28s %6zu frames, audio and video at most %.2f ms apart\n", name, compared,
                milliseconds(worst));
}

void encoder(double seconds) {
    Viewer receiver(listening_src() + " ! avdec_h264");
    Pipeline sender(
        "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc ! " +
        calling_sink_to(receiver.port()));
    sender.play();
    let_pass(seconds);
    const std::vector<Played::Item> items = items_of(receiver.played);
    const size_t from = std::min<size_t>(25, items.size());
    const auto dropped = std::count_if(items.begin() + static_cast<ptrdiff_t>(from), items.end(),
                                       [](const auto& item) { return !item.rendered; });
    std::printf("%-28s %6zu frames after the first second, %td dropped\n", "x264enc", items.size() - from,
                dropped);
}

void relays(double seconds) {
    Viewer receiver;
    std::vector<std::unique_ptr<Pipeline>> chain;
    unsigned port = receiver.port();
    for (int i = 0; i < 3; i++) {
        chain.push_back(std::make_unique<Pipeline>(listening_src() + " ! " + calling_sink_to(port)));
        chain.back()->play();
        port = local_port(chain.back()->get("src"));
    }
    Pipeline sender(video() + calling_sink_to(port));
    sender.play();
    let_pass(seconds);
    // Items carry the times of the last relay.
    report("three relays", receiver.played, *chain.front(), receiver.pipeline);
}

/// From `since` (running time at the receiver) until the first of the frames that are all in time; of those
/// from index `first` on.
void report_return(const char* name, const Played& played, GstClockTime since, size_t first,
                   const std::function<GstClockTimeDiff(const Played::Item&)>& error) {
    const std::vector<Played::Item> items = items_of(played);
    size_t from = items.size();
    while (from > first && items[from - 1].rendered && std::llabs(error(items[from - 1])) <= tolerance)
        from--;
    if (from == items.size()) {
        std::printf("%-28s not in time at the end: off by %.2f ms\n", name,
                    items.empty() ? 0 : milliseconds(error(items.back())));
        return;
    }
    std::vector<GstClockTimeDiff> errors;
    for (size_t i = from; i < items.size(); i++) errors.push_back(error(items[i]));
    const GstClockTimeDiff after = GST_CLOCK_DIFF(since, items[from].running_time);
    std::printf("%-28s in time from the frame captured %.0f ms after on;", name, milliseconds(after));
    report("", std::move(errors), items, from);
}

void late_viewer(double wait, double seconds) {
    Pipeline sender(video() + listening_sink());
    sender.play();
    const unsigned port = local_port(sender.get("sink"));
    let_pass(wait);
    Viewer receiver(calling_src(port));
    let_pass(seconds);
    report_return("viewer joins late", receiver.played, 0, 0,
                  [&](const auto& item) { return error_of(item, sender, receiver.pipeline); });
}

void paused(double pause, double seconds) {
    Viewer receiver;
    Pipeline sender(video() + calling_sink_to(receiver.port()));
    sender.play();
    let_pass(5);
    receiver.pipeline.set(GST_STATE_PAUSED);
    let_pass(pause);
    receiver.pipeline.play();
    receiver.pipeline.settle();
    const GstClockTime since = gst_element_get_current_running_time(receiver.pipeline.pipeline());
    const size_t first = receiver.played.items().size();
    let_pass(seconds);
    report_return("receiver paused", receiver.played, since, first,
                  [&](const auto& item) { return error_of(item, sender, receiver.pipeline); });
}

/// A sender in a process of its own.
class FarSender {
  public:
    /// `shell`: what runs the command that follows it; empty: this host.
    FarSender(const std::string& shell, const std::string& self, const std::string& host, unsigned port) {
        const std::string command =
            "exec " + shell + " " + self + " --sender " + host + " " + std::to_string(port);
        int ends[2];
        if (pipe(ends) != 0) std::abort();
        child_ = fork();
        if (child_ == 0) {
            dup2(ends[1], STDOUT_FILENO);
            execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
            _exit(1);
        }
        close(ends[1]);
        told_ = fdopen(ends[0], "r");
        if (!told_ || std::fscanf(told_, "%" G_GUINT64_FORMAT, &base_time_) != 1) std::abort();
    }
    ~FarSender() {
        std::fclose(told_);
        signal(SIGTERM);
        waitpid(child_, nullptr, 0);
    }
    FarSender(const FarSender&) = delete;
    FarSender& operator=(const FarSender&) = delete;
    void signal(int number) const { kill(child_, number); }
    GstClockTime base_time() const { return base_time_; }

  private:
    pid_t child_ = 0;
    FILE* told_ = nullptr;
    GstClockTime base_time_ = 0;
};

/// Over a path of this machine between namespaces: `shell` enters the sender's.
void far(const std::string& shell, const std::string& host, double seconds, const char* self) {
    Viewer receiver(std::string("sttsrc name=src uri=stt://:0 seed=") + seed);
    const FarSender sender(shell, self, host, receiver.port());
    let_pass(seconds);
    report_return("sender elsewhere", receiver.played, 0, 0,
                  [&](const auto& item) { return item.shift(sender.base_time()); });
}

/// The sender is a process of its own, which stands still for a while.
void stopped(double stop, double seconds, const char* self) {
    Viewer receiver;
    const FarSender sender("", self, "127.0.0.1", receiver.port());
    let_pass(5);
    sender.signal(SIGSTOP);
    let_pass(stop);
    sender.signal(SIGCONT);
    const GstClockTime since = gst_element_get_current_running_time(receiver.pipeline.pipeline());
    const size_t first = receiver.played.items().size();
    let_pass(seconds);
    report_return(stop < 30 ? "sender stopped 20 s" : "sender stopped 45 s", receiver.played, since, first,
                  [&](const auto& item) { return item.shift(sender.base_time()); });
}

int send_until_killed(const std::string& host, const std::string& port) {
    Pipeline sender(video() + "sttsink uri=stt://" + host + ":" + port + " seed=" + seed);
    sender.play();
    sender.settle();
    std::printf("%" G_GUINT64_FORMAT "\n", sender.base_time());
    std::fflush(stdout);
    for (;;) pause();
}

void another_clock(double seconds) {
    Viewer receiver;
    Pipeline sender(video() + calling_sink_to(receiver.port()));
    sender.use_skewed_clock(0);
    sender.play();
    let_pass(5);
    sender.set(GST_STATE_PAUSED);
    sender.use_skewed_clock(0.005);
    sender.play();
    sender.settle();
    const GstClockTime since = gst_element_get_current_running_time(receiver.pipeline.pipeline());
    const size_t first = receiver.played.items().size();
    let_pass(seconds);
    report_return("sender takes another clock", receiver.played, since, first,
                  [&](const auto& item) { return error_of(item, sender, receiver.pipeline); });
}

}  // namespace
}  // namespace stt::test

int main(int argc, char** argv) {
    using namespace stt::test;
    gst_init(nullptr, nullptr);
    if (argc == 4 && std::strcmp(argv[1], "--sender") == 0) return send_until_killed(argv[2], argv[3]);
    if (argc == 4 && std::strcmp(argv[1], "far") == 0) {
        far(argv[2], argv[3], 30, argv[0]);
        return 0;
    }
    const std::map<std::string, std::function<void()>> scenarios{
        {"receiver-fast", [] { skewed("receiver's clock 1 % fast", 0, 0.01, 120); }},
        {"receiver-slow", [] { skewed("receiver's clock 1 % slow", 0, -0.01, 120); }},
        {"sender-fast", [] { skewed("sender's clock 1 % fast", 0.01, 0, 120); }},
        {"sender-slow", [] { skewed("sender's clock 1 % slow", -0.01, 0, 120); }},
        {"pairs-live", [] { two_pairs("two pairs, live", true, 3, 30); }},
        {"pairs-stored", [] { two_pairs("two pairs, of a file", false, 3, 30); }},
        {"encoder", [] { encoder(30); }},
        {"relays", [] { relays(30); }},
        {"late-viewer", [] { late_viewer(60, 15); }},
        {"paused", [] { paused(40, 15); }},
        {"stopped-20", [&] { stopped(20, 15, argv[0]); }},
        {"stopped-45", [&] { stopped(45, 15, argv[0]); }},
        {"another-clock", [] { another_clock(15); }},
    };
    for (int i = 1; i < argc; i++) {
        if (const auto found = scenarios.find(argv[i]); found != scenarios.end()) found->second();
    }
    if (argc == 1)
        for (const auto& [name, run] : scenarios) std::printf("%s\n", name.c_str());
    return 0;
}
