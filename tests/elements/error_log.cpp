// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/elements/error_log.hpp"

#include <algorithm>

namespace stt::test {

namespace {

std::string text_of(const GstStructure* structure, const char* field) {
    const char* text = gst_structure_get_string(structure, field);
    return text ? text : "";
}

bool flag_of(const GstStructure* structure, const char* field) {
    gboolean flag = FALSE;
    gst_structure_get_boolean(structure, field, &flag);
    return flag;
}

/// The nick of a GError of GST_RESOURCE_ERROR in capitals, such as NOT_FOUND.
std::string gerror_name(const GError* error) {
    if (error->domain != GST_RESOURCE_ERROR) return "other domain";
    auto* values = static_cast<GEnumClass*>(g_type_class_ref(GST_TYPE_RESOURCE_ERROR));
    const GEnumValue* value = g_enum_get_value(values, error->code);
    std::string name = value ? value->value_nick : "unknown";
    g_type_class_unref(values);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c == '-' ? '_' : static_cast<char>(g_ascii_toupper(c)); });
    return name;
}

}  // namespace

BusError::BusError(const GstStructure* details)
    : name(text_of(details, "name")),
      category(text_of(details, "category")),
      reason(text_of(details, "reason")),
      origin(text_of(details, "origin")),
      text(text_of(details, "message")),
      hint(text_of(details, "hint")),
      event_id(text_of(details, "event-id")),
      authenticated(flag_of(details, "authenticated")),
      terminal(flag_of(details, "terminal")),
      can_retry(flag_of(details, "can-retry")),
      retried(gst_structure_has_field(details, "next-delay-ms")) {
    unsigned number = 0;
    gst_structure_get_uint(details, "code", &number);
    code = static_cast<ErrorCode>(number);
    gst_structure_get_uint(details, "sub-code", &sub_code);
}

void BusError::told_by(GstMessage* standard) {
    const bool ends = GST_MESSAGE_TYPE(standard) == GST_MESSAGE_ERROR;
    GError* error = nullptr;
    (ends ? gst_message_parse_error : gst_message_parse_warning)(standard, &error, nullptr);
    EXPECT_EQ(shown, "MESSAGE") << "told twice: " << error->message;
    EXPECT_NE(std::string(error->message).find(text), std::string::npos) << error->message;
    shown = ends ? "ERROR" : "WARNING";
    gerror = gerror_name(error);
    g_error_free(error);
}

std::string BusError::line() const {
    char number[16];
    g_snprintf(number, sizeof number, "0x%04x/%u", static_cast<unsigned>(code), sub_code);
    std::string line = std::string(number) + " " + name + " " + category + " " + reason + " " + shown;
    if (!gerror.empty()) line += " " + gerror;
    line += " origin=" + origin;
    if (authenticated) line += " authenticated";
    if (terminal) line += " terminal";
    if (can_retry) line += " can-retry";
    if (retried) line += " retried";
    return line;
}

ErrorLog::ErrorLog(GstElement* element)
    : element_(GST_ELEMENT(gst_object_ref(element))), bus_(gst_bus_new()) {
    gst_bus_set_sync_handler(
        bus_,
        [](GstBus*, GstMessage* message, gpointer log) {
            static_cast<ErrorLog*>(log)->take(message);
            return GST_BUS_DROP;
        },
        this,
        [](gpointer data) {
            // Called once no call of the handler is under way any more.
            auto* log = static_cast<ErrorLog*>(data);
            const std::lock_guard lock(log->mutex_);
            log->handler_gone_ = true;
            log->changed_.notify_all();
        });
    gst_element_set_bus(element_, bus_);
}

ErrorLog::~ErrorLog() {
    gst_element_set_bus(element_, nullptr);
    gst_bus_set_sync_handler(bus_, nullptr, nullptr, nullptr);
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return handler_gone_; });
    }
    gst_object_unref(bus_);
    gst_object_unref(element_);
}

void ErrorLog::take(GstMessage* message) {
    const std::lock_guard lock(mutex_);
    const GstStructure* details = nullptr;
    const GstMessageType type = GST_MESSAGE_TYPE(message);
    if (type == GST_MESSAGE_ELEMENT && gst_message_has_name(message, "stt-error"))
        errors_.emplace_back(gst_message_get_structure(message));
    if (type == GST_MESSAGE_ERROR) gst_message_parse_error_details(message, &details);
    if (type == GST_MESSAGE_WARNING) gst_message_parse_warning_details(message, &details);
    if (details) {
        const std::string id = text_of(details, "event-id");
        const auto told = std::find_if(errors_.begin(), errors_.end(),
                                       [&](const BusError& known) { return known.event_id == id; });
        EXPECT_NE(told, errors_.end()) << "no stt-error before this";
        if (told != errors_.end()) told->told_by(message);
    }
    messages_.emplace_back(message);  // a handler that drops a message owns it
    changed_.notify_all();
}

