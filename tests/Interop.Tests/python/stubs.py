"""The messages that protoc made of src/Protos, and a stub for any of their services."""
import importlib.util
import os
import sys

import grpc
from google.protobuf import descriptor_pb2

GENERATED = os.environ["GENERATED"]
sys.path.insert(0, GENERATED)

from atomikd.v1 import commit_service_pb2 as api  # noqa: E402
from atomikd.v1 import history_pb2, status_pb2, version_pb2  # noqa: E402,F401


def _load(path, name):
    # The packages google and grpc are the installed ones, so what protoc made beside them is loaded by its path.
    spec = importlib.util.spec_from_file_location(name, os.path.join(GENERATED, path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rpc_status = _load("google/rpc/status_pb2.py", "atomikd_rpc_status_pb2")
error_details = _load("google/rpc/error_details_pb2.py", "atomikd_error_details_pb2")
health = _load("grpc/health/v1/health_pb2.py", "atomikd_health_pb2")

COMMIT_SERVICE = api.DESCRIPTOR.services_by_name["CommitService"]
HEALTH = health.DESCRIPTOR.services_by_name["Health"]


class Stub:
    """One callable for each method of the service."""

    def __init__(self, channel, service):
        shapes = descriptor_pb2.ServiceDescriptorProto()
        service.CopyToProto(shapes)
        for shape in shapes.method:
            method = service.methods_by_name[shape.name]
            kind = ("stream" if shape.client_streaming else "unary") + "_" + ("stream" if shape.server_streaming else "unary")
            setattr(self, shape.name, getattr(channel, kind)(
                f"/{service.full_name}/{shape.name}",
                request_serializer=method.input_type._concrete_class.SerializeToString,
                response_deserializer=method.output_type._concrete_class.FromString))


def error_info(error):
    """The ErrorInfo in grpc-status-details-bin, or None. Its code and message are those of the call."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = rpc_status.Status.FromString(value)
            assert status.code == error.code().value[0], (status.code, error.code())
            assert status.message == error.details(), (status.message, error.details())
            assert len(status.details) == 1, status
            assert status.details[0].type_url == "type.googleapis.com/google.rpc.ErrorInfo", status.details[0].type_url
            return error_details.ErrorInfo.FromString(status.details[0].value)
    return None


def open_channel(socket, **options):
    # A user-agent of its own keeps the connection from being shared with another channel to the same address.
    return grpc.insecure_channel("unix:" + socket, options=[(key, value) for key, value in options.items()])
