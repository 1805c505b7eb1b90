// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/event_log.hpp"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <utility>
#include <variant>

#include "core/base/text.hpp"

namespace stt {
namespace {

/// Why a file is refused.
struct Refusal {
    enum class Kind : uint8_t { system, not_a_file, foreign, exposed } kind;
    int number = 0;  // the system's error number, if it is the system's refusal
};

/// Returns the refusal of an open file, or null. A write to a pipe whose reader has exited would end the
/// process by SIGPIPE, and a device may block or do anything. Whoever else may write to the file could forge
/// its lines.
std::optional<Refusal> refusal_of(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0) return Refusal{Refusal::Kind::system, errno};
    if (!S_ISREG(status.st_mode)) return Refusal{Refusal::Kind::not_a_file};
    if (status.st_uid != geteuid()) return Refusal{Refusal::Kind::foreign};
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return Refusal{Refusal::Kind::exposed};
    return std::nullopt;
}

/// Returns the open descriptor. The file is examined by it, as the path may lead elsewhere a moment later.
/// The flags prevent hanging on a pipe, or acquiring a terminal, before that.
std::variant<int, Refusal> open_file(const std::string& path) {
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    // ENXIO: a pipe without a reader, or a socket.
    if (fd < 0) return Refusal{errno == ENXIO ? Refusal::Kind::not_a_file : Refusal::Kind::system, errno};
    const std::optional<Refusal> refusal = refusal_of(fd);
    if (!refusal) return fd;
    close(fd);
    return *refusal;
}

/// `format` is a sentence with placeholders for the path and for the system's error text.
Error file_error(const char* format, const std::string& path, const Refusal& refusal) {
    const auto error = [](Reason reason, std::string text) {
        return make_error(ErrorCode::none, reason, ErrorOrigin::local, std::move(text));
    };
    switch (refusal.kind) {
        case Refusal::Kind::not_a_file:
            return error(Reason::event_log, tr("the event-log '%s' is not a regular file", path.c_str()));
        case Refusal::Kind::foreign:
            return error(Reason::event_log, tr("the event-log '%s' belongs to another user", path.c_str()));
        case Refusal::Kind::exposed:
            return error(Reason::event_log,
                         tr("the event-log '%s' can be written by other users; run: chmod go-w '%s'",
                            path.c_str(), path.c_str()));
        case Refusal::Kind::system:
            break;
    }
    const bool denied = refusal.number == EACCES || refusal.number == EPERM;
    return error(denied ? Reason::permission_denied : Reason::event_log,
                 tr(format, path.c_str(), g_strerror(refusal.number)));
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
    const auto opened = open_file(path);
    if (const auto* refusal = std::get_if<Refusal>(&opened))
        return file_error(tr_noop("the event-log '%s' cannot be opened: %s"), path, *refusal);
    return std::shared_ptr<EventLog>(new EventLog(path, std::get<int>(opened)));
}

EventLog::~EventLog() {
    if (fd_ >= 0) close(fd_);
}

Status EventLog::write(GstElement* element, GstMessage* message) {
    const GstStructure* structure =
        GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT ? gst_message_get_structure(message) : nullptr;
    if (!structure || !g_str_has_prefix(gst_structure_get_name(structure), "stt-")) return success();
    const std::lock_guard lock(mutex_);
    const std::optional<Error> failed = append(json_line(g_get_real_time(), element, structure));
    if (!failed) failed_ = false;
    if (!failed || std::exchange(failed_, true)) return success();
    return *failed;
}

bool EventLog::moved() const {
    struct stat named {
    }, opened{};
    return stat(path_.c_str(), &named) != 0 || fstat(fd_, &opened) != 0 || named.st_ino != opened.st_ino ||
           named.st_dev != opened.st_dev;
}

/// Returns null if the line was written.
std::optional<Error> EventLog::append(const std::string& line) {
    constexpr const char* unwritten = tr_noop("the event-log '%s' cannot be written: %s");
    if (fd_ < 0 || moved()) {
        if (fd_ >= 0) close(std::exchange(fd_, -1));
        torn_ = false;
        const auto opened = open_file(path_);
        if (const auto* refusal = std::get_if<Refusal>(&opened))
            return file_error(unwritten, path_, *refusal);
        fd_ = std::get<int>(opened);
    }
    const std::string text = torn_ ? '\n' + line : line;
    ssize_t written = 0;
    do {
        written = ::write(fd_, text.data(), text.size());
    } while (written < 0 && errno == EINTR);
    if (written == static_cast<ssize_t>(text.size())) {
        torn_ = false;
        return std::nullopt;
    }
    // A partial write means that the rest would have failed for want of space.
    const int number = written > 0 ? ENOSPC : errno;
    torn_ = torn_ || written > 0;
    return file_error(unwritten, path_, {Refusal::Kind::system, number});
}

}  // namespace stt
