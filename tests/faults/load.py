"""Writers that work a server through its public bus, and remember what was acknowledged and how long it took."""
import http.client
import threading
import time

BROKEN = (OSError, http.client.HTTPException)  # the server went away, or has not come back yet


class Writers:
    """Each writes notes "w<k> <i>" one after the other, i rising by one; an unanswered one is asked again under its key."""

    def __init__(self, house, count=8, pause_s=0.0):
        self.house, self.pause_s = house, pause_s
        self.acknowledged = [0] * count
        self.spent = []  # (when, seconds) of every answered call
        self.refused = []
        self.halt = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(k,)) for k in range(count)]

    def _write(self, k):
        client = None
        while not self.halt.is_set():
            i = self.acknowledged[k] + 1
            try:
                client = client or self.house.client()
                client.tries = 1
                began = time.monotonic()
                client.call("base.note.create", {"values": {"text": f"w{k} {i}"}}, key=f"{self.house.home} {k} {i}")
            except BROKEN:
                client = None
                time.sleep(0.01)
                continue
            except Exception as error:  # an answer, and not the one that is wanted
                self.refused.append(repr(error))
                time.sleep(0.05)
                continue
            self.acknowledged[k] = i
            self.spent.append((time.monotonic(), time.monotonic() - began))
            time.sleep(self.pause_s)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self.halt.set()
        for thread in self.threads:
            thread.join()

    def p99_ms(self, since, until):
        return percentile([s for at, s in list(self.spent) if since <= at < until], 0.99) * 1000


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def prove(house, least, most=None):
    """Of each writer the notes 1 to n are there, each once, n at least what was acknowledged; the store is sound.
    returns: how many notes there are, or the first thing that is wrong as a text"""
    kontor = house.client()
    seen = {}
    for row in kontor.each("base.note", fields=["text"]):
        writer, number = row["text"].split(" ")
        seen.setdefault(int(writer[1:]), []).append(int(number))
    for k, n in enumerate(least):
        numbers = sorted(seen.get(k, []))
        if numbers != list(range(1, len(numbers) + 1)):
            return f"writer {k}: {len(numbers)} notes are not 1 to {len(numbers)}"
        if len(numbers) < n:
            return f"writer {k}: {n} were acknowledged, {len(numbers)} are there"
        if most and len(numbers) > most[k] + 1:
            return f"writer {k}: {len(numbers)} are there, {most[k]} were asked for"
    if not kontor.call("system.check")["sound"]:
        return "the check found something"
    return sum(len(numbers) for numbers in seen.values())
