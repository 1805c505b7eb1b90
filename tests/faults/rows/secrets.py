# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seeds, passphrases and identities. A seed that a file does not have is refused before there is any network."""
from row import Row, error, note, receive, send

C_SEED = "seed-file=$dir/c.seed"
OTHER_NODE = "77" * 32
WRONG_SEED = error("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=0.3)
WRONG_SEED_AT_LISTENER = note("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=0.3)


def seed_file(name, make, reason, hint=None):
    """What comes of a seed file that the shell command `make` makes."""
    return Row(
        f"seed-file: {name}",
        net="alone",
        listener=None,
        caller=send(seed=C_SEED),
        before=(f"a: umask 077; cd $dir; {make}",),
        caller_says=(error("", reason, "local", flags="", by=0.1, hint=hint),),
    )


def setting(name, properties, reason="bad-setting", seed="seed-file=$dir/a.seed", before=(), hint=None):
    return Row(
        f"secret: {name}",
        net="alone",
        listener=None,
        caller=send(properties, seed=seed),
        before=before,
        caller_says=(error("", reason, "local", flags="", by=0.1, hint=hint),),
    )


ROWS = [
    seed_file("missing", "true", "no-such-file", hint="no-such-file"),
    seed_file("a directory", "mkdir c.seed", "key-file"),
    seed_file("empty", ": >c.seed", "key-file"),
    seed_file("others may read it", "cp a.seed c.seed; chmod 644 c.seed", "file-mode", hint="file-mode"),
    seed_file("no digits", "echo correct horse battery staple >c.seed", "key-file"),
    seed_file("a digit short", "printf %063d 1 >c.seed", "key-file"),
    seed_file(
        "with a byte order mark",
        r"printf '\357\273\277' | cat - a.seed >c.seed",
        "byte-order-mark",
    ),
    seed_file(
        "in UTF-16",
        r"(printf '\377\376'; sed 's/./&\x00/g' a.seed) >c.seed",
        "byte-order-mark",
    ),
    Row(
        "seed-file: not permitted",
        net="alone",
        listener=None,
        caller=send(seed=C_SEED, prefix="setpriv --reuid=65534 --regid=65534 --clear-groups"),
        before=("a: cd $dir; chmod 755 . ..; umask 077; cp a.seed c.seed",),
        caller_says=(error("", "permission-denied", "local", flags="", by=0.1, hint="permission-denied"),),
    ),
    Row(
        "seed-file: with CRLF is none",
        net="alone",
        caller=send(seed=C_SEED),
        before=(r"a: umask 077; cd $dir; sed 's/$$/\r/' a.seed >c.seed",),
        flows=True,
    ),
    setting("none", "", seed=""),
    setting("two", "passphrase=abcdefghijklmnop"),
    setting("a short passphrase", "", seed="passphrase=short"),
    setting("a short seed", "", seed="seed=1234"),
    setting("a peer-node-id that is none", "peer-node-id=1234"),
    setting(
        "identity-file in a missing directory",
        "identity-file=/nonexistent/id",
        "no-such-directory",
        hint="no-such-directory",
    ),
    setting(
        "identity-file others may read",
        "identity-file=$dir/id",
        "file-mode",
        before=("a: head -c 65 $dir/b.seed >$dir/id; chmod 644 $dir/id",),
        hint="file-mode",
    ),
    setting(
        "identity-file that is none",
        "identity-file=$dir/id",
        "key-file",
        before=("a: umask 077; echo nothing >$dir/id",),
    ),
    Row(
        "secret: another seed",
        caller=send(seed="seed-file=$dir/b.seed"),
        caller_says=(WRONG_SEED,),
        listener_says=(WRONG_SEED_AT_LISTENER,),
    ),
    Row(
        "secret: another passphrase",
        caller=send("handshake-timeout=30000", seed="passphrase=correct-horse-battery"),
        listener=receive(seed="passphrase=staple-horse-battery"),
        caller_says=(error("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=10),),
        listener_says=(note("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=10),),
    ),
    Row(
        "secret: a seed here, a passphrase there",
        caller=send("handshake-timeout=30000"),
        listener=receive(seed="passphrase=staple-horse-battery"),
        caller_says=(error("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=10),),
        listener_says=(note("AUTHENTICATION_FAILED", "wrong-seed", "peer", flags="", by=10),),
    ),
    Row(
        "secret: another node than the caller expects",
        caller=send(f"peer-node-id={OTHER_NODE}"),
        caller_says=(error("AUTHENTICATION_FAILED", "unexpected-peer", "local", flags="authenticated", by=0.3),),
        listener_says=(note("AUTHENTICATION_FAILED", "unexpected-peer", "peer", flags="authenticated", by=0.3),),
    ),
    Row(
        "secret: another node than the listener expects",
        listener=receive(f"peer-node-id={OTHER_NODE}"),
        caller_says=(error("AUTHENTICATION_FAILED", "unexpected-peer", "peer", flags="authenticated", by=0.3),),
        listener_says=(note("AUTHENTICATION_FAILED", "unexpected-peer", "local", flags="authenticated", by=0.3),),
    ),
    Row(
        "secret: the listener comes back with another seed",
        listener=receive(seed="seed-file=$dir/c.seed"),
        before=("b: umask 077; cd $dir; cp a.seed c.seed",),
        fault=("listener: kill", "b: cat $dir/b.seed >$dir/c.seed", "listener: restart"),
        caller_says=(note("AUTHENTICATION_FAILED", "wrong-seed", "peer", by=1.5),),
        listener_says=None,
        may=("SESSION_NOT_FOUND unknown-session", "CONNECTION_REFUSED port-closed"),
    ),
]
