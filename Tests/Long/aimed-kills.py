#!/usr/bin/env python3
"""Kills a run of pynet before each of its system calls that changes its folder, resumes it until it is complete, and
compares its files with those of a run that was not killed. Three runs are killed so: a new one, one that resumes after
a kill, and one that resumes within an epoch, where SIGINT had stopped it. The suite has a form without processes,
FileFaultTests.

    aimed-kills.py PYNET FOLDER [--steps 12] [--every 3] [--from 0] [--only new|resumed|within] [-- options of train]

PYNET is the command, as "dotnet Train/bin/Release/net10.0/pynet.dll". The run is nin on drawn shapes, with dropout and
augmentation, 6 steps an epoch. FOLDER must not exist; best is one in memory, as under /dev/shm: a checkpoint is written
while training goes on, and the steps are to take longer, or more than --every may be lost. Linux on x86-64 only.
"""
import argparse, os, shlex, shutil, signal, sys, tempfile
import file_calls, runs

EPOCH_STEPS, BATCH = 6, 128

parser = argparse.ArgumentParser()
parser.add_argument("pynet")
parser.add_argument("folder")
parser.add_argument("--steps", type=int, default=12)
parser.add_argument("--every", type=int, default=3)
parser.add_argument("--from", dest="first", type=int, default=0)
parser.add_argument("--only", choices=("new", "resumed", "within"))
parser.add_argument("options", nargs="*")
args = parser.parse_args()
if reason := file_calls.why_not():
    sys.exit("skipped: " + reason)

os.makedirs(args.folder)
call = runs.train_call(
    shlex.split(args.pynet), BATCH * EPOCH_STEPS, args.steps, args.every,
    ["--width", "0.05", "--batch-size", str(BATCH), "--evaluate-every", "1", "--threads", "1"] + args.options)
whole, run = os.path.join(args.folder, "whole"), os.path.join(args.folder, "run")


def trace(decide):
    """Runs the call with decide(n, call name, file name); returns its exit code and output."""
    with tempfile.TemporaryFile() as output:
        code = file_calls.run(
            call + ["--out", run], run, lambda n, c: decide(n, c.name, os.path.basename(c.path)), output.fileno())
        output.seek(0)
        return code, output.read().decode()


def kill_at_each(what, base):
    """Kills the run that continues a folder, or begins where that is None, before each of its calls."""
    start, worst, n = runs.newest(base) if base else 0, 0, args.first
    while True:
        last = [""]

        def decide(number, name, file):
            last[0] = "%s %s" % (name, file)
            return signal.SIGKILL if number == n else None

        shutil.rmtree(run, ignore_errors=True)
        if base:
            shutil.copytree(base, run)
        code, output = trace(decide)
        try:
            if code != -signal.SIGKILL:
                assert code == 0, "exit code %d: %s" % (code, output)
                break
            lost = runs.check_lost(run, output, EPOCH_STEPS, args.every, start)
            runs.finish(call, run, again=n % 10 == 0)
            runs.check_equal(run, whole)
            runs.check_tidy(run)
        except AssertionError as fault:
            sys.exit("%s run, killed before call %d, %s: %s" % (what, n, last[0], fault))
        worst, n = max(worst, lost), n + 1
        print("%s %d: %s, %d steps lost" % (what, n, last[0], lost), flush=True)
    print("%s run: %d kills, all equal; at most %d steps lost" % (what, n - args.first, worst), flush=True)


def stopped_run(name, decide, expected_code):
    code, output = trace(decide)
    assert code == expected_code, "exit code %d: %s" % (code, output)
    base = os.path.join(args.folder, name)
    shutil.copytree(run, base)
    shutil.rmtree(run)
    return base


def end_at(step, end):
    """Sends a signal when the checkpoint of a step is about to get its name."""
    return lambda n, name, file: end if name.startswith("rename") and file == "checkpoint-%09d.safetensors" % step \
        else None


shutil.rmtree(run, ignore_errors=True)
runs.finish(call, whole)
half = args.steps // 2
if args.only in (None, "new"):
    kill_at_each("new", None)
    shutil.rmtree(run)
if args.only in (None, "resumed"):
    kill_at_each("resumed", stopped_run("resumed", end_at(half, signal.SIGKILL), -signal.SIGKILL))
    shutil.rmtree(run)
if args.only in (None, "within"):
    base = stopped_run("within", end_at(half + args.every, signal.SIGINT), 130)
    if runs.newest(base) % EPOCH_STEPS == 0:
        sys.exit("SIGINT stopped the run at the end of an epoch: choose other --steps")
    kill_at_each("within", base)
