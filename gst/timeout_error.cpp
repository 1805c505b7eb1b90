// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/timeout_error.hpp"

#include "core/base/text.hpp"

namespace stt {

Error timeout_error(const VainWait& wait, bool caller, Reached reached, bool ready) {
    const char* name = wait.property;
    const unsigned limit = wait.limit_ms;
    switch (caller ? Reached::stream : reached) {
        case Reached::nothing:
            return make_error(ErrorCode::timeout, Reason::no_caller, ErrorOrigin::network,
                              tr("no caller connected within the %s of %u ms", name, limit));
        case Reached::call:
            return make_error(ErrorCode::timeout, wait.reason, ErrorOrigin::network,
                              tr("a caller has called, but no session was established within the %s of %u ms",
                                 name, limit));
        case Reached::session:
            return make_error(
                ErrorCode::timeout, wait.reason, ErrorOrigin::peer,
                tr("a caller has called, but opened no stream within the %s of %u ms", name, limit));
        case Reached::stream:
            break;
    }
    return make_error(ErrorCode::timeout, wait.reason, ready ? ErrorOrigin::peer : ErrorOrigin::network,
                      tr(wait.format, name, limit));
}

}  // namespace stt
