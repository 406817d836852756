"""Debian's grpcio as a client of the daemon: every RPC, every refusal, deadlines, cancellation, and the edges of the protocol."""
import hashlib
import io
import os
import random
import sys
import tarfile
import threading
import time

import grpc

import checking
from checking import Skip, until
from stubs import COMMIT_SERVICE, HEALTH, Stub, api, error_info, health, open_channel, version_pb2

LIMIT = 4 * 1024 * 1024
C = grpc.StatusCode


class Subject:
    def __init__(self, plan):
        self.socket = plan["socket"]
        self.routes = plan["routes"]
        self.channel = open_channel(self.socket)
        self.commits = Stub(self.channel, COMMIT_SERVICE)
        self.health = Stub(self.channel, HEALTH)

    def staged(self, route, name):
        return os.path.join(self.routes[route]["staging"], name)

    def live(self, route, name):
        return os.path.join(self.routes[route]["target"], name)

    def stage(self, route, name, text="x"):
        """A folder with one file."""
        os.makedirs(self.staged(route, name), exist_ok=True)
        with open(os.path.join(self.staged(route, name), "index.html"), "w") as file:
            file.write(text)

    def stage_file(self, route, name, text="x"):
        with open(self.staged(route, name), "w") as file:
            file.write(text)

    def read(self, route, name):
        path = self.live(route, name)
        with open(os.path.join(path, "index.html") if os.path.isdir(path) else path) as file:
            return file.read()

    def commit(self, route, name, text="x", **fields):
        self.stage(route, name, text)
        return self.commits.Commit(api.CommitRequest(route=route, source=name, **fields), timeout=20)

    def vault_uploads(self, route):
        return os.listdir(os.path.join(self.routes[route]["vault"], "upload"))


def refused(call, code, reason, retryable=None, **metadata):
    """The call fails with that code and reason, and says all that it owes."""
    try:
        answer = call()
    except grpc.RpcError as error:
        failure = error
    else:
        raise AssertionError(f"not refused: {answer}")
    info = error_info(failure)
    assert info is not None, f"no details: {failure}"
    assert (failure.code(), info.reason, info.domain) == (code, reason, "atomikd"), (failure.code(), info, failure.details())
    assert failure.details() and info.metadata["hint"], info
    assert info.metadata["retryable"] in ("true", "false"), info
    if retryable is not None:
        assert info.metadata["retryable"] == ("true" if retryable else "false"), info
    for key, value in metadata.items():
        assert info.metadata[key] == value, (key, info)
    return failure, info


def fails(call, code):
    try:
        answer = call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        return error
    raise AssertionError(f"did not fail: {answer}")


# Every RPC


def check_commit(s):
    answer = s.commit("site", "commit", "one", labels={"build": "17", "ünï": "cødé"})
    version = answer.version
    assert (version.route, version.name, version.number, version.replaced) == ("site", "commit", 1, 0), version
    assert version.state == version_pb2.VERSION_STATE_LIVE and version.kind == version_pb2.ITEM_KIND_FOLDER, version
    assert (version.files, version.bytes) == (1, 3) and version.path == s.live("site", "commit"), version
    assert dict(version.labels) == {"build": "17", "ünï": "cødé"} and version.committed_by and not answer.repeated, answer
    assert abs(version.committed_at.ToSeconds() - time.time()) < 60, version
    assert s.read("site", "commit") == "one" and not os.path.exists(s.staged("site", "commit"))
    again = s.commit("site", "commit", "two")
    assert (again.version.number, again.version.replaced) == (2, 1) and s.read("site", "commit") == "two", again


def check_commit_of_a_file_under_another_name(s):
    s.stage_file("site", "named-here", "text")
    answer = s.commits.Commit(api.CommitRequest(route="site", source="named-here", name="named there ☃"))
    assert answer.version.name == "named there ☃" and answer.version.kind == version_pb2.ITEM_KIND_FILE, answer
    assert s.read("site", "named there ☃") == "text"


def check_commit_by_request_id_is_done_once(s):
    first = s.commit("site", "once", request_id="once-1")
    again = s.commits.Commit(api.CommitRequest(route="site", source="once", request_id="once-1"))
    assert not first.repeated and again.repeated and again.version.number == 1, again


