// SPDX-License-Identifier: Apache-2.0
#include "server/api_v1_answers.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/text.h"
#include "history/block.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "query/api_json.h"
#include "query/budget.h"
#include "query/engine.h"
#include "server/api_v1_parameters.h"
#include "server/api_v1_status.h"
#include "server/http_message.h"
#include "server/metrics_page.h"
#include "server/query_desk.h"

namespace ullage::server {

namespace {

constexpr std::size_t kProblemsTold = 3;
constexpr std::size_t kTsdbRows = 10;
constexpr std::string_view kTruncated = "results truncated due to limit";

// A place in the query's text, or a sentence about its type, is about the question.
bool is_bad_data(const Error& error) {
  return !error.where.empty() || error.what.starts_with("invalid expression type");
}

Response refusal_of(const Error& error) {
  if (is_bad_data(error)) return error_response(400, "invalid parameter \"query\": " + error.text());
  return error_response(422, error.text());
}

void add_problems(std::vector<std::string>& warnings, const OpenedSource& source) {
  if (!source.problems) return;
  for (const std::string& problem : source.problems()) {
    if (warnings.size() >= kProblemsTold) return;
    warnings.push_back("left out of the answer: " + printable(problem));
  }
}

template <class Evaluate>
Response response_of(const AnswerForm& form, const OpenedSource& source, const Evaluate& evaluate) {
  const std::chrono::nanoseconds begun_at = form.clock.monotonic();
  Result<query::QueryResult> result = evaluate();
  if (!result) return refusal_of(result.error());
  std::optional<query::QueryCost> cost;
  if (form.has_stats)
    cost = {.queue_seconds = to_seconds(begun_at - form.asked_at),
            .evaluation_seconds = to_seconds(form.clock.monotonic() - begun_at)};
  add_problems(result->warnings, source);
  if (form.limit > 0 && result->series.size() > form.limit) {
    result->series.resize(form.limit);
    result->warnings.emplace_back(kTruncated);
  }
  return {.body = query::api_json(*result, cost)};
}

// Visits each series of any of the selections; one that is in several comes several times.
Result<void> each_series(const Selections& selections, const OpenedSource& source, const query::Stop& stop,
                         const std::function<void(const metric::SeriesKey&)>& visit) {
  const query::Limits limits;
  query::Budget budget(limits, stop);
  for (const history::Selection& selection : selections) {
    const auto done =
        source.source->select_series(selection, [&](const metric::SeriesKey& key) -> Result<void> {
          if (auto taken = budget.take_series(); !taken) return taken;
          visit(key);
          return {};
        });
    if (!done) return done;
  }
  return {};
}

// {"status":"success","data":[…]} of texts that are JSON already.
template <class Texts>
Response list_of(const Texts& texts, std::size_t limit, const OpenedSource& source) {
  std::string body = R"({"status":"success","data":[)";
  std::size_t count = 0;
  for (const std::string& text : texts) {
    if (limit > 0 && count == limit) break;
    if (count++ > 0) body += ',';
    body += text;
  }
  std::vector<std::string> warnings;
  add_problems(warnings, source);
  if (count < texts.size()) warnings.emplace_back(kTruncated);
  body += ']';
  for (std::size_t i = 0; i < warnings.size(); ++i)
    body += (i == 0 ? R"(,"warnings":[)" : ",") + query::json_string(warnings[i]);
  return {.body = body + (warnings.empty() ? "}" : "]}")};
}

std::vector<std::string> quoted(const std::set<std::string>& texts) {
  std::vector<std::string> json;
  for (const std::string& text : texts) json.push_back(query::json_string(text));
  return json;
}

std::string json_of(const metric::SeriesKey& key) {
  std::string json = "{";
  if (!key.name.empty()) json += R"("__name__":)" + query::json_string(key.name);
  for (const metric::Label& label : key.labels) {
    if (json.size() > 1) json += ',';
    json += query::json_string(label.name) + ':' + query::json_string(label.value);
  }
  return json + '}';
}

}  // namespace

Response answer_instant(const query::Engine& engine, const InstantQuestion& question, const AnswerForm& form,
                        const OpenedSource& source, const query::Stop& stop) {
  return response_of(form, source,
                     [&] { return engine.instant(question.query, *source.source, question.time_ms, stop); });
}

Response answer_range(const query::Engine& engine, const RangeQuestion& question, const AnswerForm& form,
                      const OpenedSource& source, const query::Stop& stop) {
  return response_of(form, source, [&] {
    return engine.range(question.query, *source.source, question.start_ms, question.end_ms, question.step_ms,
                        stop);
  });
}

Response answer_series(const Selections& selections, std::size_t limit, const OpenedSource& source,
                       const query::Stop& stop) {
  std::set<metric::SeriesKey> keys;
  const auto done =
      each_series(selections, source, stop, [&](const metric::SeriesKey& key) { keys.insert(key); });
  if (!done) return error_response(422, done.error().text());
  std::vector<std::string> texts;
  for (const metric::SeriesKey& key : keys) texts.push_back(json_of(key));
  return list_of(texts, limit, source);
}

Response answer_label_names(const Selections& selections, std::size_t limit, const OpenedSource& source,
                            const query::Stop& stop) {
  std::set<std::string> names;
  const auto done = each_series(selections, source, stop, [&](const metric::SeriesKey& key) {
    names.emplace("__name__");
    for (const metric::Label& label : key.labels) names.insert(label.name);
  });
  if (!done) return error_response(422, done.error().text());
  return list_of(quoted(names), limit, source);
}

Response answer_label_values(const std::string& label, const Selections& selections, std::size_t limit,
                             const OpenedSource& source, const query::Stop& stop) {
  std::set<std::string> values;
  const auto done = each_series(selections, source, stop, [&](const metric::SeriesKey& key) {
    const std::string_view value = label == "__name__" ? std::string_view(key.name) : key.label(label);
    if (!value.empty()) values.emplace(value);
  });
  if (!done) return error_response(422, done.error().text());
  return list_of(quoted(values), limit, source);
}

Response answer_tsdb(std::int64_t now_ms, std::int64_t lookback_ms, const OpenedSource& source,
                     const query::Stop& stop) {
  history::Selection lately{.matchers = {{.label = "__name__", .kind = history::Matcher::Kind::not_equal}},
                            .begin_ms = now_ms - lookback_ms,
                            .end_ms = now_ms};
  SeriesCensus census;
  const auto done =
      each_series({lately}, source, stop, [&](const metric::SeriesKey& key) { census.add(key); });
  if (!done) return error_response(422, done.error().text());
  return {.body = census.json(lately.begin_ms, lately.end_ms, kTsdbRows)};
}

Response answer_federate(const Selections& selections, std::int64_t now_ms, std::int64_t lookback_ms,
                         const metric::Families& said, MetricNames names, const OpenedSource& source,
                         const query::Stop& stop) {
  const query::Limits limits;
  query::Budget budget(limits, stop);
  std::vector<FederatedSample> samples;
  for (history::Selection selection : selections) {
    selection.begin_ms = now_ms - lookback_ms;
    selection.end_ms = now_ms;
    const auto done = source.source->select(
        selection, [&](const metric::SeriesKey& key, std::span<const history::Sample> found) -> Result<void> {
          if (auto taken = budget.take_series(); !taken) return taken;
          const history::Sample& last = found.back();
          if (!history::is_absent(last.value)) samples.push_back({key, last.time_ms, last.value});
          return {};
        });
    if (!done) return error_response(422, done.error().text());
  }
  return {.content_type = std::string(content_type_of({.names = names})),
          .body = federated_text(samples, said, names)};
}

}  // namespace ullage::server
