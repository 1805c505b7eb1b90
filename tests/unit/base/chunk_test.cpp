// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/base/chunk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace stt {
namespace {

TEST(Chunk, CopiesOnRequest) {
    std::array<uint8_t, 3> source{1, 2, 3};
    const Chunk chunk = Chunk::copy_of(source);
    source.fill(0);
    EXPECT_EQ(chunk.size(), 3u);
    EXPECT_TRUE(std::ranges::equal(chunk.bytes(), std::array<uint8_t, 3>{1, 2, 3}));
    EXPECT_TRUE(Chunk().empty());
}

TEST(Chunk, PartsKeepTheOwnerAlive) {
    auto owner = std::make_shared<std::vector<uint8_t>>(std::vector<uint8_t>{1, 2, 3, 4, 5});
    const std::weak_ptr<const void> watch = owner;
    Chunk part;
    {
        const Chunk whole(owner, *owner);
        owner.reset();
        part = whole.sub(1, 3);
    }
    EXPECT_FALSE(watch.expired());
    EXPECT_TRUE(std::ranges::equal(part.bytes(), std::array<uint8_t, 3>{2, 3, 4}));
    part = Chunk();
    EXPECT_TRUE(watch.expired());
}

TEST(Chunk, APartOfAnExpiringChunkTakesItsShare) {
    auto owner = std::make_shared<std::vector<uint8_t>>(4);
    Chunk whole(owner, *owner);
    const Chunk part = std::move(whole).sub(2, 2);
    EXPECT_EQ(owner.use_count(), 2);
    EXPECT_EQ(part.bytes().data(), owner->data() + 2);
}

}  // namespace
}  // namespace stt
