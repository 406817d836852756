"""Publishes files and folders through AtomikD: whole, in one step, or not at all.

One file, Python 3.8 or later, standard library only. It needs the route's staging folder and no connection to the service.

    import atomikd

    with atomikd.file("/srv/site/live/robots.txt") as out:
        out.write("User-agent: *\\n")

    with atomikd.folder("/srv/site/live/docs", overwrite=True) as path:
        (path / "index.html").write_text("<h1>Hello</h1>")

    atomikd.publish("build/", "/srv/site/live/app", overwrite=True)

What is named is the destination: the route's target folder and the name in it. It is untouched until the block ends, and
then it is all there. An exception in the block leaves nothing behind.

The staging folder that belongs to the target is, in this order: the argument ``staging`` (or ``tmp_dir``, the same thing),
what was given to ``configure()``, the environment variable ``ATOMIKD_STAGING`` ("TARGET=STAGING[:TARGET=STAGING...]"), or
what the service's own configuration says, where it can be read.

Options of all four functions, besides those in their signatures:

    overwrite         False: only create (the default). True: replace what is there. None: as the route says
    expected_version  go on only if this version is live now; 0: only if nothing is there
    request_id        the same id again is answered with the version that it made, and nothing is done
    sha256            of a file; of a folder: that of its SHA256SUMS
    synced            True: sync the item to the disk before marking it, so that it is trusted after a power cut
    labels            a dict of strings, kept with the version
    traceparent       W3C trace context
    timeout           seconds to wait for the outcome, 300 unless told; None: no limit
    keep_failed       True: a refused item stays in staging, and the exception's ``item`` says where (the default)

From the marker on the request is the service's: a timeout or Ctrl-C ends the waiting, not the commit.
"""

import abc
import dataclasses
import enum
import json
import os
import pathlib
import secrets
import shutil
import stat
import sys
import time
import unicodedata
import warnings
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple, Union

__all__ = [
    "AtomikError",
    "AtomikdError",
    "FileAlreadyExistsError",
    "InvalidCrossDeviceError",
    "Mode",
    "OutcomeUnknownError",
    "PendingError",
    "RefusedError",
    "Result",
    "WithdrawnError",
    "commit",
    "configure",
    "file",
    "folder",
    "publish",
]

_Path = Union[str, "os.PathLike[str]"]


class Mode(str, enum.Enum):
    """What ``file()`` yields: a file for text, or one for bytes."""

    TEXT = "text"
    BYTES = "bytes"


# --- What can go wrong ---------------------------------------------------------------------------------------------------


class AtomikdError(Exception):
    """Something was not published, or cannot be told to be."""

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message  #: for people
        self.reason: Optional[str] = None  #: of the closed list of docs/protocol.md, where the service refused
        self.hint: Optional[str] = None  #: what to do about it
        self.retryable = False  #: the same request may succeed later
        self.item: Optional[str] = None  #: where the item is now, if anywhere
        self.__dict__.update(details)

    def __str__(self) -> str:
        text = f"{self.reason}: {self.message}" if self.reason else self.message
        text = f"{text} {self.hint}" if self.hint else text
        return f"{text} The item is at {self.item}." if self.item else text


AtomikError = AtomikdError


class RefusedError(AtomikdError):
    """The service refused the request: ``reason`` says why. The destination is as it was."""


class FileAlreadyExistsError(RefusedError, FileExistsError):
    """Something stands at the destination, and the request does not replace it."""


class InvalidCrossDeviceError(RefusedError):
    """Staging and target are not on one mount, and the route does not copy."""


class PendingError(AtomikdError, TimeoutError):
    """The outcome did not come in time. The request still stands, and ``marker`` is its file: remove it to withdraw."""

    marker: str


class WithdrawnError(AtomikdError):
    """Somebody took the marker away before it was served. Nothing was committed."""


class OutcomeUnknownError(AtomikdError):
    """The staging folder or the item vanished, and nothing is left that tells whether the item went live."""


# The attribute in which a version has its number, at its root.
_VERSION = "user.atomikd.version"

_REASONS = {"TARGET_EXISTS": FileAlreadyExistsError, "CROSS_DEVICE": InvalidCrossDeviceError}

