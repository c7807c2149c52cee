"""The renderer of documents: HTML in, PDF out, over standard input and output, one after another.

It locks itself in before it reads the first request: it can read fonts and its own libraries, and nothing else; no
network, no writing, no other program. A document loads only the assets that came with it ("asset:NAME") and data: URLs.

A request is a list of parts: u32 count, then per part u32 length, name, u32 length, bytes; the first is the HTML, the
others are assets. The answer: u8 (0 done, 1 refused), u32 length, the PDF or the reason; u32 length, warnings. Numbers are
big-endian. After IDLE_S without a request the process ends; its owner starts another when there is work.
"""
import ctypes
import logging
import mimetypes
import os
import resource
import shutil
import signal
import struct
import sys

import seccomp
import weasyprint
import weasyprint.draw
import weasyprint.text.ffi
import weasyprint.text.fonts

IDLE_S, MEMORY_BYTES = 300, 1 << 30
READABLE = ("/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ld.so.cache", "/etc/mime.types", "/var/cache/fontconfig", "/var/lib/defoma",
            "/etc/papersize", "/dev/null", "/dev/urandom")


def landlock():
    """Reading below READABLE alone (landlock(7)); false where the kernel has no landlock."""
    libc = ctypes.CDLL(None, use_errno=True)
    create, add, restrict = 444, 445, 446
    every, readable_file, readable_folder = (1 << 13) - 1, 1 << 2, 1 << 2 | 1 << 3
    ruleset = libc.syscall(create, struct.pack("Q", every), 8, 0)
    if ruleset < 0:
        return False
    for path in READABLE:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed = readable_folder if os.path.isdir(path) else readable_file
        libc.syscall(add, ruleset, 1, struct.pack("=Qi", allowed, fd), 0)
        os.close(fd)
    done = libc.syscall(restrict, ruleset, 0) == 0
    os.close(ruleset)
    return done


def lock_in():
    """Returns the font configuration that documents use: each makes a folder for fonts of its own, which is over now."""
    fonts = weasyprint.text.fonts.FontConfiguration()
    weasyprint.HTML(string="<p>warm</p>").write_pdf(font_config=fonts)  # loads what is loaded late, while that is possible
    shutil.rmtree(fonts._folder, ignore_errors=True)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    libc.prctl(4, 0, 0, 0, 0)   # PR_SET_DUMPABLE
    landlock()
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    for name in ("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "execve", "execveat", "fork", "vfork",
                 "ptrace", "process_vm_readv", "process_vm_writev", "kill", "tkill", "mount", "umount2", "pivot_root", "chroot", "unshare",
                 "setns", "bpf", "perf_event_open", "io_uring_setup", "userfaultfd", "keyctl", "add_key", "request_key", "init_module",
                 "finit_module", "kexec_load", "open_by_handle_at", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir",
                 "mkdirat", "rmdir", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat",
                 "truncate", "ftruncate"):
        rules.add_rule(seccomp.ERRNO(1), name)
    rules.load()
    return fonts


class Warnings(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        if len(self.lines) < 50:
            self.lines.append(record.getMessage()[:300])


def tell_missing_letters():
    """A letter that no font has is drawn as nothing, without a word: it is a warning here."""
    weasyprint.text.ffi.ffi.cdef("int pango_layout_get_unknown_glyphs_count(PangoLayout *layout);")
    count, draw = weasyprint.text.ffi.pango.pango_layout_get_unknown_glyphs_count, weasyprint.draw.draw_first_line

    def draw_and_tell(stream, textbox, *more, **named):
        drawn = draw(stream, textbox, *more, **named)
        if count(textbox.pango_layout.layout):
            logging.getLogger("weasyprint").warning("no font has all letters of: %s", textbox.text[:100])
        return drawn
    weasyprint.draw.draw_first_line = draw_and_tell


def fetcher(assets):
    def fetch(url, timeout=0, ssl_context=None):
        if url.startswith("data:"):
            return weasyprint.default_url_fetcher(url)
        name = url.removeprefix("asset:")
        if name == url or name not in assets:
            raise ValueError(f"a document loads only its own assets, not {url[:100]}")
        return {"string": assets[name], "mime_type": mimetypes.guess_type(name)[0] or "application/octet-stream"}
    return fetch


def read_exactly(stream, n):
    data = stream.read(n)
    if len(data) != n:
        sys.exit(0)
    return data


def read_parts(stream):
    count, = struct.unpack(">I", read_exactly(stream, 4))
    parts = []
    for _ in range(count):
        name, = struct.unpack(">I", read_exactly(stream, 4))
        name = read_exactly(stream, name).decode()
        size, = struct.unpack(">I", read_exactly(stream, 4))
        parts.append((name, read_exactly(stream, size)))
    return parts


def render(parts, warnings, fonts):
    warnings.lines = []
    try:
        document = weasyprint.HTML(string=parts[0][1].decode(), url_fetcher=fetcher(dict(parts[1:])), base_url="asset:")
        return 0, document.write_pdf(font_config=fonts)
    except MemoryError:
        return 1, b"it takes too much memory"
    except Exception as error:  # whatever a stranger's HTML can do to a renderer is an answer, not an end
        return 1, f"{type(error).__name__}: {error}"[:500].encode()


def main():
    warnings = Warnings()
    logger = logging.getLogger("weasyprint")
    logger.handlers = [warnings]
    logger.propagate = False
    tell_missing_letters()
    fonts = lock_in()
    while True:
        signal.alarm(IDLE_S)
        parts = read_parts(sys.stdin.buffer)
        signal.alarm(0)
        status, answer = render(parts, warnings, fonts)
        told = "\n".join(warnings.lines).encode()
        sys.stdout.buffer.write(struct.pack(">BI", status, len(answer)) + answer + struct.pack(">I", len(told)) + told)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
