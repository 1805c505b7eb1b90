// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/stretcher.hpp"

#include <pthread.h>

#include <algorithm>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

namespace stt {
namespace {

struct Job {
    SecretBytes passphrase;
    std::weak_ptr<const void> wanted;
    std::function<void(std::optional<SecretBytes>)> done;
};

struct Stretcher {
    std::mutex mutex;
    std::list<Job> jobs;   // under the mutex
    bool working = false;  // a thread is in work(); under the mutex
};

// Never destroyed, because a thread may be working when the process ends.
Stretcher& stretcher() {
    static Stretcher& process = *new Stretcher;
    return process;
}

/// Removes the jobs that `belongs` accepts from `jobs`, and returns them.
template <class Condition>
std::list<Job> extract(std::list<Job>& jobs, Condition belongs) {
    std::list<Job> taken;
    for (auto job = jobs.begin(); job != jobs.end();) {
        const auto next = std::next(job);
        if (belongs(*job)) taken.splice(taken.end(), jobs, job);
        job = next;
    }
    return taken;
}

void work() {
    pthread_setname_np(pthread_self(), "stt-stretch");
    Stretcher& self = stretcher();
    for (;;) {
        SecretBytes passphrase;
        {
            std::list<Job> unwanted;  // destroyed after the lock is released
            const std::lock_guard lock(self.mutex);
            unwanted = extract(self.jobs, [](const Job& job) { return job.wanted.expired(); });
            if (self.jobs.empty()) {
                self.working = false;
                return;
            }
            passphrase = self.jobs.front().passphrase.clone();
        }
        const Bytes bytes = passphrase.bytes();
        const auto seed = seed_from_passphrase({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        std::list<Job> ready;
        {
            const std::lock_guard lock(self.mutex);
            ready = extract(
                self.jobs, [&](const Job& job) { return std::ranges::equal(job.passphrase.bytes(), bytes); });
        }
        for (Job& job : ready)
            if (!job.wanted.expired()) job.done(seed ? std::optional(seed->clone()) : std::nullopt);
    }
}

}  // namespace

void stretch(SecretBytes passphrase, std::weak_ptr<const void> wanted,
             std::function<void(std::optional<SecretBytes>)> done) {
    Stretcher& self = stretcher();
    const std::lock_guard lock(self.mutex);
    self.jobs.push_back({std::move(passphrase), std::move(wanted), std::move(done)});
    if (!std::exchange(self.working, true)) std::thread(work).detach();
}

}  // namespace stt
