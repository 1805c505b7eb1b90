// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/child.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/elements/error_log.hpp"

namespace stt::test {

namespace {

constexpr const char* flag = "--child-pipeline";

void limit(int resource, rlim_t to) {
    const rlimit both{to, to};
    setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

/// Lets no descriptor be opened beyond those that are.
void take_descriptors() {
    rlim_t highest = 0;
    DIR* const open = opendir("/proc/self/fd");
    while (const dirent* entry = readdir(open))
        highest = std::max(highest, static_cast<rlim_t>(std::strtoul(entry->d_name, nullptr, 10)));
    closedir(open);
    // The lower ones that are free would do as well.
    while (static_cast<rlim_t>(dup(0)) < highest) {
    }
    limit(RLIMIT_NOFILE, highest);
}

/// Leaves room for threads and buffers, but not for the 256 MiB that stretching a passphrase takes.
void take_memory() {
    std::ifstream pages("/proc/self/statm");
    rlim_t used = 0;
    pages >> used;
    limit(RLIMIT_AS, used * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{192} << 20));
}

/// Unbuffered, whole lines.
void say(const std::string& line) {
    const std::string whole = line + "\n";
    [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, whole.data(), whole.size());
}

void tell(GstMessage* message) {
    const GstStructure* structure = gst_message_get_structure(message);
    const GstStructure* details = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT && gst_structure_has_name(structure, "stt-session"))
        say(std::string("session ") + gst_structure_get_string(structure, "state"));
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS) {
        char* text = nullptr;
        gst_message_parse_progress(message, nullptr, nullptr, &text);
        unsigned port = 0;
        if (std::sscanf(text, "Listening on port %u", &port) == 1) say("listening " + std::to_string(port));
        g_free(text);
    }
    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR) return;
    gst_message_parse_error_details(message, &details);
    if (!details) return;
    BusError error(details);
    error.told_by(message);
    say("error " + error.line());
}

}  // namespace

Child::Child(const std::string& pipeline, Shortage shortage) {
    std::string program = "/proc/self/exe";
    std::string which = std::to_string(static_cast<int>(shortage)), description = pipeline;
    std::string option = flag;
    char* arguments[] = {program.data(), option.data(), which.data(), description.data(), nullptr};
    GError* error = nullptr;
    if (!g_spawn_async_with_pipes(nullptr, arguments, nullptr, G_SPAWN_DO_NOT_REAP_CHILD, nullptr, nullptr,
                                  &pid_, nullptr, &output_, nullptr, &error)) {
        ADD_FAILURE() << error->message;
        g_clear_error(&error);
    }
}

Child::~Child() {
    if (pid_ != 0) {
        signal(SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    if (output_ >= 0) close(output_);
}

void Child::signal(int number) {
    if (pid_ != 0) kill(pid_, number);
}

std::string Child::wait_line(const std::string& start) {
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    for (;;) {
        // Others stay: what is said of the network comes in any order with what is said of the start.
        for (size_t begin = 0, at; (at = pending_.find('\n', begin)) != std::string::npos; begin = at + 1) {
            if (pending_.compare(begin, start.size(), start) != 0) continue;
            const std::string line = pending_.substr(begin, at - begin);
            pending_.erase(begin, at + 1 - begin);
            return line;
        }
        const gint64 left = end - g_get_monotonic_time();
        pollfd item{output_, POLLIN, 0};
        if (left <= 0 || poll(&item, 1, static_cast<int>(left / 1000)) != 1) return {};
        char some[4096];
        const ssize_t size = read(output_, some, sizeof some);
        if (size <= 0) return {};
        pending_.append(some, static_cast<size_t>(size));
    }
}

uint16_t Child::listening_port() {
    const std::string line = wait_line("listening ");
    return line.empty() ? 0 : static_cast<uint16_t>(std::stoi(line.substr(strlen("listening "))));
}

bool Child::is_one(int argc, char** argv) { return argc == 4 && argv[1] == std::string(flag); }

int Child::run(char** argv) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // where a test crashes before it can kill
    GstElement* pipeline = gst_parse_launch_full(argv[3], nullptr, GST_PARSE_FLAG_FATAL_ERRORS, nullptr);
    if (!pipeline) return 1;
    GstBus* bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_READY);
    const auto shortage = static_cast<Shortage>(std::atoi(argv[2]));
    if (shortage == Shortage::descriptors) take_descriptors();
    if (shortage == Shortage::memory) take_memory();
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    for (;;) {
        const MessagePtr message(gst_bus_timed_pop(bus, GST_SECOND));
        if (message) tell(message.get());
    }
}

}  // namespace stt::test
