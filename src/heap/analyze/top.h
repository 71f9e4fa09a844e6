// SPDX-License-Identifier: Apache-2.0
// Where the memory is: amounts gathered by call site, function, module, thread, size, process or kind, the
// largest first. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

enum class By : std::uint8_t { site, function, module, thread, size, process, kind };

struct TopRow {
  std::string name;   // of the function, module, thread…; of a site the function that is to blame
  std::string place;  // "cache.cpp:41", where one is known
  Amount own;
  Amount with_callees;       // By::function: of all stacks in which it stands; else as `own`
  std::vector<Frame> stack;  // By::site, innermost first, from the one that is to blame
};

struct Top {
  Question question;
  By by = By::site;
  std::vector<TopRow> rows;  // largest first, those of nothing left out
  Amount all;                // of all processes
  bool is_exact = true;
};

// By::site and By::function pass over frames of the allocator, containers and the runtime: who called those
// is to blame.
Top top_of(std::span<const Profile> profiles, const Question& question, By by);

std::string_view name_of(Measure measure);  // "living", "growth", "allocated", "temporary"
nlohmann::json top_json(const Top& top, std::string_view run, std::size_t rows_max);

}  // namespace ullage::heap
