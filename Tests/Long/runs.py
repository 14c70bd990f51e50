"""Runs of pynet, and what they leave in their folders."""
import json, os, subprocess, time

FILES = ("model.safetensors", "best.safetensors", "curves.svg")


def train_call(pynet, limit, steps, every, options=()):
    """A command that trains nin on drawn shapes, with dropout and augmentation; it lacks --out."""
    return pynet + [
        "train", "nin", "--data", "shapes", "--limit", str(limit), "--augment", "--dropout", "0.3", "--epochs", "1000",
        "--max-steps", str(steps), "--checkpoint-every", str(every), "--resume-or-start", *options]


def finish(call, run, again=True):
    """Runs a command until the run is complete, and perhaps once more: then it must say that it is."""
    for _ in range(2 if again else 1):
        last = subprocess.run(call + ["--out", run], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if last.returncode != 0:
            raise AssertionError("not resumable: %s%s" % (last.stdout, last.stderr))
    if again and "is complete" not in last.stdout:
        raise AssertionError("not complete: " + last.stdout)


def checkpoints(run):
    """The steps of the checkpoints, newest first."""
    names = os.listdir(run) if os.path.isdir(run) else []
    return sorted((int(n[11:-12]) for n in names
                   if n.startswith("checkpoint-") and n.endswith(".safetensors")), reverse=True)


def newest(run):
    """The step of the newest checkpoint; -1 if there is none."""
    return max(checkpoints(run), default=-1)


def metrics(run):
    with open(os.path.join(run, "metrics.jsonl")) as lines:
        return [without_times(json.loads(line)) for line in lines]


def without_times(value):
    if isinstance(value, list):
        return [without_times(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: without_times(v) for k, v in value.items() if k not in ("seconds", "images_per_second", "test_seconds")}


def read_checkpoint(run):
    """The tensors of the newest checkpoint as bytes, and its metadata without times."""
    data = read(run, "checkpoint-%09d.safetensors" % newest(run))
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    metadata = header.pop("__metadata__")
    del metadata["checksum"]                    # which the times change
    metadata["progress"] = without_times(json.loads(metadata["progress"]))
    return header, metadata, data[end:]


def read(run, name):
    with open(os.path.join(run, name), "rb") as file:
        return file.read()


def check_equal(run, expected):
    """Fails unless weights, best weights, curves, metrics, optimizer state and all else in the checkpoint are equal."""
    for name in FILES:
        assert read(run, name) == read(expected, name), name + " differs"
    assert metrics(run) == metrics(expected), "the metrics differ"
    for part, mine, theirs in zip(
            ("tensors", "metadata", "contents"), read_checkpoint(run), read_checkpoint(expected)):
        assert mine == theirs, "the checkpoint's %s differ" % part


def check_tidy(run):
    """Fails if a process has left a lock or a temporary file."""
    left = [name for name in os.listdir(run) if name.startswith(".")]
    assert not left, "left behind: %s" % left


def check_lost(run, output, epoch_steps, every, start=0):
    """Fails if the newest checkpoint is older than `every` steps before the last epoch that was reported as done."""
    epochs = [int(line.split()[1].split("/")[0]) for line in output.splitlines() if line.startswith("epoch ")]
    done = max([start] + [epoch * epoch_steps for epoch in epochs])
    lost = done - max(0, newest(run))
    assert lost <= every, "%d steps are done, but the newest checkpoint is %d" % (done, newest(run))
    return lost
