// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/retry_signal.hpp"

#include "gst/bus.hpp"

namespace stt {
namespace {

constexpr char name[] = "retry-decision";

GType decision_type() {
    static const GEnumValue values[] = {
        {static_cast<int>(RetryDecision::standard), "As the properties and the kind of error say", "default"},
        {static_cast<int>(RetryDecision::retry), "Try again, even if the error would end the element's work",
         "retry"},
        {static_cast<int>(RetryDecision::stop), "End with this error", "stop"},
        {0, nullptr, nullptr},
    };
    static const GType type = [] {
        const GType made = g_enum_register_static("GstSttRetryDecision", values);
        gst_type_mark_as_plugin_api(made, static_cast<GstPluginAPIFlags>(0));
        return made;
    }();
    return type;
}

/// The first handler whose answer is not `standard` decides.
gboolean accumulate(GSignalInvocationHint*, GValue* result, const GValue* answer, gpointer) {
    g_value_copy(answer, result);
    return g_value_get_enum(answer) == static_cast<int>(RetryDecision::standard);
}

unsigned signal_of(GstElement* element) { return g_signal_lookup(name, G_OBJECT_TYPE(element)); }

}  // namespace

void install_retry_signal(GObjectClass* object_class) {
    g_signal_new(name, G_OBJECT_CLASS_TYPE(object_class), G_SIGNAL_RUN_LAST, 0, accumulate, nullptr, nullptr,
                 decision_type(), 1, GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

bool retry_signal_is_heard(GstElement* element) {
    return g_signal_has_handler_pending(element, signal_of(element), 0, FALSE);
}

RetryDecision emit_retry_signal(GstElement* element, const ErrorReport& report) {
    GstStructure* error = error_structure(report);
    int decision = static_cast<int>(RetryDecision::standard);
    g_signal_emit(element, signal_of(element), 0, error, &decision);
    gst_structure_free(error);
    if (decision == static_cast<int>(RetryDecision::retry)) return RetryDecision::retry;
    if (decision == static_cast<int>(RetryDecision::stop)) return RetryDecision::stop;
    return RetryDecision::standard;
}

}  // namespace stt
