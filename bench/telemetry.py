#!/usr/bin/env python3
"""What telemetry costs: the same bursts with it off, on, scraped every second, and pushed with every commit traced.

All services stand from the beginning; the bursts take turns, so that what else the machine does falls on all alike. Prints a line for
each burst, then a table of medians. Processor time per commit, of the service alone, suffers least from a busy machine.
"""
import argparse
import http.server
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import daemon as bursts

CONFIGURATION = bursts.CONFIGURATION.replace("Admin =\n", "Admin = {admin}\n")


class Sink(http.server.BaseHTTPRequestHandler):
    """A collector that takes everything and looks at nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    def __init__(self, mode, folder, program, durability, sink):
        self.mode = mode
        self.work = tempfile.mkdtemp(prefix=f"atomikd-bench-{mode}.", dir=folder)
        self.staging, self.live = f"{self.work}/staging", f"{self.work}/live"
        for path in (self.staging, self.live, f"{self.work}/state"):
            os.mkdir(path)
        self.port = free_port()
        with open(f"{self.work}/atomikd.conf", "w") as file:
            file.write(CONFIGURATION.format(work=self.work, durability=durability, admin=f"127.0.0.1:{self.port}"))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        if mode == "off":
            environment["OTEL_SDK_DISABLED"] = "true"
        if mode == "traced":
            environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        self.process = subprocess.Popen([program, "--config", f"{self.work}/atomikd.conf"], env=environment,
                                        stdout=open(f"{self.work}/log", "w"), stderr=subprocess.STDOUT)
        while not os.path.exists(f"{self.live}/.atomikd/id"):
            if self.process.poll() is not None:
                sys.exit("the daemon did not start: " + open(f"{self.work}/log").read())
            time.sleep(0.01)
        self.rates, self.costs, self.round = [], [], 0

    def scrape(self):
        asking = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"})
        with urllib.request.urlopen(asking, timeout=30) as answer:
            return len(answer.read())

    def burst(self, items, counts):
        self.round += 1
        stop = threading.Event()
        scraped = []

        def scraping():
            while not stop.is_set():
                scraped.append(self.scrape())
                stop.wait(1)

        # The service stands still while items are prepared, and a scrape would wait.
        scraper = threading.Timer(0, scraping) if self.mode == "scraped" else None
        cpu = bursts.cpu_seconds(self.process.pid)
        if scraper:
            scraper.start()
        seconds = bursts.burst(self.process, self.staging, self.live, items, self.round)
        stop.set()
        if scraper:
            scraper.join()
        cpu = bursts.cpu_seconds(self.process.pid) - cpu
        if not counts:
            return
        self.rates.append(items / seconds)
        self.costs.append(cpu * 1e6 / items)
        print(f"mode={self.mode} round={self.round} items={items} seconds={seconds:.3f} commits_per_second={int(items / seconds)} "
              f"cpu_us_per_commit={cpu * 1e6 / items:.1f} scrapes={len(scraped)}", flush=True)

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.work)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--items", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--durability", choices=["full", "none"], default="none", help="none, the default, has the least work in a commit, so telemetry shows most")
    parser.add_argument("--modes", default="off,on,scraped,traced")
    parser.add_argument("--daemon", default=os.path.join(os.path.dirname(__file__), "build/daemon/atomikd"))
    arguments = parser.parse_args()
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    services = []
    try:
        for mode in arguments.modes.split(","):
            services.append(Service(mode, arguments.folder, arguments.daemon, arguments.durability, sink.server_address[1]))
        time.sleep(1)
        for service in services:
            for _ in range(2):  # What is replaced afterwards; and the code is warm.
                service.burst(arguments.items, counts=False)
        for number in range(arguments.rounds):
            # Each mode comes first in turn.
            turn = number % len(services)
            for service in services[turn:] + services[:turn]:
                service.burst(arguments.items, counts=True)
        base = services[0]
        print(f"\n{arguments.items} one-file folders replaced, durability {arguments.durability}, medians of {arguments.rounds} rounds\n")
        print(f"{'':10} {'commits/s':>10} {'of ' + base.mode:>8} {'CPU us/commit':>14} {'of ' + base.mode:>8}")
        for service in services:
            rate, cost = statistics.median(service.rates), statistics.median(service.costs)
            print(f"{service.mode:10} {rate:10.0f} {rate / statistics.median(base.rates):8.3f} {cost:14.1f} {cost / statistics.median(base.costs):8.3f}")
    finally:
        for service in services:
            service.end()


if __name__ == "__main__":
    main()
