"""The Mersenne Twister as PyTorch's CPU generator runs it: raw draws, seeding, saved states.

NumPy's own MT19937 does the work: started from the same 624 words, it gives the same 32-bit
numbers, thousands in one call. (If there are native kernels, their `Engine` does it, and what follows
is not needed.) What NumPy cannot give cheaply is a few at a time, so the rest of the
current 624-word block is kept in a buffer. The buffer never reaches into the next block: while it
holds draws, NumPy's state still is the block they came from, and a saved state can be exact.

A 64-bit draw is two 32-bit ones, high half first.

The generator: M. Matsumoto, T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed
uniform pseudo-random number generator", ACM TOMACS 8 (1998).
"""

from __future__ import annotations

from _thread import RLock
from typing import Any

import numpy as np

DEFAULT_SEED = 67280421310721  # what a generator has that nobody seeded, as in PyTorch
BLOCK = 624  # words of state, and draws between two rounds of the recurrence
STATE_BYTES = 5056

make_engine: Any = None  # gives a native generator, if there is one
_NOTHING = np.empty(0, np.uint32)
_DIRECT = 2048  # draws from which a call goes past the buffer

# PyTorch's saved state in 64-bit words: seed; left and seeded, 32 bits each; next; the 624 words of
# the engine; three doubles, of which the second is the waiting normal, and whether one waits; a
# waiting float32 normal, which no CPU function makes.
_LEFT, _NEXT, _KEY, _NORMAL, _NORMAL_WAITS = 1, 2, 3, 628, 630


class Twister:
    """One stream of random numbers: its state, and raw draws from it.

    `lock` is held by whoever draws; the functions of `tidu.backend.random` do that.
    `engine` is the native generator, once it is seeded and if there is one.
    `waiting` is the second of the last pair of normal numbers, while nobody has asked for it.
    """

    __slots__ = ("__weakref__", "_buffer", "_fresh", "_idle", "_position", "_seed", "_source", "_used",
                 "engine", "lock", "waiting")  # fmt: skip

    def __init__(self, seed=DEFAULT_SEED):
        self.lock = RLock()
        self._source: Any = (
            None  # numpy.random takes milliseconds to import: not before it is needed
        )
        self._idle: Any = None  # the native generator while it is not seeded
        self.engine: Any = None
        self._set_seed(seed)

    def _set_seed(self, seed):
        """Starts anew from `seed`, 64 bits without sign, or None for one from the system."""
        self._seed = seed
        self._idle, self.engine = self.engine or self._idle, None
        self.waiting = None
        self._buffer, self._used = _NOTHING, 0
        self._position = -1  # of _source in its block; -1: _source is not seeded yet
        self._fresh = True  # nothing was drawn since seeding

    @property
    def seed_value(self):
        """The seed this stream started from."""
        if self._seed is None:
            self._seed = system_seed()
        return self._seed

    def _start(self):
        """Seeds the source: the recurrence takes the seed's low 32 bits."""
        if make_engine is not None:
            self.engine = self._idle or make_engine()
            self.engine.seed(self.seed_value)
            return
        if self._source is None:
            from numpy.random import MT19937, RandomState

            self._source = RandomState(MT19937(0))
        self._source.seed(self.seed_value & 0xFFFFFFFF)
        self._position = BLOCK

    def _advance(self, count):
        """Notes that `count` > 0 draws were taken from the source itself."""
        self._position = (self._position + count - 1) % BLOCK + 1

    def begin(self):
        """Whether there is a native generator, which then is ready to be drawn from."""
        if make_engine is None:
            return False
        if self.engine is None:
            self._start()
        self._fresh = False
        return True

    def draw32(self, count):
        """The next `count` draws, uint32 for the caller to keep or overwrite."""
        if self.begin():
            return self.engine.draw(count)
        start, end = self._used, self._used + count
        buffer = self._buffer
        if end <= len(buffer):
            self._used = end
            return buffer[start:end]  # nobody reads these again: no need to copy
        rest = buffer[start:]
        missing = count - len(rest)
        if self._position < 0:
            self._start()
        self._fresh = False
        if missing >= _DIRECT:
            self._buffer, self._used = _NOTHING, 0
            drawn = self._source.randint(0, 1 << 32, missing, np.uint32)
            self._advance(missing)
        else:
            blocks = -(-(self._position + missing - BLOCK) // BLOCK)
            take = BLOCK * (1 + blocks) - self._position  # up to the end of a block
            drawn = self._source._bit_generator.random_raw(take).astype(np.uint32)
            self._position = BLOCK
            self._buffer, self._used = drawn, missing
            drawn = drawn[:missing]
        return np.concatenate((rest, drawn)) if len(rest) else drawn

    def draw64(self, count):
        """The next `count` 64-bit draws, uint64 for the caller to keep or overwrite."""
        if make_engine is None and count >= _DIRECT and self._used == len(self._buffer):
            if self._position < 0:
                self._start()
            self._fresh = False
            drawn = self._source.randint(0, 1 << 64, count, np.uint64)
            self._advance(2 * count)
            return drawn
        halves = self.draw32(2 * count)
        drawn = halves[0::2].astype(np.uint64)
        drawn <<= np.uint64(32)
        drawn |= halves[1::2]
        return drawn

    def state_bytes(self):
        """The whole state, 5056 bytes in PyTorch's layout."""
        if self._position < 0 and self.engine is None:
            self._start()
        if self.engine is not None:
            key, position = self.engine.state()
        else:
            key = self._source.get_state(legacy=False)["state"]["key"]
            position = self._position - (len(self._buffer) - self._used)
        words = np.zeros(STATE_BYTES // 8, np.uint64)
        words[0] = self.seed_value
        words[_LEFT] = 1 << 32 | (BLOCK - position + 1)
        words[_NEXT] = 0 if self._fresh else position
        words[_KEY : _KEY + BLOCK] = key
        if self.waiting is not None:
            words[_NORMAL : _NORMAL + 1].view(np.float64)[0] = self.waiting
            words[_NORMAL_WAITS] = 1
        return words.tobytes()

    def set_state_bytes(self, data):
        """Goes on from a state that `state_bytes` or PyTorch saved."""
        words = np.frombuffer(data, np.uint64)
        left, seeded = words[_LEFT : _LEFT + 1].view(np.int32).tolist()
        following = int(words[_NEXT])
        if not seeded or not 0 < left <= BLOCK or following > BLOCK:
            raise RuntimeError("Invalid mt19937 state")
        self._set_seed(int(words[0]))
        self._start()  # makes the source; its words are replaced now
        position = BLOCK if left == 1 else following
        key = words[_KEY : _KEY + BLOCK].astype(np.uint32)
        if self.engine is not None:
            self.engine.set_state(key, position)
        else:
            self._source.set_state(
                {"bit_generator": "MT19937", "state": {"key": key, "pos": position}}
            )
            self._position = position
        self._fresh = following == 0
        if words[_NORMAL_WAITS] & np.uint64(0xFFFFFFFF):
            self.waiting = float(words[_NORMAL : _NORMAL + 1].view(np.float64)[0])


def system_seed():
    """A 64-bit seed from the operating system's entropy."""
    from os import urandom

    return int.from_bytes(urandom(8), "little")
