# SPDX-License-Identifier: Apache-2.0
"""Programs of known peak, of which nothing (or, where it only grows, all) lives at the end: `ullage heap top --at peak`
names it within one percent."""

import json
import subprocess

import pytest

BYTES, STEPS = 2000 * 10_000, 2000 * 2 * 4096
PEAKS = """
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
enum { COUNT = 2000, BYTES = 10000, STEP = 2 * 4096 };
static void* map(long bytes) {
  void* mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return mapped == MAP_FAILED ? exit(1), NULL : mapped;
}
static void* held[2][COUNT];
static void* hold_all(void* which) {
  void** mine = held[(long)which];
  for (int i = 0; i < COUNT; i++) memset(mine[i] = malloc(BYTES), 1, BYTES);
  return NULL;
}
static void give_back(long which) {
  for (int i = 0; i < COUNT; i++) free(held[which][i]);
}
static pthread_barrier_t all_hold;
static void* spike_together(void* which) {
  hold_all(which);
  pthread_barrier_wait(&all_hold);
  give_back((long)which);
  return NULL;
}
int main(int argc, char** argv) {
  (void)argc;
  if (!strcmp(argv[1], "spike")) hold_all(0), give_back(0);
  if (!strcmp(argv[1], "saw"))
    for (int i = 0; i < 50; i++) hold_all(0), give_back(0);
  if (!strcmp(argv[1], "threads")) {
    pthread_t other;
    pthread_barrier_init(&all_hold, NULL, 2);
    pthread_create(&other, NULL, spike_together, (void*)1);
    spike_together(0);
    pthread_join(other, NULL);
  }
  if (!strcmp(argv[1], "realloc")) {
    char* block = NULL;
    for (int i = 1; i <= COUNT; i++) block = realloc(block, i * BYTES);
    free(block);
  }
  if (!strcmp(argv[1], "growth")) hold_all(0);
  if (!strcmp(argv[1], "mapped")) munmap(map(COUNT * BYTES), COUNT * BYTES);
  if (!strcmp(argv[1], "mapped to be shared")) {
    void* mapped = mmap(NULL, COUNT * BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    munmap(mapped, COUNT * BYTES);
  }
  if (!strcmp(argv[1], "mapped beside blocks")) {
    void* mapped = map(COUNT * BYTES);
    hold_all(0), give_back(0);
    munmap(mapped, COUNT * BYTES);
  }
  if (!strcmp(argv[1], "blocks beside a great mapping")) {  // that lives on
    map(100l * COUNT * BYTES);
    hold_all(0), give_back(0);
  }
  if (!strcmp(argv[1], "mapped in steps")) {
    void* mapped = map(STEP);
    for (int i = 2; i <= COUNT; i++) mapped = mremap(mapped, (i - 1) * STEP, i * STEP, MREMAP_MAYMOVE);
    munmap(mapped, COUNT * STEP);
  }
  if (!strcmp(argv[1], "mapped and cut")) {  // as allocators do to have it aligned
    usleep(30000), free(malloc(1));           // a moment of the profile ends here, and none between
    char* mapped = map(8 * COUNT * STEP);
    munmap(mapped, 3 * COUNT * STEP);
    munmap(mapped + 4 * COUNT * STEP, 4 * COUNT * STEP);
    munmap(mapped + 3 * COUNT * STEP, COUNT * STEP);
  }
  if (!strcmp(argv[1], "reserved")) {  // ten times of what is made writable
    char* mapped = mmap(NULL, 10 * COUNT * STEP, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < COUNT; i++) mprotect(mapped + i * STEP, STEP, PROT_READ | PROT_WRITE);
    munmap(mapped, 10 * COUNT * STEP);
  }
  if (!strcmp(argv[1], "file")) {  // is in the page cache, whoever maps it
    FILE* file = tmpfile();
    ftruncate(fileno(file), 10 * COUNT * BYTES);
    void* mapped = mmap(NULL, COUNT * BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    mapped = mremap(mapped, COUNT * BYTES, 10 * COUNT * BYTES, MREMAP_MAYMOVE);
    usleep(30000);
    munmap(mapped, 10 * COUNT * BYTES);
    hold_all(0), give_back(0);
  }
  if (!strcmp(argv[1], "child")) {
    if (fork() == 0) hold_all(0), give_back(0), _exit(0);
    wait(NULL);
  }
  return 0;
}
"""


@pytest.fixture(scope="module")
def peaks(tmp_path_factory):
    """The program; its argument says how it gets there."""
    folder = tmp_path_factory.mktemp("peaks")
    (folder / "peaks.c").write_text(PEAKS)
    subprocess.run(["gcc", "-O1", "-g", "-pthread", "peaks.c", "-o", "peaks"], cwd=folder, check=True)
    return folder / "peaks"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("spike", BYTES),
        ("saw", BYTES),
        ("threads", 2 * BYTES),
        ("realloc", BYTES),
        ("child", BYTES),
        ("growth", BYTES),
        ("mapped", BYTES),
        ("mapped to be shared", BYTES),
        ("mapped beside blocks", 2 * BYTES),
        ("blocks beside a great mapping", 101 * BYTES),
        ("mapped in steps", STEPS),
        ("mapped and cut", STEPS),
        ("reserved", STEPS),
        ("file", BYTES),
    ],
)
def test_a_known_peak_is_told_within_one_percent(ullage, peaks, how, expected):
    assert ullage("run", "-q", "--heap=exact", "--", peaks, how).code == 0
    at_peak = json.loads(ullage("heap", "top", "--at", "peak", "--json").out)["all"]
    assert at_peak["bytes"] == pytest.approx(expected, rel=0.01)
    left = {"growth": BYTES, "blocks beside a great mapping": 100 * BYTES}.get(how, 0)
    assert json.loads(ullage("heap", "top", "--json").out)["all"]["bytes"] == pytest.approx(left, rel=0.01, abs=100_000)