# The ancestor's ``atomik.errors`` is this very module.
errors = sys.modules[__name__]
sys.modules.setdefault(__name__ + ".errors", errors)


@dataclasses.dataclass(frozen=True)
class Result:
    """What went live. On a route with ``Receipts = failures`` most of it is not known, and None."""

    name: str
    route: Optional[str] = None
    version: Optional[int] = None
    replaced: Optional[int] = None
    durable: Optional[bool] = None
    kind: Optional[str] = None
    files: Optional[int] = None
    bytes: Optional[int] = None
    target: Optional[str] = None
    at: Optional[str] = None
    repeated: Optional[bool] = None


# --- Which staging folder belongs to a destination -------------------------------------------------------------------------

_routes: Dict[str, str] = {}
_configuration = "/etc/atomikd/atomikd.conf"


def configure(routes: Optional[Dict[_Path, _Path]] = None, config: Optional[_Path] = None) -> None:
    """Tells which staging folder belongs to which target folder, or where the service's configuration is."""
    global _configuration
    for target, staging in (routes or {}).items():
        _routes[os.path.abspath(target)] = os.path.abspath(staging)
    if config is not None:
        _configuration = os.path.abspath(os.path.expanduser(os.fspath(config)))


def _environment() -> Dict[str, str]:
    found = {}
    for pair in filter(None, os.environ.get("ATOMIKD_STAGING", "").split(":")):
        target, equals, staging = pair.partition("=")
        if not (equals and os.path.isabs(target) and os.path.isabs(staging)):
            raise AtomikdError(f"ATOMIKD_STAGING is not TARGET=STAGING[:TARGET=STAGING...] of absolute paths: {pair}")
        found[target] = staging
    return found


def _known_routes(problems: List[str]) -> Iterator[Tuple[str, str]]:
    """Target and staging, what comes first counts. Files of the configuration that cannot be read are told."""
    yield from _routes.items()
    yield from _environment().items()
    keys: Dict[Tuple[str, str], str] = {}
    for path in _configuration_files():
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
                _read_ini(lines, keys)
        except OSError as problem:
            problems.append(f"{path} cannot be read: {problem.strerror}")
    for section, key in keys:
        if section.startswith("Routes:") and key == "Target" and (section, "Staging") in keys:
            yield keys[section, "Target"], keys[section, "Staging"]


def _configuration_files() -> Iterator[str]:
    """In the service's order: a later file wins, key by key."""
    yield _configuration
    fragments = os.fsencode(_configuration + ".d")
    try:
        names = os.listdir(fragments)
    except OSError:
        return
    yield from (os.fsdecode(os.path.join(fragments, name)) for name in sorted(names) if name.endswith(b".conf"))


def _read_ini(lines: Iterable[str], keys: Dict[Tuple[str, str], str]) -> None:
    section = ""
    for line in map(str.strip, lines):
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            section = line[1:-1]
        else:
            key, _, value = line.partition("=")
            keys[section, key.strip()] = value.strip()


def _split(destination: _Path) -> Tuple[str, str]:
    """The target folder and the name in it."""
    folder_path, name = os.path.split(os.path.abspath(os.fsdecode(destination)))
    _check_name(name)
    return folder_path, name


def _staging_of(target: str, given: Optional[_Path], tmp_dir: Optional[_Path]) -> str:
    if given is not None and tmp_dir is not None:
        raise TypeError("staging and tmp_dir are the same thing: give one")
    given = tmp_dir if given is None else given
    if given is not None:
        return os.path.abspath(os.fsdecode(given))
    problems: List[str] = []
    for known, staging in _known_routes(problems):
        if os.path.realpath(known) == os.path.realpath(target):
            return staging
        if os.path.realpath(target).startswith(os.path.join(os.path.realpath(known), "")):
            raise AtomikdError(
                f"{target} lies in {known}, the target of a route, and names have no slash: what is published stands at the top of"
                " the target. Publish the whole folder there, or make a route of its own.",
                reason="INVALID_NAME",
            )
    raise AtomikdError(
        f"No route to {target} is known here.",
        reason="ROUTE_NOT_FOUND",
        hint=f"Give staging=STAGING, or call atomikd.configure({{{target!r}: STAGING}}), or set ATOMIKD_STAGING={target}=STAGING."
        f" {'; '.join(problems) or _configuration + ' has no such route'}.",
    )


