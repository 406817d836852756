"""What a caller learns of a route that is not for it (denied_...), and what one may do whom only a group lets in (admitted_...)."""
import os
import sys

import grpc

import checking
from checking import until
from stubs import COMMIT_SERVICE, HEALTH, Stub, api, error_info, health, open_channel, version_pb2

SECRET, ABSENT = "secret", "absent"


class Subject:
    def __init__(self, plan):
        channel = open_channel(plan["socket"])
        self.commits = Stub(channel, COMMIT_SERVICE)
        self.health = Stub(channel, HEALTH)
        self.staging = plan["staging"]


def heard(call, route):
    """All that the caller hears, with the name of the route taken out."""
    try:
        return "answer", str(call())
    except grpc.RpcError as error:
        info = error_info(error)
        return (error.code(), error.details().replace(route, "ROUTE"), str(info and sorted(info.metadata.items())).replace(route, "ROUTE"),
                info and info.reason, sorted(key for key, _ in error.trailing_metadata()), sorted(key for key, _ in error.initial_metadata()))


def both(ask):
    secret, absent = (heard(lambda: ask(route), route) for route in (SECRET, ABSENT))
    assert secret == absent, (secret, absent)
    return absent


def refused(ask):
    answer = both(ask)
    assert answer[0] == grpc.StatusCode.NOT_FOUND and answer[3] == "ROUTE_NOT_FOUND", answer


def check_denied_by_every_call(s):
    file = version_pb2.ITEM_KIND_FILE
    refused(lambda route: s.commits.Commit(api.CommitRequest(route=route, source="item")))
    refused(lambda route: s.commits.Commit(api.CommitRequest(route=route, source="item", sha256="not one")))
    refused(lambda route: s.commits.Rollback(api.RollbackRequest(route=route, name="item")))
    refused(lambda route: s.commits.Rollback(api.RollbackRequest(route=route, name=".wrong", to=-1)))
    refused(lambda route: s.commits.Remove(api.RemoveRequest(route=route, name="item")))
    refused(lambda route: s.commits.Hold(api.HoldRequest(route=route, name="item", reason="mine")))
    refused(lambda route: s.commits.Release(api.ReleaseRequest(route=route, name="item")))
    refused(lambda route: s.commits.ListVersions(api.ListVersionsRequest(route=route)))
    refused(lambda route: s.commits.ListHistory(api.ListHistoryRequest(route=route)))
    refused(lambda route: s.commits.Prune(api.PruneRequest(route=route)))
    refused(lambda route: next(s.commits.Watch(api.WatchRequest(routes=[route]), timeout=10)))
    refused(lambda route: next(s.commits.Watch(api.WatchRequest(routes=["open", route], initial_live=True), timeout=10)))
    refused(lambda route: s.commits.Upload(iter([
        api.UploadRequest(header=api.UploadHeader(route=route, name="item", kind=file)), api.UploadRequest(data=b"x")])))


def check_denied_by_health(s):
    answer = both(lambda route: s.health.Check(health.HealthCheckRequest(service=route)))
    assert answer[0] == grpc.StatusCode.NOT_FOUND, answer
    answer = both(lambda route: next(s.health.Watch(health.HealthCheckRequest(service=route), timeout=10)))
    assert answer[0] == "answer", answer


def check_denied_what_is_of_all_routes(s):
    assert [route.name for route in s.commits.GetStatus(api.GetStatusRequest()).routes] == ["open"]
    entries = s.commits.ListHistory(api.ListHistoryRequest()).entries
    assert {entry.success.version.route for entry in entries} == {"open"}, entries
    s.commits.Prune(api.PruneRequest(), timeout=20)
    call = s.commits.Watch(api.WatchRequest(initial_live=True), timeout=20)
    event = next(call)
    assert (event.version.route, event.initial) == ("open", True), event
    call.cancel()
    # From the beginning on: what happened on the other route is not told.
    call = s.commits.Watch(api.WatchRequest(after_sequence=0), timeout=0.7)
    seen = []
    try:
        for event in call:
            seen.append(event.version.route)
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OUT_OF_RANGE), error
    assert set(seen) <= {"open"}, seen


def check_admitted_by_a_supplementary_group(s):
    assert os.geteuid() != 0 and os.getgroups(), (os.geteuid(), os.getgroups())
    assert [route.name for route in s.commits.GetStatus(api.GetStatusRequest()).routes] == ["open", SECRET]
    with open(os.path.join(s.staging, "own"), "w") as file:
        file.write("own")
    answer = s.commits.Commit(api.CommitRequest(route=SECRET, source="own"))
    assert answer.version.number == 1 and answer.version.committed_by == str(os.geteuid()), answer
    assert s.commits.ListVersions(api.ListVersionsRequest(route=SECRET, name="own")).versions
    assert s.health.Check(health.HealthCheckRequest(service=SECRET)).status == 1
    call = s.commits.Watch(api.WatchRequest(routes=[SECRET], initial_live=True), timeout=10)
    until(lambda: next(call).version.name == "own", "the own item is told")
    call.cancel()


def check_admitted_for_own_items_only(s):
    try:
        s.commits.Commit(api.CommitRequest(route=SECRET, source="of-another"))
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED and error_info(error).reason == "NOT_PERMITTED", error
    else:
        raise AssertionError("an item of another, who may not, was committed")


if __name__ == "__main__":
    checking.main(sys.modules[__name__], Subject)
