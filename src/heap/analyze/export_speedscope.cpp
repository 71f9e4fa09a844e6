// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/export.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/top.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

nlohmann::json profile_json(const Calls& calls, std::span<const Amount> own, std::string_view name) {
  nlohmann::json samples = nlohmann::json::array();
  nlohmann::json weights = nlohmann::json::array();
  long long all = 0;
  for (std::uint32_t node = 1; node < own.size(); ++node) {
    const auto bytes = std::llround(own[node].bytes);
    if (bytes <= 0) continue;  // speedscope knows no negative weights
    std::vector<std::uint32_t> frames;
    for (std::uint32_t at = node; at != 0; at = calls.nodes[at].parent)
      frames.push_back(calls.nodes[at].frame);
    std::ranges::reverse(frames);
    samples.push_back(std::move(frames));
    weights.push_back(bytes);
    all += bytes;
  }
  return {{"type", "sampled"}, {"name", name},       {"unit", "bytes"},   {"startValue", 0},
          {"endValue", all},   {"samples", samples}, {"weights", weights}};
}

}  // namespace

std::string export_speedscope(std::span<const Profile> profiles, const Question& question,
                              std::string_view name) {
  const Calls calls = join_calls(profiles);
  nlohmann::json frames = nlohmann::json::array();
  for (const Frame& frame : calls.frames) {
    nlohmann::json one{{"name", valid_utf8(frame.function)}};
    if (!frame.file.empty()) one["file"] = valid_utf8(frame.file);
    if (frame.line != 0) one["line"] = frame.line;
    frames.push_back(std::move(one));
  }
  nlohmann::json all = nlohmann::json::array();
  all.push_back(profile_json(calls, amounts_by_node(calls, profiles, question), name_of(question.measure)));
  if (question.measure != Measure::allocated)
    all.push_back(
        profile_json(calls, amounts_by_node(calls, profiles, {.measure = Measure::allocated}), "allocated"));
  const nlohmann::json json{{"$schema", "https://www.speedscope.app/file-format-schema.json"},
                            {"name", valid_utf8(name)},
                            {"exporter", "ullage"},
                            {"activeProfileIndex", 0},
                            {"shared", {{"frames", frames}}},
                            {"profiles", all}};
  return json.dump() + '\n';
}

}  // namespace ullage::heap
