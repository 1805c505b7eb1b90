// SPDX-License-Identifier: LGPL-2.1-or-later
// What encrypted UDP can reach on this machine: AES-256-GCM on every packet, segmentation offload out (GSO)
// and in (GRO), and nothing else: no protocol, no acknowledgement, no order, no flow control. One process
// sends, another receives and opens; what the receiver cannot keep up with is lost. Prints one line of JSON.
//   ceiling --packet BYTES --bytes TOTAL      BYTES: payload of a UDP datagram
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr size_t nonce_size = 12;
constexpr size_t tag_size = 16;
constexpr size_t overhead = nonce_size + tag_size;
// The kernel's limits of one GSO send: 64 segments, and what fits an IPv4 datagram.
constexpr size_t max_segments = 64;
constexpr size_t max_batch = 65'000;
constexpr int socket_buffer = 8 << 20;

struct Outcome {
    uint64_t bytes = 0;  // of plaintext
    uint64_t packets = 0;
    double wall = 0;
    double cpu = 0;
};

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

double now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

/// AES-256-GCM in place, under a key that is the same for everybody: this measures, it protects nothing.
class Cipher {
  public:
    explicit Cipher(bool seal) : context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free), seal_(seal) {
        const std::array<uint8_t, 32> key{};
        if (!EVP_CipherInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr, seal))
            die("cipher");
    }
    /// `packet`: nonce, text, tag.
    bool run(uint8_t* packet, size_t size) {
        uint8_t* text = packet + nonce_size;
        const int length = static_cast<int>(size - overhead);
        int done = 0;
        EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, packet, -1);
        if (!seal_) EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, tag_size, text + length);
        EVP_CipherUpdate(context_.get(), text, &done, text, length);
        if (EVP_CipherFinal_ex(context_.get(), text + length, &done) <= 0) return false;
        if (seal_) EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, tag_size, text + length);
        return true;
    }

  private:
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
    bool seal_;
};

int open_socket() {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    // As root beyond the system's limit, as STT's own sockets do when they may.
    for (const auto& [forced, usual] :
         {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}}) {
        if (setsockopt(fd, SOL_SOCKET, forced, &socket_buffer, sizeof socket_buffer) != 0) {
            setsockopt(fd, SOL_SOCKET, usual, &socket_buffer, sizeof socket_buffer);
        }
    }
    return fd;
}

size_t segment_size(const msghdr& message, size_t whole) {
    for (const cmsghdr* control = CMSG_FIRSTHDR(&message); control;
         control = CMSG_NXTHDR(const_cast<msghdr*>(&message), const_cast<cmsghdr*>(control))) {
        if (control->cmsg_level != IPPROTO_UDP || control->cmsg_type != UDP_GRO) continue;
        int size = 0;
        std::memcpy(&size, CMSG_DATA(control), sizeof size);
        return static_cast<size_t>(size);
    }
    return whole;
}

/// Receives and opens until a datagram of one byte, or until nothing came for a second.
Outcome receive(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    const timeval patience{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    Cipher cipher(false);
    std::vector<uint8_t> batch(1 << 16);
    Outcome outcome;
    double first = 0;
    double last = 0;
    for (;;) {
        alignas(cmsghdr) std::array<char, 64> control{};
        iovec data{batch.data(), batch.size()};
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t received = recvmsg(fd, &message, 0);
        if (received <= 1) break;
        if (first == 0) first = now();
        const size_t size = static_cast<size_t>(received);
        const size_t segment = segment_size(message, size);
        for (size_t at = 0; at < size; at += segment) {
            const size_t length = std::min(segment, size - at);
            if (length <= overhead || !cipher.run(batch.data() + at, length)) die("a packet did not open");
            outcome.bytes += length - overhead;
            ++outcome.packets;
        }
        last = now();
    }
    outcome.wall = last - first;
    outcome.cpu = cpu_seconds();
    return outcome;
}

Outcome send_all(int fd, size_t packet, uint64_t total) {
    const size_t segments = std::clamp<size_t>(max_batch / packet, 1, max_segments);
    const int segment = static_cast<int>(packet);
    if (setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) die("UDP_SEGMENT");
    Cipher cipher(true);
    std::vector<uint8_t> batch(segments * packet);
    Outcome outcome;
    const double start = now();
    while (outcome.bytes < total) {
        for (size_t i = 0; i < segments; ++i) {
            uint8_t* at = batch.data() + i * packet;
            std::memset(at, 0, nonce_size);
            std::memcpy(at, &outcome.packets, sizeof outcome.packets);
            cipher.run(at, packet);
            ++outcome.packets;
            outcome.bytes += packet - overhead;
        }
        if (send(fd, batch.data(), batch.size(), 0) < 0) die("send");
    }
    outcome.wall = now() - start;
    outcome.cpu = cpu_seconds();
    const uint8_t end = 0;
    if (send(fd, &end, 1, 0) < 0) die("send");
    return outcome;
}

}  // namespace

int main(int argc, char** argv) {
    size_t packet = 1452;
    uint64_t total = 1'000'000'000;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string(argv[i]) == "--packet") packet = std::strtoul(argv[i + 1], nullptr, 10);
        if (std::string(argv[i]) == "--bytes") total = std::strtoull(argv[i + 1], nullptr, 10);
    }
    if (packet <= overhead || packet > max_batch) {
        std::fprintf(stderr, "usage: see the head of ceiling.cpp\n");
        return 2;
    }
    const int receiver = open_socket();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(receiver, reinterpret_cast<sockaddr*>(&address), length) != 0) die("bind");
    getsockname(receiver, reinterpret_cast<sockaddr*>(&address), &length);
    const int sender = open_socket();
    if (connect(sender, reinterpret_cast<sockaddr*>(&address), length) != 0) die("connect");

    std::array<int, 2> report{};
    if (pipe(report.data()) != 0) die("pipe");
    const pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        const Outcome received = receive(receiver);
        std::_Exit(write(report[1], &received, sizeof received) == sizeof received ? 0 : 1);
    }
    const Outcome sent = send_all(sender, packet, total);
    Outcome received;
    const bool reported = read(report[0], &received, sizeof received) == sizeof received;
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0 || !reported) {
        std::fprintf(stderr, "ceiling: the receiver failed\n");
        return 1;
    }
    std::printf(
        "{\"sent\": %lu, \"received\": %lu, \"bytes\": %lu, \"wall\": %.6f, \"cpu_send\": %.6f, "
        "\"cpu_receive\": %.6f}\n",
        sent.packets, received.packets, received.bytes, received.wall, sent.cpu, received.cpu);
    return 0;
}
