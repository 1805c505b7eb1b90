// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/lane.hpp"

#include <cassert>
#include <utility>

#include "core/wire/packet.hpp"

namespace stt {
namespace {

// A caller may return to another address of this host, and it is authenticated only after it was answered.
Recipient recipient_of(Bytes batch) {
    const auto type = packet_type(batch);
    return type && *type < PacketType::session_even ? Recipient::asker : Recipient::peer;
}

}  // namespace

Lane::Lane(std::unique_ptr<Transport> transport, Loop& loop)
    : transport_(std::move(transport)), loop_(loop), batch_(transport_->properties().batch_bytes) {
    if (transport_->fd() >= 0) watch_ = loop_.watch(transport_->fd());
}

void Lane::begin_turn() {
    // A transport without a descriptor has caused the turn if it is ready for anything.
    const Loop::Ready ready = watch_ ? loop_.ready(*watch_) : Loop::Ready{true, true, true};
    readable_ = readable_ || ready.readable;
    reports_ = reports_ || ready.error;
    if (sending_ == Sending::blocked && ready.writable) sending_ = Sending::resuming;
}

void Lane::receive(const Transport::DatagramHandler& handler) { readable_ = transport_->receive(handler); }

void Lane::read_reports(const Transport::ReportHandler& handler) {
    if (reports_) reports_ = transport_->read_reports(reports_per_turn, handler);
}

bool Lane::transmit(Endpoint& endpoint, unsigned batches_max) {
    if (sending_ == Sending::blocked) return false;
    for (unsigned i = 0; i < batches_max; i++) {
        const Now now = clock_now();
        if (sending_ == Sending::open) {
            const auto next =
                endpoint.poll_transmit(now, batch_, transport_->properties().batch_datagrams, kind());
            if (!next) return false;
            unsent_ = *next;
            sent_ = 0;
        }
        const Bytes rest = Bytes(batch_).subspan(sent_, unsent_.size - sent_);
        const Transport::Sent sent =
            transport_->send(unsent_.to, rest, unsent_.segment, recipient_of(batch_));
        if (sent.outcome == Transport::Sent::Outcome::would_block) {
            assert(sent.size < rest.size());
            sent_ += sent.size;
            block(endpoint);
            return false;
        }
        if (sending_ == Sending::resuming) unblock(endpoint);
        if (sent.outcome == Transport::Sent::Outcome::failed) {
            if (sent.report->kind != NetworkReport::Kind::too_big) errors_++;
            endpoint.handle_network_report(now, *sent.report);
        }
    }
    return true;
}

void Lane::transmit_last(Endpoint& endpoint, unsigned batches_max) {
    if (sending_ == Sending::blocked) sending_ = Sending::resuming;
    transmit(endpoint, batches_max);
}

void Lane::block(Endpoint& endpoint) {
    if (std::exchange(sending_, Sending::blocked) == Sending::resuming) return;
    if (watch_) loop_.wait_for_writable(*watch_, true);
    endpoint.set_blocked(kind(), true);
}

void Lane::unblock(Endpoint& endpoint) {
    assert(sending_ == Sending::resuming);
    sending_ = Sending::open;
    if (watch_) loop_.wait_for_writable(*watch_, false);
    endpoint.set_blocked(kind(), false);
}

void Lane::close() {
    if (watch_) loop_.unwatch(*std::exchange(watch_, std::nullopt));
    transport_->close();
}

}  // namespace stt
