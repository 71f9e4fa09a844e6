// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/interpret.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "heap/interpret/heap_file.h"
#include "heap/interpret/sums.h"
#include "heap/interpret/symbols.h"
#include "heap/profile.h"
#include "heap/track/format.h"

namespace ullage::heap {

namespace {

constexpr std::size_t kLostFileBytesMax = 256 << 20;
constexpr std::string_view kHeapEnding = ".heap";
constexpr std::string_view kProfiler = "libullage_heap.so";

// Gives values numbers in the order in which they come.
template <class Value>
class Numbers {
 public:
  std::uint32_t of(const Value& value) {
    return numbers_.try_emplace(value, static_cast<std::uint32_t>(numbers_.size())).first->second;
  }
  std::vector<Value> by_number() const {
    std::vector<Value> values(numbers_.size());
    for (const auto& [value, number] : numbers_) values[number] = value;
    return values;
  }

 private:
  std::map<Value, std::uint32_t> numbers_;
};

// A total as it grows, told in whole units: what was told so far is never off by more than half of one.
class RoundedTotal {
 public:
  double tell(double more, double unit) {
    exact_ += more;
    const double rounded = std::round(exact_ / unit) * unit;
    return rounded - std::exchange(told_, rounded);
  }

 private:
  double exact_ = 0, told_ = 0;
};

// Estimates need not be told to the last bit, and so fold into half the bytes. Of a site it is its totals
// that are rounded, so that what it holds at a moment does not drift off with the number of slots before.
void round_estimates(std::vector<Change>& changes, std::size_t sites) {
  constexpr double kCountUnit = 1.0 / 256;
  constexpr double kByte = 1;
  std::vector<std::array<RoundedTotal, 4>> totals(sites);
  for (Change& change : changes) {
    auto& [allocated_count, allocated_bytes, freed_count, freed_bytes] = totals[change.site];
    change.allocated_count = allocated_count.tell(change.allocated_count, kCountUnit);
    change.allocated_bytes = allocated_bytes.tell(change.allocated_bytes, kByte);
    change.freed_count = freed_count.tell(change.freed_count, kCountUnit);
    change.freed_bytes = freed_bytes.tell(change.freed_bytes, kByte);
    for (double* value : {&change.temporary_count, &change.allocated_variance, &change.freed_variance})
      *value = static_cast<double>(static_cast<float>(*value));
  }
}

class Building {
 public:
  Building(RawProfile raw, Symbols& symbols) : raw_(std::move(raw)), symbols_(symbols) {}

