// SPDX-License-Identifier: LGPL-2.1-or-later
// How large a session's packets may be, and what it does where the path carries less.
#include <algorithm>
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"

#include "core/proto/session.hpp"

namespace stt {

std::optional<uint64_t> Session::fixed_datagram(const SessionConfig& config, const Address& peer) {
    if (!config.mtu) return std::nullopt;
    return *config.mtu - peer.headers_size();
}

/// Two packets of data go beside the probe, and tell by their arrival when it is lost.
uint64_t Session::mtu_probe_room() const {
    const uint64_t window = congestion_window();
    return window - std::min(window, 2 * mtu_.current());
}

void Session::on_black_hole(Now now, BlackHole::Finding finding) {
    if (state_ == SessionState::closed) return;
    // What was suspected on the way to here is no business of data that has yet to be written.
    if (black_hole_.suspects() && !recovery_.anything_in_flight() && !streams_.data_pending())
        black_hole_.reset();
    switch (finding) {
        case BlackHole::Finding::none:
            break;
        case BlackHole::Finding::shrunk:
            mtu_.on_black_hole(now.time);
            recovery_.set_max_datagram(mtu_.current());
            break;
        case BlackHole::Finding::too_narrow:
            note_narrow(now, ErrorOrigin::network,
                        tr("IP packets of %" PRIu64 " bytes do not get through to %s any more, though "
                           "smaller ones do: the stream waits until they do",
                           ip_packet(datagram_min), path_.remote().to_string().c_str()));
            break;
        case BlackHole::Finding::lost:
            close(now, false, CloseReason::timeout,
                  make_error(ErrorCode::session_timeout, Reason::mtu, ErrorOrigin::network,
                             tr("the path to %s carries less than IP packets of %" PRIu64
                                " bytes: none got through within keepalive-timeout, though smaller ones did",
                                path_.remote().to_string().c_str(), ip_packet(datagram_min)))
                      .ending());
            break;
        case BlackHole::Finding::restored:
            start_over(now);
            break;
    }
}

void Session::note_narrow(Now now, ErrorOrigin origin, std::string text) {
    if (narrow_told_ != Time{} && now.time - narrow_told_ < config_.keepalive_timeout) return;
    narrow_told_ = now.time;
    note(make_error(ErrorCode::udp_send_failed, Reason::mtu, origin, std::move(text)));
}

void Session::on_narrow_report(Now now, uint64_t most, const ReportSource& source) {
    if (!attempt_ && state_ != SessionState::established) return;
    const std::string where = path_.remote().to_string();
    std::string text =
        source.local
            ? tr("this machine's link to %s is too narrow: it does not take IP packets of %" PRIu64 " bytes",
                 where.c_str(), ip_packet(datagram_min))
            : tr("IP packets of more than %" PRIu64 " bytes do not get through to %s, and it takes %" PRIu64,
                 ip_packet(most), where.c_str(), ip_packet(datagram_min));
    const ErrorOrigin origin = source.local ? ErrorOrigin::local : ErrorOrigin::network;
    if (!attempt_) {
        // Anybody may have sent what seems to come from a router: losses must bear it out.
        if (source.local || black_hole_.suspects()) note_narrow(now, origin, std::move(text));
        return;
    }
    attempt_->on_hearsay(now, make_error(ErrorCode::udp_send_failed, Reason::mtu, origin, std::move(text)));
    check_attempt(now);
}

uint64_t Session::ip_packet(uint64_t datagram) const { return datagram + path_.remote().headers_size(); }

void Session::note_mtu_too_large(uint64_t datagram) {
    if (state_ == SessionState::closed) return;
    note(make_error(ErrorCode::udp_send_failed, Reason::mtu, ErrorOrigin::local,
                    tr("mtu=%" PRIu64 " is too large: IP packets of %" PRIu64
                       " bytes do not fit on the way to %s; going on with %" PRIu64,
                       *config_.mtu, ip_packet(datagram), path_.remote().to_string().c_str(),
                       ip_packet(mtu_.current()))));
}

void Session::start_over(Now now) {
    batches_ = {};
    black_hole_.reset();
    narrow_told_ = {};
    mtu_.reset(now.time, fixed_datagram(config_, path_.remote()));
    outcome_.clear();
    recovery_.on_path_restored(now.time, true, outcome_);
    recovery_.set_max_datagram(mtu_.current());
    settle(now);
}

}  // namespace stt