def check_absence_is_not_a_default(s):
    # On "request": absent overwrite means no, an expected version of 0 means: nothing may be there.
    s.commit("request", "absent")
    s.stage("request", "absent")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="request", source="absent")), C.ALREADY_EXISTS, "TARGET_EXISTS")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="request", source="absent", expected_version=0)), C.ABORTED, "VERSION_MISMATCH")
    assert s.commits.Commit(api.CommitRequest(route="request", source="absent", expected_version=1)).version.number == 2
    # On "site", which replaces always: overwrite = false is not the same as none.
    s.commit("site", "absent")
    s.stage("site", "absent")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="absent", overwrite=False)), C.ALREADY_EXISTS, "TARGET_EXISTS")
    assert s.commits.Commit(api.CommitRequest(route="site", source="absent", overwrite=True)).version.number == 2


def check_rollback(s):
    for text in ("one", "two", "three"):
        s.commit("site", "back", text)
    answer = s.commits.Rollback(api.RollbackRequest(route="site", name="back"))
    assert (answer.version.number, answer.version.replaced) == (4, 3) and s.read("site", "back") == "two", answer
    # Pressing twice does not bring the bad one back.
    answer = s.commits.Rollback(api.RollbackRequest(route="site", name="back"))
    assert s.read("site", "back") == "one", answer
    refused(lambda: s.commits.Rollback(api.RollbackRequest(route="site", name="back")), C.NOT_FOUND, "VERSION_NOT_FOUND")
    answer = s.commits.Rollback(api.RollbackRequest(route="site", name="back", to=3, expected_version=5, request_id="back-3"))
    assert s.read("site", "back") == "three" and answer.version.number == 6, answer
    assert s.commits.Rollback(api.RollbackRequest(route="site", name="back", to=3, request_id="back-3")).repeated


def check_rollback_that_holds(s):
    s.commit("site", "back-held", "good")
    s.commit("site", "back-held", "bad")
    s.commits.Rollback(api.RollbackRequest(route="site", name="back-held", hold=True, reason="bad build"))
    s.stage("site", "back-held")
    failure, _ = refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="back-held")), C.FAILED_PRECONDITION, "HELD")
    assert "bad build" in failure.details(), failure.details()
    assert s.read("site", "back-held") == "good"


def check_remove(s):
    s.commit("site", "gone", "text")
    answer = s.commits.Remove(api.RemoveRequest(route="site", name="gone", expected_version=1, request_id="gone-1"))
    assert answer.version.number == 1 and not os.path.exists(s.live("site", "gone")), answer
    assert s.commits.Remove(api.RemoveRequest(route="site", name="gone", request_id="gone-1")).repeated
    s.commits.Rollback(api.RollbackRequest(route="site", name="gone"))
    assert s.read("site", "gone") == "text"


def check_hold_and_release(s):
    s.commit("site", "held")
    s.commits.Hold(api.HoldRequest(route="site", name="held", reason="look ☠ first"))
    s.stage("site", "held", "two")
    failure, _ = refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="held")), C.FAILED_PRECONDITION, "HELD", True)
    assert "look ☠ first" in failure.details(), failure.details()
    status = {route.name: route for route in s.commits.GetStatus(api.GetStatusRequest()).routes}["site"]
    assert ("held", "look ☠ first") in [(held.name, held.reason) for held in status.held_names], status
    s.commits.Release(api.ReleaseRequest(route="site", name="held", reason="looked"))
    assert s.commits.Commit(api.CommitRequest(route="site", source="held")).version.number == 2


def check_list_versions(s):
    for text in ("1", "2", "3"):
        s.commit("site", "listed", text)
    seen, token, pages = [], "", 0
    while True:
        page = s.commits.ListVersions(api.ListVersionsRequest(route="site", name="listed", page_size=2, page_token=token))
        assert len(page.versions) <= 2
        seen += page.versions
        pages += 1
        token = page.next_page_token
        if not token:
            break
    assert [version.number for version in seen] == [3, 2, 1] and pages == 2, seen
    assert [version.state for version in seen] == [1, 2, 2], seen
    for version in seen:
        with open(os.path.join(version.path, "index.html")) as file:
            assert file.read() == str(version.number)


