#!/usr/bin/env python3
"""Measures the service itself: a burst of one-file folders that replace live ones, by markers, Receipts = failures.

Prints one line of key=value. The daemon is stopped (SIGSTOP) while items and markers are prepared, so that preparing is
not timed, as in floor.c; the time ends when the last marker is gone.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """[Daemon]
StateDirectory = {work}/state
Socket = {work}/s
Admin =
[Routes:bench]
Staging = {work}/staging
Target = {work}/live
Overwrite = always
Durability = {durability}
Receipts = failures
KeepFor = 1h
"""


def write_item(path, text):
    os.mkdir(path)
    with open(f"{path}/file", "w") as file:
        file.write(text)


def mark(staging, count):
    for i in range(count):
        os.close(os.open(f"{staging}/item{i:06}.ready", os.O_CREAT | os.O_WRONLY, 0o644))


def wait_for_markers(staging, items, daemon):
    # One name at a time: listing the folder over and over would hold its lock against what is measured.
    for i in range(items):
        while os.path.exists(f"{staging}/item{i:06}.ready"):
            if daemon.poll() is not None:
                sys.exit(f"the daemon ended with {daemon.returncode}")
            time.sleep(0.005)
    failed = [name for name in os.listdir(staging) if name.endswith(".failed")]
    if failed:
        sys.exit(f"{len(failed)} items were refused, the first: " + open(f"{staging}/{failed[0]}").read())


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) // 1024


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def burst(daemon, staging, live, items, round_number):
    for i in range(items):
        write_item(f"{staging}/item{i:06}", f"{round_number} {i}\n" * 8)
    os.kill(daemon.pid, signal.SIGSTOP)
    mark(staging, items)
    start = time.monotonic()
    os.kill(daemon.pid, signal.SIGCONT)
    wait_for_markers(staging, items, daemon)
    seconds = time.monotonic() - start
    for i in range(items):
        with open(f"{live}/item{i:06}/file") as file:
            if not file.read().startswith(f"{round_number} {i}\n"):
                sys.exit(f"item{i:06} is not live")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--durability", choices=["full", "none"], default="full")
    parser.add_argument("--daemon", default=os.path.join(os.path.dirname(__file__), "build/daemon/atomikd"))
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(prefix="atomikd-bench.", dir=arguments.folder)
    staging, live = f"{work}/staging", f"{work}/live"
    for folder in (staging, live, f"{work}/state"):
        os.mkdir(folder)
    with open(f"{work}/atomikd.conf", "w") as file:
        file.write(CONFIGURATION.format(work=work, durability=arguments.durability))
    daemon = subprocess.Popen([arguments.daemon, "--config", f"{work}/atomikd.conf"], stdout=open(f"{work}/log", "w"), stderr=subprocess.STDOUT)
    try:
        while not os.path.exists(f"{live}/.atomikd/id"):
            if daemon.poll() is not None:
                sys.exit("the daemon did not start: " + open(f"{work}/log").read())
            time.sleep(0.01)
        time.sleep(0.5)
        idle = resident_mib(daemon.pid)
        burst(daemon, staging, live, arguments.items, 1)  # What is replaced afterwards; and the code is warm.
        cpu = cpu_seconds(daemon.pid)
        seconds = burst(daemon, staging, live, arguments.items, 2)
        cpu = cpu_seconds(daemon.pid) - cpu
        time.sleep(1)
        print(f"mode=daemon durability={arguments.durability} items={arguments.items} seconds={seconds:.3f} "
              f"commits_per_second={int(arguments.items / seconds)} "
              f"cpu_us_per_commit={int(cpu * 1e6 / arguments.items)} idle_mib={idle} after_mib={resident_mib(daemon.pid)}")
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
