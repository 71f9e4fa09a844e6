// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <protozero/types.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/gzip.h"
#include "base/text.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/export.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/peak.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

// Field numbers: proto/profile.proto of github.com/google/pprof.
using Tag = protozero::pbf_tag_type;
constexpr Tag kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4, kFunction = 5, kStringTable = 6,
              kTimeNanos = 9, kDurationNanos = 10, kPeriodType = 11, kPeriod = 12, kDefaultSampleType = 14;
constexpr Tag kTypeName = 1, kTypeUnit = 2;
constexpr Tag kSampleLocations = 1, kSampleValues = 2, kSampleLabel = 3;
constexpr Tag kLabelKey = 1, kLabelNumber = 3;
constexpr Tag kMappingId = 1, kMappingStart = 2, kMappingLimit = 3, kMappingFile = 5,
              kMappingHasFunctions = 7;
constexpr Tag kLocationId = 1, kLocationMapping = 2, kLocationAddress = 3, kLocationLine = 4;
constexpr Tag kLineFunction = 1, kLineNumber = 2;
constexpr Tag kFunctionId = 1, kFunctionName = 2, kFunctionSystemName = 3, kFunctionFile = 4;

constexpr std::int64_t kNanosInMilli = 1'000'000;

class PprofWriter {
 public:
  PprofWriter() : message_(bytes_) { text(""); }

  void add_types() {
    for (const auto& [name, unit] : {std::pair("alloc_objects", "count"), std::pair("alloc_space", "bytes"),
                                     std::pair("inuse_objects", "count"), std::pair("inuse_space", "bytes")})
      add_type(kSampleType, name, unit);
    message_.add_int64(kDefaultSampleType, text("inuse_space"));
  }

  void add_times(std::span<const Profile> profiles) {
    if (profiles.empty()) return;
    const std::int64_t begin = std::ranges::min(profiles, {}, &Profile::started_ms).started_ms;
    const std::int64_t end = std::ranges::max(profiles, {}, &Profile::ended_ms).ended_ms;
    message_.add_int64(kTimeNanos, begin * kNanosInMilli);
    message_.add_int64(kDurationNanos, (end - begin) * kNanosInMilli);
    add_type(kPeriodType, "space", "bytes");
    message_.add_int64(kPeriod,
                       static_cast<std::int64_t>(std::max<std::uint64_t>(1, profiles[0].mean_bytes)));
  }

  void add_process(const Calls& calls, std::span<const Amount> allocated, std::span<const Amount> living,
                   std::uint32_t pid) {
    for (std::uint32_t node = 1; node < calls.nodes.size(); ++node) {
      if (allocated[node].is_nothing() && living[node].is_nothing()) continue;
      std::vector<std::uint64_t> locations;
      for (std::uint32_t at = node; at != 0; at = calls.nodes[at].parent)
        locations.push_back(calls.nodes[at].frame + 1);
      const std::vector<std::int64_t> values{
          std::llround(allocated[node].count), std::llround(allocated[node].bytes),
          std::llround(living[node].count), std::llround(living[node].bytes)};
      protozero::pbf_writer sample(message_, kSample);
      sample.add_packed_uint64(kSampleLocations, locations.begin(), locations.end());
      sample.add_packed_int64(kSampleValues, values.begin(), values.end());
      protozero::pbf_writer label(sample, kSampleLabel);
      label.add_int64(kLabelKey, text("pid"));
      label.add_int64(kLabelNumber, pid);
    }
  }

  // One location a frame; it has no address of its own, so its number stands for one.
  // The first mapping is taken for the program.
  void add_places(std::span<const Frame> frames, const std::string& program) {
    std::map<std::string, std::uint64_t> modules{{program, 1}};
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const Frame& frame = frames[i];
      const auto module = modules.try_emplace(frame.module, modules.size() + 1).first->second;
      {
        protozero::pbf_writer function(message_, kFunction);
        function.add_uint64(kFunctionId, i + 1);
        function.add_int64(kFunctionName, text(frame.function));
        function.add_int64(kFunctionSystemName, text(frame.function));
        function.add_int64(kFunctionFile, text(frame.file));
      }
      protozero::pbf_writer location(message_, kLocation);
      location.add_uint64(kLocationId, i + 1);
      location.add_uint64(kLocationMapping, module);
      location.add_uint64(kLocationAddress, i + 1);
      protozero::pbf_writer line(location, kLocationLine);
      line.add_uint64(kLineFunction, i + 1);
      line.add_int64(kLineNumber, frame.line);
    }
    std::vector<std::pair<std::uint64_t, std::string>> by_number;
    for (const auto& [name, number] : modules) by_number.emplace_back(number, name);
    std::ranges::sort(by_number);
    for (const auto& [number, name] : by_number) {
      protozero::pbf_writer mapping(message_, kMapping);
      mapping.add_uint64(kMappingId, number);
      mapping.add_uint64(kMappingStart, 0);
      mapping.add_uint64(kMappingLimit, frames.size() + 1);
      mapping.add_int64(kMappingFile, text(name));
      mapping.add_bool(kMappingHasFunctions, true);
    }
  }

  std::string take() {
    for (const std::string& one : texts_) message_.add_string(kStringTable, one);
    return gzip(bytes_, Packing::small);
  }

 private:
  std::int64_t text(const std::string& wanted) {
    const auto [at, is_new] = numbers_.try_emplace(wanted, texts_.size());
    if (is_new) texts_.push_back(valid_utf8(wanted));
    return static_cast<std::int64_t>(at->second);
  }
  void add_type(Tag tag, const char* name, const char* unit) {
    const std::int64_t name_number = text(name);
    const std::int64_t unit_number = text(unit);
    protozero::pbf_writer type(message_, tag);
    type.add_int64(kTypeName, name_number);
    type.add_int64(kTypeUnit, unit_number);
  }

  std::string bytes_;
  protozero::pbf_writer message_;
  std::vector<std::string> texts_;
  std::map<std::string, std::size_t> numbers_;
};

}  // namespace

std::string export_pprof(std::span<const Profile> profiles, const Moment& at) {
  const Calls calls = join_calls(profiles);
  const Question living = with_shared_peak({.measure = Measure::living, .at = at}, profiles);
  PprofWriter writer;
  writer.add_types();
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const auto one = profiles.subspan(i, 1);
    writer.add_process(calls, amounts_by_node(calls, one, {.measure = Measure::allocated}, i),
                       amounts_by_node(calls, one, living, i), profiles[i].pid);
  }
  const std::string program = profiles.empty() ? "" : profiles[0].program;
  writer.add_places(calls.frames, program.substr(program.rfind('/') + 1));
  writer.add_times(profiles);
  return writer.take();
}

}  // namespace ullage::heap
