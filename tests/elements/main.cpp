// SPDX-License-Identifier: LGPL-2.1-or-later
/// Of the tests; in the library, so that who has one of their own does without.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include "tests/elements/child.hpp"

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    gst_init(&argc, &argv);
    if (stt::test::Child::is_one(argc, argv)) return stt::test::Child::run(argv);
    return RUN_ALL_TESTS();
}
