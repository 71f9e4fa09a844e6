// SPDX-License-Identifier: Apache-2.0
// What one query may use, counted while it runs: samples, series, bytes, time. Each limit that is crossed is
// an error that names the limit. Bytes are those of the tables of values, which is where a query's memory
// goes; HeldBytes gives them back when a table dies.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "base/result.h"

namespace ullage::query {

struct Limits {
  std::uint64_t samples_max = 200'000'000;  // read from the source, all selectors together
  std::uint64_t series_max = 1'000'000;     // selected, all selectors together
  std::uint64_t steps_max = 1'000'000;      // of a range or a subquery
  std::uint64_t bytes_max = 2ULL << 30;
  std::size_t depth_max = 500;         // of the expression
  std::size_t regex_bytes_max = 4096;  // of each regular expression
};

// How a query ends early. Both are looked at often.
struct Stop {
  const std::atomic<bool>* cancelled = nullptr;
  std::function<bool()> expired = {};  // says whether the time is up, by the caller's clock
};

class Budget {
 public:
  Budget(const Limits& limits, const Stop& stop) : limits_(limits), stop_(stop) {}

  const Limits& limits() const { return limits_; }
  std::uint64_t samples() const { return samples_; }
  Result<void> alive() const;  // an error when it was cancelled or its time is up
  Result<void> take_samples(std::uint64_t samples);
  Result<void> take_series();
  Result<void> check_steps(std::uint64_t steps) const;
  Result<void> check_regex(std::string_view pattern) const;
  Result<void> check_depth(std::size_t depth) const;
  bool hold(std::size_t bytes);
  void release(std::size_t bytes) { bytes_ -= bytes; }
  tl::unexpected<Error> out_of_bytes() const;

 private:
  const Limits& limits_;
  const Stop& stop_;
  std::uint64_t samples_ = 0, series_ = 0;
  std::size_t bytes_ = 0;
};

// Some bytes of a budget, given back at the end of its life.
class HeldBytes {
 public:
  HeldBytes() = default;
  explicit HeldBytes(Budget& budget) : budget_(&budget) {}
  HeldBytes(HeldBytes&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  HeldBytes& operator=(HeldBytes&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  HeldBytes(const HeldBytes&) = delete;
  HeldBytes& operator=(const HeldBytes&) = delete;
  ~HeldBytes() {
    if (budget_ != nullptr) budget_->release(bytes_);
  }
  bool add(std::size_t bytes) {
    if (!budget_->hold(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  Budget& budget() const { return *budget_; }

 private:
  Budget* budget_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace ullage::query