std::string ErrorLog::wait(ErrorCode code, size_t which) {
    std::unique_lock lock(mutex_);
    const auto find = [&] {
        size_t before = 0;
        return std::find_if(errors_.begin(), errors_.end(),
                            [&](const BusError& error) { return error.code == code && before++ == which; });
    };
    // The element message comes first. One that no other belongs to is known by nothing following for a
    // while; in which an ERROR or WARNING that should not be there is caught.
    constexpr auto patience = std::chrono::nanoseconds(deadline),
                   while_nothing = std::chrono::nanoseconds(200 * GST_MSECOND);
    if (!changed_.wait_for(lock, patience, [&] { return find() != errors_.end(); })) return {};
    const bool both = find()->terminal || find()->retried;
    changed_.wait_for(lock, both ? patience : while_nothing, [&] { return find()->shown != "MESSAGE"; });
    const BusError& error = *find();
    EXPECT_FALSE(error.text.empty());
    EXPECT_FALSE(error.hint.empty());
    return error.line();
}

bool ErrorLog::wait_message(const std::function<bool(GstMessage*)>& wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::nanoseconds(deadline), [&] {
        return std::any_of(messages_.begin(), messages_.end(),
                           [&](const MessagePtr& message) { return wanted(message.get()); });
    });
}

StructurePtr ErrorLog::wait_structure(const char* name, const char* field, const char* value) {
    StructurePtr found;
    wait_message([&](GstMessage* message) {
        const GstStructure* structure = gst_message_get_structure(message);
        if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ELEMENT || !gst_structure_has_name(structure, name) ||
            g_strcmp0(gst_structure_get_string(structure, field), value) != 0)
            return false;
        found.reset(gst_structure_copy(structure));
        return true;
    });
    return found;
}

bool ErrorLog::wait_state(const std::string& state) {
    return wait_message([&](GstMessage* message) {
        const GstStructure* structure = gst_message_get_structure(message);
        return structure && gst_structure_has_name(structure, "stt-session") &&
               text_of(structure, "state") == state;
    });
}

size_t ErrorLog::count(ErrorCode code) const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(std::count_if(errors_.begin(), errors_.end(),
                                             [&](const BusError& error) { return error.code == code; }));
}

std::string ErrorLog::lines() const {
    const std::lock_guard lock(mutex_);
    std::string lines;
    for (const BusError& error : errors_) lines += error.line() + ": " + error.text + "\n";
    return lines;
}

Playing::Playing(const char* factory, const std::string& uri,
                 const std::function<void(GstElement*)>& configure)
    : element(make_element(factory, uri)), errors(std::make_unique<ErrorLog>(element)) {
    const bool sink = factory == std::string("sttsink");
    if (sink) g_object_set(element, "sync", FALSE, nullptr);
    if (configure) configure(element);
    harness = sink ? gst_harness_new_with_element(element, "sink", nullptr)
                   : gst_harness_new_with_element(element, nullptr, "src");
    gst_harness_use_systemclock(harness);
    gst_harness_play(harness);
}

Playing::~Playing() {
    gst_element_set_state(element, GST_STATE_NULL);
    gst_harness_teardown(harness);
    errors.reset();
    gst_object_unref(element);
}

void Playing::start() {
    gst_harness_push_event(harness, gst_event_new_stream_start("test"));
    gst_harness_set_src_caps_str(harness, "application/x-test");
}

std::unique_ptr<Playing> listening_src(const std::function<void(GstElement*)>& configure) {
    return std::make_unique<Playing>("sttsrc", "stt://:0", [&](GstElement* element) {
        g_object_set(element, "local-address", "127.0.0.1", nullptr);
        if (configure) configure(element);
    });
}

std::unique_ptr<Playing> calling_sink(unsigned port, const std::function<void(GstElement*)>& configure) {
    return std::make_unique<Playing>("sttsink", "stt://127.0.0.1:" + std::to_string(port), configure);
}

std::unique_ptr<Playing> calling_src(unsigned port, const std::function<void(GstElement*)>& configure) {
    return std::make_unique<Playing>("sttsrc", "stt://127.0.0.1:" + std::to_string(port), configure);
}

}  // namespace stt::test
