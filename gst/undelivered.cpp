// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/undelivered.hpp"

#include <gst/gst.h>

#include <cinttypes>
#include <string>

#include "core/base/text.hpp"

namespace stt {
namespace {

std::string amount(const Gap& gap) {
    return tr("buffers: %" PRIu64 ", bytes: %" PRIu64 ", duration: %" PRIu64 ".%03u s", gap.buffers,
              gap.bytes, uint64_t{gap.duration / GST_SECOND},
              static_cast<unsigned>(gap.duration % GST_SECOND / GST_MSECOND));
}

Error error_about(const Gap& missing, Reached reached, bool caller, uint32_t timeout_ms) {
    const std::string lost = amount(missing);
    const unsigned timeout = timeout_ms;
    if (timeout_ms == 0)
        return make_error(
            ErrorCode::timeout, Reason::not_awaited, ErrorOrigin::local,
            tr("EOS did not wait, as drain-timeout is 0: no peer has confirmed that it has this "
               "data (%s)",
               lost.c_str()));
    if (reached == Reached::nothing && !caller)
        return make_error(ErrorCode::timeout, Reason::no_caller, ErrorOrigin::network,
                          tr("no caller connected within the drain-timeout of %u ms; data was not sent (%s)",
                             timeout, lost.c_str()));
    if (reached != Reached::stream)
        return make_error(
            ErrorCode::timeout, Reason::no_connection, ErrorOrigin::network,
            tr("no connection was established within the drain-timeout of %u ms; data was not sent (%s)",
               timeout, lost.c_str()));
    return make_error(
        ErrorCode::timeout, Reason::drain_timeout, ErrorOrigin::local,
        tr("the drain-timeout of %u ms has expired, and the peer lacks data (%s)", timeout, lost.c_str()));
}

}  // namespace

Error undelivered_error(const Gap& missing, Reached reached, bool caller, uint32_t timeout_ms) {
    Error error = error_about(missing, reached, caller, timeout_ms);
    error.terminal = timeout_ms > 0;
    return error;
}

Error cut_off_error(const Gap& missing, uint32_t timeout_ms) {
    Error error = make_error(ErrorCode::stream_closed, Reason::drain_timeout, ErrorOrigin::local,
                             tr("the sender's drain-timeout of %u ms has expired, and data is missing (%s)",
                                unsigned{timeout_ms}, amount(missing).c_str()))
                      .ending();
    error.sub_code = static_cast<uint8_t>(StreamSubCode::ended);
    return error;
}

}  // namespace stt
