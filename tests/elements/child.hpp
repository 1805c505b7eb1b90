// SPDX-License-Identifier: LGPL-2.1-or-later
/// A pipeline in a process of its own, which can be killed, stopped and kept short of resources.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>

namespace stt::test {

class Child {
  public:
    enum class Shortage { none, descriptors, memory };

    /// Starts this program again with `pipeline` (in gst-launch's syntax) playing. Shortage: of what it is
    /// left with next to nothing before the pipeline leaves READY.
    explicit Child(const std::string& pipeline, Shortage shortage = Shortage::none);
    /// Kills it.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void signal(int number);
    /// The port its element listens on; 0 when it does not say so in time.
    uint16_t listening_port();
    /// The first line it said, or will say, that begins with `start` and was not returned before; empty: none
    /// in time. The lines: "listening PORT", "session STATE", "error " and BusError::line().
    std::string wait_line(const std::string& start);

    /// What the child does: main() calls it when `argc` and `argv` say that this is one.
    static bool is_one(int argc, char** argv);
    static int run(char** argv);

  private:
    GPid pid_ = 0;
    int output_ = -1;
    std::string pending_;
};

}  // namespace stt::test
