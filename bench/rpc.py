#!/usr/bin/env python3
"""Measures the gRPC door: commits of one-file folders, sequentially and 64 in flight, from the client library and from
grpcio, beside an empty call on the same server (the cost of the door) and the same commits by markers (the cost of the
engine). All in one run, in interleaved rounds; the table shows medians.
"""
import argparse
import collections
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import daemon as marker_door

HERE = os.path.dirname(os.path.abspath(__file__))
IN_FLIGHT = 64


def stage(staging, prefix, count, text):
    for i in range(count):
        marker_door.write_item(f"{staging}/{prefix}{i:06}", text)


# Each measure is a process of its own and shorter than .NET takes to compile what is used often for good, on the same two
# cores. A caller that has run for a minute is past that, and it is the door that is measured.
COMPILED = dict(os.environ, DOTNET_TieredCompilation="0", DOTNET_ReadyToRun="0")


def figures(*command):
    """In a process of its own: it must not share an interpreter with what measures."""
    done = subprocess.run(command, capture_output=True, text=True, env=COMPILED)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return {key: float(value) for key, value in (part.split("=") for part in done.stdout.split())}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--sequential", type=int, default=1000, help="items of the sequential measures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--durability", choices=["full", "none"], default="full")
    parser.add_argument("--no-grpcio", action="store_true", help="python3-grpcio is not installed")
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(prefix="atomikd-bench.", dir=arguments.folder)
    staging, live, socket = f"{work}/staging", f"{work}/live", f"{work}/s"
    for folder in (staging, live, f"{work}/state"):
        os.mkdir(folder)
    with open(f"{work}/atomikd.conf", "w") as file:
        file.write(marker_door.CONFIGURATION.format(work=work, durability=arguments.durability))
    daemon = subprocess.Popen([f"{HERE}/build/daemon/atomikd", "--config", f"{work}/atomikd.conf"],
                              stdout=open(f"{work}/log", "w"), stderr=subprocess.STDOUT)
    results = collections.defaultdict(list)
    clients = {"client library": [f"{HERE}/build/rpc/AtomikD.Bench"]}
    if not arguments.no_grpcio:
        clients["grpcio"] = ["/usr/bin/python3", f"{HERE}/grpcio_calls.py"]
    try:
        while not os.path.exists(f"{live}/.atomikd/id"):
            if daemon.poll() is not None:
                sys.exit("the daemon did not start: " + open(f"{work}/log").read())
            time.sleep(0.01)
        time.sleep(0.5)
        marker_door.burst(daemon, staging, live, arguments.items, 1)  # What is replaced afterwards; and the code is warm.
        # The first round is not told: the service, too, compiles what is used often while it runs.
        for number in range(2, arguments.rounds + 3):
            print(f"round {number - 2} of {arguments.rounds}", file=sys.stderr)
            seconds = marker_door.burst(daemon, staging, live, arguments.items, number)
            results["markers, a burst"].append({"per_second": arguments.items / seconds})
            for in_flight in (1, IN_FLIGHT):
                items = arguments.sequential if in_flight == 1 else arguments.items
                stage(staging, "item", items, f"{number} markers {in_flight}\n" * 8)
                results[f"markers, {in_flight} in flight"].append(
                    figures(sys.executable, f"{HERE}/marker_calls.py", staging, str(items), str(in_flight), "item"))
            for name, command in clients.items():
                for kind in ("empty", "commit"):
                    for in_flight in (1, IN_FLIGHT):
                        items = arguments.sequential if in_flight == 1 else arguments.items
                        if kind == "commit":
                            if not os.path.exists(f"{staging}/warm"):
                                marker_door.write_item(f"{staging}/warm", "warm")
                            stage(staging, "item", items, f"{number} {name} {in_flight}\n" * 8)
                        results[f"{name}, {kind}, {in_flight} in flight"].append(
                            figures(*command, socket, kind, str(items), str(in_flight), "item"))
    finally:
        daemon.terminate()
        daemon.wait()
        shutil.rmtree(work)
    results = {name: rounds[1:] for name, rounds in results.items()}
    print(f"\n{arguments.items} one-file folders replaced, Durability = {arguments.durability}, medians of {arguments.rounds} rounds\n")
    print(f"{'':44} {'per second':>10} {'least':>8} {'most':>8} {'p50 µs':>8} {'p99 µs':>8}")
    for name, rounds in results.items():
        rate = [result["per_second"] for result in rounds]
        times = [f"{statistics.median(r[key] for r in rounds):8.0f}" if key in rounds[0] else f"{'-':>8}" for key in ("p50_us", "p99_us")]
        print(f"{name:44} {statistics.median(rate):10.0f} {min(rate):8.0f} {max(rate):8.0f} {' '.join(times)}")


if __name__ == "__main__":
    main()
