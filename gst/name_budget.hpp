// SPDX-License-Identifier: LGPL-2.1-or-later
/// Bounds the names that one peer's events bring into the process.
#pragma once

#include <atomic>
#include <cstddef>
#include <set>
#include <string>

namespace stt {

/// Used by one thread, except for what the budgets of a process share.
class NameBudget {
  public:
    /// Counts in `in_process` too, which budgets share and which outlives them.
    explicit NameBudget(std::atomic<size_t>& in_process = in_this_process_) : in_process_(&in_process) {}

    /// The limit in bytes for one run of an element. Names in use have some ten bytes, and caps and tags
    /// share most of them.
    static constexpr size_t bytes_max = 1 << 20;
    /// The limit in bytes for all runs of all elements of a process, as GLib forgets no name when a run ends.
    /// It suffices for many peers that use names of their own, and is little memory for a process of media.
    static constexpr size_t process_bytes_max = 16 << 20;
    /// The bytes counted for a name in addition to its own: about what GLib's table and this set take.
    static constexpr size_t overhead = 64;

    /// Begins another run from READY to PAUSED.
    void start();
    /// Counts those of `names` that are no GQuarks yet. Returns false, and counts nothing, if they exceed
    /// what is left to the run or to the process.
    bool take(const std::set<std::string>& names);
    /// Whether take() has returned false in this run.
    bool exceeded() const { return exceeded_; }
    /// Bytes counted in this run.
    size_t used() const { return used_; }

  private:
    bool take_from_process(size_t size);

    static std::atomic<size_t> in_this_process_;  // bytes counted

    std::atomic<size_t>* in_process_;
    std::set<std::string> counted_;  // a name that is counted need not become a GQuark
    size_t used_ = 0;
    bool exceeded_ = false;
};

}  // namespace stt
