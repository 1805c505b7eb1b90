// SPDX-License-Identifier: LGPL-2.1-or-later
/// The signal `retry-decision`, by which an application has its say after an error.
#pragma once

#include <gst/gst.h>

#include "core/io/link.hpp"

namespace stt {

/// Installs it on an element's class.
void install_retry_signal(GObjectClass* object_class);
/// Whether anybody is connected to it. Any thread.
bool retry_signal_is_heard(GstElement* element);
/// Emits it with the structure of `report`, on the calling thread.
RetryDecision emit_retry_signal(GstElement* element, const ErrorReport& report);

}  // namespace stt
