// SPDX-License-Identifier: LGPL-2.1-or-later
/// A transport without a descriptor between two nodes of one process, whose back-pressure a test controls.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/io/loop.hpp"
#include "core/io/transport.hpp"

namespace stt::test {

/// Any thread may call its functions. The ends share it.
class Wire : public std::enable_shared_from_this<Wire> {
  public:
    static constexpr size_t unlimited = std::numeric_limits<size_t>::max();
    static constexpr size_t batch_datagrams = 16;

    explicit Wire(TransportKind kind) : kind_(kind) {
        for (size_t i = 0; i < sides_.size(); i++) {
            sides_[i].address = Address::v4({192, 0, 2, static_cast<uint8_t>(1 + i)}, 7600);
            sides_[i].address.transport = kind;
        }
    }

    /// Makes the end of side 0 or 1.
    std::unique_ptr<Transport> end(size_t side);
    /// The loop of the node that has the end. It outlives the wire.
    void set_loop(size_t side, Loop& loop) {
        change(side, [&](Side& own) { own.loop = &loop; });
    }
    const Address& address(size_t side) const { return sides_[side].address; }
    /// Lets `datagrams` more leave from that side.
    void allow(size_t side, size_t datagrams) {
        change(side, [&](Side& own) { own.allowed = datagrams; });
    }
    void add_reports(size_t side, size_t count, const NetworkReport& report) {
        change(side, [&](Side& own) { own.reports.insert(own.reports.end(), count, report); });
    }

    struct Counts {
        uint64_t sent = 0;     // datagrams
        uint64_t blocked = 0;  // calls of send() that would have blocked
        uint64_t partly = 0;   // … after part of a batch
        size_t waiting_reports = 0;
        size_t reports_read_at_once = 0;  // at most
        Time handed_over{};               // when the node was given a datagram last
    };
    Counts counts(size_t side) const {
        const std::lock_guard lock(mutex_);
        Counts counts = sides_[side].counts;
        counts.waiting_reports = sides_[side].reports.size();
        return counts;
    }

  private:
    class End;
    struct Side {
        Address address;
        Loop* loop = nullptr;
        std::deque<std::vector<uint8_t>> inbox;
        std::deque<NetworkReport> reports;
        size_t allowed = unlimited;
        Counts counts;
    };

    template <class Change>
    void change(size_t side, Change what) {
        Loop* loop;
        {
            const std::lock_guard lock(mutex_);
            what(sides_[side]);
            loop = sides_[side].loop;
        }
        if (loop) loop->wake();
    }

    const TransportKind kind_;
    mutable std::mutex mutex_;
    std::array<Side, 2> sides_;
};

class Wire::End final : public Transport {
  public:
    End(std::shared_ptr<Wire> wire, size_t side) : wire_(std::move(wire)), side_(side) {}

    TransportKind kind() const override { return wire_->kind_; }
    const TransportProperties& properties() const override {
        static constexpr TransportProperties properties{.batch_datagrams = batch_datagrams,
                                                        .batch_bytes = 64 << 10,
                                                        .ipv4_headers = 28,
                                                        .ipv6_headers = 48};
        return properties;
    }
    uint16_t local_port() const override { return wire_->address(side_).port; }
    bool is_own(const Address& from) const override { return from == wire_->address(side_); }

    bool receive(const DatagramHandler& handler) override {
        std::deque<std::vector<uint8_t>> batch;
        {
            const std::lock_guard lock(wire_->mutex_);
            Side& own = wire_->sides_[side_];
            const auto count = std::min(own.inbox.size(), batch_datagrams);
            const auto last = own.inbox.begin() + static_cast<ptrdiff_t>(count);
            batch.assign(std::make_move_iterator(own.inbox.begin()), std::make_move_iterator(last));
            own.inbox.erase(own.inbox.begin(), last);
            if (count > 0) own.counts.handed_over = clock_now().time;
        }
        for (auto& datagram : batch) handler(wire_->address(1 - side_), datagram, nullptr);
        return batch.size() == batch_datagrams;
    }

    bool read_reports(size_t most, const ReportHandler& handler) override {
        std::deque<NetworkReport> read;
        {
            const std::lock_guard lock(wire_->mutex_);
            Side& own = wire_->sides_[side_];
            for (; read.size() < most && !own.reports.empty(); own.reports.pop_front())
                read.push_back(std::move(own.reports.front()));
            own.counts.reports_read_at_once = std::max(own.counts.reports_read_at_once, read.size());
        }
        for (const NetworkReport& report : read) handler(report);
        return read.size() == most;
    }

    Sent send(const Address&, Bytes batch, size_t segment, Recipient) override {
        size_t done = 0;
        wire_->change(1 - side_, [&](Side& other) {
            Side& own = wire_->sides_[side_];
            for (; done < batch.size() && own.allowed > 0; own.counts.sent++) {
                const Bytes datagram = batch.subspan(done, std::min(segment, batch.size() - done));
                other.inbox.emplace_back(datagram.begin(), datagram.end());
                done += datagram.size();
                if (own.allowed != unlimited) own.allowed--;
            }
            if (done == batch.size()) return;
            own.counts.blocked++;
            if (done > 0) own.counts.partly++;
        });
        return {done == batch.size() ? Sent::Outcome::done : Sent::Outcome::would_block, done};
    }

    void confirm_peer(const Address&) override {}
    void close() override {}

  private:
    const std::shared_ptr<Wire> wire_;
    const size_t side_;
};

inline std::unique_ptr<Transport> Wire::end(size_t side) {
    return std::make_unique<End>(shared_from_this(), side);
}

}  // namespace stt::test
