// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/buffer_pool.hpp"

#include <mutex>
#include <new>
#include <vector>

namespace stt {

/// Raw blocks of one size, which is that of a buffer together with its reference counts.
class BufferPool::FreeList {
  public:
    explicit FreeList(size_t idle_max) : idle_max_(idle_max) { blocks_.reserve(idle_max); }
    ~FreeList() {
        for (void* block : blocks_) ::operator delete(block);
    }
    FreeList(const FreeList&) = delete;
    FreeList& operator=(const FreeList&) = delete;

    void* take(size_t size) {
        {
            const std::lock_guard lock(mutex_);
            in_use_++;
            if (!blocks_.empty()) {
                void* block = blocks_.back();
                blocks_.pop_back();
                return block;
            }
        }
        return ::operator new(size);
    }
    void give_back(void* block) noexcept {
        {
            const std::lock_guard lock(mutex_);
            in_use_--;
            if (blocks_.size() < idle_max_) {
                blocks_.push_back(block);
                return;
            }
        }
        ::operator delete(block);
    }
    size_t idle() const {
        const std::lock_guard lock(mutex_);
        return blocks_.size();
    }
    size_t in_use() const {
        const std::lock_guard lock(mutex_);
        return in_use_;
    }

  private:
    const size_t idle_max_;
    mutable std::mutex mutex_;
    std::vector<void*> blocks_;
    size_t in_use_ = 0;
};

/// Makes allocate_shared put a buffer and its reference counts into one block of the list, so that reuse
/// needs no allocation at all.
template <class T>
struct BufferPool::Allocator {
    using value_type = T;
    explicit Allocator(std::shared_ptr<FreeList> list) : free(std::move(list)) {}
    template <class U>
    Allocator(const Allocator<U>& other) : free(other.free) {}

    T* allocate(size_t count) { return static_cast<T*>(free->take(count * sizeof(T))); }
    void deallocate(T* block, size_t) noexcept { free->give_back(block); }
    template <class U>
    bool operator==(const Allocator<U>& other) const {
        return free == other.free;
    }

    std::shared_ptr<FreeList> free;
};

BufferPool::BufferPool(size_t idle_max) : free_(std::make_shared<FreeList>(idle_max)) {}

std::shared_ptr<ReceiveBuffer> BufferPool::get() {
    return std::allocate_shared<ReceiveBuffer>(Allocator<ReceiveBuffer>(free_));
}

size_t BufferPool::idle() const { return free_->idle(); }
size_t BufferPool::in_use() const { return free_->in_use(); }

}  // namespace stt