def _check_name(name: str) -> None:
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        length = 0
    if not 1 <= length <= 240:
        wrong = "it is not 1 to 240 bytes of valid UTF-8"
    elif name[0] == ".":
        wrong = "it starts with a dot"
    elif any(unicodedata.category(c) == "Cc" for c in name):
        wrong = "it has a control character"
    elif name.endswith((".ready", ".done", ".failed")):
        wrong = "it ends in .ready, .done or .failed, which belong to the protocol"
    else:
        return
    raise AtomikdError(f"The name {name!r} cannot be used: {wrong}.", reason="INVALID_NAME")


def _staged_name(name: str) -> str:
    """Nobody else's, with the end of the real one, for whoever goes by suffixes or looks into the folder."""
    return f"{secrets.token_hex(8)}-{name.encode('utf-8')[-200:].decode('utf-8', 'ignore')}"


# --- One request -----------------------------------------------------------------------------------------------------------


class _Staging:
    """
    The staging folder, held open: whatever is mounted or moved meanwhile, all looks go to the folder that was written to, so
    that an absent marker is never that of another folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._folder = os.open(path, os.O_PATH | os.O_DIRECTORY)
        except OSError as problem:
            raise AtomikdError(f"The staging folder {path} cannot be used: {problem.strerror}. Is it mounted here?") from problem

    def close(self) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1

    def at(self, name: str) -> str:
        return os.path.join(self.path, name)

    def open(self, name: str, flags: int, mode: int = 0o666) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, mode, dir_fd=self._folder)

    def mkdir(self, name: str) -> None:
        os.mkdir(name, 0o777, dir_fd=self._folder)

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def status(self, name: str) -> Optional[os.stat_result]:
        try:
            return os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def read(self, name: str) -> Optional[Dict[str, Any]]:
        try:
            descriptor = self.open(name, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, encoding="utf-8") as receipt:
            return json.load(receipt)

    def unlink(self, name: str) -> None:
        try:
            os.unlink(name, dir_fd=self._folder)
        except OSError:
            pass  # In a folder where it may not, it expires.

    def is_deleted(self) -> bool:
        return os.fstat(self._folder).st_nlink == 0

    def is_at_its_path(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._folder))
        except OSError:
            return False

    def sync(self, name: str) -> None:
        """The item, and then its name."""
        for parent, _, names in os.walk(self.at(name), topdown=False):
            for child in names:
                _fsync(os.path.join(parent, child))
            _fsync(parent)
        _fsync(self.at(name))
        try:
            _fsync(self.path)
        except PermissionError:
            pass  # A folder that may be written and not be read.

    def discard(self, name: str) -> None:
        """Removes an item. What cannot be removed is said and hides no exception."""
        # By the descriptor: this is the folder that was written to, whatever stands at its path now.
        path = f"/proc/self/fd/{self._folder}/{name}"
        status = self.status(name)
        if status is None:
            return
        try:
            if stat.S_ISDIR(status.st_mode):
                _remove_tree(path)
            else:
                os.unlink(path)
        except OSError as problem:
            warnings.warn(f"{self.at(name)} could not be removed: {problem}", RuntimeWarning, stacklevel=2)


def _remove_tree(path: str) -> None:
    try:
        shutil.rmtree(path)
    except PermissionError:
        # Folders that their owner made read-only.
        os.chmod(path, 0o700)
        for parent, names, _ in os.walk(path):
            for child in (os.path.join(parent, name) for name in names):
                if not os.path.islink(child):
                    os.chmod(child, 0o700)
        shutil.rmtree(path)


def _fsync(path: str) -> None:
    kind = stat.S_IFMT(os.lstat(path).st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR):
        return  # A link goes with its folder; what else there may be is the service's to refuse.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Request:
    """An item in staging, from its name to its outcome."""

    def __init__(
        self,
        staging: str,
        name: str,
        item: Optional[str] = None,
        target: Optional[str] = None,
        *,
        overwrite: Optional[bool] = False,
        expected_version: Optional[int] = None,
        request_id: Optional[str] = None,
        sha256: Optional[str] = None,
        synced: bool = False,
        labels: Optional[Dict[str, str]] = None,
        traceparent: Optional[str] = None,
        timeout: Optional[float] = 300,
        keep_failed: bool = True,
    ) -> None:
        self.is_own = item is None
        self.item = item or _staged_name(name)
        self.is_marked = False
        self._name = name
        self._destination = os.path.join(target, name) if target else None
        self._synced = synced
        self._timeout = timeout
        self._keep_failed = keep_failed or not self.is_own
        if expected_version and overwrite is False:
            overwrite = None  # Expecting a version is to ask for its replacement.
        said = {
            "name": name,
            "overwrite": overwrite,
            "expectedVersion": expected_version,
            "requestId": request_id,
            "sha256": sha256,
            "synced": True if synced else None,
            "labels": labels,
            "traceparent": traceparent,
        }
        self._text = json.dumps({key: value for key, value in said.items() if value is not None})
        self._evidence: Optional[_Evidence] = None
        self._old_receipts: Dict[str, Optional[os.stat_result]] = {}
        self.staging = _Staging(staging)

    @property
    def path(self) -> str:
        return self.staging.at(self.item)

    def close(self) -> None:
        self.staging.close()
        if self._evidence is not None:
            self._evidence.close()

    def abandon(self) -> None:
        """Nothing was asked for, and nothing is left behind."""
        if self.is_own and not self.is_marked:
            self.staging.discard(self.item)

    def commit(self) -> Result:
        try:
            status = self.staging.status(self.item)
            if status is None:
                raise AtomikdError(f"{self.path} is not there any more, so there is nothing to publish.")
            if not self.staging.is_at_its_path() or not os.path.samestat(status, os.lstat(self.path)):
                raise AtomikdError(f"{self.staging.path} was unmounted or replaced meanwhile. Nothing was published.")
            if self._synced:
                self.staging.sync(self.item)
            self._mark()
        except BaseException:
            self.abandon()
            raise
        try:
            self._wait()
            return self._outcome()
        except AtomikdError:
            raise
        except (OSError, ValueError) as problem:
            raise OutcomeUnknownError(f"{self.staging.path} cannot be read any more: {problem}") from problem

    @property
    def _marker(self) -> str:
        return self.item + ".ready"

    def _mark(self) -> None:
        aside = f".{secrets.token_hex(8)}.marker"
        try:
            with os.fdopen(self.staging.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as marker:
                marker.write(self._text)
            self._evidence = _Evidence(self.staging, self.item, aside)
            self._old_receipts = {suffix: self.staging.status(self.item + suffix) for suffix in (".done", ".failed")}
            # Before it is so: whatever interrupts this, a request that may stand keeps its item.
            self.is_marked = True
            try:
                self.staging.rename(aside, self._marker)
            except OSError:
                self.is_marked = False
                raise
        except BaseException:
            self.staging.unlink(aside)
            raise

    def _wait(self) -> None:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        pause = 0.001
        while self.staging.status(self._marker) is not None:
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self._pending()
                pause = min(pause, left)
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _pending(self) -> PendingError:
        marker = self.staging.at(self._marker)
        if self.staging.is_at_its_path():
            hint = "Does the service run, and is the route healthy? The request is served when it can be; to withdraw it, remove that file."
        else:
            hint = f"{self.staging.path} is another folder now, unmounted or replaced: the marker is in the one that was there before."
        return PendingError(f"After {self._timeout} s, {marker} still waits.", hint=hint, retryable=True, item=self.path, marker=marker)

    def _outcome(self) -> Result:
        done = self._receipt(".done")
        if done is not None:
            result = Result(**{field.name: done.get(field.name) for field in dataclasses.fields(Result)})
            self._check_place(result)
        else:
            failed = self._receipt(".failed")
            if failed is not None:
                raise self._refused(failed)
            result = self._told_by_nothing()
        if self.is_own:
            self.staging.discard(self.item)  # Of a repeated request id.
            self.staging.unlink(self.item + ".done")
        return result

    def _receipt(self, suffix: str) -> Optional[Dict[str, Any]]:
        """One that was there before speaks of another request: it stays where the marker was taken away."""
        old, now = self._old_receipts[suffix], self.staging.status(self.item + suffix)
        return None if old and now and os.path.samestat(old, now) else self.staging.read(self.item + suffix)

    def _refused(self, receipt: Dict[str, Any]) -> RefusedError:
        # The service may see staging at another path than this program does.
        told = receipt.get("item")
        place = os.path.basename(told) if told else self.item
        item = self.staging.at(place) if self.staging.status(place) is not None else told
        if not self._keep_failed and place.startswith(self.item):
            self.staging.discard(place)
            item = None
        if self.is_own:
            self.staging.unlink(self.item + ".failed")
        reason = receipt.get("reason")
        kind = _REASONS.get(reason or "", RefusedError)
        return kind(
            receipt.get("message", ""), reason=reason, hint=receipt.get("hint"), retryable=receipt.get("retryable", False), item=item
        )

    def _told_by_nothing(self) -> Result:
        """No receipt: the rule on routes with ``Receipts = failures``, and an accident on others."""
        if self.staging.is_deleted():
            raise OutcomeUnknownError(f"{self.staging.path} was deleted while its answer was awaited.")
        if self.staging.status(self.item) is not None:
            raise WithdrawnError(f"{self.staging.at(self._marker)} was removed before it was served.", retryable=True, item=self.path)
        version = self._evidence.find(self._name, self._destination) if self._evidence else None
        if version is None:
            raise OutcomeUnknownError(f"{self.path} is gone, and there is no receipt. Look at the destination.")
        return Result(name=self._name, target=self._destination, version=version or None)

    def _check_place(self, result: Result) -> None:
        """A staging folder that was given by hand may be that of another target than the destination's."""
        if self._destination is None or not result.target:
            return
        target = os.path.dirname(self._destination)
        if not os.path.isdir(target) or os.path.realpath(os.path.dirname(result.target)) == os.path.realpath(target):
            return  # It is, or this is a container that does not see the target.
        if self._evidence is None or not self._evidence.is_at(self._destination):
            warnings.warn(
                f"{self.staging.path} belongs to another target: {result.target} was published, not {self._destination}.",
                RuntimeWarning,
                stacklevel=2,
            )


