// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/key_files.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/base/text.hpp"
#include "core/io/system_error.hpp"

namespace stt {
namespace {

constexpr size_t key_size = 32;
// Bytes; enough for eight seeds with long comments. A longer file is not a key file.
constexpr size_t file_max = 16384;

class File {
  public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }
    bool is_open() const { return fd_ >= 0; }

  private:
    int fd_;
};

Error file_error(std::string text, ErrorCode code, Reason reason) {
    return make_error(code, reason, ErrorOrigin::local, std::move(text)).ending();
}
// An error about the file itself.
Error bad_file(std::string text, Reason reason = Reason::key_file) {
    return file_error(std::move(text), ErrorCode::none, reason);
}
/// `format` is the format of a sentence about the file and the system's error.
Error system_error(const char* format, const std::string& path, int number) {
    const Reason reason = reason_of_system_error(number);
    return file_error(tr(format, path.c_str(), std::strerror(number)), code_of_system_error(number),
                      reason == Reason::system ? Reason::key_file : reason);
}

// Whether the open file is in the directory in which systemd passes credentials, or below it. The kernel
// reports where the file is, so that symbolic links in the path that was opened do not matter.
bool is_credential(int fd) {
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (!directory || directory[0] != '/') return false;
    std::error_code failure;
    const auto within = std::filesystem::canonical(directory, failure);
    if (failure) return false;
    const auto file = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), failure);
    if (failure) return false;
    const auto [end, in_file] = std::mismatch(within.begin(), within.end(), file.begin(), file.end());
    return end == within.end() && in_file != file.end();
}

// Whoever owns a file can change its mode and its content.
bool has_trusted_owner(const struct stat& status) {
    return status.st_uid == 0 || status.st_uid == ::geteuid();
}

bool on_read_only_mount(int fd) {
    struct statvfs mount;
    return ::fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0;
}

// Service managers mount secrets as files that a group or everybody may read, and whose mode cannot
// be changed. Access is then controlled by who can see the mount.
bool is_mounted_secret(int fd, const struct stat& status) {
    const bool only_read = (status.st_mode & (S_IWGRP | S_IXGRP | S_IWOTH | S_IXOTH)) == 0;
    return only_read && (is_credential(fd) || on_read_only_mount(fd));
}

Result<SecretBytes> read_private_file(const std::string& path, size_t& size) {
    // The flags prevent hanging on a FIFO, or acquiring a terminal, before the file is known to be regular.
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.is_open()) return system_error(tr_noop("%s: cannot open it: %s"), path, errno);
    struct stat status;
    if (::fstat(file.fd(), &status) != 0)
        return system_error(tr_noop("%s: cannot examine it: %s"), path, errno);
    if (!S_ISREG(status.st_mode)) return bad_file(tr("%s: not a regular file", path.c_str()));
    if (!has_trusted_owner(status))
        return bad_file(tr("%s: it belongs to another user; run: chown %u '%s'", path.c_str(),
                           unsigned{::geteuid()}, path.c_str()),
                        Reason::file_mode);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 && !is_mounted_secret(file.fd(), status))
        return bad_file(tr("%s: users other than its owner have access to it; run: chmod 600 '%s'",
                           path.c_str(), path.c_str()),
                        Reason::file_mode);

    SecretBytes content(file_max + 1);
    size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file.fd(), content.writable().data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(tr_noop("%s: cannot read it: %s"), path, errno);
        if (got == 0) break;
        size += static_cast<size_t>(got);
    }
    if (size > file_max) return bad_file(tr("%s: too long for a key file", path.c_str()));
    return content;
}

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view blank = " \t\r";
    line = line.substr(0, line.find('#'));
    const size_t first = line.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(blank) - first + 1);
}

