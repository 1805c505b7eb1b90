// SPDX-License-Identifier: LGPL-2.1-or-later
/// A sender's end of its stream: it sends media and receives messages against the direction.
#pragma once

#include <algorithm>
#include <vector>

#include "core/io/stream_end.hpp"

namespace stt {

/// All of it belongs to the I/O thread.
class SendingEnd final : public StreamEnd {
  public:
    explicit SendingEnd(const Parts& parts) : StreamEnd(parts), header_(parts.config.stream_header) {}

    bool satisfied() const override { return finished(); }
    Time deadline() const override { return std::min(StreamEnd::deadline(), tend_at_); }

    void on_session() override;
    Outcome begin(Now now) override;
    void set_next(Time now, std::vector<uint8_t> header) override;

    /// The peer is a sender, too.
    Outcome on_opened(Now now, const event::StreamOpened& opened) override;
    void on_readable(Time now, StreamId stream) override;
    void on_progress(Time now, const event::StreamProgress& progress) override;

    void tend(Time now) override;
    void report_undelivered() override;

  private:
    void feed(Session& session) override;
    Outcome receive(Time now, Session& session) override;
    bool hand_upstream(uint64_t& handed);
    void discard_rest(Time now, StreamId stream);

    std::vector<uint8_t> header_;  // of the stream that is opened next
    NodeId peer_{};                // of the last one
    Time tend_at_ = time_never;    // when something in the outbox becomes too old
    MessageReader upstream_;       // messages from the receiver
    uint64_t upstream_taken_ = 0;  // bytes of them
};

}  // namespace stt
