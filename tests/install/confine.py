#!/usr/bin/env python3
"""Runs a command under what conf/kontor.service allows, as far as one can without systemd as the first process.

    confine.py DIRECTORY command..      as root; DIRECTORY is all that may be written to, beside a /tmp of its own

A read-only system, an unprivileged user, no capabilities, no new privileges, the unit's umask and number of descriptors, no
memory that is writable and executable, and its filter of system calls. What differs: no filter of address families, of devices
and of /proc."""
import ctypes
import os
import pathlib
import re
import resource
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NOBODY = 65534
CLONE_NEWNS, CLONE_NEWIPC = 0x00020000, 0x08000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 24, 38, 65
SCMP_ACT_ALLOW = 0x7FFF0000
EPERM = 1
libc = ctypes.CDLL(None, use_errno=True)


def must(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind, flags, data=None):
    encode = [None if s is None else str(s).encode() for s in (source, target, kind, data)]
    must(libc.mount(encode[0], encode[1], encode[2], ctypes.c_ulong(flags), encode[3]), f"mount {target}")


def settings():
    """The unit's last value of each key, lists joined."""
    found = {}
    for line in (ROOT / "conf" / "kontor.service").read_text().splitlines():
        key, sep, value = line.partition("=")
        if sep and not key.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def hide_system(writable):
    must(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(writable, writable, None, MS_BIND)
    if not pathlib.Path(writable).is_relative_to("/tmp"):
        mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV)
    points = [line.split()[4] for line in open("/proc/self/mountinfo")]
    for point in sorted(set(points)):
        if point != str(writable) and not point.startswith(("/dev", "/proc", "/sys", "/tmp")):
            mount("none", point, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def names_of(group):
    """The system calls of a set: systemd's own list, sets in sets resolved; or a call by its name."""
    if not group.startswith("@"):
        return {group}
    names, text = set(), subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True).stdout
    for word in re.findall(r"^\s+(@?[a-z0-9_-]+)$", text, re.M):
        names |= names_of(word)
    return names


def filter_calls(rules):
    allowed = set()
    for rule in rules:
        groups = rule.lstrip("~").split()
        for group in groups:
            allowed = allowed - names_of(group) if rule.startswith("~") else allowed | names_of(group)
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(0x00050000 | EPERM)))
    for name in allowed | {"execve"}:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            must(seccomp.seccomp_rule_add(context, ctypes.c_uint32(SCMP_ACT_ALLOW), number, 0), name)
    must(seccomp.seccomp_load(context), "seccomp")


def main():
    unit, directory = settings(), os.path.realpath(sys.argv[1])
    rules = unit["SystemCallFilter"]
    hide_system(directory)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    descriptors = int(unit["LimitNOFILE"][0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(int(unit["UMask"][0], 8))
    os.chdir("/")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)  # older kernels lack it: systemd does the same by its filter
    filter_calls(rules)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
