// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/anchor.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "core/base/wrapping.hpp"

namespace stt {

struct Anchor::Registry {
    std::mutex mutex;
    std::map<AnchorKey, std::weak_ptr<Anchor>> anchors;  // under mutex

    static Registry& get() {
        static auto* const registry = new Registry;  // not destroyed, as elements may outlive static objects
        return *registry;
    }
    void forget_the_gone() {
        std::erase_if(anchors, [](const auto& entry) { return entry.second.expired(); });
    }
    /// Returns an anchor of the same sender pipeline for another local pipeline.
    std::shared_ptr<Anchor> sibling(const AnchorKey& key, const AnchorBase& base) {
        for (const auto& [other, weak] : anchors) {
            if (other.epoch != key.epoch || other.base_time != key.base_time) continue;
            auto anchor = weak.lock();
            if (anchor && anchor->offset_ && anchor->base_.epoch == base.epoch) return anchor;
        }
        return nullptr;
    }
};

std::shared_ptr<Anchor> Anchor::of(const AnchorKey& key, const AnchorBase& base) {
    Registry& registry = Registry::get();
    const std::lock_guard lock(registry.mutex);
    registry.forget_the_gone();
    if (auto found = registry.anchors.find(key); found != registry.anchors.end()) {
        if (auto anchor = found->second.lock()) return anchor;
    }
    std::shared_ptr<Anchor> anchor(new Anchor(base));
    if (const auto sibling = registry.sibling(key, base))
        anchor->offset_ =
            wrapping_add(*sibling->offset_, static_cast<int64_t>(sibling->base_.base_time - base.base_time));
    registry.anchors[key] = anchor;
    return anchor;
}

void Anchor::also_of(const std::shared_ptr<Anchor>& anchor, const AnchorKey& key) {
    Registry& registry = Registry::get();
    const std::lock_guard lock(registry.mutex);
    registry.anchors[key] = anchor;
}

int64_t Anchor::offset(int64_t proposed, const AnchorBase& base) {
    const std::lock_guard lock(Registry::get().mutex);
    base_ = base;
    if (!offset_) offset_ = proposed;
    return *offset_;
}

int64_t Anchor::move_on(int64_t offset) {
    const std::lock_guard lock(Registry::get().mutex);
    offset_ = std::max(offset_.value_or(offset), offset);
    return *offset_;
}

}  // namespace stt
