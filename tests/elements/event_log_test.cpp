// SPDX-License-Identifier: LGPL-2.1-or-later
/// The property event-log.
#include "gst/event_log.hpp"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

/// A folder of its own, removed with what is in it.
class Folder {
  public:
    Folder() : path_(g_dir_make_tmp("stt-test-XXXXXX", nullptr)) {}
    ~Folder() {
        GDir* dir = g_dir_open(path_, 0, nullptr);
        while (const char* name = g_dir_read_name(dir)) g_remove(file(name).c_str());
        g_dir_close(dir);
        g_rmdir(path_);
        g_free(path_);
    }
    std::string file(const std::string& name) const { return std::string(path_) + "/" + name; }

  private:
    char* path_;
};

std::vector<std::string> lines_of(const std::string& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// Waits until one of the lines holds `text`.
bool wait_line(const std::string& file, const std::string& text) {
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    while (g_get_monotonic_time() < end) {
        for (const std::string& line : lines_of(file))
            if (line.find(text) != std::string::npos) return true;
        g_usleep(1000);
    }
    return false;
}

/// A line's members, or null when it is no JSON object.
std::shared_ptr<JsonObject> parse(const std::string& line) {
    JsonNode* node = json_from_string(line.c_str(), nullptr);
    JsonObject* object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_dup_object(node) : nullptr;
    if (node) json_node_unref(node);
    return {object, [](JsonObject* last) {
                if (last) json_object_unref(last);
            }};
}

GstElement* make_listener(const std::string& log) {
    GstElement* element = make_element("sttsrc", "stt://:0");
    g_object_set(element, "local-address", "127.0.0.1", "event-log", log.c_str(), nullptr);
    return element;
}

TEST(EventLog, HoldsEveryEventAsALineOfJson) {
    const Folder folder;
    const std::string file = folder.file("events");
    const gint64 before = g_get_real_time();
    {
        Pair pair([&](GstElement* sink, GstElement*) {
            g_object_set(sink, "event-log", file.c_str(), "name", "camera \"1\"", "stats-interval", 10u,
                         nullptr);
        });
        pair.start();
        pair.push(make_buffer(10).release());
        ASSERT_TRUE(pair.pull());
        ASSERT_TRUE(wait_line(file, "stt-stats"));
        gst_element_set_state(pair.src_element, GST_STATE_NULL);
        ASSERT_TRUE(wait_line(file, "\"type\":\"stt-error\""));
    }
    ASSERT_TRUE(wait_line(file, "\"state\":\"closed\""));
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    std::map<std::string, int> types;
    for (const std::string& line : lines_of(file)) {
        const auto object = parse(line);
        ASSERT_TRUE(object) << line;
        EXPECT_STREQ(json_object_get_string_member(object.get(), "element"), "camera \"1\"");
        EXPECT_GE(json_object_get_int_member(object.get(), "timestamp"), before);
        EXPECT_LE(json_object_get_int_member(object.get(), "timestamp"), g_get_real_time());
        const std::string type = json_object_get_string_member(object.get(), "type");
        types[type]++;
        if (type == "stt-session") {
            EXPECT_TRUE(json_object_has_member(object.get(), "state"));
        } else if (type == "stt-error") {
            // Others may follow: the sender tries again.
            if (types[type] == 1) {
                EXPECT_EQ(json_object_get_int_member(object.get(), "code"), 0x0201);
            }
            EXPECT_FALSE(json_object_get_boolean_member(object.get(), "terminal"));
        }
        EXPECT_EQ(line.find(seed), std::string::npos);
    }
    for (const char* type : {"stt-session", "stt-stream", "stt-error", "stt-stats"})
        EXPECT_GT(types[type], 0) << type;
}

TEST(EventLog, IsAppendedTo) {
    const Folder folder;
    const std::string file = folder.file("events");
    for (int round = 0; round < 2; round++) {
        GstElement* element = make_listener(file);
        ASSERT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_NO_PREROLL);
        // What has not been posted by now is written nevertheless.
        gst_element_set_state(element, GST_STATE_NULL);
        gst_object_unref(element);
    }
    const gint64 end = g_get_monotonic_time() + static_cast<gint64>(deadline / GST_USECOND);
    while (lines_of(file).size() < 4 && g_get_monotonic_time() < end) g_usleep(1000);
    EXPECT_EQ(lines_of(file).size(), 4u) << "connecting and closed, twice";
}

