#!/usr/bin/env python3
"""Kills a run of pynet at random moments, resumes it until it is complete, and compares its files with those of a run
that was not killed. The suite has a shorter form, KilledRunTests.

    killed-runs.py PYNET FOLDER [--kills 60] [--steps 300] [--signal KILL] [--seed 1] [-- more options of train]

PYNET is the command, as "dotnet Train/bin/Release/net10.0/pynet.dll". The run is nin on drawn shapes, with dropout and
augmentation. FOLDER must not exist.
"""
import argparse, json, os, random, shlex, signal, subprocess, sys, time

parser = argparse.ArgumentParser()
parser.add_argument("pynet")
parser.add_argument("folder")
parser.add_argument("--kills", type=int, default=60)
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--signal", default="KILL")
parser.add_argument("--every", default="10")
parser.add_argument("--window", type=float, default=4, help="seconds, about twice what the first step takes")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("options", nargs="*")
args = parser.parse_args()

os.makedirs(args.folder)
call = shlex.split(args.pynet) + [
    "train", "nin", "--width", "0.25", "--data", "shapes", "--limit", "640", "--batch-size", "32", "--augment",
    "--dropout", "0.3", "--epochs", "100", "--evaluate-every", "5", "--max-steps", str(args.steps),
    "--checkpoint-every", args.every, "--resume-or-start"] + args.options
end = getattr(signal, "SIG" + args.signal)
random.seed(args.seed)


def path(run, name=""):
    return os.path.join(args.folder, run, name)


def newest(run):
    names = [n for n in os.listdir(path(run)) if n.startswith("checkpoint-") and n.endswith(".safetensors")] \
        if os.path.isdir(path(run)) else []
    return max((int(n[11:-12]) for n in names), default=-1)


def metrics(run):
    lines = [json.loads(line) for line in open(path(run, "metrics.jsonl"))]
    return [{k: v for k, v in line.items() if k not in ("seconds", "images_per_second")} for line in lines]


def tensors(run):
    data = open(path(run, "checkpoint-%09d.safetensors" % newest(run)), "rb").read()
    return data[8 + int.from_bytes(data[:8], "little"):]


start = time.time()
subprocess.run(call + ["--out", path("whole"), "--quiet"], check=True, stdout=subprocess.DEVNULL)
print("not killed: %.0f s" % (time.time() - start), flush=True)
whole = time.time() - start

kills = lost = attempts = 0
while kills < args.kills:
    attempts += 1
    process = subprocess.Popen(call + ["--out", path("killed")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        # A part of what is left, so that the run lasts for all kills.
        left = 1 - max(0, newest("killed")) / args.steps
        process.wait(random.uniform(0, args.window + 4 * left * whole / args.kills))
        error = process.stderr.read().decode()
        if process.returncode != 0:
            sys.exit("attempt %d failed: %s" % (attempts, error))
        print("complete after %d kills" % kills, flush=True)
        break
    except subprocess.TimeoutExpired:
        process.send_signal(end)
        process.communicate()
        kills += 1
        print("kill %d: the newest checkpoint is %d" % (kills, newest("killed")), flush=True)

for _ in range(2):
    last = subprocess.run(call + ["--out", path("killed")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if last.returncode != 0:
        sys.exit("not resumable: " + last.stderr)
if "is complete" not in last.stdout:
    sys.exit("not complete: " + last.stdout)
for name in ("model.safetensors", "best.safetensors", "curves.svg"):
    if open(path("killed", name), "rb").read() != open(path("whole", name), "rb").read():
        sys.exit(name + " differs")
if metrics("killed") != metrics("whole"):
    sys.exit("metrics differ")
if tensors("killed") != tensors("whole"):
    sys.exit("the checkpoint's tensors differ")
print("%d kills: weights, best weights, optimizer state, metrics and curves are equal" % kills)
