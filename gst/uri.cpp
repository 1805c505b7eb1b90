// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/uri.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/base/text.hpp"
#include "gst/setting_table.hpp"

namespace stt {
namespace {

constexpr std::array<std::string_view, 18> allowed_settings = {
    "mode",         "latency",         "stream-id",          "stream-label",        "framing",
    "transports",   "peer-node-id",    "handshake-timeout",  "keepalive-timeout",   "drain-timeout",
    "send-timeout", "receive-timeout", "reconnect-timeout",  "retry-initial-delay", "retry-max-delay",
    "max-retries",  "stream-timeout",  "keepalive-interval",
};

Error bad_uri(std::string text) { return setting_error(Reason::bad_uri, std::move(text)); }
/// `format` is a sentence about `part` of the URI.
Error bad_uri(const char* format, std::string_view part) {
    return bad_uri(tr(format, std::string(part).c_str()));
}

std::optional<unsigned> hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return std::nullopt;
}

/// Returns null for a malformed escape and for a NUL, which no property value can hold.
std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
        if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
        result += static_cast<char>(*high << 4 | *low);
        i += 2;
    }
    return result;
}

Status check_scheme(std::string_view scheme) {
    if (scheme == "stt" || scheme == "stt+udp") return success();
    for (const std::string_view later : {"stt+ws", "stt+wss", "stt+ice", "stt+ices"}) {
        if (scheme == later)
            return bad_uri(
                tr_noop("the transport of '%s' is not built in; use stt://HOST:PORT, which uses UDP"),
                scheme);
    }
    return bad_uri(tr_noop("unknown scheme '%s'; use stt://HOST:PORT or stt://:PORT"), scheme);
}

/// Reads an address in brackets. RFC 6874 separates its zone by `%25`, and people write `%`. Returns null if
/// malformed.
std::optional<std::string> read_ipv6(std::string_view text) {
    const size_t percent = text.find('%');
    if (percent == std::string_view::npos) return std::string(text);
    std::string_view zone = text.substr(percent);
    const bool escaped = zone.starts_with("%25") && zone.size() > 3;
    zone.remove_prefix(escaped ? 3 : 1);
    const auto decoded = escaped ? percent_decode(zone) : std::string(zone);
    if (!decoded || decoded->empty()) return std::nullopt;
    return std::string(text.substr(0, percent)).append("%").append(*decoded);
}

/// Whether `host` is the address that stands for all local addresses and cannot be called.
bool is_wildcard(const std::string& host) {
    in6_addr v6;
    in_addr v4;
    return host == "*" || (inet_pton(AF_INET, host.c_str(), &v4) == 1 && v4.s_addr == INADDR_ANY) ||
           (inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6));
}

/// Whether `host` is in fe80::/10. As every interface has that network, the address alone is ambiguous.
bool lacks_zone(const std::string& host) {
    in6_addr address;
    return inet_pton(AF_INET6, host.c_str(), &address) == 1 && IN6_IS_ADDR_LINKLOCAL(&address);
}