def check_list_history(s):
    s.commit("site", "told", request_id="told-1")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="told")), C.NOT_FOUND, "ITEM_NOT_FOUND")
    s.commit("site", "told", "two")

    def page(**fields):
        return s.commits.ListHistory(api.ListHistoryRequest(route="site", name="told", **fields))

    entries = page().entries
    assert [entry.WhichOneof("result") for entry in entries] == ["success", "failure", "success"], entries
    assert [entry.sequence for entry in entries] == sorted((entry.sequence for entry in entries), reverse=True)
    assert entries[2].success.request_id == "told-1" and entries[1].failure.reason == "ITEM_NOT_FOUND" and entries[0].door == version_pb2.DOOR_RPC
    assert len(page(filter=api.HISTORY_FILTER_SUCCESSES).entries) == 2 and len(page(filter=api.HISTORY_FILTER_FAILURES).entries) == 1
    assert list(page(since=entries[0].at).entries)[:1] == [entries[0]]
    paged, token = [], ""
    while True:
        answer = page(page_size=1, page_token=token)
        paged += answer.entries
        token = answer.next_page_token
        if not token:
            break
    assert paged == list(entries), paged
    # Of all routes: none that is not for this caller.
    assert "theirs" not in {entry.success.version.route for entry in s.commits.ListHistory(api.ListHistoryRequest(page_size=1000)).entries}


def check_watch(s):
    call = s.commits.Watch(api.WatchRequest(routes=["site"]), timeout=20)
    call.initial_metadata()  # They come as soon as the watch stands.
    s.commit("fast", "watched-elsewhere")
    s.commit("site", "watched")
    s.commits.Remove(api.RemoveRequest(route="site", name="watched"))
    s.commits.Rollback(api.RollbackRequest(route="site", name="watched"))
    events = [next(call) for _ in range(3)]
    call.cancel()
    assert [event.operation for event in events] == [1, 3, 2], events
    assert all(event.version.name == "watched" and not event.initial for event in events), events
    assert fails(lambda: next(call), C.CANCELLED)


def check_watch_from_the_live_versions_on(s):
    for name in ("a", "b", "c"):
        s.commit("watched", name, name)
    s.commit("watched", "a", "newer")
    s.commits.Remove(api.RemoveRequest(route="watched", name="b"))
    call = s.commits.Watch(api.WatchRequest(routes=["watched"], initial_live=True), timeout=20)
    events = [next(call) for _ in range(2)]
    assert [(event.version.name, event.version.number, event.initial) for event in events] == [("c", 1, True), ("a", 2, True)], events
    s.commit("watched", "d")
    event = next(call)
    assert (event.version.name, event.initial) == ("d", False) and event.sequence > events[-1].sequence, event
    call.cancel()


def check_watch_goes_on_without_a_gap(s):
    """500 commits, and a watcher that breaks off again and again: each commit is told once, in order."""
    first = s.commit("fast", "gapless")
    call = s.commits.Watch(api.WatchRequest(routes=["fast"], initial_live=True), timeout=60)
    after = until(lambda: next((event.sequence for event in call if event.version.name == "gapless"), None), "the first is told")
    call.cancel()

    def producer():
        for number in range(500):
            s.commit("fast", "gapless", str(number))

    thread = threading.Thread(target=producer)
    thread.start()
    told, connections, pick = [first.version.number], 0, random.Random(7)
    while told[-1] < 501:
        # A connection of its own each time, and now and then one that is lost with the events that were on their way.
        channel = open_channel(s.socket, **{"grpc.use_local_subchannel_pool": 1})
        call = Stub(channel, COMMIT_SERVICE).Watch(api.WatchRequest(routes=["fast"], after_sequence=after), timeout=60)
        connections += 1
        for _ in range(pick.randrange(1, 60)):
            event = next(call)
            assert event.sequence > after, (event, after)
            after = event.sequence
            if event.version.name == "gapless":
                told.append(event.version.number)
            if told[-1] == 501:
                break
        if pick.random() < 0.5:
            call.cancel()
        channel.close()
    thread.join()
    assert told == list(range(1, 502)), told
    assert connections > 5, connections


def check_watch_of_a_sequence_that_never_was(s):
    for sequence in (2**62, -5):
        call = s.commits.Watch(api.WatchRequest(after_sequence=sequence), timeout=20)
        fails(lambda: next(call), C.OUT_OF_RANGE)
    call = s.commits.Watch(api.WatchRequest(after_sequence=1, initial_live=True), timeout=20)
    refused(lambda: next(call), C.INVALID_ARGUMENT, "BAD_MARKER")


