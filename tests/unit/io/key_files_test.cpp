// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/io/key_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace stt {
namespace {

namespace fs = std::filesystem;

const std::string one(64, '1'), two(64, '2');

class KeyFiles : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "stt-key-files-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        path_ = (directory_ / "demo.seed").string();
    }
    void TearDown() override { fs::remove_all(directory_); }

    void write(const std::string& content, mode_t mode = 0600) {
        std::ofstream(path_) << content;
        ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    }
    std::string content() const {
        std::ifstream in(path_);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    mode_t mode() const {
        struct stat status;
        EXPECT_EQ(::stat(path_.c_str(), &status), 0);
        return status.st_mode & 07777;
    }
    size_t files() const {
        return static_cast<size_t>(
            std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
    }
    void expect_refused(std::string_view why) {
        const auto seeds = read_seed_file(path_);
        ASSERT_FALSE(seeds) << why;
        const std::string& text = seeds.error().text;
        EXPECT_TRUE(text.starts_with(path_ + ": ")) << text;
        EXPECT_NE(text.find(why), std::string::npos) << text;
        EXPECT_EQ(text.find("11111111"), std::string::npos) << text;
        EXPECT_TRUE(seeds.error().terminal);
        EXPECT_EQ(seeds.error().code, ErrorCode::none) << "whose hint would speak of something else";
    }

    fs::path directory_;
    std::string path_;
};

TEST_F(KeyFiles, seed_is_written_privately_and_read_back) {
    const mode_t umask_before = ::umask(0);
    const Status written = write_seed_file(path_);
    ::umask(umask_before);
    ASSERT_TRUE(written);
    EXPECT_EQ(mode(), 0600u);
    EXPECT_EQ(content().size(), 65u);
    EXPECT_EQ(content().back(), '\n');
    const auto seeds = read_seed_file(path_);
    ASSERT_TRUE(seeds);
    ASSERT_EQ(seeds.value().size(), 1u);
    EXPECT_EQ(to_hex(seeds.value()[0].bytes()) + "\n", content());
    EXPECT_EQ(files(), 1u);
}

TEST_F(KeyFiles, a_credential_may_be_readable_by_others) {
    write(one + "\n", 0440);
    expect_refused("users other than its owner");
    const fs::path link = directory_.string() + "-link";
    fs::create_directory_symlink(directory_, link);
    for (const fs::path& directory : {directory_, link, directory_ / "."}) {
        ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", directory.c_str(), 1), 0);
        EXPECT_TRUE(read_seed_file(path_)) << directory;
        EXPECT_TRUE(read_seed_file((link / "demo.seed").string())) << directory;
    }
    write(one + "\n", 0444);
    EXPECT_TRUE(read_seed_file(path_));
    for (const mode_t writable : {0460, 0442, 0451}) {
        write(one + "\n", 0600 | writable);
        expect_refused("users other than its owner");
    }
    // Others next to it, or that a link from there leads to, are not in it.
    write(one + "\n", 0440);
    fs::create_directory(directory_ / "demo");
    fs::create_symlink(path_, directory_ / "demo" / "seed");
    ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", (directory_ / "demo").c_str(), 1), 0);
    expect_refused("users other than its owner");
    EXPECT_FALSE(read_seed_file((directory_ / "demo" / "seed").string()));
    for (const char* odd : {"", "relative", "/nonexistent"}) {
        ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", odd, 1), 0);
        expect_refused("users other than its owner");
    }
    ::unsetenv("CREDENTIALS_DIRECTORY");
    fs::remove(link);
}

TEST_F(KeyFiles, a_secret_on_a_read_only_mount_may_be_readable_by_others) {
    enum { as_expected, no_mounts, refused_read_only, accepted_writable };
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // A mount of its own, which nobody else sees.
        const bool mounted = (::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
                             ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                             ::mount("tmpfs", directory_.c_str(), "tmpfs", 0, nullptr) == 0;
        if (!mounted) ::_exit(no_mounts);
        write(one + "\n", 0444);
        if (read_seed_file(path_)) ::_exit(accepted_writable);
        if (::mount(nullptr, directory_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
            ::_exit(no_mounts);
        ::_exit(read_seed_file(path_) ? as_expected : refused_read_only);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == no_mounts) GTEST_SKIP() << "may not mount";
    EXPECT_EQ(WEXITSTATUS(status), as_expected);
}

TEST_F(KeyFiles, nothing_is_overwritten) {
    write(one + "\n");
    for (const bool identity : {false, true}) {
        std::string text;
        if (identity)
            text = write_identity_file(path_).error().text;
        else
            text = write_seed_file(path_).error().text;
        EXPECT_NE(text.find("already exists"), std::string::npos) << text;
        EXPECT_NE(text.find(path_), std::string::npos) << text;
    }
    EXPECT_EQ(content(), one + "\n");
    EXPECT_EQ(files(), 1u);
    fs::remove(path_);
    fs::create_symlink(directory_ / "nowhere", path_);
    EXPECT_FALSE(write_seed_file(path_));
    EXPECT_FALSE(fs::exists(directory_ / "nowhere"));
}

TEST_F(KeyFiles, a_directory_that_is_not_there_is_named) {
    path_ = (directory_ / "missing" / "demo.seed").string();
    const Status written = write_seed_file(path_);
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().text.find(path_), std::string::npos);
    expect_refused("No such file");
}

TEST_F(KeyFiles, lines_comments_and_blanks) {
    write("# the new one\n" + one + "\n\n  \t\n" + two + " # the old one\r\n" + one);
    const auto seeds = read_seed_file(path_);
    ASSERT_TRUE(seeds);
    ASSERT_EQ(seeds.value().size(), 3u);
    EXPECT_EQ(to_hex(seeds.value()[0].bytes()), one);
    EXPECT_EQ(to_hex(seeds.value()[1].bytes()), two);
}

TEST_F(KeyFiles, what_is_wrong_is_named) {
    write("");
    expect_refused("(umask 077; openssl rand -hex 32 > FILE)");
    write("# nothing\n");
    expect_refused("the file is empty");
    write(one + "\n" + one.substr(1) + "\n");
    expect_refused("line 2: not 64 hexadecimal digits");
    write(one.substr(1) + "g");
    expect_refused("line 1: not 64");
    write(one + one);
    expect_refused("line 1: not 64");
    std::string many;
    for (size_t i = 0; i < seeds_max; i++) many += one + "\n";
    write(many);
    EXPECT_TRUE(read_seed_file(path_));
    write(many + one);
    expect_refused("line 9: too many keys");
    write(std::string(20000, '\n'));
    expect_refused("too long");
}

TEST_F(KeyFiles, others_must_have_no_access) {
    for (const mode_t mode : {0640, 0604, 0620, 0602, 0644, 0666}) {
        write(one, mode);
        expect_refused("chmod 600");
    }
    write(one, 0400);
    EXPECT_TRUE(read_seed_file(path_));
}

TEST_F(KeyFiles, the_owner_is_this_user_or_root) {
    write(one);
    if (::chown(path_.c_str(), ::geteuid() + 1, static_cast<gid_t>(-1)) != 0)
        GTEST_SKIP() << "may not give a file away";
    expect_refused("belongs to another user");
    ASSERT_EQ(::chown(path_.c_str(), 0, static_cast<gid_t>(-1)), 0);
    EXPECT_TRUE(read_seed_file(path_));
}

TEST_F(KeyFiles, a_link_counts_as_what_it_leads_to) {
    write(one, 0600);
    const std::string target = path_;
    path_ = (directory_ / "link").string();
    fs::create_symlink(target, path_);
    EXPECT_TRUE(read_seed_file(path_));
    ASSERT_EQ(::chmod(target.c_str(), 0644), 0);
    expect_refused("chmod 600");
}

TEST_F(KeyFiles, only_regular_files) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    expect_refused("not a regular file");
    fs::remove(path_);
    fs::create_directory(path_);
    expect_refused("not a regular file");
}

TEST_F(KeyFiles, identity_is_made_once_and_kept) {
    const auto made = read_or_create_identity(path_);
    ASSERT_TRUE(made);
    EXPECT_EQ(mode(), 0600u);
    EXPECT_EQ(to_hex(made.value()->secret().bytes()) + "\n", content());
    const auto again = read_or_create_identity(path_);
    ASSERT_TRUE(again);
    EXPECT_EQ(made.value()->node_id(), again.value()->node_id());
    write(one + "\n" + two + "\n");
    const auto two_keys = read_or_create_identity(path_);
    ASSERT_FALSE(two_keys);
    EXPECT_NE(two_keys.error().text.find("line 2: too many keys"), std::string::npos);
    write(one, 0644);
    EXPECT_FALSE(read_or_create_identity(path_));
    EXPECT_EQ(content(), one);
}

TEST_F(KeyFiles, those_who_make_an_identity_at_once_get_the_same) {
    std::vector<NodeId> ids(8);
    std::vector<std::thread> threads;
    for (NodeId& id : ids)
        threads.emplace_back([this, &id] {
            if (const auto identity = read_or_create_identity(path_)) id = identity.value()->node_id();
        });
    for (std::thread& thread : threads) thread.join();
    for (const NodeId& id : ids) EXPECT_EQ(id, ids[0]);
    EXPECT_NE(ids[0], NodeId{});
    EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace stt
