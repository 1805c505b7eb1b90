// SPDX-License-Identifier: LGPL-2.1-or-later
/// Metas of foreign types, through real elements: they go where both ends have said that they can.
#include <algorithm>

#include "core/wire/message.hpp"
#include "tests/elements/error_log.hpp"
#include "tests/elements/foreign_meta.hpp"
#include "tests/elements/pipeline.hpp"
#include "tests/lib/rogue_peer.hpp"

namespace stt::test {
namespace {

constexpr uint8_t buffer_kind = 1, reads_serialized_kind = 22;

GstPad* pad_of(const Pipeline& pipeline, const char* element, const char* pad) {
    GstPad* found = gst_element_get_static_pad(pipeline.get(element), pad);
    gst_object_unref(found);  // the element keeps it
    return found;
}

/// Each buffer that leaves the element "mark" gets a number.
struct Marked {
    explicit Marked(const Pipeline& pipeline) {
        gst_pad_add_probe(
            pad_of(pipeline, "mark", "src"), GST_PAD_PROBE_TYPE_BUFFER,
            [](GstPad*, GstPadProbeInfo* info, gpointer number) {
                auto* buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
                add_foreign_meta(buffer, (*static_cast<guint32*>(number))++, 3);
                GST_PAD_PROBE_INFO_DATA(info) = buffer;
                return GST_PAD_PROBE_OK;
            },
            &next, nullptr);
    }
    guint32 next = 1;
};

/// The numbers of what comes to the element "out"; 0: without.
struct Numbers {
    explicit Numbers(const Pipeline& pipeline) {
        constexpr auto data =
            static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST);
        gst_pad_add_probe(pad_of(pipeline, "out", "sink"), data, on_data, this, nullptr);
    }
    static GstPadProbeReturn on_data(GstPad*, GstPadProbeInfo* info, gpointer self) {
        const auto take = [](GstBuffer** buffer, guint, gpointer numbers) -> gboolean {
            const ForeignMeta* meta = foreign_meta_of(*buffer);
            static_cast<Numbers*>(numbers)->list.push_back(meta ? meta->number : 0);
            return TRUE;
        };
        if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
            gst_buffer_list_foreach(GST_PAD_PROBE_INFO_BUFFER_LIST(info), take, self);
        } else {
            GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
            take(&buffer, 0, self);
        }
        return GST_PAD_PROBE_OK;
    }
    std::vector<guint32> list;  // the pipeline's until it has ended
};

/// Waits for the end of a stream. The number of WARNINGs before; negative: it has not come.
int warnings_until_end(Pipeline& pipeline) {
    int warnings = 0;
    const MessagePtr last = pipeline.bus().wait([&](GstMessage* message) {
        warnings += GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING;
        return GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS || GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    });
    return last && GST_MESSAGE_TYPE(last.get()) == GST_MESSAGE_EOS ? warnings : -1;
}

void expect_all_carried(const std::string& source, const std::string& sink) {
    foreign_meta_info();
    Pipeline receiver("sttsrc name=stt uri=stt://:0?mode=listener local-address=127.0.0.1 seed=" +
                      std::string(seed) + " ! " + sink);
    Numbers numbers(receiver);
    receiver.play();
    Pipeline sender(source + " ! identity name=mark ! sttsink sync=false wait-for-connection=true seed=" +
                    seed + " uri=stt://127.0.0.1:" + std::to_string(local_port(receiver.get("stt"))));
    Marked marked(sender);
    sender.play();
    const bool carried = gstreamer_serializes();
    EXPECT_EQ(warnings_until_end(receiver), 0);
    EXPECT_EQ(warnings_until_end(sender), carried ? 0 : 1);
    ASSERT_EQ(numbers.list.size(), 20u);
    for (guint32 i = 0; i < 20; i++) EXPECT_EQ(numbers.list[i], carried ? i + 1 : 0);
}

TEST(MetaForeign, OfAStoredStreamEachIsCarriedOrTheTypeIsNamed) {
    expect_all_carried("fakesrc num-buffers=20 sizetype=fixed sizemax=100 ! application/x-test",
                       "fakesink name=out");
}

TEST(MetaForeign, OfALiveStreamEachIsCarriedOrTheTypeIsNamed) {
    expect_all_carried("audiotestsrc is-live=true num-buffers=20 samplesperbuffer=441",
                       "fakesink name=out sync=true");
}

// ---

