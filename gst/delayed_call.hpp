// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include <functional>

#include "core/base/time.hpp"

namespace stt {

/// Calls `call` once after `delay` on the system clock's thread, unless `element` is gone by then. `call`
/// must not block, and `element` exists while it runs. Callable from any thread.
void call_later(GstElement* element, Duration delay, std::function<void()> call);

}  // namespace stt
