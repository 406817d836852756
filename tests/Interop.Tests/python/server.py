"""A grpcio server of the probe's four calls, for our client. It ends when its standard input does."""
import os
import sys
import threading
from concurrent import futures

import grpc

sys.path.insert(0, os.environ["GENERATED"])
import probe_pb2  # noqa: E402

left = 0
lock = threading.Lock()


def hang(context):
    global left
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait(30)
    with lock:
        left += 1


def act(request, context):
    if request.act == "fail":
        context.set_trailing_metadata((("x-trail", "end"), ("x-trail-bin", bytes(range(256)))))
        context.abort(next(code for code in grpc.StatusCode if code.value[0] == request.number), request.text)
    if request.act == "hang":
        hang(context)


def say(request, context):
    act(request, context)
    if request.act == "left":
        return probe_pb2.ProbeReply(number=left)
    if request.act == "metadata":
        given = dict(context.invocation_metadata())
        context.send_initial_metadata((("x-out", given["x-in"]), ("x-out-bin", given["x-in-bin"])))
        return probe_pb2.ProbeReply(number=int(context.time_remaining() * 1000))
    return probe_pb2.ProbeReply(text=request.text, payload=request.payload, number=request.number)


def count(request, context):
    for number in range(request.number if request.act != "fail" else 3):
        yield probe_pb2.ProbeReply(text=request.text, number=number, payload=request.payload)
    act(request, context)


def collect(requests, context):
    messages = size = 0
    for request in requests:
        messages += 1
        size += len(request.payload)
    return probe_pb2.ProbeReply(number=size, text=str(messages))


def chat(requests, context):
    for request in requests:
        act(request, context)
        yield probe_pb2.ProbeReply(text=request.text, payload=request.payload, number=request.number)


def handler(make, function):
    return make(function, request_deserializer=probe_pb2.ProbeRequest.FromString, response_serializer=probe_pb2.ProbeReply.SerializeToString)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("atomikd.probe.Probe", {
    "Say": handler(grpc.unary_unary_rpc_method_handler, say),
    "Count": handler(grpc.unary_stream_rpc_method_handler, count),
    "Collect": handler(grpc.stream_unary_rpc_method_handler, collect),
    "Chat": handler(grpc.stream_stream_rpc_method_handler, chat),
}),))
server.add_insecure_port("unix:" + sys.argv[1])
server.start()
print("ready", flush=True)
sys.stdin.read()
os._exit(0)
