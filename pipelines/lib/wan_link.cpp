// SPDX-License-Identifier: LGPL-2.1-or-later
// Emulates a wide-area link on one machine: two network namespaces with a TUN device in each, and everything
// that can happen to a packet in between. It needs root and /dev/net/tun, but no netem in the kernel.
//   wan_link [OPTION VALUE]... -- COMMAND...
// Runs COMMAND with WAN_A and WAN_B in its environment, for use as `nsenter --net=$WAN_A program`. The hosts
// are 10.77.0.1 and 10.77.0.2. The namespaces exist until wan_link and COMMAND have exited. The exit status
// is that of COMMAND, and statistics are printed to standard error. Each option applies to both directions:
//   --delay MS  --jitter MS       one way; jitter is uniform between 0 and MS, and reorders
//   --rate MBIT_S  --queue KB     a drop-tail queue of KB (default 512) before a link of that rate
//   --loss PERCENT                of packets, independently
//   --burst ENTER,LEAVE           percent per packet: a Gilbert model that loses all packets in its bad state
//   --duplicate PERCENT
//   --reorder PERCENT             of packets, which skip the delay
//   --corrupt PERCENT             of packets, in which one bit of the UDP payload is flipped
//   --blackout AT,FOR             seconds since the start in which no packet passes, as between SIGUSR1 and
//                                 SIGUSR2
//   --mtu BYTES                   of both devices (default 1500)
//   --seed N
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int64_t ms = 1'000'000;  // ns, the unit of all times in this file
constexpr size_t reads_a_turn = 64;

[[noreturn]] void die(const std::string& what) {
    std::perror(("wan_link: " + what).c_str());
    std::exit(2);
}

int64_t now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 * ms + time.tv_nsec;
}

struct Options {
    double delay = 0, jitter = 0, rate = 0, queue = 512, loss = 0, burst_enter = 0, burst_leave = 100;
    double duplicate = 0, reorder = 0, corrupt = 0, blackout_at = -1, blackout_for = 0, mtu = 1500, seed = 1;
};

struct Counters {
    uint64_t taken = 0, passed = 0, lost = 0, queue_full = 0, duplicated = 0, reordered = 0, corrupted = 0,
             blacked = 0;
};

/// One end: a network namespace and the device in it.
struct Host {
    int net_namespace;
    int device;
};

void configure(const char* name, const char* address, const char* netmask, int mtu) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    const auto set = [&](unsigned long call, const char* what) {
        if (ioctl(fd, call, &request) != 0) die(what);
    };
    auto& inet = reinterpret_cast<sockaddr_in&>(request.ifr_addr);
    if (address) {
        inet.sin_family = AF_INET;
        inet_pton(AF_INET, address, &inet.sin_addr);
        set(SIOCSIFADDR, "address");
        inet_pton(AF_INET, netmask, &inet.sin_addr);
        set(SIOCSIFNETMASK, "netmask");
        request.ifr_mtu = mtu;
        set(SIOCSIFMTU, "mtu");
        request.ifr_qlen = 10'000;
        set(SIOCSIFTXQLEN, "transmit queue");
    }
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    set(SIOCSIFFLAGS, "up");
    close(fd);
}

Host make_host(const char* address, int mtu) {
    const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (unshare(CLONE_NEWNET) != 0) die("a network namespace (needs root)");
    // The descriptor is inheritable, so that the namespace lasts as long as the command.
    const int made = open("/proc/self/ns/net", O_RDONLY);
    const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device < 0) die("/dev/net/tun");
    ifreq request{};
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    std::strcpy(request.ifr_name, "wan");
    if (ioctl(device, TUNSETIFF, &request) != 0) die("a TUN device");
    configure("lo", nullptr, nullptr, 0);
    configure("wan", address, "255.255.255.0", mtu);
    if (setns(home, CLONE_NEWNET) != 0) die("the way back");
    close(home);
    return {made, device};
}

class Link {
  public:
    Link(const Options& options, std::array<int, 2> devices)
        : options_(options), devices_(devices), random_(static_cast<unsigned>(options.seed)) {}

