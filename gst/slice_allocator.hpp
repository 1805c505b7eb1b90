// SPDX-License-Identifier: LGPL-2.1-or-later
/// Small objects that one thread makes and another one destroys, at a high rate.
#pragma once

#include <glib.h>

namespace stt {

/// An allocator of the standard library's on GLib's slices: those pass between threads in magazines, where
/// the C library's allocator takes a lock, which both threads want, for each.
template <class T>
struct SliceAllocator {
    using value_type = T;
    SliceAllocator() = default;
    template <class U>
    SliceAllocator(const SliceAllocator<U>&) {}
    T* allocate(size_t count) { return static_cast<T*>(g_slice_alloc(count * sizeof(T))); }
    void deallocate(T* at, size_t count) { g_slice_free1(count * sizeof(T), at); }
    template <class U>
    bool operator==(const SliceAllocator<U>&) const {
        return true;
    }
};

}  // namespace stt
