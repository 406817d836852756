"""
Tests of atomikd.py against a service that runs: ATOMIKD_STAGING says which route (TARGET=STAGING, Overwrite = on-request).

    ATOMIKD_STAGING=/srv/test/live=/srv/test/staging python3 -m unittest test_atomikd
"""

import os
import pathlib
import pickle
import secrets
import shutil
import stat
import sys
import tempfile
import threading
import unittest
import warnings
from unittest import mock

import atomikd
from atomikd import Mode, file, folder
from atomikd.errors import FileAlreadyExistsError

ROUTE = os.environ.get("ATOMIKD_STAGING", "")


class Case(unittest.TestCase):
    """A name of the test's own in the route's target."""

    def setUp(self):
        if not ROUTE:
            self.skipTest("ATOMIKD_STAGING names no route of a service that runs")
        target, _, staging = ROUTE.partition("=")
        self.staging = pathlib.Path(staging)
        self.target = pathlib.Path(target)
        self.name = f"{self._testMethodName}-{secrets.token_hex(4)}"
        self.path = self.target / self.name

    def assert_nothing_is_left(self):
        self.assertEqual([], [path for path in self.staging.iterdir() if self.name in path.name])


class AncestorTests(Case):
    """What users of the ancestor rely on."""

    def test_a_text_file_appears_when_the_block_ends(self):
        with file(str(self.path)) as out:
            out.write("hello")
            out.flush()
            self.assertFalse(self.path.exists())
        self.assertEqual("hello", self.path.read_text())
        self.assert_nothing_is_left()

    def test_a_folder_appears_when_the_block_ends(self):
        with folder(self.path) as temporary:
            self.assertIsInstance(temporary, pathlib.Path)
            (temporary / "a").write_text("1")
            (temporary / "b").write_text("2")
            self.assertFalse(self.path.exists())
        self.assertEqual({"a": "1", "b": "2"}, {path.name: path.read_text() for path in self.path.iterdir()})
        self.assertFalse(temporary.exists())
        self.assert_nothing_is_left()

    def test_a_file_of_bytes(self):
        with file(self.path, mode=Mode.BYTES) as out:
            out.write(b"\x00\xff")
        self.assertEqual(b"\x00\xff", self.path.read_bytes())

    def test_a_file_that_is_there_is_not_replaced(self):
        self.path.write_text("old")
        with self.assertRaises(FileAlreadyExistsError):
            with file(self.path) as out:
                out.write("new")
        self.assertEqual("old", self.path.read_text())

    def test_a_file_that_is_there_is_replaced_on_demand(self):
        self.path.write_text("old")
        with file(self.path, overwrite=True) as out:
            out.write("new")
        self.assertEqual("new", self.path.read_text())

    def test_a_folder_that_is_there_is_not_replaced(self):
        self.path.mkdir()
        (self.path / "old").touch()
        with self.assertRaises(FileAlreadyExistsError):
            with folder(self.path) as temporary:
                (temporary / "new").touch()
        self.assertEqual(["old"], os.listdir(self.path))

    def test_an_empty_folder_that_is_there_is_replaced_on_demand(self):
        self.path.mkdir()
        with folder(self.path, overwrite=True) as temporary:
            (temporary / "new").touch()
        self.assertEqual(["new"], os.listdir(self.path))

    def test_a_full_folder_that_is_there_is_replaced_on_demand(self):
        self.path.mkdir()
        (self.path / "old").touch()
        with folder(self.path, overwrite=True) as temporary:
            (temporary / "new").touch()
        self.assertEqual(["new"], os.listdir(self.path))


