#!/usr/bin/env python3
"""Counts what wakes the service while nothing is to be done: the context switches of each thread, over a minute.

Prints a line for each thread that was woken, then one line of key=value for the whole service.
"""
import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

CONFIGURATION = """[Daemon]
StateDirectory = {work}/state
Socket = {socket}
Admin = {admin}
Rescan = {rescan}
[Routes:idle]
Staging = {work}/staging
Target = {work}/live
Overwrite = always
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def switches(pid):
    """By thread: its name, how often it gave the processor up, and how often that was taken from it."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/status") as status:
                lines = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        except FileNotFoundError:
            continue
        found[thread] = (lines["Name"], int(lines["voluntary_ctxt_switches"]), int(lines["nonvoluntary_ctxt_switches"]))
    return found


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def commit(staging, name, daemon):
    os.mkdir(f"{staging}/{name}")
    with open(f"{staging}/{name}/file", "w") as file:
        file.write("idle\n")
    os.close(os.open(f"{staging}/{name}.ready", os.O_CREAT | os.O_WRONLY, 0o644))
    while os.path.exists(f"{staging}/{name}.ready"):
        if daemon.poll() is not None:
            sys.exit(f"the daemon ended with {daemon.returncode}")
        time.sleep(0.01)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--settle", type=int, default=30, help="seconds between the last commit and the count")
    parser.add_argument("--admin", default=f"127.0.0.1:{free_port()}", help="an address, or nothing for none")
    parser.add_argument("--rescan", default="30s")
    parser.add_argument("--daemon", default=os.path.join(os.path.dirname(__file__), "build/daemon/atomikd"))
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(prefix="atomikd-idle.", dir=arguments.folder)
    staging = f"{work}/staging"
    for folder in (staging, f"{work}/live", f"{work}/state"):
        os.mkdir(folder)
    with open(f"{work}/atomikd.conf", "w") as file:
        file.write(CONFIGURATION.format(work=work, socket=f"{work}/s", admin=arguments.admin, rescan=arguments.rescan))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    daemon = subprocess.Popen([arguments.daemon, "--config", f"{work}/atomikd.conf"], env=environment,
                              stdout=open(f"{work}/log", "w"), stderr=subprocess.STDOUT)
    try:
        while not os.path.exists(f"{work}/live/.atomikd/id"):
            if daemon.poll() is not None:
                sys.exit("the daemon did not start: " + open(f"{work}/log").read())
            time.sleep(0.01)
        for name in ("a", "a", "b"):
            commit(staging, name, daemon)
        time.sleep(arguments.settle)
        before, ticks = switches(daemon.pid), cpu_ticks(daemon.pid)
        time.sleep(arguments.seconds)
        after, ticks = switches(daemon.pid), cpu_ticks(daemon.pid) - ticks
        total = 0
        woken = []
        for thread, (name, voluntary, forced) in after.items():
            _, voluntary_before, forced_before = before.get(thread, (name, 0, 0))
            own = voluntary - voluntary_before + forced - forced_before
            total += own
            if own:
                woken.append((own, name, voluntary - voluntary_before, forced - forced_before))
        for own, name, voluntary, forced in sorted(woken, reverse=True):
            print(f"{name:16} voluntary={voluntary} forced={forced}")
        print(f"mode=idle seconds={arguments.seconds} switches={total} switches_per_second={total / arguments.seconds:.2f} "
              f"threads={len(after)} woken={len(woken)} cpu_ms={ticks * 1000 // os.sysconf('SC_CLK_TCK')}")
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
