"""The project's random numbers (Engine/Rng.cs) in numpy, bit for bit, so that weights need not be stored."""

import numpy as np

GOLDEN = 0x9E3779B97F4A7C15


class Rng:
    """SplitMix64. Number i of the sequence is a hash of state + i * GOLDEN, so a whole array is drawn at once."""

    def __init__(self, seed):
        self.state = seed

    def bits(self, count):
        """Numbers of 64 random bits."""
        with np.errstate(over="ignore"):
            z = np.uint64(self.state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        self.state = (self.state + count * GOLDEN) % 2**64
        return z ^ (z >> np.uint64(31))

    def uniform(self, shape, low, high):
        """float32 in [low, high), rounded as Rng.NextFloat(low, high) rounds."""
        low, high = np.float32(low), np.float32(high)
        unit = (self.bits(int(np.prod(shape))) >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
        return (low + (high - low) * unit).reshape(shape)

    def below(self, count, bound):
        """Whole numbers in [0, bound)."""
        return ((self.bits(count) >> np.uint64(32)) * np.uint64(bound) >> np.uint64(32)).astype(np.int64)

    def signs(self, count):
        """Numbers +1 and -1: the top bit, set for -1."""
        return 1.0 - 2.0 * (self.bits(count) >> np.uint64(63)).astype(np.float64)

    def shuffled(self, count):
        """0 ... count - 1 in the order that Rng.Shuffle puts them."""
        items = list(range(count))
        for i in range(count - 1, 0, -1):
            j = int(self.below(1, i + 1)[0])
            items[i], items[j] = items[j], items[i]
        return items
