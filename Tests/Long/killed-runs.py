#!/usr/bin/env python3
"""Ends a run of pynet at random moments while it trains, resumes it until it is complete, and compares its files with
those of a run that was not ended. The suite has a shorter form, KilledRunTests; aimed-kills.py aims at the writes.

    killed-runs.py PYNET FOLDER [--kills 60] [--steps 300] [--every 10] [--width 0.25] [--signal KILL] [--seed 1]
        [-- options of train]

PYNET is the command, as "dotnet Train/bin/Release/net10.0/pynet.dll". The run is nin on drawn shapes, with dropout and
augmentation, 5 steps an epoch. FOLDER must not exist.
"""
import argparse, os, random, re, shlex, signal, subprocess, sys, tempfile, time
import file_calls, runs

EPOCH_STEPS = 5

parser = argparse.ArgumentParser()
parser.add_argument("pynet")
parser.add_argument("folder")
parser.add_argument("--kills", type=int, default=60)
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--every", type=int, default=10)
parser.add_argument("--width", default="0.25")
parser.add_argument("--signal", default="KILL")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("options", nargs="*")
args = parser.parse_args()

os.makedirs(args.folder)
call = runs.train_call(
    shlex.split(args.pynet), 32 * EPOCH_STEPS, args.steps, args.every,
    ["--width", args.width, "--batch-size", "32", "--evaluate-every", "5"] + args.options)
whole, run = os.path.join(args.folder, "whole"), os.path.join(args.folder, "run")
end = getattr(signal, "SIG" + args.signal)
random.seed(args.seed)


class Attempt:
    """A process that continues the run; its output goes to a file, which is read while it runs."""

    def __init__(self, out):
        self.file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            call + ["--out", out], stdout=self.file, stderr=self.file, preexec_fn=file_calls.heed_signals)

    def output(self):
        return os.pread(self.file.fileno(), 1 << 20, 0).decode()

    def wait_for_step(self):
        """Waits until a step is done, or the process has ended."""
        while "first step done" not in self.output() and self.process.poll() is None:
            time.sleep(0.01)
        return time.time()

    def ended_within(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False


attempt = Attempt(whole)
start = attempt.wait_for_step()
if attempt.process.wait() != 0:
    sys.exit(attempt.output())
training = time.time() - start
print("not ended: %.1f s after the first step" % training, flush=True)

ended = worst = 0
within = []                                     # seconds after the first step
while ended < args.kills:
    # Spread over what is left, so that it lasts for all; each of them repeats what is lost.
    before = runs.newest(run)
    share = (1 - max(0, before) / args.steps) * training / (args.kills - ended)
    attempt = Attempt(run)
    start = attempt.wait_for_step()
    if attempt.ended_within(random.uniform(0, 2 * share + training * args.every / args.steps)):
        if attempt.process.returncode != 0:
            sys.exit("attempt %d failed: %s" % (ended + 1, attempt.output()))
        print("complete after %d" % ended, flush=True)
        break
    attempt.process.send_signal(end)
    within.append(time.time() - start)
    if attempt.process.wait() == 0:             # it was complete already
        break
    ended += 1
    step, output = runs.newest(run), attempt.output()
    try:
        assert step >= before, "the newest checkpoint is %d, and was %d" % (step, before)
        if end == signal.SIGKILL:
            worst = max(worst, runs.check_lost(run, output, EPOCH_STEPS, args.every, max(0, before)))
        else:
            assert attempt.process.returncode == 128 + end, "exit code %d" % attempt.process.returncode
            stopped = re.search(r"^stopped after ([\d,]+) steps?", output, re.MULTILINE)
            assert stopped and int(stopped[1].replace(",", "")) == step, "the newest checkpoint is %d" % step
    except AssertionError as fault:
        sys.exit("%d, %s: %s\n%s" % (ended, args.signal, fault, output))
    print("%d: %.2f s after the first step; the newest checkpoint is %d" % (ended, within[-1], step), flush=True)

try:
    runs.finish(call, run)
    runs.check_equal(run, whole)
    runs.check_tidy(run)
except AssertionError as fault:
    sys.exit(str(fault))
lost = "; at most %d steps lost" % worst if end == signal.SIGKILL else ", none lost"
print("SIG%s %d times: weights, best weights, optimizer state, metrics and curves are equal%s" % (
    args.signal, ended, lost))