def check_prune(s):
    for text in ("1", "2", "3", "4"):
        s.commit("pruned", "item", text)
    until(lambda: s.commits.Prune(api.PruneRequest(route="pruned"), timeout=20) is not None and
          len(s.commits.ListVersions(api.ListVersionsRequest(route="pruned")).versions) == 2, "one retained version is left")
    shown = s.commits.ListVersions(api.ListVersionsRequest(route="pruned", show_deleted=True)).versions
    assert [version.state for version in shown] == [1, 2, 3, 3] and shown[3].path == "", shown
    s.commits.Prune(api.PruneRequest(), timeout=20)


def check_get_status(s):
    status = s.commits.GetStatus(api.GetStatusRequest())
    names = [route.name for route in status.routes]
    assert names == sorted(name for name in s.routes if name != "theirs"), names
    assert status.daemon_version and status.started_at.ToSeconds() > 0, status
    routes = {route.name: route for route in status.routes}
    assert routes["site"].healthy and routes["site"].durable and routes["site"].overwrite == "always" and not routes["site"].trouble, routes["site"]
    assert routes["site"].staging == s.routes["site"]["staging"] and routes["site"].max_upload == 1 << 30, routes["site"]
    assert not routes["fast"].durable and routes["request"].overwrite == "on-request" and routes["never"].overwrite == "never"
    assert not routes["gone"].healthy and routes["gone"].trouble, routes["gone"]


# Health


def check_health(s):
    def state(service):
        return s.health.Check(health.HealthCheckRequest(service=service), timeout=10).status

    assert [state(service) for service in ("", "atomikd.v1.CommitService", "site", "gone")] == [1, 1, 1, 2]
    for service in ("nosuch", "theirs", "SITE"):
        assert fails(lambda: state(service), C.NOT_FOUND)


def check_health_watch(s):
    for service, expected in (("", 1), ("site", 1), ("gone", 2), ("nosuch", 3), ("theirs", 3)):
        call = s.health.Watch(health.HealthCheckRequest(service=service), timeout=10)
        assert next(call).status == expected, service
        call.cancel()


# Uploads


def upload(s, header, chunks, **call):
    def messages():
        yield api.UploadRequest(header=header)
        for chunk in chunks:
            yield api.UploadRequest(data=chunk)

    return s.commits.Upload(messages(), timeout=30, **call)


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, contents in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    return out.getvalue()


def check_upload_of_a_file(s):
    contents = os.urandom(9_000_000)
    pieces = [contents[at:at + 1_000_003] for at in range(0, len(contents), 1_000_003)]
    header = api.UploadHeader(route="site", name="sent", kind=version_pb2.ITEM_KIND_FILE, size=len(contents),
                              sha256=hashlib.sha256(contents).hexdigest(), request_id="sent-1", labels={"by": "grpcio"})
    answer = upload(s, header, pieces)
    assert (answer.version.number, answer.version.bytes, dict(answer.version.labels)) == (1, len(contents), {"by": "grpcio"}), answer
    with open(s.live("site", "sent"), "rb") as file:
        assert file.read() == contents
    assert upload(s, header, pieces).repeated
    fails(lambda: upload(s, header, [contents]), C.RESOURCE_EXHAUSTED)


def check_upload_of_a_folder(s):
    archive = tar_of({"index.html": b"hello", "deep/er/a": b"a" * 100_000, "snow ☃": b""})
    pieces = [archive[at:at + 777] for at in range(0, len(archive), 777)]
    answer = upload(s, api.UploadHeader(route="site", name="sent-tree", kind=version_pb2.ITEM_KIND_FOLDER), pieces)
    assert (answer.version.files, answer.version.bytes) == (3, 100_005), answer
    assert s.read("site", "sent-tree") == "hello" and os.path.getsize(s.live("site", "sent-tree") + "/deep/er/a") == 100_000


def check_upload_of_nothing_is_an_empty_file(s):
    answer = upload(s, api.UploadHeader(route="site", name="sent-empty", kind=version_pb2.ITEM_KIND_FILE), [b"", b""])
    assert answer.version.bytes == 0 and os.path.getsize(s.live("site", "sent-empty")) == 0, answer


