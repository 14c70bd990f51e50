#!/usr/bin/env python3
"""Trains with pynet on disks that fail meanwhile, and compares what it leaves with a run on a sound disk: training must
go on and say so once, and at the end everything must be in the run's folder, or in the other one that it names, from
where it must resume.

    faulty-disks.py PYNET FOLDER [--only CASE] [--each once|always|removed]

PYNET is the command, as "dotnet Train/bin/Release/net10.0/pynet.dll". FOLDER must not exist. With --each, one call
after another that changes the folder fails, once or with all that follow, or finds the folder removed; each of the
three takes about ten minutes.

Needs Linux on x86-64; the cases with a small file system and with a read-only one need the right to mount, which root
has. What the machine cannot do is skipped, with the reason.
"""
import argparse, errno, os, re, resource, shlex, shutil, subprocess, sys, tempfile
import file_calls, runs

EPOCH_STEPS, STEPS, EVERY, LONGER = 6, 24, 2, 30
FAULTY_STEP = 4                                 # after whose checkpoint the disk fails
FAULTY_CALLS = 20                               # for so many calls, where it is for a time

parser = argparse.ArgumentParser()
parser.add_argument("pynet")
parser.add_argument("folder")
parser.add_argument("--only")
parser.add_argument("--each", choices=("once", "always", "removed"))
args = parser.parse_args()
if reason := file_calls.why_not():
    sys.exit("skipped: " + reason)

os.makedirs(args.folder)
folder = os.path.realpath(args.folder)
disk, whole, longer = (os.path.join(folder, name) for name in ("disk", "whole", "longer"))
run = os.path.join(disk, "run")
os.mkdir(disk)
os.environ["TMPDIR"] = os.path.join(folder, "elsewhere")
os.mkdir(os.environ["TMPDIR"])


def call(steps):
    return runs.train_call(
        shlex.split(args.pynet), 8 * EPOCH_STEPS, steps, EVERY,
        ["--width", "0.05", "--batch-size", "8", "--evaluate-every", "1", "--threads", "1"])


class Skipped(Exception):
    pass


