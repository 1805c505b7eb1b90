// SPDX-License-Identifier: LGPL-2.1-or-later
// Sends records through any sink, or takes them from any source, and measures.
//   traffic send SINK --size BYTES --count N [--rate MBIT_S] [--seconds S]
//   traffic receive SOURCE --size BYTES --count N [--idle S] [--stall S]
// SINK and SOURCE are in the notation of gst-launch-1.0. `send` stops after N records or S seconds, then
// waits for the sink's end of stream; `receive` stops when it has all, at the end of stream, or when nothing
// came for --idle seconds; with --stall it takes one record and sleeps. Both then print one line of JSON and
// stay until their standard input closes, so that neither end misses the other. `receive` prints `ready` when
// it can be called.
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "tests/bench/record.hpp"

namespace stt::bench {
namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t first_record_within = 20 * second;
constexpr int64_t end_of_stream_within = 30 * second;

struct Work {
    std::string element;
    size_t size = 1316;
    uint64_t count = 1000;
    double rate = 0;  // Mbit/s; 0: as fast as the sink takes it
    int64_t send_ns = 0;
    int64_t idle_ns = 2 * second;
    double stall = 0;  // seconds
};

struct Usage {
    double cpu;
    long max_rss_kib;
};

Usage usage() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return {seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss};
}

void wait_for_harness() {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}

/// A pipeline that plays from start() until it is destroyed.
class Pipeline {
  public:
    explicit Pipeline(const std::string& description) {
        GError* error = nullptr;
        pipeline_ = gst_parse_launch(description.c_str(), &error);
        if (error) {
            std::fprintf(stderr, "traffic: %s: %s\n", description.c_str(), error->message);
            std::exit(2);
        }
        bus_ = gst_element_get_bus(pipeline_);
    }
    ~Pipeline() {
        stop();
        gst_object_unref(bus_);
        gst_object_unref(pipeline_);
    }
    Pipeline(const Pipeline&) = delete;

    void start() {
        if (gst_element_set_state(pipeline_, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) return;
        wait(0);
        std::fprintf(stderr, "traffic: the pipeline does not start\n");
        std::exit(1);
    }
    void stop() { gst_element_set_state(pipeline_, GST_STATE_NULL); }
    GstElement* find(const char* name) const { return gst_bin_get_by_name(GST_BIN(pipeline_), name); }

    enum class End { none, end_of_stream, error };
    /// Waits that long for an end; prints errors and warnings.
    End wait(int64_t nanoseconds) {
        const auto types =
            static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
        const int64_t until = now_ns() + nanoseconds;
        do {
            const int64_t left = std::max<int64_t>(until - now_ns(), 0);
            GstMessage* message = gst_bus_timed_pop_filtered(bus_, static_cast<GstClockTime>(left), types);
            if (!message) return End::none;
            const GstMessageType type = GST_MESSAGE_TYPE(message);
            if (type != GST_MESSAGE_EOS) print(message);
            gst_message_unref(message);
            if (type != GST_MESSAGE_WARNING) return type == GST_MESSAGE_EOS ? End::end_of_stream : End::error;
        } while (true);
    }

  private:
    static void print(GstMessage* message) {
        GError* error = nullptr;
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
            gst_message_parse_error(message, &error, nullptr);
        } else {
            gst_message_parse_warning(message, &error, nullptr);
        }
        std::fprintf(stderr, "traffic: %s: %s\n", GST_MESSAGE_SRC_NAME(message), error->message);
        g_error_free(error);
    }

    GstElement* pipeline_ = nullptr;
    GstBus* bus_ = nullptr;
};

void sleep_until(int64_t ns) {
    const timespec due{ns / second, ns % second};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
}

/// Pushes until all is sent, the time is over or the sink refuses; returns how many records went in.
uint64_t push_records(GstAppSrc* source, const Work& work, int64_t start) {
    const RecordFormat format(work.size);
    const double interval = work.rate > 0 ? static_cast<double>(work.size) * 8e3 / work.rate : 0;
    for (uint64_t i = 0; i < work.count; ++i) {
        if (work.send_ns && now_ns() - start > work.send_ns) return i;
        if (interval > 0) sleep_until(start + static_cast<int64_t>(interval * static_cast<double>(i)));
        GstBuffer* buffer = gst_buffer_new_allocate(nullptr, work.size, nullptr);
        GstMapInfo map;
        gst_buffer_map(buffer, &map, GST_MAP_WRITE);
        format.write({map.data, map.size}, i);
        gst_buffer_unmap(buffer, &map);
        if (gst_app_src_push_buffer(source, buffer) != GST_FLOW_OK) return i;
    }
    return work.count;
}

int send(const Work& work) {
    Pipeline pipeline(
        "appsrc name=in format=time is-live=true do-timestamp=true block=true max-bytes=4194304 ! " +
        work.element);
    pipeline.start();
    GstElement* source = pipeline.find("in");
    const double cpu_before = usage().cpu;
    const int64_t start = now_ns();
    std::atomic<uint64_t> pushed = 0;
    std::thread pusher([&] {
        pushed = push_records(GST_APP_SRC(source), work, start);
        gst_app_src_end_of_stream(GST_APP_SRC(source));
    });
    // A sink that is stuck holds the pusher: only stopping the pipeline lets go of it.
    Pipeline::End end = Pipeline::End::none;
    if (work.send_ns) {
        end = pipeline.wait(work.send_ns + second);
    } else {
        pusher.join();
        end = pipeline.wait(end_of_stream_within);
    }
    const double wall = static_cast<double>(now_ns() - start) * 1e-9;
    const Usage used = usage();
    if (pusher.joinable()) {
        pipeline.stop();
        pusher.join();
    }
    gst_object_unref(source);
    std::printf("{\"pushed\": %" PRIu64
                ", \"ended\": %s, \"wall\": %.6f, \"cpu\": %.6f, \"max_rss_kib\": %ld}\n",
                pushed.load(), end == Pipeline::End::end_of_stream ? "true" : "false", wall,
                used.cpu - cpu_before, used.max_rss_kib);
    std::fflush(stdout);
    wait_for_harness();
    return end == Pipeline::End::error ? 1 : 0;
}

