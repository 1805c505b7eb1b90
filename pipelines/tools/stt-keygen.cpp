// SPDX-License-Identifier: LGPL-2.1-or-later
/// stt-keygen creates the files for seed-file and identity-file.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "core/io/key_files.hpp"

namespace {

constexpr int exit_failure = 1, exit_usage = 2;

constexpr char usage[] =
    "Usage: stt-keygen seed FILE\n"
    "       stt-keygen identity FILE\n"
    "\n"
    "  seed      make a shared seed: both ends need the same file (seed-file)\n"
    "  identity  make this node's own key and print its node id (identity-file, peer-node-id)\n"
    "\n"
    "FILE must not exist; only its owner will be able to read it.\n";

int fail(const stt::Error& error) {
    std::fprintf(stderr, "stt-keygen: %s\n", error.text.c_str());
    return exit_failure;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view command = argc > 1 ? argv[1] : "";
    if (argc == 2 && (command == "--help" || command == "-h")) {
        std::fputs(usage, stdout);
        return 0;
    }
    if (argc != 3 || argv[2][0] == '\0' || (command != "seed" && command != "identity")) {
        std::fputs(usage, stderr);
        return exit_usage;
    }
    if (command == "seed") {
        const stt::Status written = stt::write_seed_file(argv[2]);
        return written ? 0 : fail(written.error());
    }
    const auto identity = stt::write_identity_file(argv[2]);
    if (!identity) return fail(identity.error());
    std::printf("%s\n", stt::to_hex(identity.value()->node_id()).c_str());
    if (std::fflush(stdout) == 0) return 0;
    std::fprintf(stderr, "stt-keygen: %s was created, but its node id cannot be printed: %s.\n", argv[2],
                 std::strerror(errno));
    return exit_failure;
}