class BlockTests(Case):
    """What the ancestor could not."""

    def test_an_exception_in_the_block_leaves_nothing_behind(self):
        for publication in (file(self.path), folder(self.path)):
            with self.subTest(publication=publication), self.assertRaises(ZeroDivisionError):
                with publication as given:
                    if isinstance(given, pathlib.Path):
                        (given / "sub").mkdir()
                        (given / "sub" / "a").touch()
                        (given / "sub").chmod(0o500)
                    raise ZeroDivisionError
            self.assertFalse(self.path.exists())
            self.assert_nothing_is_left()

    def test_ctrl_c_in_the_block_leaves_nothing_behind(self):
        with self.assertRaises(KeyboardInterrupt):
            with folder(self.path) as temporary:
                (temporary / "a").touch()
                raise KeyboardInterrupt
        self.assertFalse(self.path.exists())
        self.assert_nothing_is_left()

    def test_the_modes_that_the_umask_says_go_live(self):
        before = os.umask(0o027)
        try:
            with folder(self.path) as temporary:
                (temporary / "a").touch()
            with file(f"{self.path}.txt"):
                pass
        finally:
            os.umask(before)
        self.assertEqual(0o750, stat.S_IMODE(self.path.stat().st_mode))
        self.assertEqual(0o640, stat.S_IMODE(os.stat(f"{self.path}.txt").st_mode))

    def test_overwrite_needs_nothing_to_be_there(self):
        with folder(self.path, overwrite=True) as temporary:
            (temporary / "a").touch()
        with file(f"{self.path}.txt", overwrite=True) as out:
            out.write("1")
        self.assertEqual(["a"], os.listdir(self.path))

    def test_the_result_tells_the_version(self):
        publication = file(self.path, synced=True, labels={"build": "7"}, request_id=self.name)
        with publication as out:
            out.write("one")
        self.assertEqual(
            (self.name, 1, 0, "file", 1, 3, False, str(self.path)),
            (lambda r: (r.name, r.version, r.replaced, r.kind, r.files, r.bytes, r.repeated, r.target))(publication.result),
        )
        again = file(self.path, request_id=self.name)
        with again as out:
            out.write("one")
        self.assertEqual((1, True), (again.result.version, again.result.repeated))
        self.assert_nothing_is_left()

    def test_a_synced_folder_goes_live(self):
        publication = folder(self.path, synced=True)
        with publication as temporary:
            (temporary / "sub").mkdir()
            (temporary / "sub" / "a").write_text("1")
            (temporary / "link").symlink_to("nowhere")
        self.assertEqual(1, publication.result.version)

    def test_a_file_may_be_closed_in_the_block_and_has_its_path(self):
        with file(self.path) as out:
            self.assertEqual(self.staging, pathlib.Path(out.name).parent)
            out.write("1")
            out.close()
        self.assertEqual("1", self.path.read_text())

    def test_the_same_block_may_be_run_again(self):
        publication = file(self.path, overwrite=True)
        for version in (1, 2):
            with publication as out:
                out.write(f"{version}")
            self.assertEqual(version, publication.result.version)

    def test_an_item_that_was_taken_away_is_told(self):
        with self.assertRaisesRegex(atomikd.AtomikdError, "is not there any more"):
            with folder(self.path) as temporary:
                temporary.rmdir()

    def test_a_relative_destination_and_the_ancestors_tmp_dir(self):
        with mock.patch.dict(os.environ, ATOMIKD_STAGING=""):
            with file(os.path.relpath(self.path), tmp_dir=self.staging) as out:
                out.write("1")
        self.assertEqual("1", self.path.read_text())

    def test_many_threads_publish_at_once(self):
        results, failures = [], []

        def run(number):
            try:
                for _ in range(5):
                    publication = folder(f"{self.path}-{number % 4}", overwrite=True)
                    with publication as temporary:
                        (temporary / "a").write_text("1")
                    results.append((publication.result.name, publication.result.version))
            except Exception as problem:  # pylint: disable=broad-except
                failures.append(problem)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([], failures)
        self.assertEqual(80, len(set(results)))
        self.assert_nothing_is_left()


class RefusalTests(Case):
    def publish(self, text="1", **options):
        publication = file(self.path, **options)
        with publication as out:
            out.write(text)
        return publication.result

    def refused(self, kind=atomikd.RefusedError, **options):
        with self.assertRaises(kind) as caught:
            self.publish(**options)
        return caught.exception

    def test_a_refusal_has_a_reason_a_hint_and_the_item(self):
        self.publish()
        error = self.refused(FileAlreadyExistsError, text="2")
        self.assertEqual("TARGET_EXISTS", error.reason)
        self.assertIn('"overwrite":true', error.hint)
        self.assertFalse(error.retryable)
        self.assertEqual("2", pathlib.Path(error.item).read_text())
        self.assertIsInstance(error, FileExistsError)
        self.assertIsInstance(error, atomikd.AtomikError)
        self.assertIn(error.item, str(error))
        self.assertEqual([error.item], [str(path) for path in self.staging.iterdir() if self.name in path.name])
        self.assertEqual(error.reason, pickle.loads(pickle.dumps(error)).reason)

    def test_what_was_refused_can_be_committed_after_all(self):
        self.publish()
        error = self.refused(text="2")
        result = atomikd.commit(error.item, self.path, overwrite=True)
        self.assertEqual(2, result.version)
        self.assertEqual("2", self.path.read_text())

    def test_what_was_refused_goes_where_that_is_wished(self):
        self.publish()
        self.assertIsNone(self.refused(keep_failed=False).item)
        self.assert_nothing_is_left()

    def test_another_version_than_expected(self):
        self.assertEqual(1, self.publish(expected_version=0).version)
        self.assertEqual(2, self.publish(expected_version=1).version)
        error = self.refused(expected_version=1)
        self.assertEqual(("VERSION_MISMATCH", True), (error.reason, error.retryable))

    def test_a_wrong_checksum(self):
        self.assertEqual("CHECKSUM_MISMATCH", self.refused(sha256="0" * 64).reason)

    def test_a_fifo_in_a_folder(self):
        with self.assertRaises(atomikd.RefusedError) as caught:
            with folder(self.path, keep_failed=False, synced=True) as temporary:
                os.mkfifo(temporary / "fifo")
        self.assertEqual("ITEM_UNSUPPORTED", caught.exception.reason)
        self.assert_nothing_is_left()

    def test_a_file_that_is_open_still(self):
        with self.assertRaises(atomikd.RefusedError) as caught:
            with folder(self.path) as temporary:
                still_open = open(temporary / "a", "w")
        still_open.close()
        self.assertEqual(("ITEM_BUSY", True), (caught.exception.reason, caught.exception.retryable))

    def test_names_that_cannot_be(self):
        for name in (".hidden", "a.ready", "a.done", "a\n", "n" * 241, "\udc80"):
            with self.subTest(name=name), self.assertRaises(atomikd.AtomikdError) as caught:
                file(self.target / name)
            self.assertEqual("INVALID_NAME", caught.exception.reason)

    def test_the_longest_name(self):
        name = (self.name + "é" * 120).encode()[:240].decode(errors="ignore")
        with file(self.target / name) as out:
            out.write("1")
        self.assertEqual("1", (self.target / name).read_text())


