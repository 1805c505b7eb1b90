// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/wire/message.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <utility>

#include "core/base/text.hpp"

namespace stt {

OutMessage OutMessage::copy_of(uint8_t kind, Bytes header, Bytes payload) {
    auto bytes = std::make_shared<std::vector<uint8_t>>(encode_head(kind, header, payload.size()));
    const size_t head_size = bytes->size();
    bytes->insert(bytes->end(), payload.begin(), payload.end());
    const Bytes all(*bytes);
    return {std::move(bytes), all.first(head_size), all.subspan(head_size)};
}

void write_head(ByteWriter& out, uint8_t kind, Bytes header, size_t payload_size) {
    out.u8(kind);
    out.varint(header.size());
    out.varint(payload_size);
    out.bytes(header);
}

std::vector<uint8_t> encode_head(uint8_t kind, Bytes header, size_t payload_size) {
    std::vector<uint8_t> head(1 + varint_size(header.size()) + varint_size(payload_size) + header.size());
    ByteWriter out(head);
    write_head(out, kind, header, payload_size);
    return head;
}

void MessageReader::push(Chunk chunk) {
    if (chunk.empty() || failed()) return;
    taken_ += chunk.size();
    // Used chunks are removed together, when they are the larger part of the list.
    if (first_ > chunks_.size() / 2) {
        chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<ptrdiff_t>(first_));
        first_ = 0;
    }
    chunks_.push_back(std::move(chunk));
}

void MessageReader::skip(uint64_t size) {
    if (failed()) return;
    chunks_.clear();
    first_ = first_used_ = prefix_size_ = 0;
    taken_ += size;
    consumed_ = taken_;
    after_cut_ = true;
}

bool MessageReader::next(InMessage& message) {
    if (prefix_size_ == 0 && !read_prefix()) return false;
    if (held() < prefix_size_ + header_size_ + payload_size_) return false;

    take(prefix_size_, [](Chunk) {});
    message.kind = kind_;
    message.header.clear();
    take(header_size_, [&](const Chunk& part) {
        message.header.insert(message.header.end(), part.bytes().begin(), part.bytes().end());
    });
    message.payload.clear();
    take(payload_size_, [&](Chunk part) { message.payload.push_back(std::move(part)); });
    message.payload_size = payload_size_;
    message.end_offset = consumed_;
    message.after_cut = std::exchange(after_cut_, false);
    prefix_size_ = 0;
    return true;
}

// Passes the next `size` bytes, which must be available, to `sink` in one or more chunks.
template <class Sink>
void MessageReader::take(uint64_t size, Sink&& sink) {
    consumed_ += size;
    while (size > 0) {
        Chunk& chunk = chunks_[first_];
        const size_t left = chunk.size() - first_used_;
        if (size < left) {
            sink(chunk.sub(first_used_, static_cast<size_t>(size)));
            first_used_ += static_cast<size_t>(size);
            return;
        }
        // The chunk is moved, so that its reference to the receive buffer does not outlast its use.
        sink(std::move(chunk).sub(first_used_, left));
        size -= left;
        first_used_ = 0;
        first_++;
    }
}

bool MessageReader::read_prefix() {
    if (failed() || held() == 0) return false;
    // The prefix is nearly always in one piece.
    Bytes bytes = chunks_[first_].bytes().subspan(first_used_);
    std::array<uint8_t, message_prefix_max> gathered;
    if (bytes.size() < message_prefix_max && bytes.size() < held()) {
        ByteWriter out(gathered);
        out.bytes(bytes);
        for (size_t i = first_ + 1; i < chunks_.size() && out.remaining() > 0; i++) {
            out.bytes(chunks_[i].bytes().first(std::min(chunks_[i].size(), out.remaining())));
        }
        bytes = out.written();
    }
    ByteReader in(bytes);
    kind_ = in.u8();
    header_size_ = in.varint();
    payload_size_ = in.varint();
    if (!in.ok()) return false;
    if (header_size_ > limits_.header)
        return fail(tr_noop("a message's header of %" PRIu64 " bytes exceeds the limit of %" PRIu64),
                    header_size_, limits_.header);
    if (payload_size_ > limits_.payload)
        return fail(tr_noop("a message's payload of %" PRIu64 " bytes exceeds the limit of %" PRIu64),
                    payload_size_, limits_.payload);
    prefix_size_ = bytes.size() - in.remaining();
    return true;
}

bool MessageReader::fail(const char* format, uint64_t size, uint64_t limit) {
    error_ = make_error(ErrorCode::invalid_frame, Reason::malformed_message, ErrorOrigin::peer,
                        tr(format, size, limit));
    chunks_.clear();
    return false;
}

}  // namespace stt
