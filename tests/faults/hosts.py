# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks of namespaces. They go with their process, so that nothing is left of a runner that is killed."""
import contextlib
import pathlib
import subprocess

ADDRESSES = {
    "alone": {"a": "127.0.0.1", "b": "127.0.0.1", "a6": "::1", "b6": "::1"},
    "pair": {"a": "10.7.0.1", "b": "10.7.0.2", "a6": "fd07::1", "b6": "fd07::2"},
    "routed": {
        "a": "10.7.1.2", "r1": "10.7.1.1", "r2": "10.7.2.1", "b": "10.7.2.2",
        "a6": "fd07:1::2", "r16": "fd07:1::1", "r26": "fd07:2::1", "b6": "fd07:2::2",
    },
    "line": {"a": "10.77.0.1", "b": "10.77.0.2"},
}  # fmt: skip
# Without a search for duplicates a router has its link-local address at once. Until then it cannot ask for
# neighbours, and would report after 3 s that there are none.
UP = "for search in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$search; done; ip link set lo up"


def _ipv6(address, device):
    """Adds an address. The kernel adds the route by which it receives what is sent to it a little later."""
    received = f"ip -6 route show table local dev {device} | grep -q '^local {address} '"
    return f"ip addr add {address}/64 dev {device} nodad; until {received}; do sleep 0.01; done"


LINKS = {
    "alone": {"a": UP},
    "pair": {
        host: f"{UP}; ip link set eth0 up; ip addr add 10.7.0.{number}/24 dev eth0; "
        + _ipv6(f"fd07::{number}", "eth0")
        for host, number in (("a", 1), ("b", 2))
    },
    "routed": {
        "a": f"{UP}; ip link set eth0 up; ip addr add 10.7.1.2/24 dev eth0; {_ipv6('fd07:1::2', 'eth0')}; "
        "ip route add default via 10.7.1.1; ip route add default via fd07:1::1",
        "b": f"{UP}; ip link set eth0 up; ip addr add 10.7.2.2/24 dev eth0; {_ipv6('fd07:2::2', 'eth0')}; "
        "ip route add default via 10.7.2.1; ip route add default via fd07:2::1",
        "r": f"{UP}; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; "
        "ip link set r1 up; ip link set r2 up; ip addr add 10.7.1.1/24 dev r1; ip addr add 10.7.2.1/24 dev r2; "
        f"{_ipv6('fd07:1::1', 'r1')}; {_ipv6('fd07:2::1', 'r2')}",
    },
}


PATIENCE = 120  # seconds for a command that takes none


class Failure(Exception):
    """The row could not be run."""


class Hosts:
    """The hosts of a row by their letters; `a` is the caller's, `b` the listener's, both the same one where alone."""

    def __init__(self, stack, net, directory, files, wan_link):
        self.kind, _, options = net.partition(" ")
        self.addresses = ADDRESSES[self.kind]
        self.enter = {}  # command that enters the namespaces of a host
        mounts = self._files(pathlib.Path(directory), files)
        if self.kind == "line":
            # It makes the namespaces of network; those of the files are added to them.
            echo = 'echo "$WAN_A" "$WAN_B"; exec cat'
            link = self._held(stack, [wan_link, *options.split(), "--", "sh", "-c", echo])
            networks = dict(zip("ab", link))
            for host, network in networks.items():
                own = self._held(stack, ["nsenter", f"--net={network}", *self._holder(mounts, net=False)])
                self._add(host, own)
            return
        for host in LINKS[self.kind]:
            self._add(host, self._held(stack, self._holder(mounts)))
        if self.kind == "alone":
            self.enter["b"] = self.enter["a"]
        pid = {host: command[-1] for host, command in self.enter.items()}
        if self.kind == "pair":
            self._link("eth0", pid["a"], "eth0", pid["b"])
        elif self.kind == "routed":
            self._link("eth0", pid["a"], "r1", pid["r"])
            self._link("r2", pid["r"], "eth0", pid["b"])
        for host, command in LINKS[self.kind].items():
            self.run(host, command)

    @staticmethod
    def _files(directory, files):
        """A command that mounts `files` in place of those of their names."""
        commands = []
        for number, (path, content) in enumerate(files.items()):
            (directory / f"file{number}").write_text(content)
            commands.append(f"mount --bind {directory}/file{number} {path}")
        return " && ".join(commands) or "true"

    @staticmethod
    def _holder(mounts, net=True):
        return ["unshare", *(["--net"] if net else []), "--mount", "sh", "-c", f"{mounts} && echo $$; exec cat"]

    @staticmethod
    def _held(stack, command):
        """Starts a process that holds namespaces until its input closes; returns the words of its first line."""
        pipe = subprocess.PIPE
        holder = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

        def end():
            with contextlib.suppress(OSError):
                holder.stdin.close()
            try:
                holder.wait(10)
            except subprocess.TimeoutExpired:
                holder.kill()
                holder.wait()
            holder.stdout.close()
            holder.stderr.close()

        stack.callback(end)
        words = holder.stdout.readline().split()
        if not words:
            raise Failure(f"{' '.join(map(str, command[:3]))}: {holder.stderr.read().strip()}")
        return words

    def _add(self, host, words):
        self.enter[host] = ["nsenter", "--net", "--mount", "--target", words[0]]

    @staticmethod
    def _link(name, pid, other, other_pid):
        done = subprocess.run(
            ["ip", "link", "add", name, "netns", pid, "type", "veth", "peer", "name", other, "netns", other_pid],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Failure(f"ip link add: {done.stderr.strip()}")

    def run(self, host, command):
        """Runs a shell command on a host."""
        done = subprocess.run(
            [*self.enter[host], "sh", "-ec", command], capture_output=True, text=True, check=False, timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise Failure(f"{host}: {command}: {done.stderr.strip()}")
