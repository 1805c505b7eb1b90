// SPDX-License-Identifier: LGPL-2.1-or-later
// Shows how an application embeds sttsink and sttsrc. It prints each of their messages in one line, and
// reacts to errors as a product would. stt-watch.py is the same program in Python.
#include <glib-unix.h>
#include <gst/gst.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <string>

namespace {

constexpr int exit_failure = 1, exit_usage = 2;
constexpr unsigned first_pause_ms = 1000, longest_pause_ms = 30'000;
constexpr unsigned report_within_ms = 5'000;  // added to the sink's wait for its drain-timeout

constexpr char usage[] =
    "send URI [FILE]      send FILE, or a live test tone\n"
    "  stt-watch [OPTION…] receive URI [FILE]   write what arrives to FILE, or discard it\n"
    "\n"
    "Prints one line for each event. After an error that may pass, it starts again after a pause. After any\n"
    "other error, it ends and says what to do. Ctrl-C ends the stream properly; a second Ctrl-C stops at\n"
    "once. Exit status: 0: the stream ended and all of it arrived; 1: it failed or lost data; 2: usage "
    "error.";

struct Options {
    bool sends = false;
    std::string uri, file, seed_file;  // file and seed_file may be empty
    int max_attempts = 0;              // 0: no limit
};

/// Prints one line. Texts may come from the peer and contain anything.
void say(const char* kind, const std::string& text) {
    GDateTime* now = g_date_time_new_now_local();
    char* time = g_date_time_format(now, "%H:%M:%S.%f");
    char* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
    GString* line = g_string_new(nullptr);
    for (const char* at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        const gunichar character = g_utf8_get_char(at);
        g_string_append_unichar(line, g_unichar_isprint(character) ? character : '?');
    }
    std::printf("%s %-8s %s\n", time, kind, line->str);
    std::fflush(stdout);
    g_string_free(line, TRUE);
    g_free(valid);
    g_free(time);
    g_date_time_unref(now);
}

/// Returns a field as text, or an empty string if it is absent. Elements omit fields that do not apply.
std::string text_of(const GstStructure* structure, const char* field) {
    if (const char* string = gst_structure_get_string(structure, field)) return string;
    const GValue* value = gst_structure_get_value(structure, field);
    char* serialized = value ? gst_value_serialize(value) : nullptr;
    const std::string text = serialized ? serialized : "";
    g_free(serialized);
    return text;
}

bool is_true(const GstStructure* structure, const char* field) {
    gboolean value = FALSE;
    return gst_structure_get_boolean(structure, field, &value) && value;
}

/// Returns ", FIELD VALUE" for each of `fields` that is present.
std::string list_of(const GstStructure* structure, std::initializer_list<const char*> fields) {
    std::string list;
    for (const char* field : fields) {
        const std::string value = text_of(structure, field);
        if (!value.empty()) list.append(", ").append(field).append(" ").append(value);
    }
    return list;
}

/// Returns a time as a number of seconds, in the same form in every locale.
std::string seconds(unsigned ms) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    return std::string(g_ascii_formatd(text, sizeof text, "%g", ms / 1000.0)) + " s";
}

void say_session(const GstStructure* session, GstElement* element) {
    std::string state = text_of(session, "state");
    if (state == "connecting" && text_of(session, "role") == "listener") {
        guint port = 0;
        g_object_get(element, "local-port", &port, nullptr);
        state = "listening on port " + std::to_string(port);
    }
    // The circuit breaker is mentioned only while it slows down retries.
    const bool slowed = text_of(session, "circuit") != "closed";
    say("session", state + list_of(session, {"peer", "transport", "cipher", "session-id"}) +
                       (slowed ? list_of(session, {"circuit"}) : ""));
}

void say_stream(const GstStructure* stream) {
    const std::string event = text_of(stream, "event");
    if (event == "gap") {  // durations are in ns
        return say("stream",
                   "gap: data is missing" + list_of(stream, {"buffers", "bytes", "duration", "uncertain"}));
    }
    say("stream", event + list_of(stream, {"stream-id", "stream-label", "framing", "name", "message"}));
}

void say_error(const GstStructure* error) {
    const char* kind = is_true(error, "terminal")                        ? "error"
                       : gst_structure_has_field(error, "next-delay-ms") ? "retrying"
                                                                         : "noted";
    // Errors in the element's own settings have no name.
    const std::string name = text_of(error, "name"), hint = text_of(error, "hint");
    say(kind, (name.empty() ? "" : name + ": ") + text_of(error, "message") +
                  list_of(error, {"reason", "origin", "peer", "attempt", "next-delay-ms", "repeated"}) +
                  (hint.empty() ? "" : "; remedy: " + hint));
}

