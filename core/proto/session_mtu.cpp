// SPDX-License-Identifier: LGPL-2.1-or-later
// How large a session's packets may be, and what it does where the path carries less.
#include <algorithm>
#include <utility>

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
            note_narrow(now, "IP packets of " + ip_packet(datagram_min) + " bytes do not get through to " +
                                 path_.remote().to_string() +
                                 " any more, though smaller ones do: the stream waits until they do");
            break;
        case BlackHole::Finding::lost:
            close(now, false, CloseReason::timeout,
                  {.code = ErrorCode::session_timeout,
                   .origin = ErrorOrigin::network,
                   .terminal = true,
                   .reason = "mtu",
                   .text = "the path to " + path_.remote().to_string() + " carries less than IP packets of " +
                           ip_packet(datagram_min) +
                           " bytes: none got through within keepalive-timeout, though smaller ones did"});
            break;
        case BlackHole::Finding::restored:
            narrow_told_ = {};
            start_over(now);
            break;
    }
}

void Session::note_narrow(Now now, std::string text) {
    if (narrow_told_ != Time{} && now.time - narrow_told_ < config_.keepalive_timeout) return;
    narrow_told_ = now.time;
    note({.code = ErrorCode::udp_send_failed,
          .origin = ErrorOrigin::network,
          .reason = "mtu",
          .text = std::move(text)});
}

void Session::on_narrow_report(Now now, uint64_t most) {
    if (!attempt_ && state_ != SessionState::established) return;
    std::string text = "IP packets of more than " + ip_packet(most) + " bytes do not get through to " +
                       path_.remote().to_string() + ", and it takes " + ip_packet(datagram_min);
    if (!attempt_) return note_narrow(now, std::move(text));
    attempt_->on_network_error(now, {.code = ErrorCode::udp_send_failed,
                                     .origin = ErrorOrigin::network,
                                     .reason = "mtu",
                                     .text = std::move(text)});
    check_attempt(now);
}

std::string Session::ip_packet(uint64_t datagram) const {
    return std::to_string(datagram + path_.remote().headers_size());
}

void Session::note_mtu_too_large(uint64_t datagram) {
    if (state_ == SessionState::closed) return;
    note({.code = ErrorCode::udp_send_failed,
          .origin = ErrorOrigin::local,
          .reason = "mtu",
          .text = "mtu=" + std::to_string(*config_.mtu) + " is too large: IP packets of " +
                  ip_packet(datagram) + " bytes do not fit on the way to " + path_.remote().to_string() +
                  "; going on with " + ip_packet(mtu_.current())});
}

void Session::start_over(Now now) {
    batches_ = {};
    black_hole_.reset();
    mtu_.reset(now.time, fixed_datagram(config_, path_.remote()));
    outcome_.clear();
    recovery_.on_path_restored(now.time, true, outcome_);
    recovery_.set_max_datagram(mtu_.current());
    settle(now);
}

}  // namespace stt
