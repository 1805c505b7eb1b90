// SPDX-License-Identifier: LGPL-2.1-or-later
/// An element on a clock that moves only when a test says so.
#pragma once

#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

namespace stt::test {

class ElementOnTestClock {
  public:
    /// `running_time` is the first one, ns.
    explicit ElementOnTestClock(GstClockTime running_time)
        : element_(GST_ELEMENT(gst_object_ref_sink(gst_bin_new(nullptr)))),
          clock_(gst_test_clock_new_with_start_time(base_time + running_time)) {
        set_clock();
        gst_element_set_base_time(element_, base_time);
    }
    ~ElementOnTestClock() {
        gst_object_unref(element_);
        gst_object_unref(clock_);
    }
    ElementOnTestClock(const ElementOnTestClock&) = delete;
    ElementOnTestClock& operator=(const ElementOnTestClock&) = delete;

    GstElement* get() { return element_; }
    /// Gives the element its clock again.
    void set_clock() { gst_element_set_clock(element_, clock_); }
    void advance(GstClockTime by) {
        gst_test_clock_advance_time(GST_TEST_CLOCK(clock_), static_cast<GstClockTimeDiff>(by));
    }
    static constexpr GstClockTime base_time = 1000 * GST_SECOND;

  private:
    GstElement* element_;
    GstClock* clock_;
};

}  // namespace stt::test
