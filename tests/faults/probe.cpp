// SPDX-License-Identifier: LGPL-2.1-or-later
// Plays a pipeline and prints what its bus says, a line of JSON for each message:
//   fault-probe [--spare-descriptors N] [--spare-memory MIB] PIPELINE
// With --spare-… the pipeline may take so much more than it has in READY.
//
// Every line has `at`, the seconds of CLOCK_MONOTONIC at which the message was posted, and `what` it is:
//
// - started: the pipeline is about to leave READY.
// - listening: the element has bound `port`.
// - error, warning, note: with `text` and `source` of the GstMessage, `fields` of its `stt-error` and the
//   `hint-key` of its hint. An error and a warning have the `debug` text, too.
// - session, stream: `fields` of `stt-session` and `stt-stream`.
// - flow: the number of `buffers` that have reached the element `out`, at most ten times a second.
// - eos: the pipeline has come to its end.
//
// It reads commands: `set ELEMENT PROPERTY VALUE` and `state paused`, `state playing` or `state null`. It
// stops the pipeline and ends when its input ends. An ERROR does not end it, as what comes after one counts.
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/hint.hpp"

namespace {

/// Names the row that a hint comes from, so that nobody compares texts: the reason of a cause, or the name of
/// a code. "?": a hint of no table.
std::string hint_key(const char* hint) {
    if (hint == nullptr || *hint == 0) return "";
    const std::string_view text(hint);
    for (const auto causes : {stt::error_causes(), stt::listener_causes()})
        for (const stt::ErrorCause& cause : causes)
            if (cause.hint == text) return std::string(stt::reason_name(cause.reason));
    for (const stt::ErrorInfo& row : stt::error_table())
        if (row.hint == text) return std::string(row.name);
    return "?";
}

/// One line, written whole.
class Line {
  public:
    explicit Line(const char* what) : object_(json_object_new()) {
        json_object_set_double_member(object_, "at", static_cast<double>(g_get_monotonic_time()) * 1e-6);
        text("what", what);
    }
    ~Line() {
        JsonNode* root = json_node_init_object(json_node_alloc(), object_);
        char* json = json_to_string(root, FALSE);
        const std::string whole = std::string(json) + "\n";
        [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, whole.data(), whole.size());
        g_free(json);
        json_node_unref(root);
        json_object_unref(object_);
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void text(const char* name, const char* value) {
        json_object_set_string_member(object_, name, value != nullptr ? value : "");
    }
    void number(const char* name, gint64 value) { json_object_set_int_member(object_, name, value); }
    void fields(const GstStructure* structure) {
        if (structure == nullptr) return;
        JsonObject* fields = json_object_new();
        gst_structure_foreach(structure, add_field, fields);
        json_object_set_object_member(object_, "fields", fields);
    }

  private:
    static gboolean add_field(GQuark name, const GValue* value, gpointer fields) {
        auto* object = static_cast<JsonObject*>(fields);
        const char* key = g_quark_to_string(name);
        GValue as = G_VALUE_INIT;
        if (G_VALUE_HOLDS_BOOLEAN(value)) {
            json_object_set_boolean_member(object, key, g_value_get_boolean(value));
        } else if (G_VALUE_HOLDS_STRING(value)) {
            json_object_set_string_member(object, key, g_value_get_string(value));
        } else if (g_value_init(&as, G_TYPE_INT64); g_value_transform(value, &as)) {
            json_object_set_int_member(object, key, g_value_get_int64(&as));
        }
        return TRUE;
    }

    JsonObject* object_;
};

void tell_of(const char* what, GstMessage* message, void (*parse)(GstMessage*, GError**, char**),
             void (*parse_details)(GstMessage*, const GstStructure**)) {
    GError* error = nullptr;
    char* debug = nullptr;
    const GstStructure* details = nullptr;
    parse(message, &error, &debug);
    parse_details(message, &details);
    Line line(what);
    line.text("source", GST_MESSAGE_SRC_NAME(message));
    line.text("text", error->message);
    line.text("debug", debug);
    line.fields(details);
    if (details != nullptr)
        line.text("hint-key", hint_key(gst_structure_get_string(details, "hint")).c_str());
    g_error_free(error);
    g_free(debug);
}

void tell_element(GstMessage* message) {
    const GstStructure* structure = gst_message_get_structure(message);
    const std::string_view name = structure != nullptr ? gst_structure_get_name(structure) : "";
    if (name == "stt-session") Line("session").fields(structure);
    if (name == "stt-stream") Line("stream").fields(structure);
    if (name != "stt-error") return;
    Line line("note");
    line.text("source", GST_MESSAGE_SRC_NAME(message));
    line.text("text", gst_structure_get_string(structure, "message"));
    line.fields(structure);
    line.text("hint-key", hint_key(gst_structure_get_string(structure, "hint")).c_str());
}

void tell_progress(GstMessage* message) {
    char* text = nullptr;
    gst_message_parse_progress(message, nullptr, nullptr, &text);
    unsigned port = 0;
    if (std::sscanf(text, "Listening on port %u", &port) == 1) Line("listening").number("port", port);
    g_free(text);
}

/// Called by whoever posts, so that the time is that of posting.
GstBusSyncReply tell(GstBus*, GstMessage* message, gpointer) {
    switch (GST_MESSAGE_TYPE(message)) {
        case GST_MESSAGE_ERROR:
            tell_of("error", message, gst_message_parse_error, gst_message_parse_error_details);
            break;
        case GST_MESSAGE_WARNING:
            tell_of("warning", message, gst_message_parse_warning, gst_message_parse_warning_details);
            break;
        case GST_MESSAGE_ELEMENT:
            tell_element(message);
            break;
        case GST_MESSAGE_PROGRESS:
            tell_progress(message);
            break;
        case GST_MESSAGE_EOS:
            Line("eos");
            break;
        default:
            break;
    }
    return GST_BUS_PASS;
}

std::atomic<guint64> arrived{0};

GstPadProbeReturn count(GstPad*, GstPadProbeInfo* info, gpointer) {
    arrived += info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST
                   ? gst_buffer_list_length(gst_pad_probe_info_get_buffer_list(info))
                   : 1;
    return GST_PAD_PROBE_OK;
}

gboolean tell_flow(gpointer) {
    static guint64 told = 0;
    const guint64 now = arrived;
    if (now != told) Line("flow").number("buffers", static_cast<gint64>(now));
    told = now;
    return G_SOURCE_CONTINUE;
}

struct Probe {
    GstElement* pipeline;
    GMainLoop* loop;
};

gboolean on_message(GstBus*, GstMessage* message, gpointer data) {
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY)
        gst_bin_recalculate_latency(GST_BIN(static_cast<Probe*>(data)->pipeline));
    return G_SOURCE_CONTINUE;
}

void limit(__rlimit_resource_t resource, rlim_t to) {
    const rlimit both{to, to};
    setrlimit(resource, &both);
}

/// Lets no more than `spare` descriptors be opened beyond those that are.
void keep_descriptors(rlim_t spare) {
    rlim_t highest = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        highest = std::max(highest, static_cast<rlim_t>(std::stoul(entry.path().filename().string())));
    // The lower ones that are free would do as well.
    while (static_cast<rlim_t>(dup(STDIN_FILENO)) < highest) {
    }
    // The last one taken is beyond the highest.
    limit(RLIMIT_NOFILE, highest + 2 + spare);
}

void keep_memory(rlim_t spare) {
    std::ifstream pages("/proc/self/statm");
    rlim_t used = 0;
    pages >> used;
    limit(RLIMIT_AS, used * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + spare);
}

void obey(GstElement* pipeline, const std::string& line) {
    char** words = g_strsplit(line.c_str(), " ", 4);
    const guint size = g_strv_length(words);
    if (size == 4 && words[0] == std::string_view("set")) {
        GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), words[1]);
        gst_util_set_object_arg(G_OBJECT(element), words[2], words[3]);
        gst_object_unref(element);
    } else if (size == 2 && words[0] == std::string_view("state")) {
        const std::string_view state = words[1];
        gst_element_set_state(pipeline, state == "null"     ? GST_STATE_NULL
                                        : state == "paused" ? GST_STATE_PAUSED
                                                            : GST_STATE_PLAYING);
    }
    g_strfreev(words);
}

