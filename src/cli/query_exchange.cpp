// SPDX-License-Identifier: Apache-2.0
#include "cli/query_exchange.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/query_source.h"
#include "cli/verb.h"
#include "config/settings.h"
#include "history/exchange/exchange.h"
#include "history/exchange/history_import.h"
#include "history/history.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"
#include "query/parser.h"
#include "run/words.h"

namespace ullage::cli {

namespace {

constexpr std::string_view kFormats = "csv, jsonl (JSON lines, as VictoriaMetrics has them) or openmetrics";

struct ExportOptions {
  std::string from, select, since, until, output;
  std::string format = "csv";
};

Result<history::ExchangeFormat> format_of(const std::string& name) {
  if (const auto format = history::parse_exchange_format(name)) return *format;
  return fail(fmt::format("there is no format '{}'", name), "--format", std::string(kFormats));
}

Result<std::int64_t> moment_of(const std::string& text, std::string_view flag, std::int64_t otherwise,
                               std::int64_t now_ms) {
  if (text.empty()) return otherwise;
  const auto moment = parse_moment(text, now_ms);
  if (!moment)
    return fail(Error{.what = moment.error().what, .where = std::string(flag), .hint = moment.error().hint});
  return *moment;
}

Result<history::Selection> selection_of(const ExportOptions& options, const QuerySource& source,
                                        std::int64_t now_ms) {
  history::Selection selection;
  if (options.select.empty()) {
    selection.matchers = {{.label = "__name__", .kind = history::Matcher::Kind::not_equal}};
  } else {
    auto selector = query::parse_selector(options.select);
    if (!selector) return pass_on(selector);
    selection.matchers = std::move(selector->matchers);
  }
  const std::int64_t last = source.extent ? source.extent->end_ms : now_ms;
  const auto since = moment_of(options.since, "--since", 0, now_ms);
  if (!since) return fail(since.error());
  const auto until = moment_of(options.until, "--until", last, now_ms);
  if (!until) return fail(until.error());
  selection.begin_ms = *since - 1;  // exclusive
  selection.end_ms = *until;
  return selection;
}

int export_samples(const ExportOptions& options, const Common& common, const Console& console) {
  const auto format = format_of(options.format);
  if (!format) return refuse(console, format.error());
  const auto source = open_source(common, console, options.from);
  if (!source) return refuse(console, source.error());
  const auto selection = selection_of(options, *source, console.clock.wall_ms());
  if (!selection) return refuse(console, selection.error());
  const bool to_file = !options.output.empty() && options.output != "-";
  std::ofstream file;
  if (to_file) {
    // Made private first: what a machine did may be nobody else's business.
    if (const auto made = open_file(options.output, O_CREAT | O_TRUNC | O_WRONLY); !made)
      return refuse(console, made.error());
    file.open(options.output, std::ios::binary | std::ios::trunc);
  }
  std::ostream& out = to_file ? file : console.out;
  const auto written = history::export_samples(
      *source->source, *selection, *format, [&](std::string_view text) -> Result<void> {
        out << text;
        return out ? Result<void>() : fail("cannot write", to_file ? options.output : "standard output");
      });
  if (!written) return refuse(console, written.error());
  if (!out.flush())
    return refuse(console, {.what = "cannot write", .where = to_file ? options.output : "standard output"});
  tell_problems(*source, console);
  if (to_file) console.err << "ullage: wrote " << run::counted(written->samples, "sample") << '\n';
  return 0;
}

struct ImportOptions {
  std::string file;
  std::string format;
};

// "samples.csv" is CSV.
std::string format_by_name(const std::string& file) {
  for (const auto& [ending, format] : {std::pair{".csv", "csv"},
                                       {".jsonl", "jsonl"},
                                       {".om", "openmetrics"},
                                       {".openmetrics", "openmetrics"},
                                       {".prom", "openmetrics"},
                                       {".txt", "openmetrics"}})
    if (file.ends_with(ending)) return format;
  return "";
}

Result<history::ExchangeFormat> format_of_text(const ImportOptions& options) {
  if (!options.format.empty()) return format_of(options.format);
  const std::string by_name = format_by_name(options.file);
  if (!by_name.empty()) return format_of(by_name);
  return fail("the format cannot be told by the name", options.file == "-" ? "standard input" : options.file,
              "say it with --format: " + std::string(kFormats));
}

// "took 4 samples of 2 series"; of those that were there already less.
std::string taken_text(std::uint64_t taken, std::uint64_t of_text, std::size_t series) {
  return fmt::format("took {}{} of {} series", taken == of_text ? "" : fmt::format("{} of ", taken),
                     run::counted(of_text, "sample"), series);
}

Result<void> read_into(std::istream& in, const std::string& name, history::ExchangeFormat format,
                       history::HistoryImport& import) {
  history::SampleReader reader(format,
                               [&](const metric::SeriesKey& key, std::span<const history::Sample> samples) {
                                 return import.take(key, samples);
                               });
  std::array<char, 1 << 16> piece{};
  const auto in_file = [&](Error error) {
    constexpr std::string_view kLine = "line ";  // as readers say it that do not know the file
    const std::string_view place = error.where;
    const std::string file = name == "-" ? "standard input" : name;
    error.where = place.empty()
                      ? file
                      : fmt::format("{}:{}", file, place.substr(place.starts_with(kLine) ? kLine.size() : 0));
    return fail(std::move(error));
  };
  while (in.read(piece.data(), piece.size()), in.gcount() > 0)
    if (auto fed = reader.feed({piece.data(), static_cast<std::size_t>(in.gcount())}); !fed)
      return in_file(std::move(fed).error());
  auto finished = reader.finish();
  if (!finished) return in_file(std::move(finished).error());
  return {};
}

Result<history::HistoryOptions> history_options(const Common& common, const Console& console) {
  const auto settings = common.settings(console);
  if (!settings) return fail(settings.error());
  const auto ms = [&](const char* key) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(settings->duration(key)).count();
  };
  return history::HistoryOptions{.keep = {.raw_ms = ms("history.keep.raw"),
                                          .minute_ms = ms("history.keep.minute"),
                                          .hour_ms = ms("history.keep.hour"),
                                          .bytes_max = settings->bytes("history.keep.max_size")},
                                 .series_max = settings->count("history.max_series")};
}

int import_samples(const ImportOptions& options, const Common& common, const Console& console) {
  const auto format = format_of_text(options);
  if (!format) return refuse(console, format.error());
  const auto state = common.state(console);
  if (!state) return refuse(console, state.error());
  std::ifstream file;
  if (options.file != "-") {
    if (const auto readable = open_file(options.file, O_RDONLY); !readable)
      return refuse(console, readable.error());
    file.open(options.file, std::ios::binary);
  }
  history::HistoryImport import;
  // All of it is read before anything is written: a text with an error in it changes nothing.
  if (const auto read = read_into(options.file == "-" ? std::cin : file, options.file, *format, import);
      !read)
    return refuse(console, read.error());
  if (const auto made = make_folders(*state); !made) return refuse(console, made.error());
  const auto options_of_history = history_options(common, console);
  if (!options_of_history) return refuse(console, options_of_history.error());
  auto writer = history::HistoryWriter::open(*state + "/history", *options_of_history);
  if (!writer) return refuse(console, writer.error());
  const std::size_t samples = import.samples();
  if (const auto written = import.write(*writer); !written) return refuse(console, written.error());
  if (const auto closed = writer->close(); !closed) return refuse(console, closed.error());
  console.err << "ullage: " << taken_text(writer->counts().taken_samples, samples, import.series()) << '\n';
  for (const std::string& sentence : writer->counts().sentences())
    console.err << "ullage: " << printable(sentence) << '\n';
  return 0;
}

}  // namespace