def check_upload_that_is_interrupted_leaves_nothing(s):
    until(lambda: not s.vault_uploads("site"), "no upload is under way")
    begun = threading.Event()
    ending = threading.Event()

    def messages():
        yield api.UploadRequest(header=api.UploadHeader(route="site", name="sent-half", kind=version_pb2.ITEM_KIND_FILE))
        yield api.UploadRequest(data=b"x" * 100_000)
        begun.set()
        ending.wait(20)

    call = s.commits.Upload.future(messages(), timeout=30)
    assert begun.wait(10)
    until(lambda: s.vault_uploads("site"), "the upload is under way")
    call.cancel()
    ending.set()
    until(lambda: not s.vault_uploads("site"), "nothing of it is left")
    assert not os.path.exists(s.live("site", "sent-half"))


def check_upload_refusals(s):
    file = version_pb2.ITEM_KIND_FILE
    refused(lambda: upload(s, api.UploadHeader(route="nosuch", name="a", kind=file), [b"a"]), C.NOT_FOUND, "ROUTE_NOT_FOUND", False)
    refused(lambda: upload(s, api.UploadHeader(route="site", name=".a", kind=file), [b"a"]), C.INVALID_ARGUMENT, "INVALID_NAME", False)
    refused(lambda: upload(s, api.UploadHeader(route="site", name="a"), [b"a"]), C.INVALID_ARGUMENT, "BAD_MARKER", False)
    refused(lambda: upload(s, api.UploadHeader(route="site", name="a", kind=file, sha256="0" * 64), [b"a"]),
            C.FAILED_PRECONDITION, "CHECKSUM_MISMATCH", False)
    refused(lambda: upload(s, api.UploadHeader(route="copy", name="a", kind=file), [b"a"]), C.RESOURCE_EXHAUSTED, "NO_SPACE", True)
    refused(lambda: s.commits.Upload(iter([api.UploadRequest(data=b"a")])), C.INVALID_ARGUMENT, "BAD_MARKER", False)
    fails(lambda: s.commits.Upload(iter([])), C.UNAVAILABLE)
    for size in (70_000, None):
        # Over MaxUpload: by what it says, and by what it sends.
        header = api.UploadHeader(route="small", name="a", kind=file, size=size)
        refused(lambda: upload(s, header, [b"a" * 10_000] * 7), C.INVALID_ARGUMENT, "ITEM_UNSUPPORTED", False)
    refused(lambda: upload(s, api.UploadHeader(route="site", name="short", kind=file, size=10), [b"a"]), C.INVALID_ARGUMENT, "ITEM_UNSUPPORTED")
    refused(lambda: upload(s, api.UploadHeader(route="site", name="no-tar", kind=version_pb2.ITEM_KIND_FOLDER), [b"no tar" * 500]),
            C.INVALID_ARGUMENT, "ITEM_UNSUPPORTED")
    refused(lambda: upload(s, api.UploadHeader(route="site", name="out", kind=version_pb2.ITEM_KIND_FOLDER), [tar_of({"../out": b"x"})]),
            C.INVALID_ARGUMENT, "INVALID_NAME")
    # Cut at the boundary of an entry: only the end of the archive is missing.
    refused(lambda: upload(s, api.UploadHeader(route="site", name="cut", kind=version_pb2.ITEM_KIND_FOLDER), [tar_of({"a": b"x"})[:1024]]),
            C.INVALID_ARGUMENT, "ITEM_UNSUPPORTED")
    until(lambda: not s.vault_uploads("site"), "nothing is left")


# Every reason that can be provoked over the door


def check_target_exists(s):
    s.commit("never", "there")
    s.stage("never", "there")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="never", source="there", overwrite=True)),
            C.ALREADY_EXISTS, "TARGET_EXISTS", False, route="never", name="there", item=s.staged("never", "there"))


def check_item_not_found(s):
    refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="absent-item")), C.NOT_FOUND, "ITEM_NOT_FOUND", True,
            route="site", name="absent-item")


def check_item_busy(s):
    s.stage("site", "busy")
    with open(os.path.join(s.staged("site", "busy"), "index.html"), "a"):
        refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="busy")), C.UNAVAILABLE, "ITEM_BUSY", True,
                item=s.staged("site", "busy"))
    assert s.commits.Commit(api.CommitRequest(route="site", source="busy")).version.number == 1


