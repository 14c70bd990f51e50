"""Reads and writes safetensors files, in plain Python."""

import json
import struct

import numpy as np


def save(path, tensors):
    """tensors: name -> array. Integers are stored as int64, all else as float32, in the order given."""
    header, chunks, offset = {}, [], 0
    for name, values in tensors.items():
        integers = np.issubdtype(np.asarray(values).dtype, np.integer)
        data = np.array(values, dtype="<i8" if integers else "<f4", order="C")
        header[name] = {"dtype": "I64" if integers else "F32", "shape": list(data.shape), "data_offsets": [offset, offset + data.nbytes]}
        chunks.append(data.tobytes())
        offset += data.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def load(path):
    """name -> float32 array, in the order of the file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", f"{path}: {name} is {entry['dtype']}"
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"]).copy()
    return tensors
