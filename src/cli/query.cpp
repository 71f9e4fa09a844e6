// SPDX-License-Identifier: Apache-2.0
#include "cli/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/query_exchange.h"
#include "cli/query_print.h"
#include "cli/query_source.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "history/series_source.h"
#include "metric/descriptor.h"
#include "metric/series.h"
#include "query/api_json.h"
#include "query/budget.h"
#include "query/engine.h"
#include "query/function_table.h"
#include "query/printer.h"
#include "run/table.h"

namespace ullage::cli {

namespace {

using std::chrono::milliseconds;

struct Options {
  std::string query, from, at, range, step;
  std::string timeout = "2m";
  bool chart = false, json = false, csv = false, ascii = false;
  int width = 0;
};

// One moment, or the steps of a stretch.
struct When {
  std::int64_t begin_ms = 0, end_ms = 0;
  std::optional<std::int64_t> step_ms = {};
};

// So many steps of a stretch show its shape on a screen.
constexpr std::int64_t kSteps = 250;
// What people count time in.
constexpr std::int64_t kRoundSteps[] = {10,        20,        50,         100,        200,       500,
                                        1'000,     2'000,     5'000,      10'000,     15'000,    30'000,
                                        60'000,    120'000,   300'000,    600'000,    900'000,   1'800'000,
                                        3'600'000, 7'200'000, 21'600'000, 43'200'000, 86'400'000};

std::int64_t round_step(std::int64_t span_ms) {
  const auto* const found = std::ranges::lower_bound(kRoundSteps, span_ms / kSteps);
  return found == std::end(kRoundSteps) ? kRoundSteps[std::size(kRoundSteps) - 1] : *found;
}

Result<std::int64_t> parse_span(std::string_view text, std::string_view flag) {
  const auto span = parse_duration(text);
  if (!span)
    return fail(Error{.what = span.error().what, .where = std::string(flag), .hint = span.error().hint});
  const std::int64_t ms = std::chrono::duration_cast<milliseconds>(*span).count();
  if (ms < 1) return fail("must be at least a millisecond", std::string(flag));
  return ms;
}

Result<When> parse_when(const Options& options, const std::optional<QuerySource::Extent>& extent,
                        std::int64_t now_ms) {
  When when{.end_ms = extent ? extent->end_ms : now_ms};
  if (!options.at.empty()) {
    const auto at = parse_moment(options.at, now_ms);
    if (!at) return fail(Error{.what = at.error().what, .where = "--at", .hint = at.error().hint});
    when.end_ms = *at;
  }
  when.begin_ms = when.end_ms;
  if (!options.range.empty()) {
    const auto span = parse_span(options.range, "--range");
    if (!span) return fail(span.error());
    when.begin_ms = when.end_ms - *span;
  } else if (options.chart || !options.step.empty()) {
    if (!extent) return fail("how far back?", "--range", "as in --range 6h");
    when.begin_ms = std::min(extent->begin_ms, when.end_ms);
  } else {
    return when;
  }
  when.step_ms = round_step(when.end_ms - when.begin_ms);
  if (!options.step.empty()) {
    const auto step = parse_span(options.step, "--step");
    if (!step) return fail(step.error());
    when.step_ms = *step;
  }
  // At multiples of the step, so that the same question has the same answer a second later, and tiers fit.
  const auto down = [&](std::int64_t time_ms) {
    return time_ms - (time_ms % *when.step_ms + *when.step_ms) % *when.step_ms;
  };
  when.begin_ms = down(when.begin_ms);
  const bool is_whole_run = extent && when.end_ms == extent->end_ms;
  when.end_ms = is_whole_run ? down(when.end_ms + *when.step_ms - 1) : down(when.end_ms);
  return when;
}

void print(const query::QueryResult& result, const When& when, bool is_of_run, const Options& options,
           const Console& console) {
  const QueryLook look{
      .style = {console.colour},
      .width = options.width > 0 ? static_cast<std::size_t>(options.width) : text_width(console),
      .utf8 = !options.ascii && speaks_utf8(console),
      .is_of_run = is_of_run};
  if (options.json)
    console.out << query::api_json(result) << '\n';
  else if (options.csv)
    console.out << query_csv(result);
  else if (options.chart && result.kind == query::QueryResult::Kind::matrix)
    console.out << query_charts(result, when.begin_ms, when.end_ms, look);
  else
    console.out << query_table(result, look);
  if (options.json) return;
  for (const std::string& warning : result.warnings)
    console.err << "ullage: warning: " << printable(warning) << '\n';
  for (const std::string& info : result.infos) console.err << "ullage: note: " << printable(info) << '\n';
  if (result.kind != query::QueryResult::Kind::scalar && result.kind != query::QueryResult::Kind::string &&
      result.series.empty())
    console.err << "ullage: nothing matches at that time (`ullage query metrics` lists what there is)\n";
}

int refuse_query(const Options& options, const Console& console, const Error& error) {
  if (!options.json) return refuse(console, error);
  console.out << query::api_error_json(error.where.empty() ? "execution" : "bad_data", error) << '\n';
  return 2;
}

int ask(const Options& options, const Common& common, const Console& console) {
  const auto timeout = parse_span(options.timeout, "--timeout");
  if (!timeout) return refuse(console, timeout.error());
  const auto opened = open_source(common, console, options.from, milliseconds(*timeout));
  if (!opened) return refuse(console, opened.error());
  const auto when = parse_when(options, opened->extent, console.clock.wall_ms());
  if (!when) return refuse(console, when.error());
  const auto deadline = console.clock.monotonic() + milliseconds(*timeout);
  const query::Stop stop{.expired = [&] { return console.clock.monotonic() > deadline; }};
  const query::Engine engine;
  const auto result = when->step_ms ? engine.range(options.query, *opened->source, when->begin_ms,
                                                   when->end_ms, *when->step_ms, stop)
                                    : engine.instant(options.query, *opened->source, when->end_ms, stop);
  if (!result) return refuse_query(options, console, result.error());
  print(*result, *when, opened->extent.has_value(), options, console);
  tell_problems(*opened, console);
  return 0;
}

int format_query(const std::string& text, const Console& console) {
  std::string query = text;
  if (text == "-") query.assign(std::istreambuf_iterator<char>(std::cin), {});
  const auto formatted = query::format(query, query::FunctionTable());
  if (!formatted) return refuse(console, formatted.error());
  console.out << *formatted << '\n';
  return 0;
}

struct MetricsOptions {
  std::string from;
  bool json = false;
};

// Name → how many series of it there are.
Result<std::map<std::string, std::size_t>> names_in(const QuerySource& source, std::int64_t now_ms) {
  std::map<std::string, std::size_t> names;
  history::Selection all{.matchers = {{.label = "__name__", .kind = history::Matcher::Kind::not_equal}},
                         .begin_ms = -1,
                         .end_ms = source.extent ? source.extent->end_ms : now_ms};
  const auto told = source.source->select_series(all, [&](const metric::SeriesKey& key) -> Result<void> {
    ++names[key.name];
    return {};
  });
  if (!told) return fail(told.error());
  return names;
}

std::string_view kind_name(const metric::Descriptor* known) {
  if (known == nullptr) return "";
  return known->kind == metric::Kind::counter ? "counter" : "gauge";
}

int list_metrics(const MetricsOptions& options, const Common& common, const Console& console) {
  const auto opened = open_source(common, console, options.from);
  if (!opened) return refuse(console, opened.error());
  const auto names = names_in(*opened, console.clock.wall_ms());
  if (!names) return refuse(console, names.error());
  nlohmann::json json = nlohmann::json::array();
  run::Table table{.columns = {{.title = "metric"},
                               {.title = "series", .to_the_right = true},
                               {.title = "kind"},
                               {.title = "unit"},
                               {.title = "what it is", .may_shrink = true}}};
  for (const auto& [name, count] : *names) {
    const metric::Descriptor* known = metric::find_descriptor(name);
    const std::string unit(known != nullptr ? known->unit : "");
    const std::string help = known != nullptr ? metric::help_text(*known, name) : "";
    const std::string kind(kind_name(known));
    json.push_back({{"name", name}, {"series", count}, {"kind", kind}, {"unit", unit}, {"help", help}});
    table.rows.push_back({name, std::to_string(count), kind, unit, help});
  }
  if (options.json)
    print_json(console, json);
  else
    console.out << table_text(table, {console.colour}, text_width(console));
  tell_problems(*opened, console);
  return 0;
}

Verb add_ask(Command query, Common& common, Console& console) {
  auto options = std::make_shared<Options>();
  query.option("QUERY", options->query, "PromQL, as Prometheus 3 has it");
  add_from(query, options->from, common);
  query.option(
      "--at", options->at,
      "the moment to ask about: 2026-11-26T12:00:00Z, seconds since the epoch, -5m (default: now, or "
      "the end of the run)");
  query.option("--range", options->range, "the values over so long a time up to that moment, as 6h");
  query.option("--step", options->step,
               "the time between two values of a range (default: about 250 of them)");
  const Flag chart = query.flag("--chart", options->chart, "draw the range; of a run, all of it by default");
  const Flag json =
      query.flag("--json", options->json, "the answer as Prometheus's HTTP API has it").excludes(chart);
  query.flag("--csv", options->csv, "time, series, value: a line a point").excludes(chart).excludes(json);
  query.option("--timeout", options->timeout, "give up after this time").shows_default();
  query.option("--width", options->width, "columns of text to use, instead of the terminal's")
      .between(40, 1000);
  query.flag("--ascii", options->ascii, "charts in plain ASCII");
  query.footer(
      "Exit: 0 it was answered, 2 the call or the query was wrong.\n"
      "Examples, of a machine that `ullage daemon` watches and of runs:\n"
      "  ullage query 'topk(5, ullage_process_growth_bytes_per_minute)'\n"
      "  ullage query --chart --range 6h 'ullage_group_resident_bytes{group=\"postgres\"}'\n"
      "  ullage query 'ullage_run_used_bytes' --from @1 --chart\n"
      "  ullage query 'topk(3, max_over_time(ullage_process_resident_bytes[1h]))' --from @1\n"
      "  ullage query 'rate(node_cpu_seconds_total{mode!=\"idle\"}[5m])' --range 6h --csv");
  return {query, [options, &common, &console, query] {
            if (options->query.empty())
              return refuse(console, {.what = "what shall be asked?", .hint = suggestion(query, "")});
            return ask(*options, common, console);
          }};
}

}  // namespace

std::vector<Verb> add_query(Command parent, Common& common, Console& console) {
  const Command query =
      parent.verb("query", "ask a history or a run in PromQL; format queries; list metrics");
  std::vector<Verb> verbs;

  auto text = std::make_shared<std::string>();
  const Command fmt_verb = query.verb("fmt", "a query as it is best read, or what is wrong with it");
  fmt_verb.option("QUERY", *text, "PromQL; - for standard input").required();
  verbs.push_back({fmt_verb, [text, &console] { return format_query(*text, console); }});

  auto metrics = std::make_shared<MetricsOptions>();
  const Command metrics_verb = query.verb("metrics", "which metrics there are, and what they mean");
  add_from(metrics_verb, metrics->from, common);
  metrics_verb.flag("--json", metrics->json, "as JSON");
  verbs.push_back(
      {metrics_verb, [metrics, &common, &console] { return list_metrics(*metrics, common, console); }});
  for (Verb& verb : add_query_exchange(query, common, console)) verbs.push_back(std::move(verb));
  // Last: a footer is inherited by what is added after it.
  verbs.push_back(add_ask(query, common, console));
  return verbs;
}

}  // namespace ullage::cli