def check_item_unsupported(s):
    s.stage("site", "pipe")
    os.mkfifo(os.path.join(s.staged("site", "pipe"), "fifo"))
    refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="pipe")), C.INVALID_ARGUMENT, "ITEM_UNSUPPORTED", False)
    os.symlink("/etc", s.staged("site", "link"))
    refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="link")), C.INVALID_ARGUMENT, "ITEM_UNSUPPORTED", False)


def check_invalid_name(s):
    s.stage("site", "misnamed")
    for name in ("", ".dot", "a/b", "..", "x" * 241, "new\nline", "a.ready", "a.done"):
        refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source=name)), C.INVALID_ARGUMENT, "INVALID_NAME", False)
        refused(lambda: s.commits.Rollback(api.RollbackRequest(route="site", name=name)), C.INVALID_ARGUMENT, "INVALID_NAME", False)
        if name:
            refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="misnamed", name=name)), C.INVALID_ARGUMENT, "INVALID_NAME", False)
    assert os.path.isdir(s.staged("site", "misnamed"))


def check_bad_marker(s):
    s.stage("site", "bad")
    for wrong in (dict(sha256="xyz"), dict(request_id="x" * 257), dict(expected_version=-1), dict(labels={str(i): "" for i in range(65)})):
        refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="bad", **wrong)), C.INVALID_ARGUMENT, "BAD_MARKER", False)
    for wrong in (dict(page_size=-1), dict(page_token="nonsense"), dict(page_token="AAAA")):
        refused(lambda: s.commits.ListVersions(api.ListVersionsRequest(route="site", **wrong)), C.INVALID_ARGUMENT, "BAD_MARKER", False)
        refused(lambda: s.commits.ListHistory(api.ListHistoryRequest(route="site", **wrong)), C.INVALID_ARGUMENT, "BAD_MARKER", False)


def check_route_across_file_systems(s):
    if "cross" not in s.routes:
        raise Skip("there is no second file system here")
    s.stage("cross", "far")
    failure, _ = refused(lambda: s.commits.Commit(api.CommitRequest(route="cross", source="far")), C.UNAVAILABLE, "BUSY", True)
    assert "two file systems" in failure.details() and "tmpfs" in failure.details(), failure.details()
    assert os.path.isdir(s.staged("cross", "far"))


def check_version_mismatch(s):
    s.commit("site", "swap")
    s.stage("site", "swap")
    for expected in (0, 2, 2**62):
        refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="swap", expected_version=expected)), C.ABORTED, "VERSION_MISMATCH", True)
        refused(lambda: s.commits.Remove(api.RemoveRequest(route="site", name="swap", expected_version=expected)), C.ABORTED, "VERSION_MISMATCH", True)


def check_version_not_found(s):
    s.commit("site", "single")
    for to in (0, 77):
        refused(lambda: s.commits.Rollback(api.RollbackRequest(route="site", name="single", to=to)), C.NOT_FOUND, "VERSION_NOT_FOUND", False)
    refused(lambda: s.commits.Remove(api.RemoveRequest(route="site", name="never-was")), C.NOT_FOUND, "VERSION_NOT_FOUND", False)


def check_checksum_mismatch(s):
    s.stage_file("site", "summed", "text")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source="summed", sha256="0" * 64)),
            C.FAILED_PRECONDITION, "CHECKSUM_MISMATCH", False, item=s.staged("site", "summed"))
    right = hashlib.sha256(b"text").hexdigest().upper()
    assert s.commits.Commit(api.CommitRequest(route="site", source="summed", sha256=right)).version.number == 1


def check_not_permitted(s):
    if os.geteuid() != 0:
        raise Skip("needs root to give a file away")
    s.stage("mine", "foreign")
    os.chown(s.staged("mine", "foreign"), 64123, 64123)
    refused(lambda: s.commits.Commit(api.CommitRequest(route="mine", source="foreign")), C.PERMISSION_DENIED, "NOT_PERMITTED", False)


def check_route_not_found(s):
    for route in ("", "nosuch", "SITE", "../site", "theirs", "s\0te", "ünï"):
        refused(lambda: s.commits.Commit(api.CommitRequest(route=route, source="a")), C.NOT_FOUND, "ROUTE_NOT_FOUND", False)


def check_no_space(s):
    if "cross" not in s.routes:
        raise Skip("there is no second file system here")
    s.stage("copy", "large")
    refused(lambda: s.commits.Commit(api.CommitRequest(route="copy", source="large")), C.RESOURCE_EXHAUSTED, "NO_SPACE", True)


