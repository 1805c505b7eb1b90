// SPDX-License-Identifier: LGPL-2.1-or-later
/// Mutexes that two threads take at a high rate, each for less than it takes to put a thread to sleep.
#pragma once

#include <pthread.h>

#include <mutex>

namespace stt {

/// Has whoever waits for `mutex` spin for some microseconds before it sleeps, where the C library can do that
/// (glibc). Before anybody uses it.
inline void make_adaptive([[maybe_unused]] std::mutex& mutex) {
#ifdef __GLIBC__
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_destroy(mutex.native_handle());
    pthread_mutex_init(mutex.native_handle(), &attributes);
    pthread_mutexattr_destroy(&attributes);
#endif
}

}  // namespace stt
