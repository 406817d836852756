"""Runs every check_... function of a module, or those that begin as told, and prints one line of JSON for each."""
import json
import sys
import time
import traceback


class Skip(Exception):
    pass


def run(module, subject, first):
    for name, check in list(vars(module).items()):
        if not name.startswith("check_" + first):
            continue
        started = time.monotonic()
        outcome, detail = "ok", ""
        try:
            check(subject)
        except Skip as reason:
            outcome, detail = "skipped", str(reason)
        except BaseException:
            outcome, detail = "failed", traceback.format_exc()
        line = {"check": name[6:], "outcome": outcome, "detail": detail, "seconds": round(time.monotonic() - started, 3)}
        print(json.dumps(line), flush=True)


def until(condition, what, seconds=15):
    """Waits for what another process brings about."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def main(module, make_subject):
    with open(sys.argv[1]) as plan:
        subject = make_subject(json.load(plan))
    run(module, subject, "".join(sys.argv[2:3]))