/// Used on the main thread, except for decide().
class Watch {
  public:
    explicit Watch(const Options& options) : options_(options), loop_(g_main_loop_new(nullptr, FALSE)) {}
    ~Watch();
    Watch(const Watch&) = delete;

    /// Returns false after it has reported the reason.
    bool build();
    /// Runs until the stream has ended or has failed for good, and returns the exit status.
    int run();

  private:
    void connect_retry_decision();
    int decide(const GstStructure* error);
    void start();
    void stop();
    void take(GstMessage* message);
    void take_standard(GstMessage* message);
    void take_terminal(const GstStructure* details);
    void start_again_later();
    void interrupt();
    void quit(int status);

    const Options options_;
    GMainLoop* const loop_;
    GstElement* pipeline_ = nullptr;
    GstElement* stt_ = nullptr;     // the sttsink or sttsrc in the pipeline
    GstElement* source_ = nullptr;  // the element that its data comes from
    std::string event_id_;          // of the error reported last
    unsigned restarts_ = 0;         // since the last session
    bool pausing_ = false, finishing_ = false;
    bool lost_ = false;  // part of the stream was lost
    int status_ = 0;

    // Shared with the element's thread, on which decide() runs.
    std::atomic<int> failures_ = 0;      // failed attempts since the last session
    std::atomic<bool> counted_ = false;  // decide() has counted the attempts before a terminal error
    int go_on_ = 0, stop_ = 0;           // GstSttRetryDecision; set before the pipeline starts
};

Watch::~Watch() {
    if (pipeline_) {
        stop();
        GstBus* bus = gst_element_get_bus(pipeline_);
        gst_bus_remove_watch(bus);
        gst_object_unref(bus);
        gst_object_unref(source_);
        gst_object_unref(stt_);
        gst_object_unref(pipeline_);
    }
    g_main_loop_unref(loop_);
}

bool Watch::build() {
    // A file is sent as plain bytes; the tone keeps its buffers with their times.
    const bool file = !options_.file.empty();
    const char* description = options_.sends
                                  ? file ? "filesrc name=source ! sttsink name=stt framing=bytes"
                                         : "audiotestsrc name=source is-live=true ! sttsink name=stt"
                              : file ? "sttsrc name=stt ! filesink name=sink"
                                     : "sttsrc name=stt ! fakesink sync=false";
    GError* error = nullptr;
    pipeline_ = gst_parse_launch_full(description, nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!pipeline_) {
        say("error",
            std::string(error->message) + "; remedy: install it, or name its directory in GST_PLUGIN_PATH");
        g_error_free(error);
        return false;
    }
    stt_ = gst_bin_get_by_name(GST_BIN(pipeline_), "stt");
    source_ = gst_bin_get_by_name(GST_BIN(pipeline_), options_.sends ? "source" : "stt");
    g_object_set(stt_, "uri", options_.uri.c_str(), nullptr);
    if (!options_.seed_file.empty()) g_object_set(stt_, "seed-file", options_.seed_file.c_str(), nullptr);
    if (file) {
        GstElement* end = gst_bin_get_by_name(GST_BIN(pipeline_), options_.sends ? "source" : "sink");
        g_object_set(end, "location", options_.file.c_str(), nullptr);
        gst_object_unref(end);
    }
    connect_retry_decision();

    GstBus* bus = gst_element_get_bus(pipeline_);
    const GstBusFunc on_message = [](GstBus*, GstMessage* message, gpointer self) {
        static_cast<Watch*>(self)->take(message);
        return gboolean{G_SOURCE_CONTINUE};
    };
    gst_bus_add_watch(bus, on_message, this);
    gst_object_unref(bus);
    return true;
}