/// A sink that has opened its stream to a rogue.
struct ToRogue {
    ToRogue() : rogue(seed), sink(calling_sink(rogue.port())) {
        EXPECT_TRUE(rogue.wait_hello());
        EXPECT_TRUE(rogue.accept());
        EXPECT_TRUE(rogue.wait_frame([](const Frame& frame) {
            const auto* open = std::get_if<StreamOpenFrame>(&frame);
            // The byte behind the version and the sender's run.
            return open && open->header.size() >= 10 && open->header[9] == (gstreamer_serializes() ? 2 : 0);
        }));
        sink->start();
    }
    void answer(uint8_t reads) {
        rogue.send_plain(data_frame(0, 0, encode_head(reads_serialized_kind, {&reads, 1}, 0)));
    }
    /// Whether a buffer arrives with the meta that it is sent with.
    bool carried() {
        BufferPtr buffer = make_buffer(50);
        add_foreign_meta(buffer.get(), 1);
        EXPECT_EQ(gst_harness_push(sink->harness, buffer.release()), GST_FLOW_OK);
        bool with = false;
        EXPECT_TRUE(rogue.wait_frame([&](const Frame& frame) {
            const auto* data = std::get_if<DataFrame>(&frame);
            if (!data) return false;
            const std::string text(data->data.begin(), data->data.end());
            const BufferPtr payload = make_buffer(50);
            with = with || text.find("SttForeignMeta") != std::string::npos;
            GstMapInfo info;
            if (!gst_buffer_map(payload.get(), &info, GST_MAP_READ)) return false;
            const bool last = text.ends_with(std::string(reinterpret_cast<char*>(info.data), info.size));
            gst_buffer_unmap(payload.get(), &info);
            return last;
        }));
        return with;
    }

    RoguePeer rogue;
    std::unique_ptr<Playing> sink;
};

TEST(MetaForeign, AReceiverThatSaysNothingGetsNone) {
    ToRogue to;
    EXPECT_FALSE(to.carried());
    EXPECT_TRUE(to.sink->errors->wait_structure("stt-error", "reason", "meta-dropped"));
}

TEST(MetaForeign, AReceiverThatSaysNoGetsNone) {
    ToRogue to;
    to.answer(0);
    EXPECT_FALSE(to.carried());
    EXPECT_TRUE(to.sink->errors->wait_structure("stt-error", "reason", "meta-dropped"));
}

TEST(MetaForeign, AReceiverThatSaysYesGetsThem) {
    SKIP_WITHOUT_SERIALIZATION();
    ToRogue to;
    to.answer(1);
    EXPECT_TRUE(to.carried());
}

// ---

/// A rogue that has opened a stream to a source.
struct FromRogue {
    explicit FromRogue(uint8_t flags) : src(listening_src([](GstElement*) {})), rogue(seed) {
        EXPECT_TRUE(rogue.call(static_cast<uint16_t>(src->port())));
        const std::vector<uint8_t> header{1, 1, 2, 3, 4, 5, 6, 7, 8, flags};
        rogue.send_frames({StreamOpenFrame{0, 0, header}});
    }
    /// Sends a buffer with one meta.
    void send(const std::string& name, Bytes data) {
        std::vector<uint8_t> fields{1, static_cast<uint8_t>(name.size())};
        fields.insert(fields.end(), name.begin(), name.end());
        fields.insert(fields.end(), {1, 3, 1, static_cast<uint8_t>(data.size())});
        fields.insert(fields.end(), data.begin(), data.end());
        std::vector<uint8_t> header{64, 1, 15, 1, static_cast<uint8_t>(fields.size())};
        header.insert(header.end(), fields.begin(), fields.end());
        std::vector<uint8_t> message = encode_head(buffer_kind, header, 4);
        message.insert(message.end(), {1, 2, 3, 4});
        rogue.send_plain(data_frame(0, sent_, message));
        sent_ += message.size();
    }

    std::unique_ptr<Playing> src;
    RoguePeer rogue;

  private:
    uint64_t sent_ = 0;
};

TEST(MetaForeign, ASenderThatAsksIsAnswered) {
    FromRogue from(2);
    const uint8_t reads = gstreamer_serializes();
    const std::vector<uint8_t> answer = encode_head(reads_serialized_kind, {&reads, 1}, 0);
    EXPECT_TRUE(from.rogue.wait_frame([&](const Frame& frame) {
        const auto* data = std::get_if<DataFrame>(&frame);
        return data && std::search(data->data.begin(), data->data.end(), answer.begin(), answer.end()) !=
                           data->data.end();
    }));
}

TEST(MetaForeign, WhatCannotBeReadCostsTheMetaAndNotTheBuffer) {
    foreign_meta_info();
    FromRogue from(2);
    const std::vector<uint8_t> bad{1, 2, 3, 4, 5}, good{7, 0, 0, 0, 0x55};
    for (int i = 0; i < 3; i++) from.send("SttForeignMeta", bad);
    from.send("SttNobodysMeta", bad);
    from.send("GstParentBufferMeta", bad);
    from.send("SttForeignMeta", good);
    for (int i = 0; i < 6; i++) {
        const BufferPtr got(gst_harness_pull(from.src->harness));
        ASSERT_TRUE(got) << i;
        EXPECT_EQ(gst_buffer_get_size(got.get()), 4u);
        EXPECT_EQ(foreign_meta_of(got.get()) != nullptr, gstreamer_serializes() && i == 5) << i;
    }
    EXPECT_TRUE(from.src->errors->wait_structure("stt-error", "reason", "meta-dropped"));
    std::string lines = from.src->errors->lines();
    size_t told = 0;
    for (size_t at = lines.find("meta-dropped"); at != std::string::npos;
         at = lines.find("meta-dropped", at + 1))
        told++;
    EXPECT_LE(told, 3u) << lines;
}

}  // namespace
}  // namespace stt::test
