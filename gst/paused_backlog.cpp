// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/paused_backlog.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "gst/buffer_codec.hpp"
#include "gst/timing.hpp"

namespace stt {
namespace {

size_t size_of(const InMessage& message) {
    return message.header.size() + static_cast<size_t>(message.payload_size) + PausedBacklog::overhead;
}

/// Messages with the same key replace each other; without a key all of them are kept.
std::optional<std::pair<uint8_t, uint8_t>> replacement_key(const InMessage& message) {
    switch (static_cast<MessageKind>(message.kind)) {
        case MessageKind::stream_start:
        case MessageKind::caps:
        case MessageKind::stream_collection:
        case MessageKind::segment:
        case MessageKind::instant_rate_change:
        case MessageKind::flush:
        case MessageKind::toc:
        case MessageKind::ended:
        case MessageKind::timing:
            return std::pair(message.kind, uint8_t{0});
        // Tags of the stream and global tags are kept separately.
        case MessageKind::tag: {
            constexpr size_t scope = 4;  // offset of the scope in the header, after the sequence number
            return std::pair(message.kind,
                             message.header.size() > scope ? message.header[scope] : uint8_t{0});
        }
        default:
            return std::nullopt;
    }
}

InMessage report_of(const Gap& gap) {
    const OutMessage encoded = encode_given_up(gap);
    MessageReader reader;
    reader.push(Chunk::copy_of(encoded.head));
    InMessage message;
    reader.next(message);
    message.end_offset = 0;  // it has no position in the stream
    return message;
}

}  // namespace

PausedBacklog::Want PausedBacklog::take(InMessage message) {
    switch (static_cast<MessageKind>(message.kind)) {
        case MessageKind::buffer:
            return take_buffer(std::move(message));
        case MessageKind::bytes: {
            const Gap account{1, message.payload_size, 0, false};
            if (live_ != true) return keep(std::move(message), Kind::media, account), Want::no_more;
            give_up_media();
            return keep(std::move(message), Kind::media, account);
        }
        case MessageKind::gap:
            return keep(std::move(message), Kind::media, std::nullopt);
        case MessageKind::given_up: {
            const std::optional<Gap> gap = decode_given_up(message);
            if (!gap) return keep(std::move(message), Kind::state, std::nullopt), Want::no_more;
            given_up_ += *gap;
            sender_gave_up_ = true;
            passed_ = std::max(passed_, items_.empty() ? message.end_offset : 0);
            return Want::more;
        }
        case MessageKind::timing: {
            const Result<Timing> timing = decode_timing(message);
            if (timing) live_ = timing.value().live;
            const Want want = keep(std::move(message), Kind::state, std::nullopt);
            return timing ? want : Want::no_more;
        }
        default:
            return keep(std::move(message), Kind::state, std::nullopt);
    }
}

PausedBacklog::Want PausedBacklog::take_buffer(InMessage message) {
    const std::optional<BufferHead> head = decode_buffer_head(message);
    if (!head || live_ != true) return keep(std::move(message), Kind::media, std::nullopt), Want::no_more;
    const Gap account{1, message.payload_size, GST_CLOCK_TIME_IS_VALID(head->duration) ? head->duration : 0,
                      false};
    // Headers that are repeated within the stream have a time and are treated like any other unit.
    const bool timeless = !GST_CLOCK_TIME_IS_VALID(head->pts) && !GST_CLOCK_TIME_IS_VALID(head->dts);
    if (head->flags & GST_BUFFER_FLAG_HEADER && timeless)
        return keep(std::move(message), Kind::header, account);
    if (!(head->flags & GST_BUFFER_FLAG_DELTA_UNIT)) {
        give_up_media();
        lacks_key_unit_ = false;
    } else if (lacks_key_unit_) {
        give_up({std::move(message), Kind::media, account});
        return Want::more;
    }
    return keep(std::move(message), Kind::media, account);
}

PausedBacklog::Want PausedBacklog::keep(InMessage message, Kind kind, std::optional<Gap> account) {
    const size_t size = size_of(message);
    if (kind == Kind::media) {
        if (media_count_ > 0 && media_bytes_ + size > media_max) {
            const bool unit_lost = account.has_value();
            give_up_media();
            if (unit_lost) {
                lacks_key_unit_ = true;
                give_up({std::move(message), kind, account});
                return Want::more;
            }
        }
        media_bytes_ += size;
        media_count_++;
    } else {
        state_bytes_ += size;
    }
    items_.push_back({std::move(message), kind, account});
    if (kind == Kind::state && media_count_ == 0) drop_replaced();
    return state_bytes_ <= state_max ? Want::more : Want::no_more;
}

void PausedBacklog::give_up(const Item& item) {
    if (item.account) discarded_ += *item.account;
    passed_ = std::max(passed_, item.message.end_offset);
}

void PausedBacklog::give_up_media() {
    if (media_count_ == 0) return;
    const auto gone = std::stable_partition(items_.begin(), items_.end(),
                                            [](const Item& item) { return item.kind != Kind::media; });
    std::for_each(gone, items_.end(), [this](const Item& item) { give_up(item); });
    items_.erase(gone, items_.end());
    media_bytes_ = media_count_ = 0;
    drop_replaced();
}

/// Keeps only the newest of the states that replace each other, as there is no media in between.
void PausedBacklog::drop_replaced() {
    std::set<std::pair<uint8_t, uint8_t>> newer;
    std::deque<Item> kept;
    for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
        const auto key = replacement_key(item->message);
        if (item->kind == Kind::state && key && !newer.insert(*key).second)
            state_bytes_ -= size_of(item->message);
        else
            kept.push_front(std::move(*item));
    }
    items_.swap(kept);
}

void PausedBacklog::begin_stream() {
    for (const Item& item : items_) {
        if (item.account) discarded_ += *item.account;
    }
    items_.clear();
    media_bytes_ = media_count_ = state_bytes_ = 0;
    lacks_key_unit_ = false;
    passed_ = 0;
    live_.reset();
}

std::vector<InMessage> PausedBacklog::finish() {
    std::vector<InMessage> messages;
    if (sender_gave_up_) messages.push_back(report_of(given_up_));
    if (discarded_.buffers > 0) messages.push_back(report_of(discarded_));
    for (Item& item : items_) messages.push_back(std::move(item.message));
    items_.clear();
    return messages;
}

}  // namespace stt
