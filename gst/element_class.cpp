// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/element_class.hpp"

#include <string>

#include "core/base/text.hpp"
#include "gst/connection.hpp"
#include "gst/debug.hpp"
#include "gst/link_config.hpp"
#include "gst/retry_signal.hpp"

GST_DEBUG_CATEGORY(stt_debug);

namespace stt {
namespace {

enum : unsigned { property_node_id = own_property_first, property_stats, property_is_live };

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
    Connection& connection = Connection::of(object);
    if (connection.settings().set_property(id, value))
        connection.setting_changed(id, spec->name);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

/// The identity of the open connection, or else that of the process. One in a file is not known before it is
/// read.
void get_node_id(const Connection& connection, GValue* value) {
    const std::optional<NodeId> open = connection.node_id();
    if (!open && !connection.setting(&Settings::identity_file).empty()) return;
    g_value_set_string(value, to_hex(open ? *open : process_identity()->node_id()).c_str());
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
    const Connection& connection = Connection::of(object);
    switch (id) {
        case property_stats:
            return g_value_take_boxed(value, connection.stats());
        case property_is_live:
            return g_value_set_boolean(value, TRUE);
        case property_node_id:
            return get_node_id(connection, value);
        default:
            break;
    }
    if (!connection.settings().get_property(id, value)) {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    } else if (spec->name == std::string_view("local-port")) {
        if (const std::shared_ptr<Link> link = connection.link()) g_value_set_uint(value, link->local_port());
    }
}

}  // namespace

void install_properties(GObjectClass* object_class, Side side) {
    GST_DEBUG_CATEGORY_INIT(stt_debug, "stt", 0, "STT connections");
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    install_settings(object_class, side);
    install_retry_signal(object_class);
    const auto flags = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        object_class, property_node_id,
        g_param_spec_string("node-id", "Node id",
                            "This node's identity, for the peer's peer-node-id: 64 hexadecimal digits. With "
                            "identity-file, it is known once the element has left READY",
                            nullptr, flags));
    g_object_class_install_property(
        object_class, property_stats,
        g_param_spec_boxed("stats", "Statistics",
                           side == Side::sink
                               ? "Counters of the session (application/x-stt-stats), and those of GstBaseSink"
                               : "Counters of the session (application/x-stt-stats)",
                           GST_TYPE_STRUCTURE, flags));
    if (side == Side::sink) return;
    g_object_class_install_property(
        object_class, property_is_live,
        g_param_spec_boolean("is-live", "Is live",
                             "Always true: data is played as it arrives, and a player need not buffer it",
                             TRUE, flags));
}

static void init_uri_handler(GstURIHandlerInterface* handler) {
    handler->get_protocols = [](GType) -> const gchar* const* {
        static const gchar* const protocols[] = {"stt", "stt+udp", nullptr};
        return protocols;
    };
    handler->get_uri = [](GstURIHandler* element) -> gchar* {
        const std::string uri = Connection::of(element).setting(&Settings::uri);
        return uri.empty() ? nullptr : g_strdup(uri.c_str());
    };
    handler->set_uri = [](GstURIHandler* element, const gchar* uri, GError** error) -> gboolean {
        Connection& connection = Connection::of(element);
        if (connection.link()) {
            g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
                                tr("the URI can only be changed in NULL or READY").c_str());
            return FALSE;
        }
        const Status set = connection.settings().set_uri(uri);
        if (!set) g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, set.error().text.c_str());
        return set.ok();
    };
}

void init_sink_uri_handler(gpointer interface, gpointer) {
    auto* handler = static_cast<GstURIHandlerInterface*>(interface);
    handler->get_type = [](GType) { return GST_URI_SINK; };
    init_uri_handler(handler);
}

void init_src_uri_handler(gpointer interface, gpointer) {
    auto* handler = static_cast<GstURIHandlerInterface*>(interface);
    handler->get_type = [](GType) { return GST_URI_SRC; };
    init_uri_handler(handler);
}

}  // namespace stt