class _Evidence:
    """Held while a request is out: what tells, without a receipt, that the item went live and was not just deleted."""

    def __init__(self, staging: _Staging, item: str, marker: str) -> None:
        # A descriptor of this kind is neither open for reading nor for writing: the service does not wait for it.
        self._item = staging.open(item, os.O_PATH)
        self._before = os.fstat(self._item)
        status = staging.status(marker)
        self._marked = status.st_ctime_ns if status else 0

    def close(self) -> None:
        os.close(self._item)

    def is_at(self, path: str) -> bool:
        try:
            status = os.lstat(path)
        except OSError:
            return False
        before = self._before
        # Moved there; or copied, which keeps its time, and not before it was asked for.
        return os.path.samestat(status, before) or (
            status.st_ctime_ns >= self._marked
            and status.st_mtime_ns == before.st_mtime_ns
            and stat.S_IFMT(status.st_mode) == stat.S_IFMT(before.st_mode)
            and (stat.S_ISDIR(status.st_mode) or status.st_size == before.st_size)
        )

    def find(self, name: str, destination: Optional[str]) -> Optional[int]:
        """The version; 0 where it went live under a number that cannot be read; None: nobody can say."""
        if os.fstat(self._item).st_nlink > 0:
            here = f"/proc/self/fd/{self._item}"
            version = _version_at(here)
            # At a destination that is not to be seen from here, or in the vault, replaced already.
            place = os.path.basename(os.readlink(here))
            if version > 0 or place == name or place.endswith("~" + name):
                return version
        # It was deleted, by somebody in staging or by the service that had copied it.
        return _version_at(destination) if destination and self.is_at(destination) else None


