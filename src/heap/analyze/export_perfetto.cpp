// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <protozero/pbf_writer.hpp>
#include <protozero/types.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/export.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

// Field numbers: protos/perfetto/trace of github.com/google/perfetto, trace_packet.proto,
// clock_snapshot.proto, ps/process_tree.proto, interned_data.proto, profiling/profile_common.proto and
// profile_packet.proto.
using Tag = protozero::pbf_tag_type;
constexpr Tag kTracePacket = 1;
constexpr Tag kPacketProcessTree = 2, kPacketClocks = 6, kPacketTimestamp = 8, kPacketSequence = 10,
              kPacketInterned = 12, kPacketFlags = 13, kPacketProfile = 37;
constexpr std::uint32_t kStateCleared = 1;
constexpr Tag kSnapshotClock = 1, kSnapshotPrimary = 2, kClockId = 1, kClockTimestamp = 2;
constexpr std::uint32_t kRealtime = 1, kMonotonicCoarse = 4, kBootTime = 6;
constexpr Tag kTreeProcess = 1, kProcessPid = 1, kProcessParent = 2, kProcessCommand = 3;
constexpr Tag kFunctionNames = 5, kFrames = 6, kCallstacks = 7, kBuildIds = 16, kMappingPaths = 17,
              kMappings = 19;
constexpr Tag kIid = 1, kString = 2;
constexpr Tag kMappingBuildId = 2, kMappingPath = 7;
constexpr Tag kFrameFunction = 2, kFrameMapping = 3, kFramePlace = 4;
constexpr Tag kCallstackFrames = 2;
constexpr Tag kProfileProcess = 5, kProfileIndex = 7;
constexpr Tag kDumpPid = 1, kDumpSample = 2, kDumpFromStart = 3, kDumpTimestamp = 9;
constexpr Tag kSampleCallstack = 1, kSampleAllocated = 2, kSampleFreed = 3, kSampleAllocations = 5,
              kSampleFrees = 6;
constexpr std::uint32_t kSequence = 1;

std::uint64_t nanos(std::int64_t time_ms) { return static_cast<std::uint64_t>(time_ms) * 1'000'000; }
std::uint64_t whole(double amount) {
  return amount <= 0 ? 0 : static_cast<std::uint64_t>(std::llround(amount));
}

void add_text(protozero::pbf_writer& interned, Tag table, std::uint64_t iid, std::string_view text) {
  protozero::pbf_writer entry(interned, table);
  entry.add_uint64(kIid, iid);
  entry.add_string(kString, valid_utf8(text));
}

// All clocks as one: the dumps carry the time of a day, which the viewer takes for any of them.
void add_clocks(protozero::pbf_writer& trace, std::uint64_t now) {
  protozero::pbf_writer packet(trace, kTracePacket);
  packet.add_uint64(kPacketTimestamp, now);
  packet.add_uint32(kPacketSequence, kSequence);
  packet.add_uint32(kPacketFlags, kStateCleared);
  protozero::pbf_writer clocks(packet, kPacketClocks);
  for (const std::uint32_t id : {kRealtime, kMonotonicCoarse, kBootTime}) {
    protozero::pbf_writer clock(clocks, kSnapshotClock);
    clock.add_uint32(kClockId, id);
    clock.add_uint64(kClockTimestamp, now);
  }
  clocks.add_int32(kSnapshotPrimary, static_cast<std::int32_t>(kBootTime));
}

void add_processes(protozero::pbf_writer& trace, std::span<const Profile> profiles) {
  protozero::pbf_writer packet(trace, kTracePacket);
  packet.add_uint64(kPacketTimestamp, nanos(profiles[0].started_ms));
  packet.add_uint32(kPacketSequence, kSequence);
  protozero::pbf_writer tree(packet, kPacketProcessTree);
  for (const Profile& profile : profiles) {
    protozero::pbf_writer process(tree, kTreeProcess);
    process.add_int32(kProcessPid, static_cast<std::int32_t>(profile.pid));
    process.add_int32(kProcessParent, static_cast<std::int32_t>(profile.parent_pid));
    process.add_string(kProcessCommand, valid_utf8(profile.program));
  }
}