TEST(EventLog, FollowsWhenAnotherToolRotatesIt) {
    const Folder folder;
    const std::string file = folder.file("events"), old = folder.file("events.1");
    Pair pair([&](GstElement*, GstElement* src) { g_object_set(src, "event-log", file.c_str(), nullptr); });
    ASSERT_TRUE(wait_line(file, "\"opened\""));
    // Moved away, as logrotate does.
    ASSERT_EQ(g_rename(file.c_str(), old.c_str()), 0);
    gst_element_set_state(pair.sink_element, GST_STATE_NULL);
    ASSERT_TRUE(wait_line(file, "SESSION_CLOSED"));
    EXPECT_FALSE(lines_of(old).empty());
    EXPECT_EQ(lines_of(file).front().find("opened"), std::string::npos);
    // Emptied in its place, as by copytruncate.
    ASSERT_EQ(truncate(file.c_str(), 0), 0);
    gst_element_set_state(pair.sink_element, GST_STATE_PLAYING);
    ASSERT_TRUE(wait_line(file, "\"opened\""));
    EXPECT_TRUE(parse(lines_of(file).front())) << "no hole where the old lines were";
    // Removed.
    ASSERT_EQ(g_remove(file.c_str()), 0);
    gst_element_set_state(pair.sink_element, GST_STATE_NULL);
    EXPECT_TRUE(wait_line(file, "SESSION_CLOSED"));
}

/// While it exists, no file of this process grows beyond `limit` bytes, as on a full disk.
class FullDisk {
  public:
    explicit FullDisk(rlim_t limit) : on_signal_(signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        rlimit full = before_;
        full.rlim_cur = limit;
        setrlimit(RLIMIT_FSIZE, &full);
    }
    ~FullDisk() {
        setrlimit(RLIMIT_FSIZE, &before_);
        signal(SIGXFSZ, on_signal_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit before_{};
    void (*on_signal_)(int);
};

TEST(EventLog, AFullDiskIsOneWarningAndNothingStops) {
    const Folder folder;
    const std::string file = folder.file("events");
    const FullDisk full(1);
    Pair pair([&](GstElement* sink, GstElement*) { g_object_set(sink, "event-log", file.c_str(), nullptr); });
    pair.start();
    for (int i = 0; i < 10; i++) {
        ASSERT_EQ(pair.push(make_buffer(10).release()), GST_FLOW_OK);
        ASSERT_TRUE(pair.pull());
    }
    const MessagePtr warning = pair.sink_bus->wait_type(GST_MESSAGE_WARNING);
    ASSERT_TRUE(warning);
    GError* error = nullptr;
    gst_message_parse_warning(warning.get(), &error, nullptr);
    EXPECT_NE(strstr(error->message, file.c_str()), nullptr) << error->message;
    g_error_free(error);
    pair.push_eos();
    EXPECT_TRUE(pair.pull_event(GST_EVENT_EOS));
    pair.join();
    EXPECT_EQ(pair.sink_bus->count(static_cast<GstMessageType>(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR)), 0);
}

TEST(EventLog, OneThatCannotBeOpenedFailsTheStart) {
    GstElement* element = make_listener("/nonexistent/events");
    {
        Bus bus(element);
        EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
        const MessagePtr message = bus.wait_type(GST_MESSAGE_ERROR);
        ASSERT_TRUE(message);
        GError* error = nullptr;
        gst_message_parse_error(message.get(), &error, nullptr);
        EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE));
        EXPECT_NE(strstr(error->message, "event-log '/nonexistent/events'"), nullptr) << error->message;
        g_error_free(error);
        const GstStructure* details = nullptr;
        gst_message_parse_error_details(message.get(), &details);
        ASSERT_NE(details, nullptr);
        const char* hint = gst_structure_get_string(details, "hint");
        ASSERT_NE(hint, nullptr);
        EXPECT_NE(strstr(hint, "event-log"), nullptr) << hint;
        gst_element_set_state(element, GST_STATE_NULL);
    }
    gst_object_unref(element);
}

