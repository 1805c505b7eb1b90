// SPDX-License-Identifier: LGPL-2.1-or-later
/// The signal `retry-decision`, by which an application can decide what happens after an error.
#pragma once

#include <gst/gst.h>

#include "core/io/link.hpp"

namespace stt {

/// Installs the signal on an element's class.
void install_retry_signal(GObjectClass* object_class);
/// Whether a handler is connected to the signal. Callable from any thread.
bool retry_signal_is_heard(GstElement* element);
/// Emits the signal with the structure of `report` on the calling thread, and returns the handlers' decision.
RetryDecision emit_retry_signal(GstElement* element, const ErrorReport& report);

}  // namespace stt