def mount(*options):
    done = subprocess.run(["mount", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Skipped("mount %s: %s" % (" ".join(options), done.stderr.strip()))


def unmount(path):
    subprocess.run(["umount", "--lazy", path], stderr=subprocess.DEVNULL)


class Fault:
    """What happens to the disk; this one does nothing."""

    def prepare(self):
        """Before the run."""

    def begin(self, call):
        """Before a call."""

    def error(self, call):
        """The error of a call while the fault lasts; None if the call is carried out."""

    def end(self, call):
        """Before a later call."""

    def clean(self):
        """After the run."""


class Full(Fault):
    """A file system of 4 MiB, which another file fills."""
    ballast = os.path.join(disk, "ballast")

    def prepare(self):
        mount("-t", "tmpfs", "-o", "size=4m", "none", disk)

    def begin(self, call):
        with open(self.ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as fault:
                assert fault.errno == errno.ENOSPC

    def end(self, call):
        os.remove(self.ballast)

    def clean(self):
        unmount(disk)


class ReadOnly(Fault):
    """A read-only mount covers the folder. The file system itself cannot be made read-only while the lock is open."""

    def prepare(self):
        mount("-t", "tmpfs", "-o", "size=64m", "none", disk)

    def begin(self, call):
        mount("--bind", run, run)
        mount("-o", "remount,ro,bind", run)

    def end(self, call):
        unmount(run)

    def clean(self):
        unmount(run)
        unmount(disk)


class Removed(Fault):
    """The folder is removed, as by rm -rf."""

    def begin(self, call):
        shutil.rmtree(run, ignore_errors=True)


class Blocked(Removed):
    """The folder is removed, and a file takes its name."""

    def begin(self, call):
        super().begin(call)
        open(run, "w").close()

    def end(self, call):
        os.remove(run)


class TooLarge(Fault):
    """Files have 16 KiB at most, as after ulimit -f 16; a checkpoint has more."""

    def begin(self, call):
        resource.prlimit(call.thread, resource.RLIMIT_FSIZE, (16384, resource.RLIM_INFINITY))

    def end(self, call):
        resource.prlimit(call.thread, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Error(Fault):
    """Calls fail; all, if no names are given."""

    def __init__(self, number, *names):
        self.number, self.names = number, names

    def error(self, call):
        return self.number if not self.names or call.name in self.names else None


FAULTS = {
    "full": Full(), "read-only": ReadOnly(), "removed": Removed(), "blocked": Blocked(), "too large": TooLarge(),
    "EIO of all": Error(errno.EIO), "EIO of writes": Error(errno.EIO, "write", "pwrite64"),
    "EIO of flushes": Error(errno.EIO, "fsync"), "EIO of renames": Error(errno.EIO, "rename"),
    "EDQUOT of openings": Error(errno.EDQUOT, "openat"), "EIO of deletions": Error(errno.EIO, "unlink"),
}


def train(fault, is_begin, is_end):
    """Trains; is_begin(n, call) and is_end(n, call) say when the fault begins and ends.

    Returns the exit code, the output, and the newest checkpoint when the fault began; None if it did not.
    """
    state = {"since": None, "is_on": False, "step": None}

    def decide(n, call):
        if state["since"] is None and is_begin(n, call):
            state.update(since=n, is_on=True, step=runs.newest(run))
            fault.begin(call)
        elif state["is_on"] and is_end(n - state["since"]):
            state["is_on"] = False
            fault.end(call)
        return fault.error(call) if state["is_on"] else None

    with tempfile.TemporaryFile() as output:
        code = file_calls.run(call(STEPS) + ["--out", run], disk, decide, output.fileno())
        output.seek(0)
        return code, output.read().decode(), state["step"]


def check(code, output, may_be_refused=False):
    """Fails unless everything is somewhere; returns where."""
    warnings, ends = output.count("warning: "), output.count("can be written again; it has everything")
    assert "internal error" not in output
    if code == 0:
        assert warnings == ends, "%d warnings, %d ends of them" % (warnings, ends)
        runs.check_equal(run, whole)
        return "everything is in its folder, %d warnings" % warnings
    if may_be_refused and code in (1, 2) and "epoch" not in output:
        return "refused"
    if "Nor could the results be kept elsewhere" in output:
        assert code == 2, "exit code %d" % code
        before = runs.newest(run)
        runs.finish(call(STEPS), run)
        runs.check_equal(run, whole)
        return "no place can be written; resumed from step %d" % before
    assert code == 1, "exit code %d" % code
    assert warnings == ends + 1, "%d warnings, %d ends of them" % (warnings, ends)
    other = re.search(r"The results are in '(.*)'\.", output)
    assert other, "no other place"
    runs.check_equal(other[1], whole)
    runs.check_tidy(other[1])
    resumed = subprocess.run(
        shlex.split(args.pynet) + ["train", "--resume", other[1], "--max-steps", str(LONGER)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert resumed.returncode == 0, "it does not resume: " + resumed.stdout
    runs.check_equal(other[1], longer)
    shutil.rmtree(other[1])
    return "everything is elsewhere and resumed, %d warnings" % warnings


def try_fault(name, fault, is_begin, is_end, may_be_refused=False):
    """Returns whether the fault began, and ended where it should."""
    output = ""
    try:
        fault.prepare()
        code, output, step = train(fault, is_begin, is_end)
        where = check(code, output, may_be_refused and (step is None or step < 0))
        print("%s: %s" % (name, where), flush=True)
        return step is not None
    except Skipped as reason:
        print("%s: skipped, %s" % (name, reason), flush=True)
        return True
    except AssertionError as failure:
        sys.exit("%s: %s\n%s" % (name, failure, output))
    finally:
        fault.clean()
        shutil.rmtree(disk, ignore_errors=True)
        os.makedirs(disk)


def never(calls):
    return False


runs.finish(call(STEPS), whole)
runs.finish(call(LONGER), longer)
if args.each:
    fault = Removed() if args.each == "removed" else Error(errno.EIO)
    n = 0
    while try_fault(
            "%s at call %d" % (args.each, n), fault, lambda number, call: number == n,
            never if args.each == "always" else lambda calls: calls == 1, may_be_refused=True):
        n += 1
    print("%d calls, all equal" % n)
else:
    for name, fault in FAULTS.items():
        if args.only not in (None, name):
            continue
        for more, is_end in ((", for good", never), (", for a time", lambda calls: calls >= FAULTY_CALLS)):
            if not try_fault(name + more, fault, lambda n, call: runs.newest(run) >= FAULTY_STEP, is_end):
                sys.exit(name + ": the fault did not begin")
    print("nothing is lost")
