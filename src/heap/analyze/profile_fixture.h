// SPDX-License-Identifier: Apache-2.0
// For tests: a Profile out of blocks with known lives, exact or sampled as the profiler would (a block of s
// bytes is seen with probability 1 - exp(-s/mean)).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "heap/profile.h"

namespace ullage::heap {

constexpr double kForever = std::numeric_limits<double>::infinity();

struct Block {
  std::string stack = "main;work";  // outermost first; "name@file:line" names a place
  double born_seconds = 0;
  double died_seconds = kForever;
  double bytes = 100;
  std::uint32_t thread = 0;
  AllocationKind kind = AllocationKind::block;
  bool is_lost = false;
  bool is_temporary = false;
};

struct ProfileShape {
  double seconds = 60;
  std::uint32_t slots = 300;
  double mean_bytes = 0;  // 0: exact
  std::uint64_t seed = 1;
  std::int64_t started_ms = 1'700'000'000'000;
  std::uint32_t pid = 100;
  bool knows_reach = true;
};

class ProfileBuilder {
 public:
  explicit ProfileBuilder(const ProfileShape& shape) : shape_(shape), random_(shape.seed) {
    profile_.pid = shape.pid;
    profile_.program = "/usr/bin/example";
    profile_.is_exact = shape.mean_bytes == 0;
    profile_.mean_bytes = static_cast<std::uint64_t>(shape.mean_bytes);
    profile_.has_ended_by_exit = true;
    profile_.temporary_within = 8;
    profile_.started_ms = shape.started_ms;
    profile_.nodes.push_back({});
    for (std::uint32_t slot = 1; slot <= shape.slots; ++slot)
      profile_.slot_ends_ms.push_back(shape.started_ms + static_cast<std::int64_t>(std::llround(
                                                             shape.seconds * 1000 * slot / shape.slots)));
    profile_.ended_ms = profile_.slot_ends_ms.back();
  }

  void add(const Block& block) {
    const double weight = weigh(block.bytes);
    if (weight == 0) return;
    const std::uint32_t site = site_of(block);
    const double variance = weight * (weight - 1) * block.bytes * block.bytes;
    const std::uint32_t birth = slot_at(block.born_seconds);
    Change& born = changes_[{birth, site}];
    ++born.samples;
    born.allocated_count += weight;
    born.allocated_bytes += weight * block.bytes;
    born.allocated_variance += variance;
    if (block.died_seconds <= shape_.seconds) {
      Change& died = changes_[{slot_at(block.died_seconds), site}];
      died.freed_count += weight;
      died.freed_bytes += weight * block.bytes;
      died.freed_variance += variance;
      if (block.is_temporary) died.temporary_count += weight;
      return;
    }
    const Reach reach = !shape_.knows_reach ? Reach::unknown : block.is_lost ? Reach::lost : Reach::reachable;
    Living& living = living_[{site, birth, reach}];
    ++living.samples;
    living.count += weight;
    living.bytes += weight * block.bytes;
    living.variance += variance;
  }

  Profile take() {
    for (auto& [key, change] : changes_) {
      std::tie(change.slot, change.site) = key;
      profile_.changes.push_back(change);
    }
    for (auto& [key, living] : living_) {
      std::tie(living.site, living.birth_slot, living.reach) = key;
      profile_.living.push_back(living);
    }
    profile_.peak_slot = fullest_slot(profile_);
    return std::move(profile_);
  }

 private:
  double weigh(double bytes) {
    if (shape_.mean_bytes == 0) return 1;
    const double chance = -std::expm1(-bytes / shape_.mean_bytes);
    return std::uniform_real_distribution<double>(0, 1)(random_) < chance ? 1 / chance : 0;
  }
  std::uint32_t slot_at(double seconds) const {
    const double slot = std::ceil(seconds / shape_.seconds * shape_.slots) - 1;
    return static_cast<std::uint32_t>(std::clamp(slot, 0.0, static_cast<double>(shape_.slots - 1)));
  }
  std::uint32_t node_of(std::string_view stack) {
    std::uint32_t node = 0;
    while (!stack.empty()) {
      const std::size_t end = stack.find(';');
      node = child(node, std::string(stack.substr(0, end)));
      stack = end == std::string_view::npos ? std::string_view() : stack.substr(end + 1);
    }
    return node;
  }
  std::uint32_t child(std::uint32_t parent, const std::string& word) {
    const auto [at, is_new] = children_.try_emplace({parent, word}, profile_.nodes.size());
    if (is_new) profile_.nodes.push_back({parent, frame_of(word)});
    return at->second;
  }
  std::uint32_t frame_of(const std::string& word) {
    const auto [at, is_new] = frames_.try_emplace(word, profile_.frames.size());
    if (!is_new) return at->second;
    Frame frame;
    frame.function = word;
    frame.module = "example";
    if (const std::size_t place = word.find('@'); place != std::string::npos) {
      const std::size_t colon = word.find(':', place);
      frame.function = word.substr(0, place);
      frame.file = word.substr(place + 1, colon - place - 1);
      for (const char digit : word.substr(colon + 1))
        frame.line = frame.line * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    profile_.frames.push_back(frame);
    return at->second;
  }
  std::uint32_t site_of(const Block& block) {
    while (profile_.threads.size() <= block.thread)
      profile_.threads.push_back("thread " + std::to_string(profile_.threads.size()));
    const auto size_class = static_cast<std::uint8_t>(std::ceil(std::log2(std::max(1.0, block.bytes))));
    const auto key = std::tuple(node_of(block.stack), block.kind, size_class, block.thread);
    const auto [at, is_new] = sites_.try_emplace(key, profile_.sites.size());
    if (is_new) profile_.sites.push_back({std::get<0>(key), block.kind, size_class, block.thread});
    return at->second;
  }
  ProfileShape shape_;
  std::mt19937_64 random_;
  Profile profile_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> children_;
  std::map<std::string, std::uint32_t> frames_;
  std::map<std::tuple<std::uint32_t, AllocationKind, std::uint8_t, std::uint32_t>, std::uint32_t> sites_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Change> changes_;  // by slot, then site
  std::map<std::tuple<std::uint32_t, std::uint32_t, Reach>, Living> living_;
};

inline Profile profile_of(const std::vector<Block>& blocks, const ProfileShape& shape = {}) {
  ProfileBuilder builder(shape);
  for (const Block& block : blocks) builder.add(block);
  return builder.take();
}

}  // namespace ullage::heap
