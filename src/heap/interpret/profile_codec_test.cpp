// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/profile_codec.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "heap/profile.h"

namespace ullage::heap {
namespace {

Profile example() {
  Profile profile;
  profile.pid = 42;
  profile.parent_pid = 41;
  profile.is_forked = true;
  profile.mean_bytes = 512 << 10;
  profile.temporary_within = 10;
  profile.program = "/bin/program";
  profile.started_ms = 1'700'000'000'000;
  profile.ended_ms = 1'700'000'002'000;
  profile.threads = {"main", ""};
  profile.frames = {{"main", "/src/main.c", 3, "program", false},
                    {"leak()", "/src/main.c", 9, "program", true}};
  profile.nodes = {{0, 0}, {0, 0}, {1, 1}, {0, 1}};
  profile.sites = {{2, AllocationKind::block, 7, 0}, {3, AllocationKind::file_mapping, 64, 1}};
  profile.slot_ends_ms = {1'700'000'001'000, 1'700'000'002'000};
  profile.peak_slot = 1;
  profile.changes = {{0, 0, 3, 1e-3, 524'288.25, 0, 0, 0.1, 3e9, 0}, {1, 1, 1, 1, 4096, 1, 4096, 0, 0, 0}};
  profile.living = {{0, 0, Reach::lost, 2, 1.5, 100, 0}, {1, 1, Reach::unknown, 1, 1, 4096, 12.5}};
  profile.losses = {1, 2, 3, 4, 5};
  profile.problems = {"the file is cut off"};
  return profile;
}

TEST(ProfileCodec, GivesBackEveryBit) {
  const auto back = decode_profile(encode_profile(example()));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(profile_payload(*back), profile_payload(example()));
  EXPECT_EQ(back->program, "/bin/program");
  EXPECT_TRUE(back->is_forked);
  EXPECT_EQ(back->frames, example().frames);
  EXPECT_EQ(back->sites[1].kind, AllocationKind::file_mapping);
  EXPECT_EQ(back->sites[1].size_class, 64);
  EXPECT_EQ(back->slot_ends_ms, example().slot_ends_ms);
  EXPECT_EQ(back->changes[0].allocated_bytes, 524'288.25);
  EXPECT_EQ(back->changes[1].site, 1u);
  EXPECT_EQ(back->living[0].reach, Reach::lost);
  EXPECT_EQ(back->losses.raised_means, 5u);
  EXPECT_EQ(back->problems, example().problems);
}

TEST(ProfileCodec, KeepsAProfileOfNothing) {
  const auto back = decode_profile(encode_profile({}));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_TRUE(back->nodes.empty());
  EXPECT_TRUE(back->changes.empty());
}

TEST(ProfileCodec, RefusesWhatIsCut) {
  const std::string payload = profile_payload(example());
  for (std::size_t size = 0; size < payload.size(); ++size)
    ASSERT_FALSE(parse_profile_payload(std::string_view(payload).substr(0, size))) << size;
  EXPECT_FALSE(parse_profile_payload(payload + "x"));
  const std::string sealed = encode_profile(example());
  EXPECT_FALSE(decode_profile(std::string_view(sealed).substr(0, sealed.size() - 1)));
}

TEST(ProfileCodec, RefusesNumbersThatNameNothing) {
  const auto is_refused = [](auto change) {
    Profile profile = example();
    change(profile);
    return !parse_profile_payload(profile_payload(profile));
  };
  EXPECT_FALSE(is_refused([](Profile&) {}));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.nodes[1].parent = 1; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.nodes[1].frame = 2; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.sites[0].node = 4; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.sites[0].thread = 2; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.changes[0].site = 2; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.changes[0].slot = 2; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.living[0].birth_slot = 2; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.peak_slot = 2; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.slot_ends_ms[1] = 0; }));
  EXPECT_TRUE(is_refused([](Profile& profile) { profile.changes[0].freed_bytes = 1.0 / 0.0; }));
}

}  // namespace
}  // namespace ullage::heap
