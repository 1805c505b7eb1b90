// SPDX-License-Identifier: LGPL-2.1-or-later
/// The table behind gst/element_settings: each property with its text, range and field.
#pragma once

#include <span>
#include <variant>

#include "gst/element_settings.hpp"

namespace stt {

struct SettingRow {
    using Field = std::variant<std::string Settings::*, SecretBytes Settings::*, bool Settings::*,
                               int32_t Settings::*, uint32_t Settings::*, uint64_t Settings::*>;
    const char* name;
    const char* nick;
    const char* blurb;
    Field field;
    unsigned sides;                    ///< bits of Side
    bool connection;                   ///< a change takes effect only in a new connection
    int64_t min = 0, max = 0;          ///< for numbers
    GType (*enumeration)() = nullptr;  ///< if set, the field holds a value of this type
};

/// Returns the table in the order of the property ids, which start at 1.
std::span<const SettingRow> setting_table();

}  // namespace stt
