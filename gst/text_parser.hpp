// SPDX-License-Identifier: LGPL-2.1-or-later
/// Parses the text of caps, tags and structures that came from a peer.
#pragma once

#include <gst/gst.h>

#include <string>
#include <utility>

#include "gst/name_budget.hpp"
#include "gst/owned.hpp"

namespace stt {

/// Each function returns null if the text is malformed, is not safe for GStreamer's parser (TextScan), or
/// brings in too many names. Used by one thread.
class TextParser {
  public:
    /// Names are counted in `names`.
    explicit TextParser(NameBudget names = NameBudget()) : names_(std::move(names)) {}

    /// Begins another run from READY to PAUSED.
    void start() { names_.start(); }

    CapsPtr caps(const std::string& text);
    /// Parses tags written by gst_tag_list_to_string().
    TagsPtr tags(const std::string& text);
    StructurePtr structure(const std::string& text);

    /// Whether a structure may have the name `name`: GStreamer allows it, and it does not exceed the budget.
    bool accepts_name(const std::string& name);

    const NameBudget& names() const { return names_; }

  private:
    bool accepts(const std::string& text);

    NameBudget names_;
};

}  // namespace stt
