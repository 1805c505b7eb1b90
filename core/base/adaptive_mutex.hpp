// SPDX-License-Identifier: LGPL-2.1-or-later
/// Adaptive mutexes, for a mutex that two threads take at a high rate. Each critical section takes less time
/// than putting a thread to sleep.
#pragma once

#include <pthread.h>

#include <mutex>

namespace stt {

/// Makes `mutex` adaptive: a thread that waits for it spins for some microseconds before it sleeps. Has an
/// effect only with glibc. Must be called before the mutex is used.
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
