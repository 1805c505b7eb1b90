// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/element_settings.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>
#include <variant>

#include "core/base/overloaded.hpp"
#include "core/base/text.hpp"
#include "gst/setting_table.hpp"

namespace stt {
namespace {

GParamFlags flags_of(const SettingRow& row) {
    int flags = G_PARAM_STATIC_STRINGS | G_PARAM_WRITABLE;
    if (!std::holds_alternative<SecretBytes Settings::*>(row.field)) flags |= G_PARAM_READABLE;
    flags |= row.connection ? GST_PARAM_MUTABLE_READY : GST_PARAM_MUTABLE_PLAYING;
    return static_cast<GParamFlags>(flags);
}

GParamSpec* make_spec(const SettingRow& row) {
    static const Settings defaults;
    const GParamFlags flags = flags_of(row);
    return std::visit(
        Overloaded{
            [&](std::string Settings::*) {
                return g_param_spec_string(row.name, row.nick, row.blurb, nullptr, flags);
            },
            [&](SecretBytes Settings::*) {
                return g_param_spec_string(row.name, row.nick, row.blurb, nullptr, flags);
            },
            [&](bool Settings::*field) {
                return g_param_spec_boolean(row.name, row.nick, row.blurb, defaults.*field, flags);
            },
            [&](int32_t Settings::*field) {
                return g_param_spec_int(row.name, row.nick, row.blurb, static_cast<int>(row.min),
                                        static_cast<int>(row.max), defaults.*field, flags);
            },
            [&](uint64_t Settings::*field) {
                return g_param_spec_uint64(row.name, row.nick, row.blurb, static_cast<uint64_t>(row.min),
                                           static_cast<uint64_t>(row.max), defaults.*field, flags);
            },
            [&](uint32_t Settings::*field) {
                if (row.enumeration)
                    return g_param_spec_enum(row.name, row.nick, row.blurb, row.enumeration(),
                                             static_cast<int>(defaults.*field), flags);
                return g_param_spec_uint(row.name, row.nick, row.blurb, static_cast<unsigned>(row.min),
                                         static_cast<unsigned>(row.max), defaults.*field, flags);
            },
        },
        row.field);
}

Error refusal(std::string text) { return setting_error(Reason::bad_setting, std::move(text)); }

void set_secret(Settings& settings, SecretBytes Settings::*field, std::string_view text) {
    if (field == &Settings::seed) {
        auto seed = seed_from_hex(text);
        settings.refused_secret.reset();
        if (!seed && !text.empty())
            settings.refused_secret =
                refusal(tr("the seed must be 64 hexadecimal digits; make one with: openssl rand -hex 32"));
        settings.seed = seed ? std::move(*seed) : SecretBytes();
        return;
    }
    settings.refused_secret.reset();
    settings.passphrase = {};
    if (text.empty()) return;
    if (!long_enough(text))
        settings.refused_secret = refusal(tr("the passphrase must have at least 14 characters"));
    else
        settings.passphrase =
            SecretBytes::copy_of({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

/// Returns the values that a row of numbers or names accepts, for people.
std::string allowed_values(const SettingRow& row) {
    if (!row.enumeration) return std::to_string(row.min) + ".." + std::to_string(row.max);
    auto* values = static_cast<GEnumClass*>(g_type_class_ref(row.enumeration()));
    std::string names;
    for (const GEnumValue& value : std::span(values->values, values->n_values))
        names.append(names.empty() ? "" : ", ").append(value.value_nick);
    g_type_class_unref(values);
    return names;
}

/// Sets a row's field from the text in a URI.
Status set_text(Settings& settings, const SettingRow& row, const std::string& text) {
    const auto bad = [&] {
        return refusal(tr("the URI's value '%s' is not valid for the property '%s'; allowed: %s",
                          text.c_str(), row.name, allowed_values(row).c_str()));
    };
    if (auto* field = std::get_if<std::string Settings::*>(&row.field)) {
        settings.*(*field) = text;
        return success();
    }
    if (row.enumeration) {
        auto* values = static_cast<GEnumClass*>(g_type_class_ref(row.enumeration()));
        const GEnumValue* value = g_enum_get_value_by_nick(values, text.c_str());
        g_type_class_unref(values);
        if (!value) return bad();
        settings.*std::get<uint32_t Settings::*>(row.field) = static_cast<uint32_t>(value->value);
        return success();
    }
    int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || end != text.data() + text.size() || number < row.min || number > row.max)
        return bad();
    if (auto* wide = std::get_if<uint32_t Settings::*>(&row.field))
        settings.*(*wide) = static_cast<uint32_t>(number);
    else if (auto* narrow = std::get_if<int32_t Settings::*>(&row.field))
        settings.*(*narrow) = static_cast<int32_t>(number);
    else
        return bad();
    return success();
}

/// Calls `use` for each row that the URI's query names, and stops at the first error.
Status for_each_setting(const Uri& uri,
                        const std::function<Status(unsigned, const SettingRow&, const std::string&)>& use) {
    const std::span<const SettingRow> rows = setting_table();
    for (const auto& set : uri.settings) {
        const auto row = std::ranges::find_if(rows, [&](const SettingRow& r) { return set.first == r.name; });
        if (row == rows.end()) continue;
        if (Status used = use(static_cast<unsigned>(row - rows.begin() + 1), *row, set.second); !used)
            return used;
    }
    return success();
}

/// Returns a function that restores the present value of the row's field. No field that a URI may set holds a
/// secret.
std::function<void(Settings&)> restorer(const Settings& settings, const SettingRow& row) {
    return std::visit(
        Overloaded{
            [](SecretBytes Settings::*) -> std::function<void(Settings&)> { return [](Settings&) {}; },
            [&](auto field) -> std::function<void(Settings&)> {
                return [field, value = settings.*field](Settings& target) { target.*field = value; };
            },
        },
        row.field);
}

}  // namespace

void install_settings(GObjectClass* object_class, Side side) {
    const std::span<const SettingRow> rows = setting_table();
    for (size_t i = 0; i < rows.size(); i++) {
        if (rows[i].enumeration)
            gst_type_mark_as_plugin_api(rows[i].enumeration(), static_cast<GstPluginAPIFlags>(0));
        if (rows[i].sides & static_cast<unsigned>(side))
            g_object_class_install_property(object_class, static_cast<unsigned>(i + 1), make_spec(rows[i]));
    }
}

bool set_setting(Settings& settings, Side side, unsigned id, const GValue* value) {
    if (id == 0 || id > setting_table().size()) return false;
    const SettingRow& row = setting_table()[id - 1];
    settings.before_uri.erase(id);
    const auto text = [&] {
        const char* string = g_value_get_string(value);
        return std::string_view(string ? string : "");
    };
    std::visit(Overloaded{
                   [&](std::string Settings::*field) {
                       if (field == &Settings::uri)
                           (void)set_uri(settings, side, std::string(text()));
                       else
                           settings.*field = text();
                   },
                   [&](SecretBytes Settings::*field) { set_secret(settings, field, text()); },
                   [&](bool Settings::*field) { settings.*field = g_value_get_boolean(value); },
                   [&](int32_t Settings::*field) { settings.*field = g_value_get_int(value); },
                   [&](uint64_t Settings::*field) { settings.*field = g_value_get_uint64(value); },
                   [&](uint32_t Settings::*field) {
                       settings.*field = row.enumeration ? static_cast<uint32_t>(g_value_get_enum(value))
                                                         : g_value_get_uint(value);
                   },
               },
               row.field);
    return true;
}

bool get_setting(const Settings& settings, unsigned id, GValue* value) {
    if (id == 0 || id > setting_table().size()) return false;
    const SettingRow& row = setting_table()[id - 1];
    std::visit(Overloaded{
                   [&](std::string Settings::*field) {
                       const std::string& text = settings.*field;
                       g_value_set_string(value, text.empty() ? nullptr : text.c_str());
                   },
                   [](SecretBytes Settings::*) {},
                   [&](bool Settings::*field) { g_value_set_boolean(value, settings.*field); },
                   [&](int32_t Settings::*field) { g_value_set_int(value, settings.*field); },
                   [&](uint64_t Settings::*field) { g_value_set_uint64(value, settings.*field); },
                   [&](uint32_t Settings::*field) {
                       if (row.enumeration)
                           g_value_set_enum(value, static_cast<int>(settings.*field));
                       else
                           g_value_set_uint(value, settings.*field);
                   },
               },
               row.field);
    return true;
}

bool needs_new_connection(unsigned id) {
    return id > 0 && id <= setting_table().size() && setting_table()[id - 1].connection;
}

Status set_uri(Settings& settings, Side side, const std::string& text) {
    settings.refused_uri.reset();
    Result<Uri> uri = text.empty() ? Result<Uri>(Uri{}) : parse_uri(text);
    // Nothing is stored before all values are known to be valid.
    Settings scratch;
    Status good =
        uri ? for_each_setting(*uri, [&](unsigned, const SettingRow& row,
                                         const std::string& value) { return set_text(scratch, row, value); })
            : Status(uri.error());
    if (!good) {
        settings.refused_uri = good.error();
        return good;
    }
    for (const auto& [id, restore] : std::exchange(settings.before_uri, {})) restore(settings);
    settings.uri = text;
    settings.parsed_uri = *uri;
    return for_each_setting(*uri, [&](unsigned id, const SettingRow& row, const std::string& value) {
        // One URI may serve both ends, so a setting that only the other end has is not an error.
        if (!(row.sides & static_cast<unsigned>(side))) return success();
        settings.before_uri.emplace(id, restorer(settings, row));
        return set_text(settings, row, value);
    });
}

}  // namespace stt
