// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/payload_pool.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <deque>
#include <mutex>
#include <new>
#include <vector>

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(begin, size) (static_cast<void>(begin), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(begin, size) (static_cast<void>(begin), static_cast<void>(size))
#endif

namespace stt {

/// Unused blocks by size. The sizes are the powers of two from pooled_min to pooled_max.
class PayloadPool::Blocks {
  public:
    /// Precedes the payload in a block, and is there while the block is in use.
    struct alignas(64) Head {
        std::shared_ptr<Blocks> owner;
        size_t size;  // of the payload's part, bytes
    };

    ~Blocks() { release(take_all()); }

    /// Returns a block whose payload's part has at least `size` bytes, or nullptr.
    static Head* take(const std::shared_ptr<Blocks>& from, size_t size) {
        const size_t rounded = std::bit_ceil(size);
        void* block = from->take_idle(rounded);
        if (block)
            ASAN_UNPOISON_MEMORY_REGION(block, sizeof(Head) + rounded);
        else
            block = ::operator new(sizeof(Head) + rounded, std::align_val_t(alignof(Head)), std::nothrow);
        return block ? new (block) Head{from, rounded} : nullptr;
    }

    /// The GDestroyNotify of a memory, called on any thread.
    static void give_back(void* data) {
        auto* head = static_cast<Head*>(data);
        const std::shared_ptr<Blocks> owner = std::move(head->owner);
        const size_t size = head->size;
        head->~Head();
        ASAN_POISON_MEMORY_REGION(head, sizeof(Head) + size);
        release(owner->keep({head, size, 0}));
    }

    size_t idle() const {
        const std::lock_guard lock(mutex_);
        return idle_bytes_;
    }

    void set_keeping(bool on) {
        {
            const std::lock_guard lock(mutex_);
            keeping_ = on;
        }
        if (!on) release(take_all());
    }

  private:
    struct Block {
        void* begin;
        size_t size;     // of the payload's part, bytes
        uint64_t since;  // the number of its return, by which the block that is unused the longest is found
    };
    static constexpr size_t sizes = std::bit_width(pooled_max) - std::bit_width(pooled_min) + 1;
    using BySize = std::array<std::deque<Block>, sizes>;

    static size_t index_of(size_t size) {
        assert(std::has_single_bit(size) && size >= pooled_min && size <= pooled_max);
        return static_cast<size_t>(std::countr_zero(size) - std::countr_zero(pooled_min));
    }
    static void release(const std::vector<Block>& blocks) {
        for (const Block& block : blocks) {
            ASAN_UNPOISON_MEMORY_REGION(block.begin, sizeof(Head) + block.size);
            ::operator delete(block.begin, std::align_val_t(alignof(Head)));
        }
    }

    /// The newest is taken, as the processor's caches may still hold it.
    void* take_idle(size_t size) {
        const std::lock_guard lock(mutex_);
        std::deque<Block>& idle = idle_[index_of(size)];
        if (idle.empty()) return nullptr;
        void* begin = idle.back().begin;
        idle.pop_back();
        idle_bytes_ -= size;
        return begin;
    }
    /// Returns what is no longer kept: those that have been unused the longest, of any size, give way.
    std::vector<Block> keep(Block block) {
        std::vector<Block> dropped;
        const std::lock_guard lock(mutex_);
        if (!keeping_) return {block};
        while (idle_bytes_ + block.size > idle_max) dropped.push_back(take_oldest());
        block.since = ++returns_;
        idle_[index_of(block.size)].push_back(block);
        idle_bytes_ += block.size;
        return dropped;
    }
    /// There is at least one. Called with the lock held.
    Block take_oldest() {
        std::deque<Block>* oldest = nullptr;
        for (std::deque<Block>& idle : idle_)
            if (!idle.empty() && (!oldest || idle.front().since < oldest->front().since)) oldest = &idle;
        assert(oldest);
        const Block block = oldest->front();
        oldest->pop_front();
        idle_bytes_ -= block.size;
        return block;
    }
    std::vector<Block> take_all() {
        std::vector<Block> all;
        const std::lock_guard lock(mutex_);
        while (idle_bytes_ > 0) all.push_back(take_oldest());
        return all;
    }

    mutable std::mutex mutex_;
    BySize idle_;            // under mutex_
    size_t idle_bytes_ = 0;  // under mutex_
    uint64_t returns_ = 0;   // under mutex_
    bool keeping_ = true;    // under mutex_
};

PayloadPool::PayloadPool() : blocks_(std::make_shared<Blocks>()) {}

BufferPtr PayloadPool::get(size_t size) {
    if (size < pooled_min || size > pooled_max)
        return BufferPtr(gst_buffer_new_allocate(nullptr, size, nullptr));
    Blocks::Head* head = Blocks::take(blocks_, size);
    if (!head) return nullptr;
    return BufferPtr(gst_buffer_new_wrapped_full(static_cast<GstMemoryFlags>(0), head + 1, head->size, 0,
                                                 size, head, &Blocks::give_back));
}

size_t PayloadPool::idle() const { return blocks_->idle(); }

void PayloadPool::start() { blocks_->set_keeping(true); }

void PayloadPool::stop() { blocks_->set_keeping(false); }

}  // namespace stt