    /// Reads the packets that `side` has sent. The number is limited, so that the other side gets its turn.
    void take(size_t side) {
        for (size_t i = 0; i < reads_a_turn; ++i) {
            const ssize_t size = read(devices_[side], buffer_.data(), buffer_.size());
            if (size <= 0) return;
            ++counters_.taken;
            accept(side, {buffer_.begin(), buffer_.begin() + size}, now());
        }
    }
    /// Delivers the packets that are due. Returns when the next one is due, or 0 if there is none.
    int64_t deliver() {
        while (!flying_.empty() && flying_.top().due <= now()) {
            const Packet& packet = flying_.top();
            if (write(devices_[packet.to], packet.bytes.data(), packet.bytes.size()) > 0) ++counters_.passed;
            flying_.pop();
        }
        return flying_.empty() ? 0 : flying_.top().due;
    }
    /// While the link is cut, no new packet passes. Packets in flight still arrive.
    void cut(bool on) { cut_ = on; }
    const Counters& counters() const { return counters_; }

  private:
    struct Packet {
        int64_t due;
        uint64_t order;
        size_t to;
        std::vector<uint8_t> bytes;
        bool operator<(const Packet& other) const {  // the top of a heap is its largest element
            return due != other.due ? due > other.due : order > other.order;
        }
    };

    bool chance(double percent) { return percent > 0 && percent_(random_) < percent; }

    bool lost(size_t side) {
        if (options_.burst_enter > 0)
            bad_[side] = bad_[side] ? !chance(options_.burst_leave) : chance(options_.burst_enter);
        return bad_[side] || chance(options_.loss);
    }
    bool blacked_out(int64_t at) const {
        const double seconds = static_cast<double>(at - start_) / (1000.0 * ms);
        return options_.blackout_at >= 0 && seconds >= options_.blackout_at &&
               seconds < options_.blackout_at + options_.blackout_for;
    }
    /// Returns when the last bit leaves the queue, or 0 if the queue is full.
    int64_t departure(size_t side, size_t size, int64_t at) {
        if (options_.rate <= 0) return at;
        const double ns_per_byte = 8e3 / options_.rate;
        const int64_t begin = std::max(at, busy_until_[side]);
        if (static_cast<double>(begin - at) / ns_per_byte > options_.queue * 1000) return 0;
        busy_until_[side] = begin + static_cast<int64_t>(static_cast<double>(size) * ns_per_byte);
        return busy_until_[side];
    }
    /// Flips one bit of a UDP payload and clears the checksum, so that the kernel accepts the packet.
    void corrupt(std::vector<uint8_t>& bytes) {
        const size_t udp = static_cast<size_t>(bytes[0] & 15) * 4;
        if (bytes[0] >> 4 != 4 || bytes[9] != IPPROTO_UDP || bytes.size() <= udp + 8) return;
        bytes[udp + 6] = bytes[udp + 7] = 0;
        bytes[udp + 8 + random_() % (bytes.size() - udp - 8)] ^= static_cast<uint8_t>(1 << random_() % 8);
        ++counters_.corrupted;
    }
    void accept(size_t side, std::vector<uint8_t> bytes, int64_t at) {
        if (cut_ || blacked_out(at)) return void(++counters_.blacked);
        if (lost(side)) return void(++counters_.lost);
        const int64_t leaves = departure(side, bytes.size(), at);
        if (leaves == 0) return void(++counters_.queue_full);
        if (chance(options_.corrupt)) corrupt(bytes);
        int64_t due = leaves + static_cast<int64_t>(options_.delay * ms);
        if (options_.jitter > 0) due += static_cast<int64_t>(options_.jitter * ms * percent_(random_) / 100);
        if (chance(options_.reorder)) {
            due = leaves;
            ++counters_.reordered;
        }
        if (chance(options_.duplicate)) {
            flying_.push({due, order_++, 1 - side, bytes});
            ++counters_.duplicated;
        }
        flying_.push({due, order_++, 1 - side, std::move(bytes)});
    }

    Options options_;
    std::array<int, 2> devices_;
    std::mt19937 random_;
    std::uniform_real_distribution<double> percent_{0, 100};
    std::priority_queue<Packet> flying_;
    std::vector<uint8_t> buffer_ = std::vector<uint8_t>(1 << 16);
    std::array<int64_t, 2> busy_until_{};
    std::array<bool, 2> bad_{};
    int64_t start_ = now();
    bool cut_ = false;
    uint64_t order_ = 0;
    Counters counters_;
};

