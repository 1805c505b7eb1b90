// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/sending_end.hpp"

#include <utility>

#include "core/base/text.hpp"

namespace stt {
namespace {

/// The limits of a message from the receiver, of which an incomplete one is held. Receivers send requests and
/// reports of some hundred bytes. What they may send at most is up to the application and less than this.
constexpr MessageLimits upstream_limits{.header = 512 << 10, .payload = 512 << 10};

}  // namespace

// Its session.

void SendingEnd::on_session() {
    readable_ = false;
    upstream_ = MessageReader(upstream_limits);
    upstream_taken_ = 0;
}

StreamEnd::Outcome SendingEnd::begin(Now now) {
    Session& session = *parts_.session.get();
    // A session that the peer has ended already has an event to follow.
    if (finished() || session.state() != SessionState::established) return std::nullopt;
    auto id = session.open_stream(header_, parts_.config.priority, parts_.config.stream_id);
    if (!id) return Fault{Fault::Kind::not_opened, id.error()};
    stream_ = *id;
    moved_at_ = now.time;

    std::vector<OutMessage> first;  // inform the receiver of what is missing
    const auto report_gap = [&](const SendQueue::Account& lost, bool uncertain) {
        if (auto notice = parts_.reporter.gap(lost, uncertain)) first.push_back(std::move(*notice));
    };
    report_gap(parts_.outbox.give_up_undelivered(), true);
    const NodeId& peer = parts_.session.info().peer_node;
    const bool same_peer = std::exchange(peer_, peer) == peer;
    const SendQueue::GivenUp skipped =
        parts_.outbox.take_skipped(same_peer ? SendQueue::Taker::returning : SendQueue::Taker::newcomer);
    if (same_peer) {
        report_gap(skipped.uncertain, true);
        report_gap(skipped.certain, false);
    }
    const bool again =
        std::exchange(progress_, Progress::open) != Progress::none || skipped.certain.buffers > 0;
    if (again && first.empty())
        if (auto notice = parts_.reporter.late_start()) first.push_back(std::move(*notice));
    if (parts_.reporter.closed()) return std::nullopt;
    parts_.outbox.restart(std::move(first));
    parts_.reporter.stream_ready(*id, again);
    return std::nullopt;
}

void SendingEnd::set_next(Time now, std::vector<uint8_t> header) {
    header_ = std::move(header);
    progress_ = Progress::none;
    on_session();
    if (const auto before = leave()) discard_rest(now, *before);
}

// Events.

StreamEnd::Outcome SendingEnd::on_opened(Now, const event::StreamOpened& opened) {
    Error error = make_error(ErrorCode::stream_closed, Reason::both_send, ErrorOrigin::local,
                             tr("both ends are senders: one of them has to receive"));
    reset(*parts_.session.get(), opened.stream, error);
    return Fault{Fault::Kind::misused, std::move(error)};
}

void SendingEnd::on_readable(Time now, StreamId stream) {
    if (stream != stream_) discard_rest(now, stream);
    StreamEnd::on_readable(now, stream);
}

void SendingEnd::on_progress(Time now, const event::StreamProgress& progress) {
    if (progress.stream == stream_ && progress.finished) progress_ = Progress::finished;
    StreamEnd::on_progress(now, progress);
}

/// Discards what still arrives against the direction of a stream that is over. The session keeps such a
/// stream until then.
void SendingEnd::discard_rest(Time now, StreamId stream) {
    Session* const session = parts_.session.get();
    if (!session) return;
    const bool ended = session->read(stream).finished;
    session->consumed(now, stream, UINT64_MAX, UINT64_MAX, ended);
}

// A turn.

void SendingEnd::tend(Time now) {
    Session* const session = stream_ ? parts_.session.get() : nullptr;
    tend_at_ = feeder_.tend(now, session, stream_.value_or(no_stream), parts_.session.established());
    if (parts_.outbox.take_key_request()) parts_.reporter.dropping();
}

void SendingEnd::feed(Session& session) {
    if (!finished()) StreamEnd::feed(session);  // else what was pushed belongs to the next stream
}

StreamEnd::Outcome SendingEnd::receive(Time now, Session& session) {
    if (!std::exchange(readable_, false)) return std::nullopt;
    const StreamId id = *stream_;
    auto read = session.read(id);
    uint64_t handed = upstream_taken_ - upstream_.held();
    size_t cut = 0;
    for (size_t i = 0; i <= read.chunks.size(); i++) {
        for (; cut < read.cuts.size() && read.cuts[cut].before == i; cut++) {
            if (!hand_upstream(handed)) return std::nullopt;
            upstream_.skip(read.cuts[cut].size);
            handed = upstream_taken_ += read.cuts[cut].size;
        }
        if (i == read.chunks.size()) break;
        upstream_taken_ += read.chunks[i].size();
        upstream_.push(std::move(read.chunks[i]));
    }
    if (!hand_upstream(handed)) return std::nullopt;
    session.consumed(now, id, upstream_taken_, handed, read.finished);
    const Error* const error = upstream_.failed();
    if (!error) return std::nullopt;
    session.reset(id, *error);
    return Fault{Fault::Kind::closed, *error};
}

/// Passes on the messages that are complete, up to offset `handed`. False: the link was closed.
bool SendingEnd::hand_upstream(uint64_t& handed) {
    InMessage message;
    while (upstream_.next(message)) {
        handed = message.end_offset;
        parts_.reporter.upstream_message(std::move(message));
        if (parts_.reporter.closed()) return false;
        message = {};
    }
    return true;
}

// The end of the link.

void SendingEnd::report_undelivered() {
    if (parts_.reporter.closed()) return;
    const SendQueue::GivenUp lost = parts_.outbox.give_up_all();
    parts_.reporter.gap(lost.uncertain, true);
    parts_.reporter.gap(lost.certain, false);
}

}  // namespace stt