gboolean on_input(GIOChannel* channel, GIOCondition, gpointer data) {
    auto* probe = static_cast<Probe*>(data);
    char* line = nullptr;
    if (g_io_channel_read_line(channel, &line, nullptr, nullptr, nullptr) != G_IO_STATUS_NORMAL) {
        g_main_loop_quit(probe->loop);
        return G_SOURCE_REMOVE;
    }
    obey(probe->pipeline, g_strchomp(line));
    g_free(line);
    return G_SOURCE_CONTINUE;
}

}  // namespace

int main(int argc, char** argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a runner that is killed cannot clean up
    gst_init(&argc, &argv);
    long long descriptors = -1, mebibytes = -1;
    int next = 1;
    for (; next + 2 < argc; next += 2) {
        if (argv[next] == std::string_view("--spare-descriptors")) descriptors = std::atoll(argv[next + 1]);
        if (argv[next] == std::string_view("--spare-memory")) mebibytes = std::atoll(argv[next + 1]);
    }
    if (next + 1 != argc) {
        std::fprintf(stderr, "usage: fault-probe [--spare-descriptors N] [--spare-memory MIB] PIPELINE\n");
        return 2;
    }
    GError* error = nullptr;
    Probe probe{gst_parse_launch_full(argv[next], nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error),
                g_main_loop_new(nullptr, FALSE)};
    if (probe.pipeline == nullptr) {
        std::fprintf(stderr, "fault-probe: %s\n", error->message);
        return 2;
    }
    if (GstElement* out = gst_bin_get_by_name(GST_BIN(probe.pipeline), "out")) {
        GstPad* pad = gst_element_get_static_pad(out, "sink");
        const auto both =
            static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
        gst_pad_add_probe(pad, both, count, nullptr, nullptr);
        gst_object_unref(pad);
        gst_object_unref(out);
    }
    GstBus* bus = gst_element_get_bus(probe.pipeline);
    gst_bus_set_sync_handler(bus, tell, nullptr, nullptr);
    gst_bus_add_watch(bus, on_message, &probe);
    GIOChannel* input = g_io_channel_unix_new(STDIN_FILENO);
    g_io_add_watch(input, static_cast<GIOCondition>(G_IO_IN | G_IO_HUP), on_input, &probe);
    g_timeout_add(100, tell_flow, nullptr);

    gst_element_set_state(probe.pipeline, GST_STATE_READY);
    if (descriptors >= 0) keep_descriptors(static_cast<rlim_t>(descriptors));
    if (mebibytes >= 0) keep_memory(static_cast<rlim_t>(mebibytes) << 20);
    Line("started");
    gst_element_set_state(probe.pipeline, GST_STATE_PLAYING);
    g_main_loop_run(probe.loop);
    gst_element_set_state(probe.pipeline, GST_STATE_NULL);
    tell_flow(nullptr);
    // What belongs to the pipeline goes with the process.
    return 0;
}