std::vector<Verb> add_query_exchange(Command query, Common& common, Console& console) {
  auto out = std::make_shared<ExportOptions>();
  const Command export_verb = query.verb("export", "samples as text, for other programs");
  add_from(export_verb, out->from, common);
  export_verb.option("--select", out->select,
                     "only these series: a selector, as 'node_cpu_seconds_total{mode=\"idle\"}'");
  export_verb.option("--since", out->since, "from this moment on: 2026-11-26T12:00:00Z, -2h (default: all)");
  export_verb.option("--until", out->until, "up to this moment (default: now, or the end of the run)");
  export_verb.option("--format", out->format, kFormats).shows_default();
  export_verb.option("-o,--output", out->output, "a file instead of standard output");
  export_verb.footer("Example:\n  ullage query export --from @1 --format openmetrics -o run.om");

  auto in = std::make_shared<ImportOptions>();
  const Command import_verb = query.verb("import", "samples of a text into the history");
  import_verb.option("FILE", in->file, "the text; - for standard input").required();
  import_verb.option("--format", in->format,
                     std::string(kFormats) + "; by the file's name when it is not given");
  import_verb.footer(
      "All of the text is read first: one with an error changes nothing. Samples of moments that the history "
      "has\n"
      "already are left out and counted.\nExample:\n  ullage query import run.om");
  return {{export_verb, [out, &common, &console] { return export_samples(*out, common, console); }},
          {import_verb, [in, &common, &console] { return import_samples(*in, common, console); }}};
}

}  // namespace ullage::cli
