// SPDX-License-Identifier: Apache-2.0
// A test script taken apart: load, clear and eval commands with what they expect, in Prometheus's old forms
// (eval_fail, expected_fail_message) and its new ones (expect fail msg: …). The grammar is that of
// promqltest's README.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "query/script_series.h"

namespace ullage::query {

struct ClearCommand {};

struct LoadCommand {
  std::int64_t interval_ms = 0;
  bool with_histograms = false;
  std::vector<ScriptSeries> series;
};

// A text that a message must be, or a pattern that it must hold; neither: any message will do.
struct Expected {
  enum class Kind { any, text, pattern };
  Kind kind = Kind::any;
  std::string text;
};

struct EvalCommand {
  std::size_t line = 0;
  std::string query;
  bool is_range = false;
  std::int64_t start_ms = 0, end_ms = 0, step_ms = 0;  // an instant query is at start

  std::optional<Expected> failure;
  std::vector<Expected> warnings, infos;
  bool no_warnings = false, no_infos = false;
  bool is_ordered = false;
  std::optional<double> scalar;
  std::optional<std::string> text;
  bool is_range_vector = false;  // an instant query whose points lie at start, start + step, … end
  std::vector<ScriptSeries> series;
};

struct BrokenCommand {  // what could not be read, in words
  std::size_t line = 0;
  std::string what;
};

using ScriptCommand = std::variant<ClearCommand, LoadCommand, EvalCommand, BrokenCommand>;

// Never fails as a whole: what cannot be read is a command of its own, and the rest is read on.
std::vector<ScriptCommand> parse_script(std::string_view script);

}  // namespace ullage::query
