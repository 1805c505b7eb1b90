// SPDX-License-Identifier: LGPL-2.1-or-later
/// The engine's trace in the log: at level TRACE of the category `stt`, which may change at run time.
#include <mutex>

#include "tests/elements/support.hpp"

namespace stt::test {
namespace {

/// What is logged in the category `stt` at level TRACE. GStreamer's own log function stays in place.
class TraceLog {
  public:
    TraceLog() { (gst_debug_add_log_function)(on_log, this, nullptr); }
    ~TraceLog() {
        gst_debug_remove_log_function_by_data(this);
        set_level(0);
    }
    static void set_level(int level) {
        gst_debug_set_threshold_from_string(("stt:" + std::to_string(level)).c_str(), FALSE);
    }
    size_t count(const std::string& text) const {
        const std::lock_guard lock(mutex_);
        size_t count = 0;
        for (const std::string& line : lines_) count += line.find(text) != std::string::npos;
        return count;
    }

  private:
    static void on_log(GstDebugCategory* category, GstDebugLevel level, const gchar*, const gchar*, gint,
                       GObject*, GstDebugMessage* message, gpointer self) {
        if (level != GST_LEVEL_TRACE || std::string_view(gst_debug_category_get_name(category)) != "stt")
            return;
        TraceLog& log = *static_cast<TraceLog*>(self);
        const std::lock_guard lock(log.mutex_);
        log.lines_.push_back(gst_debug_message_get(message));
    }
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;  // under mutex_
};

TEST(Trace, FollowsTheLevelOfTheLog) {
    TraceLog log;
    TraceLog::set_level(6);
    Pair pair;
    pair.start();
    pair.push(make_buffer(5000).release());
    ASSERT_TRUE(pair.pull());
    EXPECT_EQ(log.count(""), 0u);
    TraceLog::set_level(7);
    EXPECT_TRUE(eventually([&] {
        pair.push(make_buffer(5000).release());
        return pair.pull() && log.count("packets acknowledged") > 0;
    }));
}

TEST(Trace, TellsOfTheHandshakeAndTheStream) {
    TraceLog log;
    TraceLog::set_level(7);
    Pair pair;
    pair.start();
    pair.push(make_buffer(5000).release());
    ASSERT_TRUE(pair.pull());
    for (const char* line : {"handshake: CHALLENGE from", "handshake: AUTH_PROOF from", "state: established",
                             "stream 0: opened by this end", "stream 0: opened by the peer"})
        EXPECT_GE(log.count(line), 1u) << line;
}

}  // namespace
}  // namespace stt::test
