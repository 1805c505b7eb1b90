// SPDX-License-Identifier: LGPL-2.1-or-later
// Preloaded into a program, it moves the time of day by FAULT_CLOCK seconds.
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

time_t offset() {
    const char* seconds = std::getenv("FAULT_CLOCK");
    return seconds != nullptr ? std::atol(seconds) : 0;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int clock_gettime(clockid_t clock,
                                                                    timespec* time) noexcept {
    const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
    static const time_t moved = offset();
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += moved;
    return result;
}