/// Connects decide(), which is asked after every failed attempt whether there is to be another. The plugin
/// owns the type of the answer, so its values are looked up by name.
void Watch::connect_retry_decision() {
    const guint signal = g_signal_lookup("retry-decision", G_OBJECT_TYPE(stt_));
    if (signal == 0) return;
    GSignalQuery query;
    g_signal_query(signal, &query);
    auto* decisions = static_cast<GEnumClass*>(g_type_class_ref(query.return_type));
    go_on_ = g_enum_get_value_by_nick(decisions, "default")->value;
    stop_ = g_enum_get_value_by_nick(decisions, "stop")->value;
    g_type_class_unref(decisions);
    int (*on_decision)(GstElement*, const GstStructure*, Watch*) =
        [](GstElement*, const GstStructure* error, Watch* self) { return self->decide(error); };
    g_signal_connect(stt_, "retry-decision", G_CALLBACK(on_decision), this);
}

/// This is also the place to examine the error: its code, name or peer.
int Watch::decide(const GstStructure*) {
    counted_ = true;
    const int failures = ++failures_;
    return options_.max_attempts > 0 && failures >= options_.max_attempts ? stop_ : go_on_;
}

int Watch::run() {
    const GSourceFunc on_signal = [](gpointer self) {
        static_cast<Watch*>(self)->interrupt();
        return gboolean{G_SOURCE_CONTINUE};
    };
    const guint sources[] = {g_unix_signal_add(SIGINT, on_signal, this),
                             g_unix_signal_add(SIGTERM, on_signal, this)};
    start();
    g_main_loop_run(loop_);
    for (const guint source : sources) g_source_remove(source);
    return status_;
}

void Watch::start() {
    // A file is sent again from its beginning. Live and received data does not come back.
    if (options_.sends && !options_.file.empty()) lost_ = false;
    // If this fails, the cause is an ERROR on the bus, as for every other failure.
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
}

/// Also drops what is left on the bus. A sink of STT is stopped first: while EOS is being sent to the source
/// in front of it, that source holds locks that the pipeline needs. An STT source must not be stopped first,
/// as its streaming thread may wait in the sink behind it.
void Watch::stop() {
    if (options_.sends) gst_element_set_state(stt_, GST_STATE_NULL);
    gst_element_set_state(pipeline_, GST_STATE_NULL);
}

void Watch::take(GstMessage* message) {
    switch (GST_MESSAGE_TYPE(message)) {
        case GST_MESSAGE_ELEMENT:
            break;
        case GST_MESSAGE_EOS:
            say("eos", std::string(finishing_ ? "the stream was ended here" : "the stream has ended") +
                           (lost_ ? ", and not all of it has arrived" : ""));
            return quit(lost_ ? exit_failure : 0);
        case GST_MESSAGE_WARNING:
        case GST_MESSAGE_ERROR:
            return take_standard(message);
        default:
            return;
    }
    const GstStructure* structure = gst_message_get_structure(message);
    if (!structure) return;
    if (gst_structure_has_name(structure, "stt-session")) {
        const std::string state = text_of(structure, "state");
        if (state == "connected" || state == "resumed") failures_ = 0, restarts_ = 0;
        say_session(structure, stt_);
    } else if (gst_structure_has_name(structure, "stt-stream")) {
        // A receiver's stream is closed only if it is cut off.
        const std::string event = text_of(structure, "event");
        lost_ |= event == "gap" || (event == "closed" && !options_.sends);
        say_stream(structure);
    } else if (gst_structure_has_name(structure, "stt-error")) {
        event_id_ = text_of(structure, "event-id");
        say_error(structure);
    }
}

/// Handles a WARNING or an ERROR. In the details of those from STT is the event that an stt-error has
/// reported already.
void Watch::take_standard(GstMessage* message) {
    const bool terminal = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    const GstStructure* details = nullptr;
    GError* error = nullptr;
    char* debug = nullptr;
    if (terminal) {
        gst_message_parse_error(message, &error, &debug);
        gst_message_parse_error_details(message, &details);
    } else {
        gst_message_parse_warning(message, &error, &debug);
        gst_message_parse_warning_details(message, &details);
    }
    if (!details || !gst_structure_has_name(details, "stt-error")) {
        // The cause follows the location in GStreamer's code.
        const char* cause = debug ? std::strrchr(debug, '\n') : nullptr;
        say(terminal ? "error" : "warning", std::string(GST_MESSAGE_SRC_NAME(message)) + ": " +
                                                error->message +
                                                (cause ? std::string(" ") + (cause + 1) : ""));
    } else if (const std::string id = text_of(details, "event-id"); id.empty() || id != event_id_) {
        say_error(details);
    }
    g_error_free(error);
    g_free(debug);
    if (terminal) take_terminal(details);
}

