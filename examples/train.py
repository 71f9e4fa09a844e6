#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small but real training loop, to have something to measure: logistic regression on data it makes itself.

Three phases that differ: `load` writes and reads a file and fills memory, `train` keeps one core busy, `evaluate`
lets the training data go and scores the rest in two processes. Under `ullage run` it reports its phases, its loss
and its steps through ULLAGE_SOCKET; on its own it just runs. numpy is used if it is there, and not needed.

    ullage run -- python3 examples/train.py
    ullage run --memory 300M -- python3 examples/train.py --leak
"""

import argparse
import math
import multiprocessing
import os
import random
import socket
import tempfile
import time
from array import array
from contextlib import contextmanager

try:
    import numpy
except ImportError:
    numpy = None

FEATURES = 15
ROW = FEATURES + 1  # its features, and 0 or 1
ROWS_A_BLOCK = (1 << 20) // (8 * ROW)  # a block is one MiB of doubles
LEAK_BYTES_A_SECOND = 20 << 20


class Ullage:
    """What the program says of itself: lines to the socket of its run, or nothing outside of one."""

    def __init__(self):
        self.socket = None
        if path := os.environ.get("ULLAGE_SOCKET"):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(path)
                self.socket.setblocking(False)
            except OSError:
                self.socket = None

    def say(self, line):
        """Sends one line; a run that is gone or busy loses it, the program never waits."""
        try:
            if self.socket:
                self.socket.send(line.encode() + b"\n")
        except BlockingIOError:
            pass
        except OSError:
            self.socket = None

    @contextmanager
    def phase(self, name):
        """A phase of the run, as long as the block lasts."""
        print(f"{name} …", flush=True)
        self.say(f"phase {name} begin")
        try:
            yield
        finally:
            self.say(f"phase {name} end")


def make_block(truth, randomness):
    """One MiB of rows whose last value follows from the others by `truth`, with some noise."""
    block = array("d")
    for _ in range(ROWS_A_BLOCK):
        row = [randomness.uniform(-1, 1) for _ in range(FEATURES)]
        score = sum(weight * value for weight, value in zip(truth, row))
        block.extend(row)
        block.append(1.0 if score + randomness.uniform(-0.3, 0.3) > 0 else 0.0)
    return block


def load(blocks, randomness):
    """Writes the data to a file block by block, and reads it back into memory."""
    truth = [randomness.uniform(-1, 1) for _ in range(FEATURES)]
    made = [make_block(truth, randomness) for _ in range(min(blocks, 8))]
    data = array("d")
    with tempfile.TemporaryFile() as file:
        for number in range(blocks):
            made[number % len(made)].tofile(file)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        for _ in range(blocks):
            data.fromfile(file, ROWS_A_BLOCK * ROW)
            time.sleep(0.005)  # a disk that is not the fastest
    return data


def sigmoid(score):
    """The logistic function, for any score."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def step(weights, batch, rate):
    """One step of gradient descent over a batch of rows, in place; returns the mean loss before it."""
    if numpy is not None:
        rows = numpy.frombuffer(batch).reshape(-1, ROW)
        features, wanted = rows[:, :FEATURES], rows[:, FEATURES]
        guess = 1 / (1 + numpy.exp(-features @ weights))
        weights -= rate * (features.T @ (guess - wanted)) / len(rows)
        return float(-numpy.mean(numpy.log(numpy.where(wanted > 0, guess, 1 - guess) + 1e-12)))
    loss, gradient, rows = 0.0, [0.0] * FEATURES, len(batch) // ROW
    for at in range(0, len(batch), ROW):
        wanted = batch[at + FEATURES]
        guess = sigmoid(sum(weights[i] * batch[at + i] for i in range(FEATURES)))
        loss -= math.log((guess if wanted else 1 - guess) + 1e-12)
        for i in range(FEATURES):
            gradient[i] += (guess - wanted) * batch[at + i]
    for i in range(FEATURES):
        weights[i] -= rate * gradient[i] / rows
    return loss / rows


def train(data, seconds, randomness, ullage, leak):
    """Steps over random batches until the time is up; with `leak`, keeps memory that nobody needs."""
    weights = [0.0] * FEATURES if numpy is None else numpy.zeros(FEATURES)
    kept, steps, loss = [], 0, float("nan")
    begin = told = time.monotonic()
    while (now := time.monotonic()) < begin + seconds:
        first = randomness.randrange(len(data) // ROW - 256) * ROW
        loss = step(weights, data[first : first + 256 * ROW], 0.5)
        steps += 1
        while leak and len(kept) << 20 < (now - begin) * LEAK_BYTES_A_SECOND:
            kept.append(b"x" * (1 << 20))
        if now - told >= 0.2:
            ullage.say(f"gauge loss {loss:.6f}")
            ullage.say(f"counter steps_total +{steps}")
            steps, told = 0, now
    return list(weights), loss


def score_for(weights, rows, seconds):
    """How many rows of a block the model gets right, over and over for some seconds: a share of them."""
    right = seen = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for at in range(0, min(len(rows), 512 * ROW), ROW):
            score = sum(weight * value for weight, value in zip(weights, rows[at : at + FEATURES]))
            right += (score > 0) == (rows[at + FEATURES] > 0)
            seen += 1
    return right / max(seen, 1)


def main():
    """Loads, trains and evaluates, and says what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="about how long it takes (default 10)")
    parser.add_argument("--size", type=int, default=160, metavar="MIB", help="how much data it makes (default 160)")
    parser.add_argument("--leak", action="store_true", help="leak about 20 MiB a second while training, on purpose")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default 1)")
    arguments = parser.parse_args()
    if arguments.seconds <= 0 or arguments.size < 1:
        parser.error("--seconds and --size must be more than 0")
    randomness = random.Random(arguments.seed)
    ullage = Ullage()
    begin = time.monotonic()

    with ullage.phase("load"):
        data = load(arguments.size, randomness)
    left = max(arguments.seconds - (time.monotonic() - begin), 0.2 * arguments.seconds)
    with ullage.phase("train"):
        weights, loss = train(data, left * 0.7, randomness, ullage, arguments.leak)
    held_back = data[-ROWS_A_BLOCK * ROW :]
    del data
    with ullage.phase("evaluate"), multiprocessing.get_context("fork").Pool(2) as workers:
        shares = workers.starmap(score_for, [(weights, held_back, left * 0.3)] * 2)
    ullage.say(f"event accuracy {shares[0]:.3f}")
    print(f"loss {loss:.3f}, accuracy {shares[0]:.1%}, {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    main()