Status read_authority(std::string_view authority, Uri& uri) {
    std::string_view port;
    if (authority.starts_with('[')) {
        const size_t end = authority.find(']');
        if (end == std::string_view::npos) return bad_uri(tr("the IPv6 address lacks its closing bracket"));
        const std::string_view inside = authority.substr(1, end - 1);
        if (inside.find(':') == std::string::npos)
            return bad_uri(tr_noop("only IPv6 addresses are written in brackets, not '%s'"), inside);
        const auto host = read_ipv6(inside);
        if (!host) return bad_uri(tr_noop("the address '%s' is malformed"), inside);
        if (lacks_zone(*host))
            return bad_uri(tr("the link-local address '%s' needs its interface: stt://[%s%%25INTERFACE]:PORT",
                              std::string(inside).c_str(), std::string(inside).c_str()));
        uri.host = *host;
        port = authority.substr(end + 1);
        if (!port.starts_with(':')) return bad_uri(tr("the port is missing: stt://[ADDRESS]:PORT"));
        port.remove_prefix(1);
    } else {
        const size_t colon = authority.find(':');
        if (colon == std::string_view::npos)
            return bad_uri(tr_noop("the port is missing in '%s'; use stt://HOST:PORT"), authority);
        if (authority.find(':', colon + 1) != std::string_view::npos)
            return bad_uri(tr("an IPv6 address needs brackets: stt://[ADDRESS]:PORT"));
        const auto host = percent_decode(authority.substr(0, colon));
        if (!host) return bad_uri(tr_noop("the host '%s' is malformed"), authority.substr(0, colon));
        uri.host = *host;
        port = authority.substr(colon + 1);
    }
    unsigned value = 0;
    const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), value);
    if (port.empty() || failure != std::errc() || end != port.data() + port.size() || value > 65535)
        return bad_uri(tr_noop("port '%s' is not a number from 0 to 65535"), port);
    uri.to_listen = uri.host.empty() || is_wildcard(uri.host);
    if (uri.host == "*") uri.host.clear();
    if (value == 0 && !uri.to_listen)
        return bad_uri(tr("port 0 cannot be called; use it to listen: stt://:0"));
    uri.port = static_cast<uint16_t>(value);
    return success();
}

std::string list_of_allowed() {
    std::string list;
    for (const std::string_view name : allowed_settings) list.append(list.empty() ? "" : ", ").append(name);
    return list;
}

Error refused_setting(std::string_view name) {
    const auto rows = setting_table();
    if (std::none_of(rows.begin(), rows.end(), [&](const SettingRow& row) { return row.name == name; }))
        return bad_uri(tr("there is no setting '%s'; a URI may set %s", std::string(name).c_str(),
                          list_of_allowed().c_str()));
    return bad_uri(tr_noop("'%s' is not allowed in a URI; set the element's property instead"), name);
}

Status read_query(std::string_view query, Uri& uri) {
    while (!query.empty()) {
        const std::string_view item = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), item.size() + 1));
        if (item.empty()) continue;
        const size_t equals = item.find('=');
        const std::string_view name = item.substr(0, equals);
        if (std::find(allowed_settings.begin(), allowed_settings.end(), name) == allowed_settings.end())
            return refused_setting(name);
        if (equals == std::string_view::npos)
            return bad_uri(tr_noop("the query parameter '%s' has no value"), name);
        const auto value = percent_decode(item.substr(equals + 1));
        if (!value) return bad_uri(tr_noop("the value of '%s' is malformed"), name);
        if (name == "transports") {
            if (*value != "udp")
                return bad_uri(tr_noop("only the transport 'udp' is built in, not '%s'"), *value);
            continue;
        }
        uri.settings.emplace_back(name, *value);
    }
    return success();
}

}  // namespace

Result<Uri> parse_uri(std::string_view text) {
    // This check comes first, so that no later message can quote a secret.
    if (text.substr(0, text.find('?')).find('@') != std::string_view::npos)
        return bad_uri(
            tr("user information before '@' is not allowed in a URI; use seed-file or passphrase"));
    const size_t colon = text.find("://");
    if (colon == std::string_view::npos)
        return bad_uri(tr_noop("'%s' is not a URI; use stt://HOST:PORT or stt://:PORT"), text.substr(0, 80));
    if (Status known = check_scheme(text.substr(0, colon)); !known) return known.error();
    std::string_view rest = text.substr(colon + 3);
    if (rest.find('#') != std::string_view::npos)
        return bad_uri(tr("a fragment ('#') is not allowed in a URI; set properties on the element"));
    std::string_view query;
    if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
        query = rest.substr(mark + 1);
        rest = rest.substr(0, mark);
    }
    const size_t slash = rest.find('/');
    if (slash != std::string_view::npos && rest.size() > slash + 1)
        return bad_uri(tr_noop("the path '%s' has no meaning over UDP; use stream-id or stream-label"),
                       rest.substr(slash));
    Uri uri;
    if (Status read = read_authority(rest.substr(0, slash), uri); !read) return read.error();
    if (Status read = read_query(query, uri); !read) return read.error();
    return uri;
}

}  // namespace stt
