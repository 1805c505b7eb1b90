// SPDX-License-Identifier: LGPL-2.1-or-later
/// Allocation of small objects that one thread creates and another one destroys at a high rate.
#pragma once

#include <glib.h>

namespace stt {

/// A standard allocator on GLib's slices. Slices pass between threads in magazines. The C library's allocator
/// instead takes a lock for each object, for which both threads contend.
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
