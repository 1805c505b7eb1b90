// SPDX-License-Identifier: LGPL-2.1-or-later
/// A network of a test's own.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

namespace stt::test {

/// A shell command, in the calling thread's network.
inline bool run(const std::string& command) {
    return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

/// Runs `body` on a thread with a network namespace of its own, in which loopback is up and `setup` has been
/// run. False: not permitted, or the machine lacks what `setup` needs.
inline bool in_namespace(const std::string& setup, const std::function<void()>& body) {
    bool possible = false;
    std::thread thread([&] {
        possible = unshare(CLONE_NEWNET) == 0 && run("ip link set lo up && " + setup);
        if (possible) body();
    });
    thread.join();
    return possible;
}

}  // namespace stt::test

#define STT_IN_NAMESPACE(setup, body)                                                      \
    do {                                                                                   \
        if (!stt::test::in_namespace(setup, body)) GTEST_SKIP() << "no namespace: " setup; \
    } while (0)
