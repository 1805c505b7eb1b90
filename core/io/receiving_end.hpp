// SPDX-License-Identifier: LGPL-2.1-or-later
/// A receiver's end of its stream: it receives media and sends messages against the direction.
#pragma once

#include "core/io/stream_end.hpp"

namespace stt {

/// All of it belongs to the I/O thread.
class ReceivingEnd final : public StreamEnd {
  public:
    /// `inbox` outlives the object.
    ReceivingEnd(const Parts& parts, ReceiveQueue& inbox) : StreamEnd(parts), inbox_(inbox) {}

    /// Never: the sender may not have learnt yet that everything has arrived.
    bool satisfied() const override { return false; }

    void on_session() override;
    void on_resumption(Time now) override;
    /// Expects a stream within the handshake timeout. With keep_listening a caller does so only for the first
    /// one: after that the listener may have nothing to send yet.
    Outcome begin(Now now) override;
    Outcome on_opened(Now now, const event::StreamOpened& opened) override;
    void report_taken(Time now, Session& session) override;

  private:
    Outcome receive(Time now, Session& session) override;
    std::optional<Error> refuse_another() const;

    ReceiveQueue& inbox_;
    bool had_stream_ = false;  // in any session
};

}  // namespace stt
