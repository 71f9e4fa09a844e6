// SPDX-License-Identifier: Apache-2.0
// What a sample costs: to encode, to decode, to append and flush; and how many bytes it takes.
// ULLAGE_BENCH_RUN names a run's file whose own blocks are measured; without it the values are made up, and
// their size says little.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "history/block.h"
#include "history/open_for_reading.h"
#include "history/series_file.h"
#include "history/sqlite.h"

namespace {

using namespace ullage;
using history::Block;

// Columns as processes make them: pages that come and go, counters, clock ticks, and much that stands still.
Block made_up_block() {
  std::mt19937 random(1);
  Block block;
  for (int t = 0; t < 600; ++t) block.times_ms.push_back(1'700'000'000'000 + 1000 * t);
  for (metric::SeriesId id = 0; id < history::kSeriesPerBlock; ++id) {
    std::vector<double>& column = block.columns.emplace_back();
    block.series.push_back(id);
    double integer = std::uniform_int_distribution<>(0, 100'000)(random);
    for (int t = 0; t < 600; ++t) {
      const bool moves = id % 4 != 0 && random() % 3 == 0;
      if (moves)
        integer += id % 2 == 0 ? static_cast<int>(random() % 41) - 20 : static_cast<int>(random() % 30);
      column.push_back(id % 3 == 0 ? integer * 4096 : id % 3 == 1 ? integer / 100 : integer);
    }
  }
  return block;
}

std::vector<Block> blocks_to_measure() {
  const char* path = std::getenv("ULLAGE_BENCH_RUN");
  if (path == nullptr) return {made_up_block()};
  std::vector<Block> blocks;
  auto database = history::Database::open(path, history::Database::Access::read);
  check(database.has_value(), "ULLAGE_BENCH_RUN is a run's file");
  auto select = database->prepare("SELECT bytes FROM blocks");
  check(select.has_value(), "ULLAGE_BENCH_RUN is a run's file");
  while (select->step().value_or(false)) {
    auto block = history::decode(select->blob(0));
    check(block.has_value(), "its blocks are whole");
    blocks.push_back(std::move(*block));
  }
  return blocks;
}

std::size_t count_samples(const std::vector<Block>& blocks) {
  std::size_t samples = 0;
  for (const Block& block : blocks) samples += block.times_ms.size() * block.series.size();
  return samples;
}

void per_sample(benchmark::State& state, std::size_t samples) {
  state.SetItemsProcessed(static_cast<std::int64_t>(samples) * state.iterations());
}

void encode(benchmark::State& state) {
  const std::vector<Block> blocks = blocks_to_measure();
  std::size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const Block& block : blocks) bytes += history::encode(block).size();
  }
  per_sample(state, count_samples(blocks));
  state.counters["bytes_a_sample"] = static_cast<double>(bytes) / static_cast<double>(count_samples(blocks));
}
BENCHMARK(encode);

void decode(benchmark::State& state) {
  const std::vector<Block> blocks = blocks_to_measure();
  std::vector<std::string> encoded;
  for (const Block& block : blocks) encoded.push_back(history::encode(block));
  for (auto _ : state)
    for (const std::string& bytes : encoded) benchmark::DoNotOptimize(history::decode(bytes));
  per_sample(state, count_samples(blocks));
}
BENCHMARK(decode);

// As a run of 50 processes lives: a tick of 980 series and a flush, again and again.
void append_and_flush(benchmark::State& state) {
  auto folder = history::ScratchFolder::make();
  check(folder.has_value(), "a temporary folder");
  auto writer = history::SeriesWriter::create(folder->path() + "/run", 1, 1);
  check(writer.has_value(), "a new file");
  metric::SeriesTable table;
  metric::Tick tick;
  constexpr int kSeries = 980;
  for (int i = 0; i < kSeries; ++i)
    tick.add(table.id("ullage_run_used_bytes", {{"n", std::to_string(i)}}), 0);
  std::mt19937 random(1);
  for (auto _ : state) {
    tick.time_ms += 1000;
    for (std::size_t i = 0; i < tick.values.size(); i += 1 + random() % 4) tick.values[i].value += 4096;
    writer->append(tick, table);
    benchmark::DoNotOptimize(writer->flush());
  }
  per_sample(state, kSeries);
}
BENCHMARK(append_and_flush)->Unit(benchmark::kMillisecond);

// What a run of `true` pays: a file, two ticks, the end.
void create_and_close(benchmark::State& state) {
  auto folder = history::ScratchFolder::make();
  check(folder.has_value(), "a temporary folder");
  metric::SeriesTable table;
  metric::Tick tick;
  for (int i = 0; i < 100; ++i) tick.add(table.id("ullage_run_used_bytes", {{"n", std::to_string(i)}}), i);
  const std::string path = folder->path() + "/run";
  for (auto _ : state) {
    auto writer = history::SeriesWriter::create(path, 1, 1);
    for (int i = 1; i <= 2; ++i) {
      tick.time_ms = i;
      writer->append(tick, table);
    }
    benchmark::DoNotOptimize(writer->close());
    std::filesystem::remove(path);
  }
}
BENCHMARK(create_and_close)->Unit(benchmark::kMillisecond);

}  // namespace
