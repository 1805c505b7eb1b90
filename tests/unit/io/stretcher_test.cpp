// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stretcher.hpp"

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

namespace stt {
namespace {

using Seed = std::optional<SecretBytes>;

SecretBytes phrase(uint8_t fill) { return SecretBytes::copy_of(std::vector<uint8_t>(16, fill)); }

class StretcherTest : public testing::Test {
  protected:
    /// Where the seed of a passphrase of sixteen times `fill` arrives.
    std::future<Seed> ask(uint8_t fill, const std::weak_ptr<const void>& by) {
        auto promise = std::make_shared<std::promise<Seed>>();
        stretch(phrase(fill), by, [this, promise](Seed seed) {
            threads.insert(std::this_thread::get_id());
            calls++;
            promise->set_value(std::move(seed));
        });
        return promise->get_future();
    }

    /// Keeps the stretching thread busy until release().
    void hold() {
        std::promise<void> held;
        stretch(phrase('z'), wanted, [&](const Seed&) {
            held.set_value();
            released.get_future().wait();
        });
        held.get_future().wait();
    }
    void release() { released.set_value(); }

    std::promise<void> released;
    std::set<std::thread::id> threads;  // the stretching thread's, until all have come
    int calls = 0;
    const std::shared_ptr<const int> wanted = std::make_shared<const int>();
};

TEST_F(StretcherTest, GivesEachTheSeedOfItsPassphrase) {
    hold();
    auto first = ask('a', wanted), second = ask('b', wanted), same = ask('a', wanted);
    release();
    const Seed a = first.get(), b = second.get(), again = same.get();
    ASSERT_TRUE(a && b && again);
    EXPECT_TRUE(std::ranges::equal(a->bytes(), seed_from_passphrase(std::string(16, 'a'))->bytes()));
    EXPECT_TRUE(std::ranges::equal(a->bytes(), again->bytes()));
    EXPECT_FALSE(std::ranges::equal(a->bytes(), b->bytes()));
    EXPECT_EQ(threads.size(), 1u);
}

TEST_F(StretcherTest, DropsWhatIsNotWantedAnyMore) {
    hold();
    auto before = ask('a', wanted);
    auto unwanted = std::make_shared<const int>();
    auto dropped = ask('b', unwanted);
    unwanted.reset();
    auto after = ask('c', wanted);
    release();
    EXPECT_TRUE(before.get() && after.get());
    EXPECT_EQ(calls, 2);
    EXPECT_THROW(dropped.get(), std::future_error) << "its promise went unkept";
}

TEST_F(StretcherTest, SaysThatAPassphraseIsTooShort) {
    std::promise<bool> given;
    stretch(SecretBytes::copy_of(std::vector<uint8_t>(5, 'a')), wanted,
            [&](Seed seed) { given.set_value(seed.has_value()); });
    EXPECT_FALSE(given.get_future().get());
}

}  // namespace
}  // namespace stt