void read_options(Options& options, int argc, char** argv, int& at) {
    const std::map<std::string, std::vector<double*>> known = {
        {"--delay", {&options.delay}},
        {"--jitter", {&options.jitter}},
        {"--rate", {&options.rate}},
        {"--queue", {&options.queue}},
        {"--loss", {&options.loss}},
        {"--burst", {&options.burst_enter, &options.burst_leave}},
        {"--duplicate", {&options.duplicate}},
        {"--reorder", {&options.reorder}},
        {"--corrupt", {&options.corrupt}},
        {"--blackout", {&options.blackout_at, &options.blackout_for}},
        {"--mtu", {&options.mtu}},
        {"--seed", {&options.seed}},
    };
    for (at = 1; at + 1 < argc && std::string(argv[at]) != "--"; at += 2) {
        const auto option = known.find(argv[at]);
        const char* value = argv[at + 1];
        if (option == known.end()) break;
        for (double* number : option->second) {
            char* end = nullptr;
            *number = std::strtod(value, &end);
            value = *end == ',' ? end + 1 : end;
        }
    }
    if (at + 1 < argc && std::string(argv[at++]) == "--") return;
    std::fprintf(stderr, "usage: see the head of wan_link.cpp\n");
    std::exit(2);
}

pid_t start_command(char** command, const sigset_t& blocked, const std::array<Host, 2>& hosts) {
    const std::array names = {"WAN_A", "WAN_B"};
    for (size_t i = 0; i < hosts.size(); ++i) {
        const std::string path =
            "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(hosts[i].net_namespace);
        setenv(names[i], path.c_str(), 1);
    }
    const pid_t child = fork();
    if (child < 0) die("fork");
    if (child > 0) return child;
    sigprocmask(SIG_UNBLOCK, &blocked, nullptr);
    execvp(command[0], command);
    std::perror(command[0]);
    std::_Exit(127);
}

int run(Link& link, const std::array<Host, 2>& hosts, int signals, pid_t child) {
    const int poll = epoll_create1(EPOLL_CLOEXEC);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    for (const int fd : {hosts[0].device, hosts[1].device, signals, timer}) {
        epoll_event event{EPOLLIN, {.fd = fd}};
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
    for (;;) {
        std::array<epoll_event, 4> events{};
        const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = events[static_cast<size_t>(i)].data.fd;
            if (fd == hosts[0].device) link.take(0);
            if (fd == hosts[1].device) link.take(1);
            signalfd_siginfo info{};
            if (fd != signals || read(signals, &info, sizeof info) != sizeof info) continue;
            if (info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2) {
                link.cut(info.ssi_signo == SIGUSR1);
                continue;
            }
            if (info.ssi_signo != SIGCHLD) kill(child, static_cast<int>(info.ssi_signo));
            int status = 0;
            if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        }
        const int64_t due = link.deliver();
        const itimerspec next{{}, {due / (1000 * ms), due % (1000 * ms)}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &next, nullptr);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    int command = 0;
    read_options(options, argc, argv, command);
    const int mtu = static_cast<int>(options.mtu);
    const std::array<Host, 2> hosts = {make_host("10.77.0.1", mtu), make_host("10.77.0.2", mtu)};

    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : {SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) sigaddset(&blocked, number);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    const int signals = signalfd(-1, &blocked, SFD_NONBLOCK | SFD_CLOEXEC);
    const pid_t child = start_command(argv + command, blocked, hosts);

    Link link(options, {hosts[0].device, hosts[1].device});
    const int status = run(link, hosts, signals, child);
    const Counters& done = link.counters();
    std::fprintf(stderr,
                 "wan_link: took %lu, passed %lu, lost %lu, queue full %lu, duplicated %lu, reordered %lu, "
                 "corrupted %lu, blacked out %lu\n",
                 done.taken, done.passed, done.lost, done.queue_full, done.duplicated, done.reordered,
                 done.corrupted, done.blacked);
    return status;
}