/// `when_empty` is the format of a sentence about the file.
Result<std::vector<SecretBytes>> read_keys(const std::string& path, size_t keys_max, const char* when_empty) {
    size_t size = 0;
    auto content = read_private_file(path, size);
    if (!content) return content.error();
    std::string_view text(reinterpret_cast<const char*>(content->bytes().data()), size);
    for (const std::string_view mark : {"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"})
        if (text.starts_with(mark))
            return bad_file(tr("%s: begins with a byte order mark; save it as plain text", path.c_str()),
                            Reason::byte_order_mark);
    std::vector<SecretBytes> keys;
    for (size_t number = 1; !text.empty(); number++) {
        const size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (line.empty()) continue;
        if (keys.size() == keys_max)
            return bad_file(tr("%s: line %zu: too many keys; remove this line (limit: %zu)", path.c_str(),
                               number, keys_max));
        auto key = seed_from_hex(line);
        if (!key)
            return bad_file(tr("%s: line %zu: not 64 hexadecimal digits, such as openssl rand -hex 32 prints",
                               path.c_str(), number));
        keys.push_back(std::move(*key));
    }
    if (keys.empty()) return bad_file(tr(when_empty, path.c_str()));
    return keys;
}

bool write_all(int fd, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return true;
}

// Best effort: some file systems do not support it, and the file itself is already synchronised.
void sync_directory_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    const File directory(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.is_open()) ::fsync(directory.fd());
}

// Writes a temporary file beside `path` and links it to that name. Like O_EXCL, a link never replaces a file,
// and a concurrent reader of `path` never sees a part of it.
Status write_key(const std::string& path, Bytes key) {
    SecretBytes line(2 * key_size + 1);
    sodium_bin2hex(reinterpret_cast<char*>(line.writable().data()), line.size(), key.data(), key.size());
    line.writable()[2 * key_size] = '\n';

    std::string beside = path + ".XXXXXX";
    const File file(::mkostemp(beside.data(), O_CLOEXEC));  // mode 0600, O_EXCL
    if (!file.is_open() && errno == ENOENT)
        return file_error(tr("%s: the directory does not exist", path.c_str()), ErrorCode::none,
                          Reason::no_such_directory);
    if (!file.is_open()) return system_error(tr_noop("%s: cannot create it: %s"), path, errno);
    int number = 0;
    if (::fchmod(file.fd(), S_IRUSR | S_IWUSR) != 0 || !write_all(file.fd(), line.bytes()) ||
        ::fsync(file.fd()) != 0 || ::link(beside.c_str(), path.c_str()) != 0)
        number = errno;
    ::unlink(beside.c_str());
    if (number == EEXIST)
        return file_error(
            tr("%s: already exists and is not overwritten; remove it first or choose another name",
               path.c_str()),
            ErrorCode::none, Reason::exists);
    if (number != 0) return system_error(tr_noop("%s: cannot write it: %s"), path, number);
    sync_directory_of(path);
    return success();
}

}  // namespace

Result<std::vector<SecretBytes>> read_seed_file(const std::string& path) {
    return read_keys(
        path, seeds_max,
        tr_noop("%s: the file is empty; to make a seed, run: (umask 077; openssl rand -hex 32 > FILE)"));
}

Status write_seed_file(const std::string& path) {
    SecretBytes seed(seed_size);
    system_random().fill(seed.writable());
    return write_key(path, seed.bytes());
}

Result<std::shared_ptr<const Identity>> read_identity_file(const std::string& path) {
    auto keys = read_keys(path, 1, tr_noop("%s: the file is empty; remove it, and a new identity is made"));
    if (!keys) return keys.error();
    return std::make_shared<const Identity>(Identity::from_secret(std::move(keys->front())));
}

Result<std::shared_ptr<const Identity>> write_identity_file(const std::string& path) {
    auto identity = std::make_shared<const Identity>(Identity::generate(system_random()));
    if (Status written = write_key(path, identity->secret().bytes()); !written) return written.error();
    return std::shared_ptr<const Identity>(std::move(identity));
}

Result<std::shared_ptr<const Identity>> read_or_create_identity(const std::string& path) {
    auto identity = read_identity_file(path);
    if (identity || identity.error().reason != Reason::no_such_file) return identity;
    auto created = write_identity_file(path);
    // Another process was faster, so its identity is used.
    if (!created && created.error().reason == Reason::exists) return read_identity_file(path);
    return created;
}

}  // namespace stt
