// SPDX-License-Identifier: LGPL-2.1-or-later
/// ThreadSanitizer sees no order between threads that GLib's own locks make, as GLib is not instrumented.
/// This stands in front of the functions that GStreamer and the plugin call, and says it. Linked into the
/// tests of the elements under ThreadSanitizer only.
#include <dlfcn.h>
#include <glib-object.h>
#include <gst/gst.h>
#include <sanitizer/tsan_interface.h>

namespace {

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// A call handed to GStreamer's thread pool.
struct AsyncCall {
    GstElementCallAsyncFunc function;
    gpointer data;
    GDestroyNotify destroy;
};

}  // namespace

#define NEXT(function)                                            \
    static const auto real = next<decltype(function)>(#function); \
    static_assert(true)

// Takes a lock of any kind.
#define LOCK(function, type)    \
    void function(type* lock) { \
        NEXT(function);         \
        real(lock);             \
        __tsan_acquire(lock);   \
    }
#define TRYLOCK(function, type)             \
    gboolean function(type* lock) {         \
        NEXT(function);                     \
        const gboolean locked = real(lock); \
        if (locked) __tsan_acquire(lock);   \
        return locked;                      \
    }
#define UNLOCK(function, type)  \
    void function(type* lock) { \
        NEXT(function);         \
        __tsan_release(lock);   \
        real(lock);             \
    }
// What the last owner frees comes after all that the others did with it.
#define UNREF(function, type)     \
    void function(type* object) { \
        NEXT(function);           \
        __tsan_release(object);   \
        __tsan_acquire(object);   \
        real(object);             \
    }

#pragma GCC visibility push(default)
extern "C" {

LOCK(g_mutex_lock, GMutex)
TRYLOCK(g_mutex_trylock, GMutex)
UNLOCK(g_mutex_unlock, GMutex)
LOCK(g_rec_mutex_lock, GRecMutex)
TRYLOCK(g_rec_mutex_trylock, GRecMutex)
UNLOCK(g_rec_mutex_unlock, GRecMutex)
LOCK(g_rw_lock_reader_lock, GRWLock)
UNLOCK(g_rw_lock_reader_unlock, GRWLock)
LOCK(g_rw_lock_writer_lock, GRWLock)
UNLOCK(g_rw_lock_writer_unlock, GRWLock)
UNREF(gst_mini_object_unref, GstMiniObject)
UNREF(g_object_unref, void)
UNREF(gst_object_unref, void)

void g_cond_wait(GCond* cond, GMutex* mutex) {
    NEXT(g_cond_wait);
    __tsan_release(mutex);
    real(cond, mutex);
    __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond* cond, GMutex* mutex, gint64 end) {
    NEXT(g_cond_wait_until);
    __tsan_release(mutex);
    const gboolean signalled = real(cond, mutex, end);
    __tsan_acquire(mutex);
    return signalled;
}

/// Pushed on one thread, popped on another.
void g_async_queue_push(GAsyncQueue* queue, gpointer data) {
    NEXT(g_async_queue_push);
    __tsan_release(queue);
    real(queue, data);
}
gpointer g_async_queue_pop(GAsyncQueue* queue) {
    NEXT(g_async_queue_pop);
    gpointer data = real(queue);
    __tsan_acquire(queue);
    return data;
}
gpointer g_async_queue_try_pop(GAsyncQueue* queue) {
    NEXT(g_async_queue_try_pop);
    gpointer data = real(queue);
    if (data) __tsan_acquire(queue);
    return data;
}
gpointer g_async_queue_timeout_pop(GAsyncQueue* queue, guint64 timeout) {
    NEXT(g_async_queue_timeout_pop);
    gpointer data = real(queue, timeout);
    if (data) __tsan_acquire(queue);
    return data;
}

void gst_element_call_async(GstElement* element, GstElementCallAsyncFunc function, gpointer data,
                            GDestroyNotify destroy) {
    NEXT(gst_element_call_async);
    auto* call = new AsyncCall{function, data, destroy};
    __tsan_release(call);
    real(
        element,
        [](GstElement* caller, gpointer handed) {
            __tsan_acquire(handed);
            const auto* made = static_cast<AsyncCall*>(handed);
            made->function(caller, made->data);
        },
        call,
        [](gpointer handed) {
            const auto* made = static_cast<AsyncCall*>(handed);
            if (made->destroy) made->destroy(made->data);
            delete made;
        });
}

}  // extern "C"
#pragma GCC visibility pop
