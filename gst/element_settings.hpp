// SPDX-License-Identifier: LGPL-2.1-or-later
/// The properties of sttsink and sttsrc: one table, whose rows are installed on both classes.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/crypto/secret.hpp"
#include "gst/uri.hpp"

namespace stt {

enum class Side : uint8_t { sink = 1, src = 2 };

enum class Mode : uint32_t { automatic, caller, listener };
enum class Framing : uint32_t { buffer, bytes };
enum class Timestamps : uint32_t { rebase, original, arrival };
/// What is done with data for which a full send queue has no space.
enum class WhenFull : uint32_t { automatic, block, drop };
/// A property that can leave the choice to the stream. The values of FALSE and TRUE are those of a boolean.
enum class Choice : uint32_t { no, yes, automatic };

/// The values set on an element. Times are in milliseconds, as users set them. The owner guards the
/// structure.
struct Settings {
    std::string uri;
    uint32_t mode = 0;  ///< Mode
    std::string seed_file;
    std::string identity_file;
    std::string peer_node_id;
    int32_t stream_id = -1;
    std::string stream_label;
    uint32_t framing = 0;     ///< Framing
    uint32_t timestamps = 0;  ///< Timestamps
    uint32_t latency = 200;
    bool provide_clock = false;
    uint32_t live = 2;  ///< Choice
    bool auto_reconnect = true;
    uint32_t reconnect_timeout = 50000;
    uint32_t retry_initial_delay = 1000;
    uint32_t retry_max_delay = 60000;
    int32_t max_retries = -1;
    uint32_t handshake_timeout = 10000;
    uint32_t keepalive_interval = 10000;
    uint32_t keepalive_timeout = 30000;
    uint32_t drain_timeout = 10000;
    uint32_t send_timeout = 0;
    uint32_t receive_timeout = 0;
    uint32_t stream_timeout = 0;
    uint32_t max_sessions = 100;
    uint32_t max_streams = 256;
    uint64_t send_queue_bytes = 8 << 20;
    uint32_t max_age = 0;
    uint32_t when_full = 0;  ///< WhenFull
    uint32_t socket_send_buffer = 0;
    uint32_t socket_recv_buffer = 0;
    uint64_t max_window = 32 << 20;
    uint32_t mtu = 0;
    uint64_t pacing_rate = 0;
    uint32_t congestion_control = 0;  ///< CongestionAlgorithm
    std::string local_address;
    uint32_t local_port = 0;
    uint32_t wait_for_connection = 2;  ///< Choice
    bool keep_listening = false;
    uint32_t priority = 0;
    std::string event_log;
    uint32_t stats_interval = 0;

    SecretBytes seed;        ///< 32 bytes; empty: not set
    SecretBytes passphrase;  ///< empty: not set
    Uri parsed_uri;          ///< from `uri`
    /// Functions that restore what a property, by id, was before `uri` set it. There is none for a property
    /// that has been set directly since.
    std::map<unsigned, std::function<void(Settings&)>> before_uri;
    /// The error in the last value given. As setters cannot fail, it makes the start of the element fail.
    std::optional<Error> refused_secret, refused_uri;
};

/// Installs the table's properties for `side` on `object_class`. The set_property and get_property functions
/// of the class must call set_setting() and get_setting().
void install_settings(GObjectClass* object_class, Side side);

/// Set or get the property `id`, as passed to set_property() and get_property(). They return false if it is
/// not in the table.
bool set_setting(Settings& settings, Side side, unsigned id, const GValue* value);
bool get_setting(const Settings& settings, unsigned id, GValue* value);
/// Whether a change of the property takes effect only in a new connection.
bool needs_new_connection(unsigned id);

/// Parses `text` and stores it with the settings of its query, which replace those of the previous URI. On an
/// error only refused_uri changes.
Status set_uri(Settings& settings, Side side, const std::string& text);

/// The first id that an element may use for further properties of its own.
inline constexpr unsigned own_property_first = 1000;

}  // namespace stt
