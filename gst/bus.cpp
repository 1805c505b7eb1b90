// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/bus.hpp"

#include <algorithm>
#include <cinttypes>

#include "core/base/hint.hpp"
#include "core/base/text.hpp"

namespace stt {
namespace {

const char* name_of(ErrorOrigin origin) {
    switch (origin) {
        case ErrorOrigin::local:
            return "local";
        case ErrorOrigin::peer:
            return "peer";
        case ErrorOrigin::network:
            return "network";
    }
    return "local";
}

const char* name_of(LinkState state) {
    switch (state) {
        case LinkState::connecting:
            return "connecting";
        case LinkState::handshaking:
            return "handshaking";
        case LinkState::connected:
            return "connected";
        case LinkState::reconnecting:
            return "reconnecting";
        case LinkState::resumed:
            return "resumed";
        case LinkState::closed:
            return "closed";
    }
    return "closed";
}

template <class Array>
bool any_set(const Array& bytes) {
    return std::any_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte != 0; });
}

void set(GstStructure* structure, const char* name, const std::string& text) {
    if (!text.empty()) gst_structure_set(structure, name, G_TYPE_STRING, text.c_str(), nullptr);
}
void set(GstStructure* structure, const char* name, std::string_view text) {
    set(structure, name, std::string(text));
}
void set(GstStructure* structure, const char* name, bool value) {
    gst_structure_set(structure, name, G_TYPE_BOOLEAN, static_cast<gboolean>(value), nullptr);
}
void set(GstStructure* structure, const char* name, unsigned value) {
    gst_structure_set(structure, name, G_TYPE_UINT, value, nullptr);
}
void set(GstStructure* structure, const char* name, uint64_t value) {
    gst_structure_set(structure, name, G_TYPE_UINT64, value, nullptr);
}

void set_session(GstStructure* structure, const SessionInfo& session, const std::string& peer) {
    set(structure, "transport", std::string_view("udp"));
    set(structure, "peer", peer);
    if (any_set(session.peer_node)) set(structure, "peer-node-id", to_hex(session.peer_node));
    if (any_set(session.name)) set(structure, "session-id", to_hex(session.name));
}

/// Text that came from the peer may contain any bytes, but structures hold UTF-8.
std::string valid_text(const std::string& text) {
    char* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
    std::string result(valid);
    g_free(valid);
    return result;
}

/// Returns the code for an error without an error code: invalid settings, the local failures they lead to,
/// and data that cannot be sent.
unsigned resource_code_without(Reason reason, bool side_reads) {
    switch (reason) {
        case Reason::no_such_file:
        case Reason::no_such_directory:
            return GST_RESOURCE_ERROR_NOT_FOUND;
        case Reason::file_mode:
        case Reason::permission_denied:
            return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
        case Reason::address_in_use:
            return GST_RESOURCE_ERROR_BUSY;
        case Reason::event_log:
        case Reason::too_large:
        case Reason::not_mappable:
        case Reason::not_carried:
            return GST_RESOURCE_ERROR_WRITE;
        case Reason::meta_dropped:
        case Reason::meta_needed:
            return side_reads ? GST_RESOURCE_ERROR_READ : GST_RESOURCE_ERROR_WRITE;
        default:
            return GST_RESOURCE_ERROR_SETTINGS;
    }
}

unsigned resource_code(const Error& error, bool side_reads) {
    switch (error.code) {
        case ErrorCode::authentication_failed:
            return GST_RESOURCE_ERROR_NOT_AUTHORIZED;
        case ErrorCode::connection_refused:
            return GST_RESOURCE_ERROR_NOT_FOUND;
        case ErrorCode::connection_timeout:
        case ErrorCode::network_unreachable:
        case ErrorCode::protocol_version_mismatch:
        case ErrorCode::handshake_failure:
            return GST_RESOURCE_ERROR_OPEN_READ_WRITE;
        case ErrorCode::too_many_sessions:
        case ErrorCode::too_many_streams:
        case ErrorCode::stream_id_conflict:
            return GST_RESOURCE_ERROR_BUSY;
        case ErrorCode::resource_exhausted:
        case ErrorCode::buffer_overflow:
            return GST_RESOURCE_ERROR_NO_SPACE_LEFT;
        case ErrorCode::none:
            return resource_code_without(error.reason, side_reads);
        default:
            return side_reads ? GST_RESOURCE_ERROR_READ : GST_RESOURCE_ERROR_WRITE;
    }
}

