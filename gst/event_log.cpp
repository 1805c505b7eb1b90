// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/event_log.hpp"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <utility>

#include "core/base/text.hpp"

namespace stt {
namespace {

/// In place of the system's error number: the path is a pipe or a socket. open() does not use this number.
constexpr int not_a_file = ESPIPE;

/// Opens regular files and devices only: a write to a pipe whose reader has exited would end the process by
/// SIGPIPE.
int open_file(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))) {
        errno = not_a_file;
        return -1;
    }
    return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

/// `format` is a sentence with placeholders for the path and for the system's error text.
Error file_error(const char* format, const std::string& path, int code) {
    if (code == not_a_file)
        return make_error(ErrorCode::none, Reason::event_log, ErrorOrigin::local,
                          tr("the event-log '%s' is a pipe or a socket, which it must not be", path.c_str()));
    return make_error(ErrorCode::none,
                      code == EACCES || code == EPERM ? Reason::permission_denied : Reason::event_log,
                      ErrorOrigin::local, tr(format, path.c_str(), g_strerror(code)));
}

void add_value(JsonBuilder* builder, const GValue* value) {
    if (G_VALUE_HOLDS_STRING(value)) {
        json_builder_add_string_value(builder, g_value_get_string(value));
    } else if (G_VALUE_HOLDS_BOOLEAN(value)) {
        json_builder_add_boolean_value(builder, g_value_get_boolean(value));
    } else if (G_VALUE_HOLDS_INT(value)) {
        json_builder_add_int_value(builder, g_value_get_int(value));
    } else if (G_VALUE_HOLDS_UINT(value)) {
        json_builder_add_int_value(builder, g_value_get_uint(value));
    } else if (G_VALUE_HOLDS_INT64(value)) {
        json_builder_add_int_value(builder, g_value_get_int64(value));
    } else if (G_VALUE_HOLDS_UINT64(value) && g_value_get_uint64(value) <= G_MAXINT64) {
        json_builder_add_int_value(builder, static_cast<gint64>(g_value_get_uint64(value)));
    } else if (G_VALUE_HOLDS_DOUBLE(value) && std::isfinite(g_value_get_double(value))) {
        json_builder_add_double_value(builder, g_value_get_double(value));
    } else {
        // A type for which JSON has no form.
        char* text = gst_value_serialize(value);
        text ? json_builder_add_string_value(builder, text) : json_builder_add_null_value(builder);
        g_free(text);
    }
}

/// `time` is in microseconds since the epoch.
std::string json_line(gint64 time, GstElement* element, const GstStructure* structure) {
    JsonBuilder* builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "timestamp");
    json_builder_add_int_value(builder, time);
    json_builder_set_member_name(builder, "element");
    char* name = gst_element_get_name(element);
    json_builder_add_string_value(builder, name);
    g_free(name);
    json_builder_set_member_name(builder, "type");
    json_builder_add_string_value(builder, gst_structure_get_name(structure));
    const auto add_field = [](GQuark field, const GValue* value, gpointer data) -> gboolean {
        auto* to = static_cast<JsonBuilder*>(data);
        // An error's own timestamp is when it occurred. Lines before it may have waited longer to be written,
        // and then have later times.
        if (field == g_quark_from_static_string("timestamp")) return TRUE;
        json_builder_set_member_name(to, g_quark_to_string(field));
        add_value(to, value);
        return TRUE;
    };
    gst_structure_foreach(structure, add_field, builder);
    json_builder_end_object(builder);
    JsonNode* root = json_builder_get_root(builder);
    char* text = json_to_string(root, FALSE);
    std::string line = std::string(text) + '\n';
    g_free(text);
    json_node_unref(root);
    g_object_unref(builder);
    return line;
}

}  // namespace

Result<std::shared_ptr<EventLog>> EventLog::open(const std::string& path) {
    const int fd = open_file(path);
    if (fd < 0) return file_error(tr_noop("the event-log '%s' cannot be opened: %s"), path, errno);
    return std::shared_ptr<EventLog>(new EventLog(path, fd));
}

EventLog::~EventLog() {
    if (fd_ >= 0) close(fd_);
}

Status EventLog::write(GstElement* element, GstMessage* message) {
    const GstStructure* structure =
        GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT ? gst_message_get_structure(message) : nullptr;
    if (!structure || !g_str_has_prefix(gst_structure_get_name(structure), "stt-")) return success();
    const std::lock_guard lock(mutex_);
    if (append(json_line(g_get_real_time(), element, structure))) {
        failed_ = false;
        return success();
    }
    const int code = errno;
    if (std::exchange(failed_, true)) return success();
    return file_error(tr_noop("the event-log '%s' cannot be written: %s"), path_, code);
}

bool EventLog::moved() const {
    struct stat named {
    }, opened{};
    return stat(path_.c_str(), &named) != 0 || fstat(fd_, &opened) != 0 || named.st_ino != opened.st_ino ||
           named.st_dev != opened.st_dev;
}

// Returns false with the cause in errno.
bool EventLog::append(const std::string& line) {
    if (fd_ < 0 || moved()) {
        if (fd_ >= 0) close(fd_);
        fd_ = open_file(path_);
        torn_ = false;
        if (fd_ < 0) return false;
    }
    const std::string text = torn_ ? '\n' + line : line;
    ssize_t written = 0;
    do {
        written = ::write(fd_, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    if (written == static_cast<ssize_t>(text.size())) {
        torn_ = false;
        return true;
    }
    if (written > 0) {
        torn_ = true;
        errno = ENOSPC;  // a partial write means that the rest would have failed so
    }
    return false;
}

}  // namespace stt