def _forget_version(path: str) -> None:
    """A copy of a version is none."""
    try:
        os.removexattr(path, _VERSION)
    except OSError:
        pass  # Most have none, and some file systems have no attributes.


def _version_at(path: str) -> int:
    try:
        return int(os.getxattr(path, _VERSION))
    except (OSError, ValueError):
        return 0


# --- What is called --------------------------------------------------------------------------------------------------------


class _Publication(abc.ABC):
    """A ``with`` block. After it, ``result`` is what went live."""

    def __init__(self, destination: _Path, staging: Optional[_Path], tmp_dir: Optional[_Path], options: Dict[str, Any]) -> None:
        self.result: Optional[Result] = None
        self._target, self._name = _split(destination)
        self._staging = _staging_of(self._target, staging, tmp_dir)
        self._options = options
        self._request: Optional[_Request] = None

    def __enter__(self) -> Any:
        self._request = _Request(self._staging, self._name, target=self._target, **self._options)
        try:
            return self._begin(self._request)
        except BaseException:
            self._request.close()
            raise

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        request = self._request
        assert request is not None
        try:
            try:
                self._end()
            except BaseException:
                request.abandon()
                if kind is None:
                    raise
            if kind is not None:
                request.abandon()
            else:
                self.result = request.commit()
        finally:
            request.close()

    @abc.abstractmethod
    def _begin(self, request: _Request) -> Any:
        """Makes the item, and what the block is given of it."""

    def _end(self) -> None:
        """Closes what the block was given."""