/// What the receiving pipeline's thread and the main thread share.
struct Reception {
    std::mutex mutex;
    Arrivals arrivals;  // under mutex
    double stall;
};

void take_buffer(Reception& reception, GstBuffer* buffer) {
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
    {
        const std::lock_guard lock(reception.mutex);
        reception.arrivals.feed({map.data, map.size});
    }
    gst_buffer_unmap(buffer, &map);
    if (reception.stall > 0) std::this_thread::sleep_for(std::chrono::duration<double>(reception.stall));
}

GstPadProbeReturn on_data(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto& reception = *static_cast<Reception*>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
        GstBufferList* list = gst_pad_probe_info_get_buffer_list(info);
        const guint length = gst_buffer_list_length(list);
        for (guint i = 0; i < length; ++i) take_buffer(reception, gst_buffer_list_get(list, i));
    } else {
        take_buffer(reception, gst_pad_probe_info_get_buffer(info));
    }
    return GST_PAD_PROBE_OK;
}

int receive(const Work& work) {
    Pipeline pipeline(work.element + " ! fakesink name=out sync=false async=false enable-last-sample=false");
    Reception reception{{}, Arrivals(RecordFormat(work.size), work.count), work.stall};
    GstElement* sink = pipeline.find("out");
    GstPad* pad = gst_element_get_static_pad(sink, "sink");
    const auto data_probe =
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
    gst_pad_add_probe(pad, data_probe, on_data, &reception, nullptr);
    gst_object_unref(pad);
    gst_object_unref(sink);
    pipeline.start();
    std::puts("ready");
    std::fflush(stdout);

    const double cpu_before = usage().cpu;
    const int64_t start = now_ns();
    Pipeline::End end = Pipeline::End::none;
    while (end == Pipeline::End::none) {
        end = pipeline.wait(second / 50);
        const std::lock_guard lock(reception.mutex);
        const int64_t last = reception.arrivals.last_ns();
        if (reception.arrivals.received() == work.count) break;
        if (last ? now_ns() - last > work.idle_ns : now_ns() - start > first_record_within) break;
    }
    const Usage used = usage();
    {
        const std::lock_guard lock(reception.mutex);
        Arrivals& got = reception.arrivals;
        const auto ms = [&got](double fraction) {
            return static_cast<double>(got.latency_ns(fraction)) * 1e-6;
        };
        const double wall = static_cast<double>(got.last_ns() - got.first_sent_ns()) * 1e-9;
        std::printf(
            "{\"received\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"duplicated\": %" PRIu64
            ", \"reordered\": %" PRIu64 ", \"stray_bytes\": %" PRIu64
            ", \"wall\": %.6f, \"cpu\": %.6f, \"max_rss_kib\": %ld, \"latency_ms\": {\"p50\": %.4f, \"p99\": "
            "%.4f, \"p99.9\": %.4f, \"max\": %.4f}}\n",
            got.received(), work.count - got.received(), got.duplicated(), got.reordered(), got.stray_bytes(),
            wall, used.cpu - cpu_before, used.max_rss_kib, ms(0.5), ms(0.99), ms(0.999), ms(1));
        std::fflush(stdout);
    }
    wait_for_harness();
    // A source that is stuck in a call of its own must not keep the harness.
    std::_Exit(end == Pipeline::End::error ? 1 : 0);
}

int usage_error() {
    std::fprintf(stderr, "usage: see the head of traffic.cpp\n");
    return 2;
}

int run(int argc, char** argv) {
    if (argc < 3 || argc % 2 == 0) return usage_error();
    Work work;
    work.element = argv[2];
    const auto nanoseconds = [](const char* text) { return static_cast<int64_t>(std::atof(text) * 1e9); };
    for (int i = 3; i + 1 < argc; i += 2) {
        const std::string name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--size") {
            work.size = std::strtoul(value, nullptr, 10);
        } else if (name == "--count") {
            work.count = std::strtoull(value, nullptr, 10);
        } else if (name == "--rate") {
            work.rate = std::atof(value);
        } else if (name == "--seconds") {
            work.send_ns = nanoseconds(value);
        } else if (name == "--idle") {
            work.idle_ns = nanoseconds(value);
        } else if (name == "--stall") {
            work.stall = std::atof(value);
        } else {
            return usage_error();
        }
    }
    if (work.size < RecordFormat::smallest || work.count == 0) return usage_error();
    gst_init(nullptr, nullptr);
    const std::string direction = argv[1];
    return direction == "send" ? send(work) : direction == "receive" ? receive(work) : usage_error();
}

}  // namespace
}  // namespace stt::bench

int main(int argc, char** argv) { return stt::bench::run(argc, argv); }