TEST(EventLog, LinesAreInTheOrderOfTheirTimes) {
    const Folder folder;
    const std::string file = folder.file("events");
    GstElement* element = make_listener(file);
    gst_object_ref_sink(element);
    const auto log = EventLog::open(file);
    ASSERT_TRUE(log.ok());
    // An error that occurred before, and whose line had to wait for that of something later.
    const MessagePtr later(
        gst_message_new_element(GST_OBJECT(element), gst_structure_new_empty("stt-session")));
    const MessagePtr error(gst_message_new_element(
        GST_OBJECT(element),
        gst_structure_new("stt-error", "timestamp", G_TYPE_UINT64, guint64{1}, nullptr)));
    ASSERT_TRUE((*log)->write(element, later.get()).ok());
    ASSERT_TRUE((*log)->write(element, error.get()).ok());
    const std::vector<std::string> lines = lines_of(file);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_LE(json_object_get_int_member(parse(lines[0]).get(), "timestamp"),
              json_object_get_int_member(parse(lines[1]).get(), "timestamp"));
    gst_object_unref(element);
}

void expect_refused(const std::string& file, const char* why) {
    const auto log = EventLog::open(file);
    ASSERT_FALSE(log.ok()) << file;
    EXPECT_NE(log.error().text.find(why), std::string::npos) << log.error().text;
    EXPECT_NE(log.error().text.find(file), std::string::npos) << log.error().text;
    EXPECT_EQ(log.error().reason, Reason::event_log);
}

TEST(EventLog, OnlyARegularFileIsWrittenTo) {
    const Folder folder;
    const std::string fifo = folder.file("fifo");
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    expect_refused(fifo, "is not a regular file");
    const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ASSERT_GE(reader, 0);
    expect_refused(fifo, "is not a regular file");
    close(reader);
    expect_refused("/dev/full", "is not a regular file");
}

TEST(EventLog, AFileThatOthersMayWriteToIsRefused) {
    const Folder folder;
    const std::string file = folder.file("events");
    for (const mode_t mode : {0620, 0602, 0666}) {
        ASSERT_TRUE(g_file_set_contents(file.c_str(), "", 0, nullptr));
        ASSERT_EQ(chmod(file.c_str(), mode), 0);
        expect_refused(file, "chmod go-w");
    }
    ASSERT_EQ(chmod(file.c_str(), 0644), 0);
    EXPECT_TRUE(EventLog::open(file).ok()) << "others may read it";
}

TEST(EventLog, AFileOfAnotherUserIsRefused) {
    const Folder folder;
    const std::string file = folder.file("events");
    ASSERT_TRUE(g_file_set_contents(file.c_str(), "", 0, nullptr));
    if (chown(file.c_str(), geteuid() + 1, static_cast<gid_t>(-1)) != 0)
        GTEST_SKIP() << "may not give a file away";
    expect_refused(file, "belongs to another user");
}

TEST(EventLog, WhatTakesThePlaceOfTheFileIsExamined) {
    const Folder folder;
    const std::string file = folder.file("events");
    GstElement* element = make_listener(file);
    gst_object_ref_sink(element);
    const auto log = EventLog::open(file);
    ASSERT_TRUE(log.ok());
    ASSERT_EQ(g_remove(file.c_str()), 0);
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    const MessagePtr message(
        gst_message_new_element(GST_OBJECT(element), gst_structure_new_empty("stt-session")));
    const Status written = (*log)->write(element, message.get());
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().text.find("is not a regular file"), std::string::npos) << written.error().text;
    gst_object_unref(element);
}

TEST(EventLog, HoldsWhatFailedTheStart) {
    const Folder folder;
    const std::string file = folder.file("events");
    GstElement* element = make_element("sttsink", "stt://h:1?framing=none");
    g_object_set(element, "event-log", file.c_str(), nullptr);
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    EXPECT_TRUE(wait_line(file, "bad-setting"));
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

}  // namespace
}  // namespace stt::test
