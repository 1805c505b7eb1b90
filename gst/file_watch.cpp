// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/file_watch.hpp"

#include <sys/stat.h>

#include <array>
#include <optional>
#include <utility>

namespace stt {
namespace {

constexpr uint32_t interval_ms = 1000;

/// Distinguishes versions of a file: inode, size, and time of the last change. All zero: there is no file.
using FileVersion = std::array<int64_t, 4>;
FileVersion version_of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return {};
    return {static_cast<int64_t>(status.st_ino), status.st_size, status.st_mtim.tv_sec,
            status.st_mtim.tv_nsec};
}

}  // namespace

void FileWatch::start(const std::string& path, std::function<void()> changed) {
    look_.start(interval_ms,
                [path, changed = std::move(changed), seen = std::optional<FileVersion>()]() mutable {
                    const FileVersion version = version_of(path);
                    if (seen != version) {
                        seen = version;
                        changed();
                    }
                    return true;
                });
}

}  // namespace stt