def check_busy(s):
    refused(lambda: s.commits.Commit(api.CommitRequest(route="gone", source="a")), C.UNAVAILABLE, "BUSY", True, route="gone", name="a")


# Deadlines and cancellation


def check_deadline_ends_the_waiting_not_the_commit(s):
    s.stage("site", "late")
    writer = open(os.path.join(s.staged("site", "late"), "index.html"), "a")
    started = time.monotonic()
    error = fails(lambda: s.commits.Commit(api.CommitRequest(route="site", source="late", request_id="late-1"), timeout=0.3), C.DEADLINE_EXCEEDED)
    assert 0.2 < time.monotonic() - started < 2, error
    writer.close()
    answer = s.commits.Commit(api.CommitRequest(route="site", source="late", request_id="late-1"), timeout=10)
    assert answer.version.number == 1 and s.read("site", "late") == "x", answer


def check_cancelling_ends_the_waiting_not_the_commit(s):
    s.stage("site", "left")
    writer = open(os.path.join(s.staged("site", "left"), "index.html"), "a")
    call = s.commits.Commit.future(api.CommitRequest(route="site", source="left"), timeout=20)
    until(lambda: {route.name: route for route in s.commits.GetStatus(api.GetStatusRequest()).routes}["site"].queue_length > 0, "it waits")
    call.cancel()
    assert call.code() == C.CANCELLED
    writer.close()
    until(lambda: os.path.exists(s.live("site", "left")), "it is committed all the same")


def check_deadline_that_is_over(s):
    for timeout in (0, -1, 0.000001):
        fails(lambda: s.commits.GetStatus(api.GetStatusRequest(), timeout=timeout), C.DEADLINE_EXCEEDED)
    call = s.commits.Watch(api.WatchRequest(routes=["never"]), timeout=0.3)
    fails(lambda: next(call), C.DEADLINE_EXCEEDED)


def check_deadline_far_away(s):
    assert s.commits.GetStatus(api.GetStatusRequest(), timeout=10**8).routes


# Sizes


def padded(size):
    """A request of exactly that many bytes."""
    request = api.CommitRequest(route="site", source="padded")
    request.labels["x"] = ""
    request.labels["x"] = "y" * (size - request.ByteSize() - 9)
    while request.ByteSize() < size:
        request.labels["x"] += "y"
    assert request.ByteSize() == size, request.ByteSize()
    return request


def check_messages_up_to_the_limit_are_taken_off_the_wire(s):
    s.stage("site", "padded")
    # The limit of a message is 4 MiB; labels may hold less than that, and so this is a request that says too much.
    refused(lambda: s.commits.Commit(padded(LIMIT)), C.INVALID_ARGUMENT, "BAD_MARKER", False)
    assert not os.path.exists(s.live("site", "padded"))
    fails(lambda: s.commits.Commit(padded(LIMIT + 1)), C.RESOURCE_EXHAUSTED)
    fails(lambda: s.commits.Commit(padded(3 * LIMIT)), C.RESOURCE_EXHAUSTED)
    # The connection and its flow control have survived.
    assert s.commits.Commit(api.CommitRequest(route="site", source="padded")).version.number == 1


def check_labels_come_back_whole_in_pages_that_fit_a_client(s):
    large = {"large": "ä" * 15_000, "small": ""}
    for _ in range(160):
        s.stage("labelled", "item")
        s.commits.Commit(api.CommitRequest(route="labelled", source="item", labels=large))
    for method, request in ((s.commits.ListVersions, api.ListVersionsRequest), (s.commits.ListHistory, api.ListHistoryRequest)):
        count, token = 0, ""
        while True:
            page = method(request(route="labelled", page_size=1000, page_token=token))
            rows = list(page.versions) if request is api.ListVersionsRequest else [entry.success.version for entry in page.entries]
            assert all(dict(row.labels) == large for row in rows)
            count += len(rows)
            token = page.next_page_token
            if not token:
                break
        assert count == 160, count


def check_tiny_messages(s):
    assert s.commits.GetStatus(api.GetStatusRequest()).routes  # of no byte at all
    refused(lambda: s.commits.Commit(api.CommitRequest()), C.NOT_FOUND, "ROUTE_NOT_FOUND")
    for _ in range(300):
        assert s.health.Check(health.HealthCheckRequest()).status == 1


