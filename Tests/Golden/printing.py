"""Makes printing.txt, what PyTorch prints for some tensors:  python3 printing.py

A case is a line "case NAME", "shape ...", the elements as "values ..." or "uniform SEED LOW HIGH" (drawn by the project's
generator), "options ..." of torch.set_printoptions, and PyTorch's text with "|" before each line. Made with PyTorch 1.13.
"""

import os

import numpy as np
import torch

from splitmix import Rng

INF, NAN = float("inf"), float("nan")
CASES = [
    # name, shape, values or (seed, low, high), options
    ("scalar", (), [1.5], {}),
    ("scalar integer", (), [-7], {}),
    ("scalar zero", (), [0], {}),
    ("scalar tiny", (), [1e-30], {}),
    ("scalar denormal", (), [1e-45], {}),
    ("scalar NaN", (), [NAN], {}),
    ("empty", (0,), [], {}),
    ("empty matrix", (0, 3), [], {}),
    ("empty images", (2, 0, 4, 4), [], {}),
    ("one", (1,), [1], {}),
    ("zeros", (2, 3), [0] * 6, {}),
    ("negative zero", (3,), [-0.0, 0.0, 1.0], {}),
    ("mixed sign", (2, 2), [0.12345678, -1, 2.5, 100], {}),
    ("integers", (2, 3), [1, -20, 300, 0, 7, 999], {}),
    ("integers of ratio 1001", (2,), [1, 1001], {}),
    ("integers of ratio 1000", (2,), [1, 1000], {}),
    ("large integers", (2,), [2e8, 3e8], {}),
    ("100 million", (2,), [1e8, 5e7], {}),
    ("huge", (3,), [3.4028235e38, -1e38, 0], {}),
    ("tiny", (3,), [1e-5, -2.5e-5, 0], {}),
    ("at 1e-4", (2,), [1.0001e-4, 5e-4], {}),
    ("ratio", (2,), [0.5, 501], {}),
    ("ratio below", (2,), [0.5, 499], {}),
    ("exponent of three digits", (2,), [1e-40, 1.5], {}),
    ("NaN and infinities", (4,), [NAN, INF, -INF, 1.25], {}),
    ("not finite alone", (3,), [NAN, INF, -INF], {}),
    ("NaN among integers", (2, 2), [NAN, 1, 2, -INF], {}),
    ("NaN in scientific", (2, 2), [NAN, 1e-9, 12345.678, INF], {}),
    ("halves", (4,), [0.03125, 0.09375, -0.15625, 2.5], {}),
    ("halves in scientific", (4,), [1.03125e0, 1048592.0, 3.0 * 2**-30, 67109.375], {}),
    ("halves in digits", (4,), [0.5, 1.5, 2.5, -2.5], dict(precision=0, sci_mode=False)),
    ("halves up to the next power", (2,), [9.5, 0.25], dict(precision=0, sci_mode=True)),
    ("row that wraps", (30,), (1, -2, 2), {}),
    ("rows that wrap", (2, 25), (2, -100, 100), {}),
    ("column", (5, 1), (3, 0, 1), {}),
    ("rank 3", (2, 3, 4), (4, -1, 1), {}),
    ("rank 4", (2, 3, 2, 2), (5, -1, 1), {}),
    ("rank 5", (1, 2, 1, 2, 3), (6, -1, 1), {}),
    ("exactly 1000", (20, 50), (7, -1, 1), {}),
    ("1001", (1001,), (8, -1, 1), {}),
    ("long row of integers", (60,), list(range(60)), dict(threshold=50)),
    ("large matrix", (100, 200), (9, -10, 10), {}),
    ("large with short axis", (4, 500), (10, 0, 1), {}),
    ("images", (8, 3, 32, 32), (11, -1, 1), {}),
    ("weights", (7, 6, 5, 8), (12, -0.001, 0.001), {}),
    ("deep", (2, 2, 7, 2, 30), (13, -1, 1), {}),
    ("precision 2", (3, 4), (14, -5, 5), dict(precision=2)),
    ("precision 10", (5,), (15, -5, 5), dict(precision=10)),
    ("precision 0", (5,), (16, -5, 5), dict(precision=0)),
    ("narrow lines", (2, 10), (17, -5, 5), dict(linewidth=40)),
    ("narrower than a number", (3,), (18, -5, 5), dict(linewidth=4)),
    ("threshold and edges", (6, 9), (19, -5, 5), dict(threshold=20, edgeitems=2)),
    ("one edge item", (5, 2, 5, 5), (20, -5, 5), dict(threshold=0, edgeitems=1)),
    ("no summary", (11, 100), (21, 0, 1), dict(threshold=2000)),
    ("scientific", (2, 3), (22, -5, 5), dict(sci_mode=True)),
    ("scientific integers", (3,), [1, 20, 300], dict(sci_mode=True)),
    ("not scientific", (3,), [1e-6, 1, 1e6], dict(sci_mode=False)),
    ("not scientific integers", (3,), [1, 1e10, 3e20], dict(sci_mode=False)),
    ("scientific zeros", (2,), [0, 0], dict(sci_mode=True)),
]


def main():
    lines = []
    for name, shape, source, options in CASES:
        lines += [f"case {name}", " ".join(["shape", *map(str, shape)])]
        if isinstance(source, tuple):
            seed, low, high = source
            values = Rng(seed).uniform(shape, low, high)
            lines.append(f"uniform {seed} {low} {high}")
        else:
            values = np.array(source, dtype=np.float32).reshape(shape)
            lines.append(" ".join(["values", *(str(v) for v in values.reshape(-1))]))
        lines.append(" ".join(["options", *(f"{key}={value}" for key, value in options.items())]))
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        lines += ["|" + line for line in str(torch.from_numpy(values)).split("\n")]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "printing.txt")
    with open(path, "w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(lines) + "\n")


main()
