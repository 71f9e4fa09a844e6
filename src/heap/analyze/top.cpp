// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/top.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/units.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/peak.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

std::string_view kind_name(AllocationKind kind) {
  switch (kind) {
    case AllocationKind::block:
      return "heap";
    case AllocationKind::anonymous_mapping:
      return "mapped memory";
    case AllocationKind::file_mapping:
      return "mapped files and shared memory";
  }
  return {};
}

std::string size_name(std::uint8_t size_class) {
  if (size_class == 0) return "up to 1 B";
  return "up to " + format_bytes(std::exp2(size_class));
}

// Outermost last, as numbers of frames.
std::vector<std::uint32_t> frames_of(const Profile& profile, std::uint32_t node) {
  std::vector<std::uint32_t> frames;
  for (; node != 0; node = profile.nodes[node].parent) frames.push_back(profile.nodes[node].frame);
  return frames;
}

class Gatherer {
 public:
  explicit Gatherer(By by) : by_(by) {}

  void add(const Profile& profile, std::span<const Amount> amounts) {
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      if (amounts[i].is_nothing()) continue;
      const Site& site = profile.sites[i];
      switch (by_) {
        case By::site:
        case By::function:
        case By::module:
          add_stack(profile, frames_of(profile, site.node), amounts[i]);
          break;
        case By::thread:
          add_one(site.thread < profile.threads.size() ? profile.threads[site.thread] : "unknown",
                  amounts[i]);
          break;
        case By::size:
          add_one(size_name(site.size_class), amounts[i]);
          break;
        case By::process:
          add_one(fmt::format("{} ({})", profile.pid, profile.program.substr(profile.program.rfind('/') + 1)),
                  amounts[i]);
          break;
        case By::kind:
          add_one(std::string(kind_name(site.kind)), amounts[i]);
          break;
      }
    }
  }

  std::vector<TopRow> take(Measure measure) {
    std::vector<TopRow> rows;
    for (auto& [key, row] : rows_)
      if (!row.own.is_nothing() || !row.with_callees.is_nothing()) rows.push_back(std::move(row));
    const auto weight = [measure](const TopRow& row) {
      return measure == Measure::temporary ? row.own.count : row.own.bytes;
    };
    std::ranges::sort(rows, [&](const TopRow& a, const TopRow& b) {
      if (weight(a) != weight(b)) return weight(a) > weight(b);
      if (a.with_callees.bytes != b.with_callees.bytes) return a.with_callees.bytes > b.with_callees.bytes;
      return std::tie(a.name, a.place, a.stack) < std::tie(b.name, b.place, b.stack);
    });
    return rows;
  }

 private:
  void add_one(const std::string& name, const Amount& amount) {
    TopRow& row = rows_[name];
    row.name = name;
    row.own += amount;
    row.with_callees += amount;
  }

  void add_stack(const Profile& profile, const std::vector<std::uint32_t>& frames, const Amount& amount) {
    if (frames.empty()) return add_one("unknown", amount);
    std::size_t blamed = 0;
    while (blamed < frames.size() && is_plumbing(profile.frames[frames[blamed]])) ++blamed;
    if (blamed == frames.size()) blamed = 0;
    const Frame& frame = profile.frames[frames[blamed]];
    if (by_ == By::site) return add_site(profile, std::span(frames).subspan(blamed), amount);
    if (by_ == By::module) return add_one(frame.module.empty() ? "unknown" : frame.module, amount);
    std::set<std::string> seen;  // a function that calls itself has its part once
    for (std::size_t i = blamed; i < frames.size(); ++i) {
      const Frame& caller = profile.frames[frames[i]];
      std::string key = caller.function + '\0' + caller.module;
      if (!seen.insert(key).second) continue;
      TopRow& row = rows_[key];
      row.name = caller.function;
      if (row.place.empty())
        row.place = caller.file.empty() ? caller.module : place_text({.file = caller.file});
      if (i == blamed) row.own += amount;
      row.with_callees += amount;
    }
  }

  void add_site(const Profile& profile, std::span<const std::uint32_t> frames, const Amount& amount) {
    std::string key;
    for (const std::uint32_t number : frames) {
      const Frame& frame = profile.frames[number];
      key += fmt::format("{}\n{}\n{}\n{}\n", frame.function, frame.file, frame.line, frame.module);
    }
    TopRow& row = rows_[key];
    if (row.stack.empty()) {
      row.name = profile.frames[frames[0]].function;
      row.place = place_text(profile.frames[frames[0]]);
      for (const std::uint32_t number : frames) row.stack.push_back(profile.frames[number]);
    }
    row.own += amount;
    row.with_callees += amount;
  }

  By by_;
  std::map<std::string, TopRow> rows_;
};

}  // namespace

Top top_of(std::span<const Profile> profiles, const Question& question, By by) {
  Top top{.question = with_shared_peak(question, profiles), .by = by};
  Gatherer gatherer(by);
  for (const Profile& profile : profiles) {
    const std::vector<Amount> amounts = amounts_of(profile, top.question);
    gatherer.add(profile, amounts);
    for (const Amount& amount : amounts) top.all += amount;
    top.is_exact = top.is_exact && profile.is_exact;
  }
  top.all.greatest_of = moments_like_the_peak(profiles, question, top.all);
  top.rows = gatherer.take(question.measure);
  return top;
}

std::string_view name_of(Measure measure) {
  switch (measure) {
    case Measure::living:
      return "living";
    case Measure::growth:
      return "growth";
    case Measure::allocated:
      return "allocated";
    case Measure::temporary:
      return "temporary";
  }
  return {};
}

}  // namespace ullage::heap