class _FilePublication(_Publication):
    def __init__(self, mode: Mode, encoding: str, *rest: Any) -> None:
        super().__init__(*rest)
        self._mode = Mode(mode)
        self._encoding = encoding

    def _begin(self, request: _Request) -> Any:
        def opener(_: str, flags: int) -> int:
            return request.staging.open(request.item, flags)

        if self._mode == Mode.TEXT:
            self._file: Any = open(request.path, "x+", encoding=self._encoding, opener=opener)
        else:
            self._file = open(request.path, "xb+", opener=opener)
        return self._file

    def _end(self) -> None:
        self._file.close()


class _FolderPublication(_Publication):
    def _begin(self, request: _Request) -> pathlib.Path:
        request.staging.mkdir(request.item)
        return pathlib.Path(request.path)


def file(
    file_name: _Path,
    mode: Mode = Mode.TEXT,
    overwrite: Optional[bool] = False,
    tmp_dir: Optional[_Path] = None,
    *,
    staging: Optional[_Path] = None,
    encoding: str = "utf-8",
    **options: Any,
) -> _FilePublication:
    """A ``with`` block that yields an open file, which is live at ``file_name`` when the block has ended."""
    return _FilePublication(mode, encoding, file_name, staging, tmp_dir, dict(options, overwrite=overwrite))


def folder(
    file_name: _Path, overwrite: Optional[bool] = False, tmp_dir: Optional[_Path] = None, *, staging: Optional[_Path] = None, **options: Any
) -> _FolderPublication:
    """A ``with`` block that yields the path of a new folder, which is live at ``file_name`` when the block has ended."""
    return _FolderPublication(file_name, staging, tmp_dir, dict(options, overwrite=overwrite))


def publish(source: _Path, destination: _Path, *, staging: Optional[_Path] = None, **options: Any) -> Result:
    """Puts a copy of a file or folder live. Links in a folder stay links."""
    target, name = _split(destination)
    request = _Request(_staging_of(target, staging, None), name, target=target, **options)
    try:
        try:
            if os.path.isdir(source):
                shutil.copytree(source, request.path, symlinks=True)
            else:
                shutil.copy2(source, request.path)
            _forget_version(request.path)
        except BaseException:
            request.abandon()
            raise
        return request.commit()
    finally:
        request.close()


def commit(item: _Path, destination: Optional[_Path] = None, **options: Any) -> Result:
    """
    Asks for what stands in a staging folder already: what another program has put there, or the ``item`` of a refusal. Without a
    destination it keeps its name. It is never deleted here, and its receipts stay.
    """
    staging, name = os.path.split(os.path.abspath(os.fsdecode(item)))
    _check_name(name)
    target, wanted = _split(destination) if destination is not None else (None, name)
    request = _Request(staging, wanted, name, target, **options)
    try:
        return request.commit()
    finally:
        request.close()
