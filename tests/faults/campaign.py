#!/usr/bin/env python3
"""Fault campaigns over the store alone. Each prints one line that begins with "sound" or "BROKEN".

  campaign.py kill    [--count 20] [--seed N]   kill -9 under load, at a random moment; nothing acknowledged is lost
  campaign.py power   [--count 5] [--fs ext4|xfs] [--swallow]
                                                the same with the power cut: a file system in a loop device,
                                                FS_IOC_SHUTDOWN. --swallow: flushes are swallowed: the negative
                                                control, in which acknowledged transfers MUST be lost
  campaign.py full    [--seconds 4]             a disk that is full for a while: refused, then going on by itself
  campaign.py grow    [--seconds 4]             the map grows from 64 KB under load; no client sees a failure
  campaign.py torn    [--states 1000] [--jobs 150] [--deaf]   torn and reordered writes (--deaf: negative control)
  campaign.py corrupt [--count 200]             flipped bits, zeroed and scrambled pages, cut files

The programs are looked for in $KONTOR_FAULTS (default build/tests/faults). Exit 77: this machine cannot do it.
"""
import argparse
import ctypes
import fcntl
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

FAULTS = pathlib.Path(os.environ.get("KONTOR_FAULTS", "build/tests/faults")).resolve()
HOUSE = FAULTS / "faults_house"
SHIM = FAULTS / "libfaults.so"
FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, uint32_t)
NOLOGFLUSH = 2  # not even the file system's own journal is written out


class Skipped(Exception):
    pass


def shim_environment(**more):
    return {**os.environ, "LD_PRELOAD": str(SHIM), **more}


def start_load(url, acks, seconds, env=None):
    """Starts the bank; returns when it takes transfers."""
    before = acks.stat().st_size if acks.exists() else 0
    with open(acks, "a") as out:
        load = subprocess.Popen([HOUSE, "load", url, str(seconds)], stdout=out, stderr=subprocess.PIPE, env=env)
    deadline = time.monotonic() + 20
    while load.poll() is None and acks.stat().st_size == before and time.monotonic() < deadline:
        time.sleep(0.001)
    if load.poll() not in (None, 0):
        raise RuntimeError(load.stderr.read().decode())
    return load


def verify(url, acks):
    with open(acks) as lines:
        done = subprocess.run([HOUSE, "verify", url], stdin=lines, capture_output=True, text=True)
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def forget_partial_line(acks):
    """A kill may cut the last line short: it was not acknowledged."""
    text = acks.read_text()
    acks.write_text(text[: text.rfind("\n") + 1])


def transfers_in(acks):
    return sum(1 for line in open(acks) if line[0].isdigit())


KILLS_A_BANK = 100  # after each kill the whole bank is proved: one that grew for ever would take ever longer


def kill(args, folder):
    rng = random.Random(args.seed)
    acknowledged = 0
    for first in range(0, args.count, KILLS_A_BANK):
        url, acks = f"lmdb:{folder}/d{first}?map=1M", folder / f"acks{first}"
        acks.touch()
        for i in range(first, min(first + KILLS_A_BANK, args.count)):
            load = start_load(url, acks, 60)
            time.sleep(rng.uniform(0.003, 0.3))
            load.kill()
            load.wait()
            forget_partial_line(acks)
            good, line = verify(url, acks)
            if not good:
                return False, f"after kill {i + 1}: {line}"
        acknowledged += transfers_in(acks)
    return True, f"kills={args.count} acknowledged={acknowledged} lost=0 seed={args.seed}"


class LoopDisk:
    """A file system in a file, whose power can be cut."""

    MAKE = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
    SMALLEST_MB = {"ext4": 0, "xfs": 320}

    def __init__(self, folder, megabytes, kind="ext4"):
        if os.geteuid() != 0 or not shutil.which(self.MAKE[kind][0]):
            raise Skipped(f"a file system of its own needs root and {self.MAKE[kind][0]}")
        self.image, self.mount = folder / "disk.img", folder / "disk"
        self.mount.mkdir()
        with open(self.image, "wb") as image:
            image.truncate(max(megabytes, self.SMALLEST_MB[kind]) << 20)
        subprocess.run([*self.MAKE[kind], self.image], check=True, capture_output=True)
        self.on()

    def on(self):
        done = subprocess.run(["mount", "-o", "loop", self.image, self.mount], capture_output=True, text=True)
        if done.returncode:
            raise Skipped(f"loop devices are not available here: {done.stderr.strip()}")

    def cut(self):
        fd = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_SHUTDOWN, ctypes.c_uint32(NOLOGFLUSH))
        finally:
            os.close(fd)

    def off(self):
        """Mounted anew beside what is still mounted, the disk would not be what the cut left."""
        for _ in range(600):
            done = subprocess.run(["umount", self.mount], capture_output=True, text=True)
            if done.returncode == 0:
                return
            time.sleep(0.05)
        subprocess.run(["umount", "-l", self.mount], check=False)
        raise RuntimeError(f"the disk is in use half a minute after its power was cut: {done.stderr.strip()}")


