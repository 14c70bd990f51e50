"""Makes pickles.txt: two images in CIFAR's python version, as different pythons write them, each a line in Base64.

    python3 pickles.py

Made with Python 3.11 and numpy 1.24. The line python2 has the opcodes of the published files: texts and bytes are byte
strings, which Python 3 no longer writes.
"""

import base64
import os
import pickle
import struct

import numpy as np

from splitmix import Rng

DATA = Rng(20240302).below(2 * 3072, 256).astype(np.uint8).reshape(2, 3072)
LABELS = [7, 3]
CONTENT = {"batch_label": "testing batch 1 of 1", "labels": LABELS, "data": DATA, "filenames": ["a_s_1.png", "b'\\\n.png"]}


def text(value):
    return b"U" + bytes([len(value)]) + value


def python2():
    """Protocol 2 of Python 2's cPickle, which the authors used."""
    array = DATA.tobytes()
    dtype = b"cnumpy\ndtype\nq\x05" + text(b"u1") + b"K\x00K\x01\x87Rq\x06(K\x03" + text(b"|") + b"NNNJ" + struct.pack("<i", -1)
    dtype += b"J" + struct.pack("<i", -1) + b"K\x00tb"
    data = b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85" + text(b"b") + b"\x87R"
    data += b"(K\x01K\x02M\x00\x0c\x86" + dtype + b"\x89T" + struct.pack("<i", len(array)) + array + b"tb"
    labels = b"]q\x07(K\x07K\x03e"
    names = b"]q\x08(" + text(b"a_s_1.png") + text(b"b.png") + b"e"
    items = text(b"data") + data + text(b"labels") + labels + text(b"batch_label") + text(b"x") + text(b"filenames") + names
    return b"\x80\x02}q\x01(" + items + b"u."


if __name__ == "__main__":
    lines = {f"protocol{p}": pickle.dumps(CONTENT, protocol=p) for p in (0, 1, 2, 3, 4)}
    lines["python2"] = python2()
    lines["meta"] = pickle.dumps({"label_names": [f"class {i}" for i in range(10)], "num_vis": 3072}, protocol=0)
    loaded = pickle.loads(lines["python2"], encoding="latin1")
    assert (loaded["data"] == DATA).all() and loaded["labels"] == LABELS
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pickles.txt"), "w") as file:
        file.write("pixels " + base64.b64encode(DATA.tobytes()).decode() + "\n")
        for name, content in lines.items():
            file.write(f"{name} {base64.b64encode(content).decode()}\n")