class PublishTests(Case):
    def test_a_copy_of_a_folder_goes_live(self):
        with tempfile.TemporaryDirectory() as source:
            (pathlib.Path(source) / "a").write_text("1")
            result = atomikd.publish(source, self.path)
            self.assertEqual((1, "folder"), (result.version, result.kind))
            self.assertEqual(["a"], os.listdir(source))
        self.assertEqual("1", (self.path / "a").read_text())

    def test_a_copy_of_a_file_goes_live(self):
        self.assertEqual("file", atomikd.publish(__file__, self.path, staging=self.staging).kind)
        self.assertEqual(pathlib.Path(__file__).read_bytes(), self.path.read_bytes())

    def test_what_cannot_be_copied_leaves_nothing_behind(self):
        with self.assertRaises(FileNotFoundError):
            atomikd.publish("/nowhere/at/all", self.path)
        self.assert_nothing_is_left()

    def test_an_item_of_another_program_keeps_its_name_and_its_receipt(self):
        (self.staging / self.name).write_text("1")
        result = atomikd.commit(self.staging / self.name)
        self.assertEqual((self.name, 1), (result.name, result.version))
        self.assertTrue((self.staging / f"{self.name}.done").exists())


class RouteTests(Case):
    """Which staging folder belongs to a destination."""

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home)
        for patch in (
            mock.patch.dict(os.environ, ATOMIKD_STAGING=""),
            mock.patch.object(atomikd, "_routes", {}),
            mock.patch.object(atomikd, "_configuration", str(self.home / "atomikd.conf")),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def publish(self):
        publication = file(self.path, overwrite=True)
        with publication as out:
            out.write("1")
        return publication.result

    def test_nothing_tells_and_the_error_says_what_would(self):
        with self.assertRaises(atomikd.AtomikdError) as caught:
            file(self.path)
        self.assertEqual("ROUTE_NOT_FOUND", caught.exception.reason)
        for way in ("staging=", "atomikd.configure(", f"ATOMIKD_STAGING={self.target}=", str(self.home / "atomikd.conf")):
            self.assertIn(way, str(caught.exception))

    def test_configure_tells(self):
        atomikd.configure({self.target: self.staging})
        self.assertEqual(1, self.publish().version)

    def test_the_environment_tells(self):
        os.environ["ATOMIKD_STAGING"] = f"/nowhere=/nowhere:{ROUTE}"
        self.assertEqual(1, self.publish().version)
        os.environ["ATOMIKD_STAGING"] = str(self.staging)
        with self.assertRaisesRegex(atomikd.AtomikdError, "TARGET=STAGING"):
            file(self.path)

    def test_the_configuration_of_the_service_tells(self):
        conf = self.home / "atomikd.conf"
        conf.write_text(f"; a comment\n[Daemon]\nAdmin =\n\n[Routes:site]\n  Staging = /nowhere\nTarget={self.target}\n")
        (self.home / "atomikd.conf.d").mkdir()
        (self.home / "atomikd.conf.d" / "10.conf").write_text(f"[Routes:site]\nStaging = {self.staging}\n")
        (self.home / "atomikd.conf.d" / "20.not").write_text("[Routes:site]\nStaging = /nowhere\n")
        atomikd.configure(config=conf)
        self.assertEqual(1, self.publish().version)

    def test_a_link_to_the_target_is_the_target(self):
        atomikd.configure({self.target: self.staging})
        (self.home / "link").symlink_to(self.target)
        self.path = self.home / "link" / self.name
        self.assertEqual(1, self.publish().version)

    def test_a_destination_below_the_top_of_the_target_is_refused(self):
        atomikd.configure({self.target: self.staging})
        with self.assertRaisesRegex(atomikd.AtomikdError, "names have no slash"):
            file(self.target / "sub" / "a")

    def test_staging_of_another_target_is_told(self):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            atomikd.publish(__file__, self.home / self.name, staging=self.staging)
        self.assertIn("belongs to another target", str(told[0].message))

    def test_a_staging_folder_that_is_not_there(self):
        with self.assertRaisesRegex(atomikd.AtomikdError, "Is it mounted here"):
            with file(self.path, staging="/nowhere/at/all"):
                self.fail("there is nothing to write to")

    def test_staging_and_tmp_dir_are_one(self):
        with self.assertRaises(TypeError):
            file(self.path, tmp_dir="/a", staging="/b")


class NobodyAnswersTests(unittest.TestCase):
    """A folder that no service looks into, and what may happen to it."""

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home)
        self.staging = self.home / "staging"
        self.staging.mkdir()
        self.live = self.home / "live"
        self.live.mkdir()

    def publish(self, **options):
        publication = file(self.live / "a", staging=self.staging, **options)
        with publication as out:
            out.write("1")
        return publication.result

    def publish_while(self, disturb, timeout=30):
        """Disturbs once the marker is there."""

        def watch():
            while True:
                for path in self.staging.iterdir():
                    if path.suffix == ".ready":
                        return disturb(path)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            return self.publish(timeout=timeout)
        finally:
            watcher.join()

    def test_a_timeout_says_what_still_waits(self):
        with self.assertRaises(TimeoutError) as caught:
            self.publish(timeout=0.05)
        error = caught.exception
        self.assertIsInstance(error, atomikd.PendingError)
        self.assertTrue(os.path.exists(error.item) and os.path.exists(error.marker))
        self.assertIn("Does the service run", str(error))

    def test_a_marker_that_was_taken_away_is_no_success(self):
        with self.assertRaises(atomikd.WithdrawnError) as caught:
            self.publish_while(os.unlink)
        self.assertTrue(os.path.exists(caught.exception.item))

    def test_a_marker_that_was_taken_away_beside_an_old_receipt_is_no_success(self):
        (self.staging / "a").write_text("1")
        (self.staging / "a.done").write_text('{"name":"a","version":1}')

        def withdraw():
            while True:
                try:
                    return os.unlink(self.staging / "a.ready")
                except FileNotFoundError:
                    pass

        thread = threading.Thread(target=withdraw)
        thread.start()
        with self.assertRaises(atomikd.WithdrawnError):
            atomikd.commit(self.staging / "a", timeout=30)
        thread.join()

    def test_an_emptied_staging_folder_is_no_success(self):
        def empty(marker):
            os.unlink(marker.with_suffix(""))
            os.unlink(marker)

        with self.assertRaises(atomikd.OutcomeUnknownError):
            self.publish_while(empty)

    def test_a_deleted_staging_folder_is_no_success(self):
        with self.assertRaises(atomikd.OutcomeUnknownError):
            self.publish_while(lambda _: shutil.rmtree(self.staging))

    def test_items_that_were_moved_elsewhere_are_no_success(self):
        def move(marker):
            os.rename(marker.with_suffix(""), self.home / marker.stem)
            os.rename(marker, self.home / marker.name)

        with self.assertRaises(atomikd.OutcomeUnknownError):
            self.publish_while(move)

    def test_another_folder_at_the_path_is_no_success(self):
        def exchange(_):
            self.staging.rename(self.home / "away")
            self.staging.mkdir()

        with self.assertRaisesRegex(atomikd.PendingError, "another folder now"):
            self.publish_while(exchange, timeout=2)

    def test_another_folder_at_the_path_before_the_end_of_the_block_is_told(self):
        with self.assertRaisesRegex(atomikd.AtomikdError, "unmounted or replaced"):
            with folder(self.live / "a", staging=self.staging):
                self.staging.rename(self.home / "away")
                self.staging.mkdir()
        self.assertEqual([], [p for p in (self.home / "away").iterdir() if p.suffix == ".ready"])

    def test_a_service_without_receipts_for_success(self):
        def serve(marker):
            os.rename(marker.with_suffix(""), self.live / "a")
            os.unlink(marker)

        result = self.publish_while(serve)
        self.assertEqual(("a", None), (result.name, result.version))


if __name__ == "__main__":
    sys.exit(unittest.main())
