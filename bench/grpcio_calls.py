#!/usr/bin/python3
"""SOCKET empty|commit ITEMS IN_FLIGHT PREFIX: calls from grpcio; for rpc.py. The two messages are written by hand."""
import sys
import threading
import time

import grpc

socket, kind, items, in_flight, prefix = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
channel = grpc.insecure_channel(f"unix:{socket}")


def raw(method):
    return channel.unary_unary(method, request_serializer=lambda message: message, response_deserializer=lambda message: message)


def text(number, value):
    return bytes([number << 3 | 2, len(value)]) + value.encode()


if kind == "empty":
    method, request = raw("/grpc.health.v1.Health/Check"), lambda i: b""
else:
    # CommitRequest: route = 1, source = 2, overwrite = 4
    method, request = raw("/atomikd.v1.CommitService/Commit"), lambda i: text(1, "bench") + text(2, f"{prefix}{i:06}") + b"\x20\x01"

warm = raw("/grpc.health.v1.Health/Check")
for _ in range(500):
    warm(b"")
times = [0.0] * items
room = threading.Semaphore(in_flight)
failures = []
start = time.monotonic()
if in_flight == 1:
    for i in range(items):
        begun = time.monotonic()
        method(request(i))
        times[i] = time.monotonic() - begun
else:
    def done(i, begun, call):
        times[i] = time.monotonic() - begun
        if call.exception():
            failures.append(call.exception())
        room.release()

    for i in range(items):
        room.acquire()
        begun = time.monotonic()
        future = method.future(request(i))
        future.add_done_callback(lambda call, i=i, begun=begun: done(i, begun, call))
    for _ in range(in_flight):
        room.acquire()
seconds = time.monotonic() - start
if failures:
    sys.exit(f"{len(failures)} calls failed, the first: {failures[0]}")
times.sort()
print(f"per_second={items / seconds:.0f} p50_us={times[items // 2] * 1e6:.0f} p99_us={times[items * 99 // 100] * 1e6:.0f}")
