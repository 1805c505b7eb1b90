// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/link_config.hpp"

#include <cinttypes>
#include <cstdlib>

#include "core/base/text.hpp"
#include "core/io/key_files.hpp"
#include "core/io/udp_properties.hpp"

namespace stt {
namespace {

Error bad_setting(std::string text) { return setting_error(Reason::bad_setting, std::move(text)); }

Duration milliseconds(uint32_t value) { return std::chrono::milliseconds(value); }

Status set_peer(LinkConfig& config, const Settings& settings) {
    const Uri& uri = settings.parsed_uri;
    if (settings.refused_uri) return *settings.refused_uri;
    if (settings.uri.empty())
        return bad_setting(tr("uri is not set; use stt://HOST:PORT to call or stt://:PORT to listen"));
    const auto mode = static_cast<Mode>(settings.mode);
    config.caller = mode == Mode::caller || (mode == Mode::automatic && !uri.to_listen);
    config.local_address = settings.local_address;
    config.port = uri.port;
    if (config.caller) {
        if (uri.host.empty()) return bad_setting(tr("mode=caller needs a host in uri: stt://HOST:PORT"));
        if (uri.to_listen)
            return bad_setting(
                tr("'%s' means every address of this host and cannot be called; to listen, use stt://:%u",
                   uri.host.c_str(), unsigned{uri.port}));
        config.host = uri.host;
        config.local_port = static_cast<uint16_t>(settings.local_port);
        return success();
    }
    if (config.local_address.empty()) config.local_address = uri.host;
    if (config.port == 0) config.port = static_cast<uint16_t>(settings.local_port);
    return success();
}

Status set_session(LinkConfig& config, const Settings& settings) {
    SessionConfig& session = config.session;
    session.handshake_timeout = milliseconds(settings.handshake_timeout);
    session.keepalive_interval = milliseconds(settings.keepalive_interval);
    session.keepalive_timeout = milliseconds(settings.keepalive_timeout);
    session.max_window = settings.max_window;
    session.max_streams = settings.max_streams;
    session.pacing_ceiling = static_cast<double>(settings.pacing_rate) / 8;
    session.congestion = static_cast<CongestionAlgorithm>(settings.congestion_control);
    if (settings.mtu > 0) {
        if (settings.mtu < mtu_min) return bad_setting(tr("mtu must be 0 or %" PRIu64 " to 65535", mtu_min));
        session.mtu = settings.mtu;
    }
    if (!settings.peer_node_id.empty()) {
        session.expected_peer = node_id_from_hex(settings.peer_node_id);
        if (!session.expected_peer) return bad_setting(tr("peer-node-id must be 64 hexadecimal digits"));
    }
    return success();
}

/// Checks that the id is one of the local side's. The protocol would detect such an error only once the
/// session is established.
Status set_stream_id(LinkConfig& config, int32_t id) {
    if (id < 0) return success();
    config.stream_id = static_cast<uint64_t>(id);
    const bool sender_calls = config.caller == (config.role == StreamRole::sender);
    if ((id % 2 == 0) == sender_calls) return success();
    return make_error(ErrorCode::stream_id_conflict, Reason::wrong_side, ErrorOrigin::local,
                      sender_calls
                          ? tr("stream-id=%" PRId32
                               " is not possible: the sender calls, and a caller's stream ids are even",
                               id)
                          : tr("stream-id=%" PRId32
                               " is not possible: the sender listens, and a listener's stream ids are odd",
                               id))
        .ending();
}

}  // namespace

std::shared_ptr<const Identity> process_identity() {
    static const auto identity = std::make_shared<const Identity>(Identity::generate(system_random()));
    return identity;
}

std::string seed_file_of(const Settings& settings) {
    if (!settings.seed.empty() || !settings.passphrase.empty()) return {};
    if (!settings.seed_file.empty()) return settings.seed_file;
    const char* file = std::getenv("STT_SEED_FILE");
    return file ? file : "";
}

Result<std::vector<SecretBytes>> read_seeds(const Settings& settings) {
    if (settings.refused_secret) return *settings.refused_secret;
    const int given = !settings.seed.empty() + !settings.passphrase.empty() + !settings.seed_file.empty();
    if (given > 1) return bad_setting(tr("set only one of seed, seed-file and passphrase"));
    std::vector<SecretBytes> seeds;
    if (!settings.seed.empty()) {
        seeds.push_back(settings.seed.clone());
        return seeds;
    }
    if (!settings.passphrase.empty()) return seeds;
    const std::string file = seed_file_of(settings);
    if (file.empty())
        return bad_setting(
            tr("no seed: set seed-file, seed, passphrase or the environment variable STT_SEED_FILE; to make "
               "a seed, run: (umask 077; openssl rand -hex 32 > FILE)"));
    return read_seed_file(file);
}

Result<LinkConfig> make_link_config(const Settings& settings, StreamRole role) {
    LinkConfig config;
    config.role = role;
    if (Status set = set_peer(config, settings); !set) return set.error();
    if (Status set = set_session(config, settings); !set) return set.error();
    if (settings.framing == static_cast<uint32_t>(Framing::bytes)) {
        // A receiver of bytes could not resynchronise after a drop.
        if (settings.max_age > 0) return bad_setting(tr("max-age must be 0 with framing=bytes"));
        if (settings.when_full == static_cast<uint32_t>(WhenFull::drop))
            return bad_setting(tr("when-full must be auto or block with framing=bytes"));
    }
    if (Status set = set_stream_id(config, settings.stream_id); !set) return set.error();
    Result<std::vector<SecretBytes>> seeds = read_seeds(settings);
    if (!seeds) return seeds.error();
    config.seeds = std::move(*seeds);
    if (config.seeds.empty()) config.passphrase = settings.passphrase.clone();
    if (settings.identity_file.empty()) {
        config.identity = process_identity();
    } else {
        auto identity = read_or_create_identity(settings.identity_file);
        if (!identity) return identity.error();
        config.identity = *identity;
    }
    config.priority = static_cast<uint8_t>(settings.priority);
    config.max_sessions = settings.max_sessions;
    config.send_queue_bytes = settings.send_queue_bytes;
    config.socket_send_buffer = static_cast<int>(settings.socket_send_buffer);
    config.socket_receive_buffer = static_cast<int>(settings.socket_recv_buffer);
    config.stream_timeout = milliseconds(settings.stream_timeout);
    config.keep_listening = settings.keep_listening;
    config.auto_reconnect = settings.auto_reconnect;
    config.reconnect_timeout = milliseconds(settings.reconnect_timeout);
    config.retry_initial_delay = milliseconds(settings.retry_initial_delay);
    config.retry_max_delay = milliseconds(settings.retry_max_delay);
    config.max_retries = settings.max_retries;
    return config;
}

}  // namespace stt