void Watch::take_terminal(const GstStructure* details) {
    stop();
    if (!counted_.exchange(false)) ++failures_;
    if (finishing_ || !details || !is_true(details, "can-retry")) return quit(exit_failure);
    if (options_.max_attempts > 0 && failures_ >= options_.max_attempts) {
        say("end", "gave up after " + std::to_string(failures_) + " failures in a row");
        return quit(exit_failure);
    }
    start_again_later();
}

/// Uses exponential backoff. The random part keeps a fleet of programs from restarting in step.
void Watch::start_again_later() {
    const unsigned longest = std::min(first_pause_ms << std::min(restarts_++, 10U), longest_pause_ms);
    const unsigned pause = longest / 2 + g_random_int_range(0, static_cast<gint32>(longest / 2));
    say("restart", "starting again in " + std::to_string(pause) + " ms");
    pausing_ = true;
    const GSourceFunc on_time = [](gpointer data) {
        auto* self = static_cast<Watch*>(data);
        self->pausing_ = false;
        self->start();
        return gboolean{G_SOURCE_REMOVE};
    };
    g_timeout_add(pause, on_time, this);
}

void Watch::interrupt() {
    if (finishing_ || pausing_) {
        say("end", "stopped");
        return quit(exit_failure);
    }
    finishing_ = true;
    unsigned drain_ms = 0;  // a source does not wait for its peer
    if (options_.sends) g_object_get(stt_, "drain-timeout", &drain_ms, nullptr);
    say("end",
        "ending the stream" +
            (drain_ms > 0 ? ", waiting up to " + seconds(drain_ms) + " until the peer has all of it" : "") +
            "; press Ctrl-C again to stop at once");
    // EOS is sent on a thread of GStreamer, as with a full send queue the call waits until the source makes
    // progress. It is not sent to the pipeline, whose lock must stay free for stop().
    const GstElementCallAsyncFunc end = [](GstElement* source, gpointer) {
        gst_element_send_event(source, gst_event_new_eos());
    };
    gst_element_call_async(source_, end, nullptr, nullptr);
    const GSourceFunc on_time = [](gpointer self) {
        say("end", "the stream did not end in time");
        static_cast<Watch*>(self)->quit(exit_failure);
        return gboolean{G_SOURCE_REMOVE};
    };
    g_timeout_add(drain_ms + report_within_ms, on_time, this);
}

void Watch::quit(int status) {
    status_ = status;
    g_main_loop_quit(loop_);
}

/// Exits the process on invalid usage.
Options read_options(int argc, char** argv) {
    Options options;
    char* seed_file = nullptr;
    char** words = nullptr;
    const GOptionEntry entries[] = {
        {"seed-file", 's', 0, G_OPTION_ARG_FILENAME, &seed_file,
         "file with the seed that both ends share (default: $STT_SEED_FILE)", "FILE"},
        {"max-attempts", 'a', 0, G_OPTION_ARG_INT, &options.max_attempts,
         "give up after N failures in a row (default: never)", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &words, nullptr, nullptr},
        {nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr},
    };
    GOptionContext* context = g_option_context_new(usage);
    g_option_context_add_main_entries(context, entries, nullptr);
    g_option_context_add_group(context, gst_init_get_option_group());
    GError* error = nullptr;
    const bool parsed = g_option_context_parse(context, &argc, &argv, &error);
    const guint count = words ? g_strv_length(words) : 0;
    options.sends = count > 0 && g_str_equal(words[0], "send");
    if (!parsed || count < 2 || count > 3 || !(options.sends || g_str_equal(words[0], "receive"))) {
        std::fprintf(stderr, "stt-watch: %s\n",
                     error       ? error->message
                     : count < 2 ? "send or receive, and a URI, are required"
                     : count > 3 ? "more than one FILE is given"
                                 : "the first word must be send or receive");
        char* help = g_option_context_get_help(context, TRUE, nullptr);
        std::fputs(help, stderr);
        std::exit(exit_usage);
    }
    options.uri = words[1];
    if (count == 3) options.file = words[2];
    if (seed_file) options.seed_file = seed_file;
    g_strfreev(words);
    g_free(seed_file);
    g_option_context_free(context);
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    // For --help, in UTF-8 as in say(). GLib would replace what the locale's character set does not have.
    g_set_print_handler([](const char* text) { std::fputs(text, stdout); });
    Watch watch(read_options(argc, argv));
    return watch.build() ? watch.run() : exit_failure;
}
