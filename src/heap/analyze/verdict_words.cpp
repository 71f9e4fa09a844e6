// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/verdict_words.h"

#include <fmt/format.h>

#include <string>

#include "base/units.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/verdicts.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

std::string where(const Verdict& verdict) {
  if (verdict.stack.empty()) return "an unknown place";
  const Frame& frame = verdict.stack[blamed_frame(verdict.stack)];
  const std::string place = place_text(frame);
  return place.empty() ? short_name(frame) : fmt::format("{} ({})", short_name(frame), place);
}

std::string limit_words(const Verdict& verdict) {
  if (!verdict.seconds_to_limit) return {};
  return fmt::format(" {} the limit is reached in {}.",
                     verdict.is_alone ? "At this rate" : "With all that grows",
                     format_duration(*verdict.seconds_to_limit));
}

std::string growing_advice(const Verdict& verdict) {
  std::string text =
      verdict.is_one_block
          ? fmt::format("What {} allocates becomes larger and larger: bound it, or write it out.",
                        where(verdict))
          : fmt::format(
                "Find who holds on to what {} allocates: give the container a bound, or free it "
                "when its work is done.",
                where(verdict));
  if (verdict.lost_bytes > 0)
    text += fmt::format(" No pointer is left to {} of it: that part was forgotten, not collected.",
                        format_bytes(verdict.lost_bytes));
  if (verdict.is_freed_at_exit) text += " It is freed at the exit, and grew until then.";
  return text + limit_words(verdict);
}

}  // namespace

std::string advice_for(const Verdict& verdict) {
  switch (verdict.kind) {
    case VerdictKind::growing:
      return growing_advice(verdict);
    case VerdictKind::lost:
      return fmt::format(
          "No pointer to it is left: free what {} allocates before the last pointer to it goes or is "
          "overwritten.{}",
          where(verdict), limit_words(verdict));
    case VerdictKind::kept:
      return "Allocated once and kept until the end: nothing to do.";
    case VerdictKind::settled:
      return "It has found its size: nothing to do, unless that size is too much.";
  }
  return {};
}

}  // namespace ullage::heap
