// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/profile_codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "heap/interpret/profile_columns.h"
#include "heap/profile.h"
#include "history/envelope.h"

namespace ullage::heap {

namespace {

constexpr std::string_view kMagic = "UHP\x01";
constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 30;
constexpr std::size_t kFrameTextBytesMax = 512 << 20;
constexpr std::uint64_t kNoLimit = UINT64_MAX;
constexpr std::uint64_t kCountMax = std::uint64_t{1} << 32;

using Texts = std::map<std::string_view, std::uint64_t>;

void write_texts(ColumnWriter& out, const Profile& profile, Texts& texts) {
  for (const Frame& frame : profile.frames)
    for (const std::string* text : {&frame.function, &frame.file, &frame.module}) texts.try_emplace(*text, 0);
  out.number(texts.size());
  std::uint64_t number = 0;
  for (auto& [text, its_number] : texts) {
    out.text(text);
    its_number = number++;
  }
}

void write_head(ColumnWriter& out, const Profile& profile) {
  out.number(profile.version);
  out.number(profile.pid);
  out.number(profile.parent_pid);
  out.number(profile.is_forked ? 1 : 0);
  out.number(profile.has_ended_by_exit ? 1 : 0);
  out.number(profile.is_exact ? 1 : 0);
  out.number(profile.mean_bytes);
  out.number(profile.temporary_within);
  out.text(profile.program);
  out.signed_number(profile.started_ms);
  out.signed_number(profile.ended_ms);
  out.number(profile.peak_slot);
  for (const std::uint64_t lost :
       {profile.losses.no_room, profile.losses.in_signal, profile.losses.cut_stacks,
        profile.losses.shared_stacks, profile.losses.raised_means})
    out.number(lost);
  for (const auto* texts : {&profile.threads, &profile.problems}) {
    out.number(texts->size());
    for (const std::string& text : *texts) out.text(text);
  }
}

void read_head(ColumnReader& in, Profile& profile) {
  profile.version = static_cast<std::uint32_t>(in.below(kCountMax));
  profile.pid = static_cast<std::uint32_t>(in.below(kCountMax));
  profile.parent_pid = static_cast<std::uint32_t>(in.below(kCountMax));
  profile.is_forked = in.flag();
  profile.has_ended_by_exit = in.flag();
  profile.is_exact = in.flag();
  profile.mean_bytes = in.number();
  profile.temporary_within = static_cast<std::uint32_t>(in.below(kCountMax));
  profile.program = in.text();
  profile.started_ms = in.signed_number();
  profile.ended_ms = in.signed_number();
  profile.peak_slot = static_cast<std::uint32_t>(in.below(kCountMax));
  for (std::uint64_t* lost : {&profile.losses.no_room, &profile.losses.in_signal, &profile.losses.cut_stacks,
                              &profile.losses.shared_stacks, &profile.losses.raised_means})
    *lost = in.number();
  for (auto* texts : {&profile.threads, &profile.problems}) {
    texts->resize(in.rows(1));
    for (std::string& text : *texts) text = in.text();
  }
}

void write_frames(ColumnWriter& out, const Profile& profile) {
  Texts texts;
  write_texts(out, profile, texts);
  out.number(profile.frames.size());
  out.numbers(profile.frames, [&](const Frame& frame) { return texts.at(frame.function); });
  out.numbers(profile.frames, [&](const Frame& frame) { return texts.at(frame.file); });
  out.numbers(profile.frames, [&](const Frame& frame) { return texts.at(frame.module); });
  out.numbers(profile.frames, [](const Frame& frame) { return frame.line; });
  out.numbers(profile.frames, [](const Frame& frame) { return frame.is_inlined; });
}

void read_frames(ColumnReader& in, Profile& profile) {
  std::vector<std::string> texts(in.rows(1));
  for (std::string& text : texts) text = in.text();
  profile.frames.resize(in.rows(5));
  // A text stands once in the payload and in any number of frames.
  std::size_t room = kFrameTextBytesMax;
  const auto take = [&](std::string& into, std::uint64_t number) {
    if (texts[number].size() > room) return in.fail();
    room -= texts[number].size();
    into = texts[number];
  };
  const std::uint64_t count = texts.size();
  in.numbers(profile.frames, count, [&](Frame& frame, std::uint64_t v) { take(frame.function, v); });
  in.numbers(profile.frames, count, [&](Frame& frame, std::uint64_t v) { take(frame.file, v); });
  in.numbers(profile.frames, count, [&](Frame& frame, std::uint64_t v) { take(frame.module, v); });
  in.numbers(profile.frames, kCountMax,
             [](Frame& frame, std::uint64_t v) { frame.line = static_cast<std::uint32_t>(v); });
  in.numbers(profile.frames, 2, [](Frame& frame, std::uint64_t v) { frame.is_inlined = v != 0; });
}

void write_tree(ColumnWriter& out, const Profile& profile) {
  out.number(profile.nodes.size());
  out.numbers(profile.nodes, [](const CallNode& node) { return node.parent; });
  out.numbers(profile.nodes, [](const CallNode& node) { return node.frame; });
  out.number(profile.sites.size());
  out.numbers(profile.sites, [](const Site& site) { return site.node; });
  out.numbers(profile.sites, [](const Site& site) { return static_cast<std::uint64_t>(site.kind); });
  out.numbers(profile.sites, [](const Site& site) { return site.size_class; });
  out.numbers(profile.sites, [](const Site& site) { return site.thread; });
}

void read_tree(ColumnReader& in, Profile& profile) {
  profile.nodes.resize(in.rows(2));
  const std::uint64_t count = profile.nodes.size();
  in.numbers(profile.nodes, count,
             [](CallNode& node, std::uint64_t v) { node.parent = static_cast<std::uint32_t>(v); });
  // The root has no frame, and no frame may be there at all.
  in.numbers(profile.nodes, std::max<std::uint64_t>(profile.frames.size(), 1),
             [](CallNode& node, std::uint64_t v) { node.frame = static_cast<std::uint32_t>(v); });
  for (std::size_t i = 0; i < profile.nodes.size(); ++i)
    if (profile.nodes[i].parent >= std::max<std::size_t>(i, 1) || (i != 0 && profile.frames.empty()))
      in.fail();
  profile.sites.resize(in.rows(4));
  in.numbers(profile.sites, count,
             [](Site& site, std::uint64_t v) { site.node = static_cast<std::uint32_t>(v); });
  in.numbers(profile.sites, 3,
             [](Site& site, std::uint64_t v) { site.kind = static_cast<AllocationKind>(v); });
  in.numbers(profile.sites, 65,
             [](Site& site, std::uint64_t v) { site.size_class = static_cast<std::uint8_t>(v); });
  in.numbers(profile.sites, profile.threads.size(),
             [](Site& site, std::uint64_t v) { site.thread = static_cast<std::uint32_t>(v); });
}

// Each table of numbers once, for both ways.
template <class Row>
using FloatField = double Row::*;
template <class Row>
using CountField = std::uint32_t Row::*;

constexpr FloatField<Change> kChangeFloats[] = {
    &Change::allocated_count, &Change::allocated_bytes,    &Change::freed_count,   &Change::freed_bytes,
    &Change::temporary_count, &Change::allocated_variance, &Change::freed_variance};
constexpr FloatField<Living> kLivingFloats[] = {&Living::count, &Living::bytes, &Living::variance};

void write_events(ColumnWriter& out, const Profile& profile) {
  out.number(profile.slot_ends_ms.size());
  out.numbers(profile.slot_ends_ms, [](std::int64_t end_ms) { return end_ms; });
  out.number(profile.changes.size());
  for (const CountField<Change> field : {&Change::slot, &Change::site, &Change::samples})
    out.numbers(profile.changes, [field](const Change& change) { return change.*field; });
  for (const FloatField<Change> field : kChangeFloats)
    out.floats(profile.changes, [field](const Change& change) { return change.*field; });
  out.number(profile.living.size());
  for (const CountField<Living> field : {&Living::site, &Living::birth_slot, &Living::samples})
    out.numbers(profile.living, [field](const Living& living) { return living.*field; });
  out.numbers(profile.living, [](const Living& living) { return static_cast<std::uint64_t>(living.reach); });
  for (const FloatField<Living> field : kLivingFloats)
    out.floats(profile.living, [field](const Living& living) { return living.*field; });
}

template <class Row>
void read_counts(ColumnReader& in, std::vector<Row>& rows, CountField<Row> field, std::uint64_t limit) {
  in.numbers(rows, limit, [field](Row& row, std::uint64_t v) { row.*field = static_cast<std::uint32_t>(v); });
}

void read_events(ColumnReader& in, Profile& profile) {
  profile.slot_ends_ms.resize(in.rows(1));
  in.numbers(profile.slot_ends_ms, kNoLimit,
             [](std::int64_t& end_ms, std::uint64_t v) { end_ms = static_cast<std::int64_t>(v); });
  if (!std::ranges::is_sorted(profile.slot_ends_ms)) in.fail();
  const std::uint64_t slots = profile.slot_ends_ms.size();
  if (profile.peak_slot != 0 && profile.peak_slot >= slots) in.fail();

  profile.changes.resize(in.rows(10));
  read_counts(in, profile.changes, &Change::slot, slots);
  read_counts(in, profile.changes, &Change::site, profile.sites.size());
  read_counts(in, profile.changes, &Change::samples, kCountMax);
  for (const FloatField<Change> field : kChangeFloats)
    in.floats(profile.changes, [field](Change& change, double value) { change.*field = value; });

  profile.living.resize(in.rows(7));
  read_counts(in, profile.living, &Living::site, profile.sites.size());
  read_counts(in, profile.living, &Living::birth_slot, slots);
  read_counts(in, profile.living, &Living::samples, kCountMax);
  in.numbers(profile.living, 3,
             [](Living& living, std::uint64_t v) { living.reach = static_cast<Reach>(v); });
  for (const FloatField<Living> field : kLivingFloats)
    in.floats(profile.living, [field](Living& living, double value) { living.*field = value; });
}

}  // namespace

std::string profile_payload(const Profile& profile) {
  ColumnWriter out;
  write_head(out, profile);
  write_frames(out, profile);
  write_tree(out, profile);
  write_events(out, profile);
  return std::move(out).take();
}

Result<Profile> parse_profile_payload(std::string_view payload) {
  ColumnReader in(payload);
  Profile profile;
  read_head(in, profile);
  read_frames(in, profile);
  read_tree(in, profile);
  read_events(in, profile);
  if (in.failed() || in.left() != 0) return fail("the heap profile is damaged");
  return profile;
}

std::string encode_profile(const Profile& profile) { return history::seal(kMagic, profile_payload(profile)); }

Result<Profile> decode_profile(std::string_view bytes) {
  const auto payload = history::unseal(kMagic, bytes, kPayloadBytesMax);
  if (!payload) return fail(payload.error());
  return parse_profile_payload(*payload);
}

}  // namespace ullage::heap