def power(args, folder):
    rng = random.Random(args.seed)
    disk, acks, lost = LoopDisk(folder, 64, args.fs), folder / "acks", 0
    url = f"lmdb:{disk.mount}/d?map=1M"
    env = shim_environment(KONTOR_SWALLOW="1") if args.swallow else None
    acks.touch()
    try:
        for i in range(args.count):
            load = start_load(url, acks, 60, env)
            time.sleep(rng.uniform(0.02, 0.4))
            disk.cut()
            load.kill()
            load.wait()
            disk.off()
            disk.on()
            forget_partial_line(acks)
            good, line = verify(url, acks)
            if not good and not args.swallow:
                return False, f"after cut {i + 1}: {line}"
            if not good:  # what is lost stays lost: begin anew
                lost += 1
                shutil.rmtree(disk.mount / "d", ignore_errors=True)
                acks.write_text("")
    finally:
        disk.off()
    if args.swallow:
        return lost > 0, f"negative control on {args.fs}: cuts={args.count} with_loss={lost} (flushes swallowed: must be above 0)"
    return True, f"fs={args.fs} power_cuts={args.count} acknowledged={transfers_in(acks)} lost=0 seed={args.seed}"


def full(args, folder):
    disk, acks = LoopDisk(folder, 16), folder / "acks"
    url = f"lmdb:{disk.mount}/d?map=1M"
    ballast = disk.mount / "ballast"
    acks.touch()
    try:
        load = start_load(url, acks, args.seconds)
        with open(ballast, "wb") as out:  # somebody else fills the disk
            try:
                while True:
                    out.write(bytes(1 << 16))
                    out.flush()
            except OSError:
                pass
        deadline = time.monotonic() + args.seconds
        while "failed" not in acks.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        refused = "the disk is full" in acks.read_text()
        before = transfers_in(acks)
        ballast.unlink()
        freed = time.monotonic()
        while transfers_in(acks) <= before + 10 and time.monotonic() < freed + 5:
            time.sleep(0.005)
        resumed = time.monotonic() - freed
        went_on = transfers_in(acks) > before + 10
        load.wait()
        good, line = verify(url, acks)
    finally:
        disk.off()
    if not refused:
        return False, "no write was refused with the disk's fullness named"
    return good and went_on, f"refused=yes went_on={'yes' if went_on else 'NO'} after_s={resumed:.2f} {line}"


def grow(args, folder):
    url, acks = f"lmdb:{folder}/d?map=64K", folder / "acks"
    acks.touch()
    start_load(url, acks, args.seconds).wait()
    good, line = verify(url, acks)
    told = dict(row.split(" ", 1) for row in acks.read_text().split("\n") if row.startswith(("slowest", "map")))
    failed = acks.read_text().count("failed")
    doublings = (int(told["map"]) // 65536).bit_length() - 1
    return good and not failed, f"map_mb={int(told['map']) >> 20} doublings={doublings} failed={failed} slowest_ms={told['slowest']} {line}"


def last_line(done):
    return done.returncode == 0, (done.stdout.strip().split("\n")[-1] + " " + done.stderr.strip()[:300]).strip()


def torn(args, folder):
    memory = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    try:
        log = memory / "log"
        for name in ("made", "played"):
            (memory / name).mkdir()
        subprocess.run([FAULTS / "faults_replay", "record", memory / "made", str(args.jobs)], check=True,
                       env=shim_environment(KONTOR_RECORD=str(log)))
        command = [FAULTS / "faults_replay", "replay", log, memory / "played", str(args.states), str(args.seed)]
        good, line = last_line(subprocess.run(command + (["deaf"] if args.deaf else []), capture_output=True, text=True))
        if args.deaf:
            return not good, f"negative control, flushes ignored: {line} (must be broken)"
        return good, line
    finally:
        shutil.rmtree(memory)


def corrupt(args, folder):
    done = subprocess.run([FAULTS / "faults_corrupt", folder, str(args.count), str(args.seed)], capture_output=True, text=True)
    return last_line(done)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=["kill", "power", "full", "grow", "torn", "corrupt"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--states", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--fs", choices=sorted(LoopDisk.MAKE), default="ext4")
    parser.add_argument("--swallow", action="store_true")
    parser.add_argument("--deaf", action="store_true")
    args = parser.parse_args()
    if args.count is None:
        args.count = {"kill": 20, "power": 5, "corrupt": 200}.get(args.campaign, 0)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kontor-faults-"))
    try:
        good, line = globals()[args.campaign](args, folder)
    except Skipped as why:
        print(f"skipped {args.campaign}: {why}")
        return 77
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    word = "sound" if good else "BROKEN"
    print(f"{word} {args.campaign}: {line}" if not line.startswith(word) else f"{word} {args.campaign}:{line[len(word):]}")
    return 0 if good else 1


sys.exit(main())
