#!/usr/bin/env python3
"""STAGING ITEMS IN_FLIGHT PREFIX: commits by markers, so many at a time; for rpc.py. inotify tells when a marker is gone."""
import ctypes
import os
import struct
import sys
import time

IN_MOVED_FROM, IN_DELETE = 0x40, 0x200
staging, items, in_flight, prefix = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
libc = ctypes.CDLL(None, use_errno=True)
inotify = libc.inotify_init1(os.O_CLOEXEC)
if inotify < 0 or libc.inotify_add_watch(inotify, os.fsencode(staging), IN_MOVED_FROM | IN_DELETE) < 0:
    sys.exit(f"inotify: {os.strerror(ctypes.get_errno())}")


def gone():
    """Names that left the folder, at least one."""
    events, at = os.read(inotify, 65536), 0
    while at < len(events):
        _, _, _, length = struct.unpack_from("iIII", events, at)
        yield events[at + 16:at + 16 + length].rstrip(b"\0")
        at += 16 + length


def mark(i):
    name = f"{prefix}{i:06}.ready"
    begun[name.encode()] = time.monotonic()
    os.close(os.open(f"{staging}/{name}", os.O_CREAT | os.O_WRONLY, 0o644))


begun, times, marked = {}, [], 0
start = time.monotonic()
while len(times) < items:
    while marked < items and len(begun) < in_flight:
        mark(marked)
        marked += 1
    for name in gone():
        if name in begun:
            times.append(time.monotonic() - begun.pop(name))
seconds = time.monotonic() - start
times.sort()
print(f"per_second={items / seconds:.0f} p50_us={times[items // 2] * 1e6:.0f} p99_us={times[items * 99 // 100] * 1e6:.0f}")
