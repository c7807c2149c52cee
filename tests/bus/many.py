#!/usr/bin/env python3
"""10,000 WebSocket connections, one in a hundred of them active: how long, how much memory, how slow the active ones.

    tests/bus/many.py [CONNECTIONS]"""
import os
import pathlib
import resource
import socket
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).parent.parent)]
import sp  # noqa: E402
from house import PASSWORD, House, free_ports  # noqa: E402


def resident_mb(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(wanted, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, = free_ports(1)
    url = f"ws://127.0.0.1:{port}/bus"
    house = House(modules="base", options=["--listen", url])
    with house:
        pid = house.process.pid
        before, fds_before = resident_mb(pid), len(os.listdir(f"/proc/{pid}/fd"))
        began = time.time()
        clients = [sp.Client(url) for _ in range(count)]
        opened = time.time() - began
        token = clients[0].login(PASSWORD).token
        times = []
        for _ in range(20):
            for client in clients[::100]:
                client.token = token
                start = time.perf_counter()
                client.call("base.party.count")
                times.append((time.perf_counter() - start) * 1000)
        memory = resident_mb(pid)
        for client in clients:
            client.close()
        until = time.time() + 10
        while len(os.listdir(f"/proc/{pid}/fd")) > fds_before + 2 and time.time() < until:
            time.sleep(0.1)
        left = len(os.listdir(f"/proc/{pid}/fd")) - fds_before
        p99 = sorted(times)[int(len(times) * 0.99)]
        print(f"{count} connections opened in {opened:.1f} s; resident {before:.0f} MB, then {memory:.0f} MB; "
              f"p99 of an active call {p99:.2f} ms; {left} descriptors left")
        if opened > 10 or memory > 400 or p99 > 20 or left > 2:
            raise SystemExit("beyond the figures of docs/reliability.md: 10 s, 400 MB, 20 ms, none left")


if __name__ == "__main__":
    main()
