# SPDX-License-Identifier: Apache-2.0
"""Programs of known peak, of which nothing lives at the end: `ullage heap top --at peak` names it within one percent. The
peak is the heap's; what is mapped then counts with it."""

import json
import subprocess

import pytest

BYTES = 20_000_000
PEAKS = """
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
enum { COUNT = 2000, BYTES = 10000 };
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
  if (!strcmp(argv[1], "mmap")) {
    void* mapped = mmap(NULL, COUNT * BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(mapped, 1, COUNT * BYTES);
    hold_all(0), give_back(0);
    munmap(mapped, COUNT * BYTES);
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
    [("spike", BYTES), ("saw", BYTES), ("threads", 2 * BYTES), ("realloc", BYTES), ("mmap", 2 * BYTES), ("child", BYTES)],
)
def test_a_known_peak_is_told_within_one_percent(ullage, peaks, how, expected):
    assert ullage("run", "-q", "--heap=exact", "--", peaks, how).code == 0
    at_peak = json.loads(ullage("heap", "top", "--at", "peak", "--json").out)["all"]
    assert at_peak["bytes"] == pytest.approx(expected, rel=0.01)
    assert json.loads(ullage("heap", "top", "--json").out)["all"]["bytes"] < 100_000