  Profile build() {
    // The root's number is not a site's; 0 stands for "none yet".
    sites_of_nodes_.resize(raw_.nodes.size(), kNone);
    places_.resize(raw_.nodes.size());
    Profile& profile = raw_.profile;
    profile.nodes.emplace_back();
    for (Change& change : profile.changes) change.site = site_of(change.site);
    for (Living& living : profile.living) {
      if (living.reach == Reach::lost && is_of_the_loader(living.site)) living.reach = Reach::reachable;
      living.site = site_of(living.site);
    }
    profile.changes = Sums(std::move(profile.changes)).take();
    if (!profile.is_exact) round_estimates(profile.changes, profile.sites.size());
    profile.peak_slot = fullest_slot(profile);
    profile.living = Sums(std::move(profile.living)).take();
    profile.frames = frames_.by_number();
    profile.threads = threads_.by_number();
    profile.problems.insert(profile.problems.end(), module_problems_.begin(), module_problems_.end());
    return std::move(raw_.profile);
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Where a node of the file lies: a call in the tree of frames, and the thread.
  struct Place {
    std::uint32_t call = 0;
    std::uint32_t thread = kNone;
    bool is_known = false;
  };
  using SiteKey = std::tuple<std::uint32_t, AllocationKind, std::uint8_t, std::uint32_t>;

  std::uint32_t site_of(std::uint32_t node);
  std::string_view module_name(file::PackedFrame place) const;
  bool is_of_the_loader(std::uint32_t node) const;
  bool is_the_profilers(file::PackedFrame place) const { return module_name(place) == kProfiler; }
  Place place_of(std::uint32_t node);
  void extend(Place& place, file::PackedFrame frame);
  std::uint32_t child_of(std::uint32_t call, std::uint32_t frame);
  const std::vector<std::uint32_t>& frames_of(file::PackedFrame place);
  std::vector<Frame> name(file::PackedFrame place);
  std::string thread_name(std::uint32_t number) const;

  RawProfile raw_;
  Symbols& symbols_;
  std::vector<std::uint32_t> sites_of_nodes_;
  std::vector<Place> places_;
  std::map<SiteKey, std::uint32_t> sites_;
  std::unordered_map<std::uint64_t, std::uint32_t> calls_;  // by parent and frame
  std::unordered_map<file::PackedFrame, std::vector<std::uint32_t>> named_;
  Numbers<Frame> frames_;
  Numbers<std::string> threads_;
  std::set<std::string> module_problems_;
};

std::uint32_t Building::site_of(std::uint32_t node) {
  std::uint32_t& known = sites_of_nodes_[node];
  if (known != kNone) return known;
  const file::PackedFrame frame = raw_.nodes[node].frame;
  Place place = place_of(node);
  if (place.thread == kNone) place.thread = threads_.of("");
  Site site{.node = place.call, .thread = place.thread};
  const auto what = static_cast<file::OwnFrame>((frame & file::kOffsetMask) >> file::kOwnShift);
  if (what == file::OwnFrame::anonymous) site.kind = AllocationKind::anonymous_mapping;
  if (what == file::OwnFrame::file) site.kind = AllocationKind::file_mapping;
  if (what != file::OwnFrame::no_room && what != file::OwnFrame::thread)
    site.size_class = static_cast<std::uint8_t>(
        std::min<std::uint64_t>(frame & ((std::uint64_t{1} << file::kOwnShift) - 1), 64));
  std::vector<Site>& sites = raw_.profile.sites;
  const auto [at, is_new] = sites_.try_emplace({site.node, site.kind, site.size_class, site.thread},
                                               static_cast<std::uint32_t>(sites.size()));
  if (is_new) sites.push_back(site);
  return known = at->second;
}

std::string_view Building::module_name(file::PackedFrame place) const {
  const auto module = raw_.modules.find(static_cast<std::uint32_t>(place >> file::kModuleShift));
  if (module == raw_.modules.end()) return {};
  const std::string_view path = module->second.path;
  return path.substr(path.rfind('/') + 1);
}

// What the dynamic loader keeps of threads and libraries it may hold from where nobody looks: libc puts the
// stacks of threads that have ended aside for others, and in them pointers to their thread-local storage.
bool Building::is_of_the_loader(std::uint32_t node) const {
  const std::string_view name = module_name(raw_.nodes[raw_.nodes[node].parent].frame);
  return name.starts_with("ld-linux") || name.starts_with("ld-2") || name.starts_with("ld-musl");
}

// From the nearest node above whose place is known, downwards: no recursion, since a stack may be deep.
Building::Place Building::place_of(std::uint32_t node) {
  std::vector<std::uint32_t> path;
  for (; node != 0 && !places_[node].is_known; node = raw_.nodes[node].parent) path.push_back(node);
  Place place = places_[node];
  for (; !path.empty(); path.pop_back()) {
    extend(place, raw_.nodes[path.back()].frame);
    place.is_known = true;
    places_[path.back()] = place;
  }
  return place;
}

void Building::extend(Place& place, file::PackedFrame frame) {
  if (frame >> file::kModuleShift != file::kOwnModule) {
    if (is_the_profilers(frame)) return;  // around main: none of the program's
    const std::vector<std::uint32_t>& inwards = frames_of(frame);
    for (auto at = inwards.rbegin(); at != inwards.rend(); ++at) place.call = child_of(place.call, *at);
    return;
  }
  const auto what = static_cast<file::OwnFrame>((frame & file::kOffsetMask) >> file::kOwnShift);
  if (what == file::OwnFrame::thread)
    place.thread = threads_.of(thread_name(static_cast<std::uint32_t>(frame)));
  if (what == file::OwnFrame::no_room)
    place.call = child_of(place.call, frames_.of({.function = "(no room)"}));
}

std::uint32_t Building::child_of(std::uint32_t call, std::uint32_t frame) {
  std::vector<CallNode>& nodes = raw_.profile.nodes;
  const auto [at, is_new] = calls_.try_emplace(std::uint64_t{call} << 32 | frame, nodes.size());
  if (is_new) nodes.push_back({.parent = call, .frame = frame});
  return at->second;
}

const std::vector<std::uint32_t>& Building::frames_of(file::PackedFrame place) {
  const auto [at, is_new] = named_.try_emplace(place);
  if (is_new)
    for (const Frame& frame : name(place)) at->second.push_back(frames_.of(frame));
  return at->second;
}

std::vector<Frame> Building::name(file::PackedFrame place) {
  const auto number = static_cast<std::uint32_t>(place >> file::kModuleShift);
  const std::uint64_t offset = place & file::kOffsetMask;
  const auto module = raw_.modules.find(number);
  if (number == 0) return {{.function = fmt::format("{:#x}", offset)}};
  if (module == raw_.modules.end()) return {{.function = fmt::format("(module {})+{:#x}", number, offset)}};
  std::vector<Frame> frames = symbols_.frames_of_call(module->second, offset);
  if (const std::string problem = symbols_.problem_of(module->second); !problem.empty())
    module_problems_.insert(problem);
  return frames;
}

std::string Building::thread_name(std::uint32_t number) const {
  const auto at = raw_.thread_names.find(number);
  return at == raw_.thread_names.end() ? fmt::format("thread {}", number) : at->second;
}

std::optional<std::uint64_t> to_address(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t address = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return address;
}

std::optional<LostBlocks> read_lost(const std::string& path) {
  const auto text = read_file(path, kLostFileBytesMax);
  if (!text) return std::nullopt;
  LostBlocks lost;
  for (std::string_view rest = *text; !rest.empty();)
    if (const auto address = to_address(trim(take_until(rest, '\n')))) lost.push_back(*address);
  std::ranges::sort(lost);
  return lost;
}

}  // namespace

Profile to_profile(RawProfile raw, Symbols& symbols) { return Building(std::move(raw), symbols).build(); }

Result<Profile> interpret(const std::string& path, Symbols& symbols) {
  std::string lost_path = path;
  if (lost_path.ends_with(kHeapEnding)) lost_path.resize(path.size() - kHeapEnding.size());
  const auto lost = read_lost(lost_path + ".lost");
  auto raw = read_heap_file(path, lost ? &*lost : nullptr);
  if (!raw) return pass_on(raw);
  return to_profile(std::move(*raw), symbols);
}

}  // namespace ullage::heap
