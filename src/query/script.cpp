// SPDX-License-Identifier: Apache-2.0
#include "query/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "query/engine.h"
#include "query/parser.h"
#include "query/script_check.h"
#include "query/script_commands.h"
#include "query/script_series.h"
#include "query/script_source.h"
#include "query/script_variants.h"

namespace ullage::query {

namespace {

constexpr std::string_view kNativeHistograms = "native histograms";
constexpr std::string_view kStartTimes = "start timestamps";

// What became of an eval: nothing when it passed.
struct Skipped {
  std::string feature;
};
using Outcome = Result<std::optional<Skipped>>;

bool expects_histogram(const EvalCommand& eval) {
  return std::ranges::any_of(eval.series, [](const ScriptSeries& series) {
    return std::ranges::any_of(
        series.values, [](const ScriptValue& value) { return value.kind == ScriptValue::Kind::histogram; });
  });
}

// The functions that start timestamps tell of resets: rate, irate, increase, resets.
bool counts_resets(std::string_view query) {
  return std::ranges::any_of(
      std::array<std::string_view, 3>{"rate(", "increase(", "resets("},
      [&](std::string_view call) { return query.find(call) != std::string_view::npos; });
}

// The feature that an error of the parser says is not there.
std::optional<Skipped> unsupported(const Error& error) {
  if (!error.what.starts_with(kUnsupported)) return std::nullopt;
  std::string_view feature = std::string_view(error.what).substr(kUnsupported.size());
  return Skipped{std::string(feature.substr(0, feature.find('\n')))};
}

class ScriptRun {
 public:
  explicit ScriptRun(const Engine& engine) : engine_(engine) {}

  void operator()(const ClearCommand&) { source_.clear(); }
  void operator()(const LoadCommand& load) {
    if (load.with_histograms)
      source_.load_as_histograms(load.series, load.interval_ms);
    else
      source_.load(load.series, load.interval_ms);
  }
  void operator()(const BrokenCommand& broken) { add_failure(broken.line, broken.what); }
  void operator()(const EvalCommand& eval) {
    const Outcome outcome = eval.is_range ? run_range(eval) : run_instant(eval);
    if (!outcome)
      add_failure(eval.line, outcome.error().text() + "\n    in " + eval.query);
    else if (*outcome)
      skip((*outcome)->feature);
    else
      ++report_.passed;
  }

  ScriptReport report() && { return std::move(report_); }

 private:
  void add_failure(std::size_t line, std::string_view what) {
    ++report_.failed;
    report_.failures.push_back(fmt::format("line {}: {}", line, what));
  }
  void skip(std::string feature) {
    ++report_.skipped;
    ++report_.skipped_under[std::move(feature)];
  }

  // A query's answer or error means nothing where it came upon what Ullage has not.
  std::optional<Skipped> touched(const EvalCommand& eval) {
    const ScriptSource::Found found = source_.take_found();
    if (found.histogram || expects_histogram(eval)) return Skipped{std::string(kNativeHistograms)};
    if (found.start_times && counts_resets(eval.query)) return Skipped{std::string(kStartTimes)};
    return std::nullopt;
  }

  // What a failed query means for its eval.
  static Outcome judge_error(const EvalCommand& eval, const Error& error) {
    if (auto skipped = unsupported(error)) return skipped;
    if (!eval.failure) return fail(error);
    if (auto same = check_failure(eval, error); !same) return pass_on(same);
    return std::nullopt;
  }

  static Outcome judge(const EvalCommand& eval, const QueryResult& answer) {
    if (eval.failure) return fail("expected an error, got none");
    if (auto same = check_annotations(eval, answer); !same) return pass_on(same);
    if (auto same = check_answer(eval, answer); !same) return pass_on(same);
    return std::nullopt;
  }

  Outcome run_range(const EvalCommand& eval) {
    const auto answer = engine_.range(eval.query, source_, eval.start_ms, eval.end_ms, eval.step_ms);
    if (auto skipped = touched(eval)) return skipped;
    return answer ? judge(eval, *answer) : judge_error(eval, answer.error());
  }

  Outcome run_instant(const EvalCommand& eval) {
    const std::int64_t time_ms = eval.is_range_vector ? eval.end_ms : eval.start_ms;
    std::vector<ScriptVariant> variants = {{eval.query, time_ms}};
    if (auto pinned = pinned_variants(eval.query, time_ms, engine_.functions()))
      variants.insert(variants.end(), pinned->begin(), pinned->end());
    for (const ScriptVariant& variant : variants) {
      auto outcome = run_variant(eval, variant);
      const bool is_as_written = &variant == &variants.front();
      if (!outcome && !is_as_written)
        return fail(
            fmt::format("{}, asked as {} at {} ms", outcome.error().text(), variant.query, variant.time_ms));
      if (!outcome || (*outcome && is_as_written)) return outcome;
    }
    return std::nullopt;
  }

  Outcome run_variant(const EvalCommand& eval, const ScriptVariant& variant) {
    const auto answer = engine_.instant(variant.query, source_, variant.time_ms);
    if (auto skipped = touched(eval)) return skipped;
    if (!answer) return judge_error(eval, answer.error());
    if (auto outcome = judge(eval, *answer); !outcome) return outcome;
    return run_as_range(eval, variant, answer->kind);
  }

  Outcome run_as_range(const EvalCommand& eval, const ScriptVariant& variant, QueryResult::Kind kind) {
    if (eval.is_range_vector || eval.text || asks_for_its_range(variant.query)) return std::nullopt;
    constexpr std::int64_t kMinute = 60'000;
    const auto range =
        engine_.range(variant.query, source_, variant.time_ms - kMinute, variant.time_ms + kMinute, kMinute);
    if (touched(eval)) return std::nullopt;
    if (!range) return fail(range.error().text() + ", asked as a range query");
    if (eval.is_ordered) return std::nullopt;
    if (auto same = check_answer(eval, at_step(*range, kind, variant.time_ms)); !same)
      return fail(same.error().text() + ", asked as a range query");
    return std::nullopt;
  }

  const Engine& engine_;
  ScriptSource source_;
  ScriptReport report_;
};

}  // namespace

ScriptReport run_script(std::string_view script, const Engine& engine) {
  ScriptRun run(engine);
  for (const ScriptCommand& command : parse_script(script)) std::visit(run, command);
  return std::move(run).report();
}

}  // namespace ullage::query
