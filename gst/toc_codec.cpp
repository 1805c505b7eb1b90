// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/toc_codec.hpp"

#include <memory>
#include <string>

#include "gst/numbers.hpp"
#include "gst/text_scan.hpp"

namespace stt {
namespace {

/// The largest depth: titles, chapters, sub-chapters and the like are not nested deeper.
constexpr int depth_max = 16;
constexpr uint64_t entries_max = 65536;

class TocWriter {
  public:
    void entries(const GList* list, int depth) {
        if (depth > depth_max) list = nullptr;
        number(g_list_length(const_cast<GList*>(list)));
        for (; list; list = list->next) entry(static_cast<GstTocEntry*>(list->data), depth);
    }
    void number(uint64_t value) {
        uint8_t space[9];
        ByteWriter out(space);
        write_number(out, value);
        bytes.insert(bytes.end(), out.written().begin(), out.written().end());
    }
    void tags(GstTagList* list) {
        char* written = list ? gst_tag_list_to_string(list) : nullptr;
        // The receiver would refuse the message.
        text(written && TextScan(written).parseable() ? written : nullptr);
        g_free(written);
    }

    std::vector<uint8_t> bytes;

  private:
    void text(const char* string) {
        const std::string_view view(string ? string : "");
        number(view.size());
        bytes.insert(bytes.end(), view.begin(), view.end());
    }
    void entry(GstTocEntry* entry, int depth) {
        gint64 start = -1, stop = -1;
        GstTocLoopType loop = GST_TOC_LOOP_NONE;
        int repeat = 0;
        gst_toc_entry_get_start_stop_times(entry, &start, &stop);
        gst_toc_entry_get_loop(entry, &loop, &repeat);
        number(static_cast<uint64_t>(gst_toc_entry_get_entry_type(entry) + 16));  // types start at −3
        text(gst_toc_entry_get_uid(entry));
        for (const int64_t value : {start, stop, int64_t{loop}, int64_t{repeat}})
            number(static_cast<uint64_t>(value));
        tags(gst_toc_entry_get_tags(entry));
        entries(gst_toc_entry_get_sub_entries(entry), depth + 1);
    }
};

struct TocDeleter {
    void operator()(GstToc* toc) const { gst_toc_unref(toc); }
    void operator()(GstTocEntry* entry) const { gst_toc_entry_unref(entry); }
};
using TocEntryPtr = std::unique_ptr<GstTocEntry, TocDeleter>;

class TocReader {
  public:
    TocReader(Bytes bytes, TextParser& parser) : in_(bytes), parser_(parser) {}

    std::unique_ptr<GstToc, TocDeleter> read() {
        const uint64_t scope = read_number(in_);
        if (scope != GST_TOC_SCOPE_GLOBAL && scope != GST_TOC_SCOPE_CURRENT) return nullptr;
        std::unique_ptr<GstToc, TocDeleter> toc(gst_toc_new(static_cast<GstTocScope>(scope)));
        if (TagsPtr tags = read_tags()) gst_toc_set_tags(toc.get(), tags.release());
        const uint64_t count = read_number(in_);
        for (uint64_t i = 0; i < count && ok(); i++) {
            TocEntryPtr entry = read_entry(0);
            if (!entry) return nullptr;
            gst_toc_append_entry(toc.get(), entry.release());
        }
        if (!ok() || !in_.empty()) return nullptr;
        return toc;
    }

  private:
    bool ok() const { return in_.ok() && !failed_; }

    std::string text() {
        const Bytes bytes = in_.bytes(read_number(in_));
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }

    TagsPtr read_tags() {
        const std::string written = text();
        if (written.empty()) return nullptr;
        TagsPtr tags = parser_.tags(written);
        if (!tags) failed_ = true;
        return tags;
    }

    TocEntryPtr read_entry(int depth) {
        const int type = static_cast<int>(read_number(in_) & 0xff) - 16;
        const std::string uid = text();
        const auto start = static_cast<int64_t>(read_number(in_)),
                   stop = static_cast<int64_t>(read_number(in_));
        const uint64_t loop = read_number(in_), repeat = read_number(in_);
        if (!ok() || ++count_ > entries_max || type < GST_TOC_ENTRY_TYPE_ANGLE ||
            type > GST_TOC_ENTRY_TYPE_CHAPTER || uid.empty() || !valid_utf8(uid) ||
            loop > GST_TOC_LOOP_PING_PONG)
            return nullptr;
        TocEntryPtr entry(gst_toc_entry_new(static_cast<GstTocEntryType>(type), uid.c_str()));
        gst_toc_entry_set_start_stop_times(entry.get(), start, stop);
        gst_toc_entry_set_loop(entry.get(), static_cast<GstTocLoopType>(loop), static_cast<int>(repeat));
        if (TagsPtr tags = read_tags()) gst_toc_entry_set_tags(entry.get(), tags.release());
        const uint64_t count = read_number(in_);
        if (count > 0 && depth >= depth_max) return nullptr;
        for (uint64_t i = 0; i < count && ok(); i++) {
            TocEntryPtr sub = read_entry(depth + 1);
            if (!sub) return nullptr;
            gst_toc_entry_append_sub_entry(entry.get(), sub.release());
        }
        return ok() ? std::move(entry) : nullptr;
    }

    ByteReader in_;
    TextParser& parser_;
    bool failed_ = false;
    uint64_t count_ = 0;
};

}  // namespace

std::vector<uint8_t> encode_toc(GstToc* toc) {
    TocWriter out;
    out.number(gst_toc_get_scope(toc));
    out.tags(gst_toc_get_tags(toc));
    out.entries(gst_toc_get_entries(toc), 0);
    return std::move(out.bytes);
}

GstEvent* decode_toc(Bytes bytes, bool updated, TextParser& parser) {
    auto toc = TocReader(bytes, parser).read();
    return toc && gst_toc_get_entries(toc.get()) ? gst_event_new_toc(toc.get(), updated) : nullptr;
}

}  // namespace stt
