// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tells which of the sender's runs a stream belongs to. After a resumption another stream continues the same
/// run.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

namespace stt {

/// The I/O thread reports the streams that are opened, and the streaming thread reads them later.
class SenderRuns {
  public:
    /// Begins anew. Called while no streaming thread runs, and before any stream is opened.
    void start();

    /// Records that a stream was opened which belongs to the sender's run `instance`. Callable from any
    /// thread, before the stream's first message is read.
    void opened(uint64_t instance);

    /// How the stream that is read next follows the previous one.
    enum class Next : uint8_t {
        same_stream,  ///< it is the same stream
        first_run,    ///< it is the first stream of all
        same_run,     ///< another stream, of the same run of the sender
        another_run,  ///< another stream, of another run of the sender
    };
    /// Announces that further messages are of stream `number`, which counts streams from 0 in the order of
    /// opening. Called on the streaming thread.
    Next read(uint64_t number);
    /// The run of the stream that is being read; 0 if the sender did not name one. Called on the streaming
    /// thread.
    uint64_t instance() const { return instance_; }

  private:
    uint64_t take_instance(uint64_t number);

    std::optional<uint64_t> stream_;  // the number of the stream that is being read; streaming thread
    uint64_t instance_ = 0;           // its run; streaming thread
    std::mutex mutex_;
    std::map<uint64_t, uint64_t> opened_;  // instances of streams not read yet, by number; under mutex_
    uint64_t opened_count_ = 0;            // under mutex_
};

}  // namespace stt
