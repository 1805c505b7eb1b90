// SPDX-License-Identifier: LGPL-2.1-or-later
/// A packet's plaintext. Every frame that is read can be written, and is then read as the same.
#include <algorithm>
#include <vector>

#include "core/wire/frame.hpp"
#include "fuzz.hpp"

using namespace stt;

namespace {

std::vector<uint8_t> written(const Frame& frame, size_t room) {
    std::vector<uint8_t> buffer(room);
    ByteWriter out(buffer);
    MUST(write_frame(out, frame));
    buffer.resize(out.size());
    return buffer;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    FrameReader in({data, size});
    for (Frame frame; in.next(frame);) {
        // Numbers are written in their smallest size, so that no frame grows.
        const std::vector<uint8_t> first = written(frame, size);
        FrameReader again(first);
        Frame second;
        MUST(again.next(second));
        MUST(second.index() == frame.index());
        MUST(written(second, size) == first);
    }
    return 0;
}