uint64_t delay_ms(const ErrorReport& report) {
    const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(report.next_delay).count();
    return static_cast<uint64_t>(std::max<int64_t>(delay, 0));
}

/// Returns the end of the text, for users who see only the text and no details.
std::string what_follows(const ErrorReport& report) {
    if (report.error.terminal)
        return report.attempt > 1 ? tr("; gave up after %u attempts", unsigned{report.attempt}) : "";
    if (!report.retrying) return "";
    if (!report.caller) return tr("; waiting for a caller");
    const uint64_t ms = delay_ms(report);
    return ms == 0 ? tr("; trying again") : tr("; trying again in %" PRIu64 " ms", ms);
}

/// Returns what programs that do not know `stt-error`, such as gst-launch-1.0, show in addition to the text.
std::string debug_text(const ErrorReport& report) {
    std::string text(reason_name(report.error.reason));
    const std::string hint = translated(hint_for(report.error, report.caller));
    if (!text.empty() && !hint.empty()) text += ": ";
    return text.append(hint);
}

void set_gap(GstStructure* structure, const Gap& gap) {
    set(structure, "buffers", gap.buffers);
    set(structure, "bytes", gap.bytes);
    set(structure, "duration", gap.duration);
    set(structure, "uncertain", gap.uncertain);
}

GstMessage* element_message(GstElement* element, GstStructure* structure) {
    return gst_message_new_element(GST_OBJECT(element), structure);
}

/// Appends `stt-error` and, if the report deserves one, an ERROR or a WARNING with the same structure. Takes
/// `details`.
void append_error(std::vector<GstMessage*>& messages, GstElement* element, const ErrorReport& report,
                  bool side_reads, GstStructure* details) {
    messages.push_back(element_message(element, gst_structure_copy(details)));
    const bool terminal = report.error.terminal;
    if (!terminal && !report.retrying && !report.warned_of) {
        gst_structure_free(details);
        return;
    }
    const auto standard_message =
        terminal ? gst_message_new_error_with_details : gst_message_new_warning_with_details;
    GError* error = gerror_for(report, side_reads);
    messages.push_back(standard_message(GST_OBJECT(element), error, debug_text(report).c_str(), details));
    g_error_free(error);
}

}  // namespace

const char* name_of(Circuit circuit) {
    switch (circuit) {
        case Circuit::closed:
            return "closed";
        case Circuit::open:
            return "open";
        case Circuit::half_open:
            return "half-open";
    }
    return "closed";
}

GstStructure* error_structure(const ErrorReport& report) {
    const Error& error = report.error;
    GstStructure* details = gst_structure_new_empty("stt-error");
    if (error.code != ErrorCode::none) {
        set(details, "code", static_cast<unsigned>(error.code));
        set(details, "name", error_name(error.code));
        set(details, "sub-code", static_cast<unsigned>(error.sub_code));
    }
    if (const ErrorInfo* info = find_error(error.code)) set(details, "category", info->category);
    set(details, "hint", translated(hint_for(error, report.caller)));
    set(details, "message", valid_text(error.text));
    set(details, "reason", reason_name(error.reason));
    set(details, "origin", std::string_view(name_of(error.origin)));
    set(details, "authenticated", error.authenticated);
    set(details, "terminal", error.terminal);
    set(details, "can-retry", report.retrying || report.hearsay || may_work_later(error));
    if (report.attempt > 0) set(details, "attempt", report.attempt);
    if (report.retrying) {
        set(details, "next-delay-ms", delay_ms(report));
    }
    if (report.repeated > 0) set(details, "repeated", report.repeated);
    set_session(details, report.session, report.peer);
    if (report.stream) set(details, "stream-id", uint64_t{*report.stream});
    // An id of the event, by which the element message and the standard message can be matched.
    char* id = g_uuid_string_random();
    set(details, "event-id", std::string(id));
    g_free(id);
    set(details, "timestamp", static_cast<uint64_t>(g_get_real_time()));
    return details;
}