def check_a_message_that_is_none(s):
    raw = s.channel.unary_unary("/atomikd.v1.CommitService/Commit")
    fails(lambda: raw(b"\xff\xff\xff\xff"), C.UNKNOWN)
    # Fields of a later version of the protocol are no hindrance.
    unknown = api.GetStatusResponse.FromString(s.channel.unary_unary("/atomikd.v1.CommitService/GetStatus")(b"\xa2\x06\x03abc"))
    assert unknown.routes


# The edges of the protocol


def check_unknown_methods(s):
    for path in ("/atomikd.v1.CommitService/Nope", "/atomikd.v1.Nope/Commit", "/x", "/atomikd.v1.CommitService/Commit/more"):
        fails(lambda: s.channel.unary_unary(path)(b""), C.UNIMPLEMENTED)
        fails(lambda: list(s.channel.unary_stream(path)(b"")), C.UNIMPLEMENTED)
        fails(lambda: s.channel.stream_unary(path)(iter([b"a", b"b"])), C.UNIMPLEMENTED)


def check_compressed_messages(s):
    large = api.CommitRequest(route="site", source="a", labels={"x": "y" * 5000})
    for algorithm in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        fails(lambda: s.commits.Commit(large, compression=algorithm), C.UNIMPLEMENTED)
    # One that grpcio offers to compress, and does not because it would not gain.
    assert s.health.Check(health.HealthCheckRequest(), compression=grpc.Compression.Gzip).status == 1


def check_metadata(s):
    metadata = (("x-text", "plain"), ("x-data-bin", bytes(range(256))), ("x-text", "again"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("x-long", "l" * 4000))
    s.stage("site", "traced")
    answer, call = s.commits.Commit.with_call(api.CommitRequest(route="site", source="traced"), metadata=metadata)
    assert answer.version.number == 1 and call.code() == C.OK, call
    s.stage("site", "traced")
    bad = s.commits.Commit(api.CommitRequest(route="site", source="traced"), metadata=(("traceparent", "nonsense"),))
    assert bad.version.number == 2, bad


def check_headers_beyond_what_is_taken(s):
    error = None
    try:
        s.health.Check(health.HealthCheckRequest(), metadata=tuple((f"x-{i}", "y" * 4000) for i in range(40)), timeout=10)
    except grpc.RpcError as e:
        error = e
    assert error is not None and error.code() in (C.RESOURCE_EXHAUSTED, C.INTERNAL, C.UNAVAILABLE, C.UNKNOWN), error
    until(lambda: s.health.Check(health.HealthCheckRequest(), wait_for_ready=True, timeout=10).status == 1, "it serves on")


def check_words_that_are_not_ascii(s):
    name = "日本語" * 26
    failure, info = refused(lambda: s.commits.Commit(api.CommitRequest(route="site", source=name)), C.NOT_FOUND, "ITEM_NOT_FOUND", name=name)
    assert name in failure.details(), failure.details()


# Many at once


def check_a_thousand_concurrent_calls_on_one_connection(s):
    for number in range(1000):
        s.stage_file("fast", f"many-{number}", str(number))
    channel = open_channel(s.socket, **{"grpc.use_local_subchannel_pool": 1})
    stub = Stub(channel, COMMIT_SERVICE)
    calls = [stub.Commit.future(api.CommitRequest(route="fast", source=f"many-{number}"), timeout=60) for number in range(1000)]
    answers = [call.result() for call in calls]
    assert all(answer.version.number == 1 and answer.version.name == f"many-{number}" for number, answer in enumerate(answers))
    assert all(s.read("fast", f"many-{number}") == str(number) for number in range(1000))
    channel.close()


def check_many_watchers_and_calls_on_one_connection(s):
    channel = open_channel(s.socket, **{"grpc.use_local_subchannel_pool": 1})
    stub = Stub(channel, COMMIT_SERVICE)
    watches = [stub.Watch(api.WatchRequest(routes=["site"]), timeout=30) for _ in range(60)]
    for watch in watches:
        watch.initial_metadata()
    s.commit("site", "seen-by-many")
    assert all(next(watch).version.name == "seen-by-many" for watch in watches)
    assert stub.GetStatus(api.GetStatusRequest(), timeout=10).routes
    channel.close()


if __name__ == "__main__":
    checking.main(sys.modules[__name__], Subject)