// Everything that the dumps name by number: node n is call stack n.
void add_names(protozero::pbf_writer& trace, const Calls& calls, std::uint64_t now) {
  protozero::pbf_writer packet(trace, kTracePacket);
  packet.add_uint64(kPacketTimestamp, now);
  packet.add_uint32(kPacketSequence, kSequence);
  protozero::pbf_writer interned(packet, kPacketInterned);
  add_text(interned, kBuildIds, 1, "");
  std::map<std::string, std::uint64_t> modules;
  for (std::size_t i = 0; i < calls.frames.size(); ++i) {
    const Frame& frame = calls.frames[i];
    const auto [module, is_new] = modules.try_emplace(frame.module, modules.size() + 1);
    if (is_new) {
      add_text(interned, kMappingPaths, module->second, frame.module);
      protozero::pbf_writer mapping(interned, kMappings);
      mapping.add_uint64(kIid, module->second);
      mapping.add_uint64(kMappingBuildId, 1);
      mapping.add_uint64(kMappingPath, module->second);
    }
    add_text(interned, kFunctionNames, i + 1, frame.function);
    protozero::pbf_writer one(interned, kFrames);
    one.add_uint64(kIid, i + 1);
    one.add_uint64(kFrameFunction, i + 1);
    one.add_uint64(kFrameMapping, module->second);
    one.add_uint64(kFramePlace, i + 1);  // no address is known; it must differ from frame to frame
  }
  for (std::uint32_t node = 1; node < calls.nodes.size(); ++node) {
    std::vector<std::uint64_t> frames;
    for (std::uint32_t at = node; at != 0; at = calls.nodes[at].parent)
      frames.insert(frames.begin(), calls.nodes[at].frame + 1);
    protozero::pbf_writer callstack(interned, kCallstacks);
    callstack.add_uint64(kIid, node);
    for (const std::uint64_t frame : frames) callstack.add_uint64(kCallstackFrames, frame);
  }
}

struct Dump {
  const Profile& profile;
  std::size_t number;  // of the profile
  Moment at;
  std::int64_t time_ms;
};

void add_dump(protozero::pbf_writer& trace, const Calls& calls, const Dump& dump, std::uint64_t index) {
  const std::span<const Profile> one(&dump.profile, 1);
  const auto allocated =
      amounts_by_node(calls, one, {.measure = Measure::allocated, .at = dump.at}, dump.number);
  const auto living = amounts_by_node(calls, one, {.measure = Measure::living, .at = dump.at}, dump.number);
  protozero::pbf_writer packet(trace, kTracePacket);
  packet.add_uint64(kPacketTimestamp, nanos(dump.time_ms));
  packet.add_uint32(kPacketSequence, kSequence);
  protozero::pbf_writer profile(packet, kPacketProfile);
  profile.add_uint64(kProfileIndex, index);
  protozero::pbf_writer process(profile, kProfileProcess);
  process.add_uint64(kDumpPid, dump.profile.pid);
  process.add_bool(kDumpFromStart, true);
  process.add_uint64(kDumpTimestamp, nanos(dump.time_ms));
  for (std::uint32_t node = 1; node < calls.nodes.size(); ++node) {
    if (allocated[node].is_nothing() && living[node].is_nothing()) continue;
    protozero::pbf_writer sample(process, kDumpSample);
    sample.add_uint64(kSampleCallstack, node);
    sample.add_uint64(kSampleAllocated, whole(allocated[node].bytes));
    sample.add_uint64(kSampleFreed, whole(allocated[node].bytes - living[node].bytes));
    sample.add_uint64(kSampleAllocations, whole(allocated[node].count));
    sample.add_uint64(kSampleFrees, whole(allocated[node].count - living[node].count));
  }
}

}  // namespace

std::string export_perfetto(std::span<const Profile> profiles) {
  std::string bytes;
  if (profiles.empty()) return bytes;
  const Calls calls = join_calls(profiles);
  const std::uint64_t begin = nanos(profiles[0].started_ms);
  protozero::pbf_writer trace(bytes);
  add_clocks(trace, begin);
  add_processes(trace, profiles);
  add_names(trace, calls, begin);
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const Profile& profile = profiles[i];
    if (profile.peak_slot + 1 < profile.slot_ends_ms.size())
      add_dump(trace, calls, {profile, i, {Moment::Kind::peak}, profile.slot_ends_ms[profile.peak_slot]},
               index++);
    add_dump(trace, calls, {profile, i, {Moment::Kind::exit}, profile.ended_ms}, index++);
  }
  return bytes;
}

}  // namespace ullage::heap