GError* gerror_for(const ErrorReport& report, bool side_reads) {
    const Error& error = report.error;
    std::string text;
    if (error.code != ErrorCode::none) text.append(error_name(error.code)).append(": ");
    text.append(valid_text(error.text)).append(what_follows(report));
    return g_error_new_literal(GST_RESOURCE_ERROR, static_cast<int>(resource_code(error, side_reads)),
                               text.c_str());
}

std::vector<GstMessage*> error_messages(GstElement* element, const ErrorReport& report, bool side_reads) {
    std::vector<GstMessage*> messages;
    append_error(messages, element, report, side_reads, error_structure(report));
    return messages;
}

GstMessage* session_message(GstElement* element, const LinkStatus& status, bool caller, const NodeId& node,
                            uint64_t merged) {
    GstStructure* structure = gst_structure_new_empty("stt-session");
    set(structure, "state", std::string_view(name_of(status.state)));
    set(structure, "role", std::string_view(caller ? "caller" : "listener"));
    set_session(structure, status.session, status.peer);
    set(structure, "node-id", to_hex(node));
    set(structure, "circuit", std::string_view(name_of(status.circuit)));
    if (merged > 0) set(structure, "merged", merged);
    if (any_set(status.session.name)) {
        const bool aes = status.session.cipher == Cipher::aes256_gcm;
        set(structure, "cipher", std::string_view(aes ? "AES-256-GCM" : "ChaCha20-Poly1305"));
    }
    return element_message(element, structure);
}

GstMessage* stream_opened_message(GstElement* element, StreamId stream, const StreamHeader* header) {
    GstStructure* structure = gst_structure_new_empty("stt-stream");
    set(structure, "event", std::string_view("opened"));
    set(structure, "stream-id", uint64_t{stream});
    if (header) {
        set(structure, "stream-label", header->label);
        set(structure, "framing", std::string_view(header->bytes ? "bytes" : "buffer"));
    }
    return element_message(element, structure);
}

GstMessage* stream_closed_message(GstElement* element, StreamId stream, const Error& error) {
    GstStructure* structure = gst_structure_new_empty("stt-stream");
    set(structure, "event", std::string_view("closed"));
    set(structure, "stream-id", uint64_t{stream});
    if (error.code != ErrorCode::none) {
        set(structure, "code", static_cast<unsigned>(error.code));
        set(structure, "name", error_name(error.code));
        set(structure, "message", valid_text(error.text));
    }
    return element_message(element, structure);
}

GstMessage* gap_message(GstElement* element, const Gap& gap) {
    GstStructure* structure = gst_structure_new_empty("stt-stream");
    set(structure, "event", std::string_view("gap"));
    set_gap(structure, gap);
    return element_message(element, structure);
}

std::vector<GstMessage*> undelivered_messages(GstElement* element, const std::vector<Gap>& missing,
                                              const ErrorReport& report) {
    Gap all;
    std::vector<GstMessage*> messages;
    for (const Gap& gap : missing) {
        messages.push_back(gap_message(element, gap));
        all += gap;
    }
    GstStructure* details = error_structure(report);
    set_gap(details, all);
    append_error(messages, element, report, false, details);
    return messages;
}

GstMessage* progress_message(GstElement* element, GstProgressType type, const std::string& text) {
    return gst_message_new_progress(GST_OBJECT(element), type, "connect", text.c_str());
}

}  // namespace stt
