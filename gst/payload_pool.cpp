// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/payload_pool.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <mutex>
#include <vector>

namespace stt {

/// Unused blocks by size. The sizes are the powers of two from pooled_min to pooled_max.
class PayloadPool::Blocks {
  public:
    /// Precedes the payload in a block, and is there while the block is in use.
    struct alignas(64) Head {
        std::shared_ptr<Blocks> owner;
        size_t size;  // of the payload's part, bytes
    };

    ~Blocks() {
        for (std::vector<void*>& idle : idle_)
            for (void* block : idle) release(block);
    }

    /// Returns a block whose payload's part has at least `size` bytes, or nullptr.
    static Head* take(const std::shared_ptr<Blocks>& from, size_t size) {
        const size_t rounded = std::bit_ceil(size);
        void* block = from->take_idle(rounded);
        if (!block)
            block = ::operator new(sizeof(Head) + rounded, std::align_val_t(alignof(Head)), std::nothrow);
        return block ? new (block) Head{from, rounded} : nullptr;
    }

    /// The GDestroyNotify of a memory, called on any thread.
    static void give_back(void* data) {
        auto* head = static_cast<Head*>(data);
        const std::shared_ptr<Blocks> owner = std::move(head->owner);
        const size_t size = head->size;
        head->~Head();
        if (!owner->keep(head, size)) release(head);
    }

    size_t idle() const {
        const std::lock_guard lock(mutex_);
        return idle_bytes_;
    }

  private:
    static constexpr size_t sizes = std::bit_width(pooled_max) - std::bit_width(pooled_min) + 1;

    static std::vector<void*>& of_size(std::array<std::vector<void*>, sizes>& blocks, size_t size) {
        assert(std::has_single_bit(size) && size >= pooled_min && size <= pooled_max);
        return blocks[static_cast<size_t>(std::countr_zero(size) - std::countr_zero(pooled_min))];
    }
    static void release(void* block) { ::operator delete(block, std::align_val_t(alignof(Head))); }

    void* take_idle(size_t size) {
        const std::lock_guard lock(mutex_);
        std::vector<void*>& idle = of_size(idle_, size);
        if (idle.empty()) return nullptr;
        void* block = idle.back();
        idle.pop_back();
        idle_bytes_ -= size;
        return block;
    }
    /// Returns false if enough is kept.
    bool keep(void* block, size_t size) {
        const std::lock_guard lock(mutex_);
        if (idle_bytes_ + size > idle_max) return false;
        of_size(idle_, size).push_back(block);
        idle_bytes_ += size;
        return true;
    }

    mutable std::mutex mutex_;
    std::array<std::vector<void*>, sizes> idle_;
    size_t idle_bytes_ = 0;
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

}  // namespace stt
