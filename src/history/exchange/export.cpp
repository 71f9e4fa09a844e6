// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/csv.h"
#include "base/result.h"
#include "base/text.h"
#include "history/block.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/descriptor.h"
#include "metric/exposition.h"
#include "metric/sample_text.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kPieceBytes = 64u << 10;
constexpr std::size_t kSamplesPerJsonLine = 10'000;

// Text that is handed on when there is enough of it.
class TextWriter {
 public:
  explicit TextWriter(const TextSink& sink) : sink_(sink) {}
  std::string& text() { return text_; }
  Result<void> hand_on(std::size_t at_least = kPieceBytes) {
    if (text_.size() < at_least || text_.empty()) return {};
    counts.bytes += text_.size();
    auto taken = sink_(text_);
    text_.clear();
    return taken;
  }
  ExchangeCounts counts;

 private:
  const TextSink& sink_;
  std::string text_;
};

Result<void> write_csv(const metric::SeriesKey& key, std::span<const Sample> samples, TextWriter& writer) {
  std::string series = ",";
  std::string name;
  // A line is a sample: what would break it, or looks as if it were quoted, is quoted as labels are.
  if (key.name.find('\n') != std::string::npos || key.name.starts_with('"'))
    metric::append_quoted(name, key.name);
  else
    name = key.name;
  append_csv_field(series, name);
  series += ',';
  std::string labels;
  metric::append_labels(labels, key.labels);
  append_csv_field(series, labels);
  series += ',';
  for (const Sample& sample : samples) {
    std::string& out = writer.text();
    out += std::to_string(sample.time_ms);
    out += series;
    if (!is_absent(sample.value)) metric::append_number(out, sample.value);
    out += '\n';
    if (auto handed = writer.hand_on(); !handed) return handed;
  }
  writer.counts.samples += samples.size();
  return {};
}

void append_json_number(std::string& out, double value) {
  if (is_absent(value)) {
    out += "null";
  } else if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else if (value == 0 && std::signbit(value)) {
    out += "-0.0";  // -0 is a whole number, which has no such sign
  } else {
    metric::append_number(out, value);
  }
}

Result<void> write_json_lines(const metric::SeriesKey& key, std::span<const Sample> samples,
                              TextWriter& writer) {
  nlohmann::json labels;
  labels["__name__"] = valid_utf8(key.name);
  for (const auto& [name, value] : key.labels) labels[valid_utf8(name)] = valid_utf8(value);
  const std::string begin = "{\"metric\":" + labels.dump() + ",\"values\":[";
  while (!samples.empty()) {
    const std::span<const Sample> some = samples.first(std::min(samples.size(), kSamplesPerJsonLine));
    samples = samples.subspan(some.size());
    std::string& out = writer.text();
    out += begin;
    for (const Sample& sample : some) {
      append_json_number(out, sample.value);
      out += ',';
    }
    out.back() = ']';
    out += ",\"timestamps\":[";
    for (const Sample& sample : some) {
      out += std::to_string(sample.time_ms);
      out += ',';
    }
    out.back() = ']';
    out += "}\n";
    writer.counts.samples += some.size();
    if (auto handed = writer.hand_on(); !handed) return handed;
  }
  return {};
}

void append_help(std::string& out, std::string_view help) {
  for (const char c : help) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

// What the table of metrics knows of a name. OpenMetrics has the family without _total, and lets nothing be a
// counter that does not end so (node_vmstat_oom_kill).
void append_description(std::string& out, std::string_view name, const std::set<std::string>& names) {
  const metric::Descriptor* known = metric::find_descriptor(name);
  if (known == nullptr) return;
  std::string family(name);
  std::string_view type = "gauge";
  if (known->kind == metric::Kind::counter) {
    const std::string short_name = family.substr(0, family.size() - std::min<std::size_t>(family.size(), 6));
    const bool is_family = family.ends_with("_total") && !names.contains(short_name);
    type = is_family ? "counter" : "unknown";
    if (is_family) family = short_name;
  }
  out += "# TYPE " + family + ' ' + std::string(type) + '\n';
  if (!known->unit.empty() && family.ends_with('_' + std::string(known->unit)))
    out += "# UNIT " + family + ' ' + std::string(known->unit) + '\n';
  out += "# HELP " + family + ' ';
  append_help(out, metric::help_text(*known, name));
  out += '\n';
}

std::string openmetrics_series(const metric::SeriesKey& key) {
  std::string text;
  if (metric::is_legacy_name(key.name, true)) {
    text = key.name;
    if (key.labels.empty()) return text;
    text += '{';
  } else {
    text = '{';
    metric::append_quoted(text, valid_utf8(key.name));
    if (!key.labels.empty()) text += ',';
  }
  metric::append_labels(text, key.labels);
  return text + '}';
}

Result<void> write_openmetrics(const metric::SeriesKey& key, std::span<const Sample> samples,
                               TextWriter& writer) {
  const std::string series = openmetrics_series(key) + ' ';
  for (const Sample& sample : samples) {
    if (is_absent(sample.value)) continue;
    std::string& out = writer.text();
    out += series;
    metric::append_number(out, sample.value);
    out += ' ';
    metric::append_seconds(out, sample.time_ms);
    out += '\n';
    ++writer.counts.samples;
    if (auto handed = writer.hand_on(); !handed) return handed;
  }
  return {};
}

// A family's samples stand together: name after name.
Result<void> export_openmetrics(const SeriesSource& source, const Selection& selection, TextWriter& writer) {
  std::set<std::string> names;
  const auto listed = source.select_series(selection, [&](const metric::SeriesKey& key) -> Result<void> {
    names.insert(key.name);
    return {};
  });
  if (!listed) return listed;
  for (const std::string& name : names) {
    append_description(writer.text(), name, names);
    Selection one = selection;
    one.matchers.push_back({"__name__", Matcher::Kind::equal, name});
    const auto written =
        source.select(one, [&](const metric::SeriesKey& key, std::span<const Sample> samples) {
          return write_openmetrics(key, samples, writer);
        });
    if (!written) return written;
  }
  writer.text() += "# EOF\n";
  return {};
}

Result<void> export_as(const SeriesSource& source, const Selection& selection, ExchangeFormat format,
                       TextWriter& writer) {
  switch (format) {
    case ExchangeFormat::csv:
      writer.text() += "time_ms,name,labels,value\n";
      return source.select(selection, [&](const metric::SeriesKey& key, std::span<const Sample> samples) {
        return write_csv(key, samples, writer);
      });
    case ExchangeFormat::json_lines:
      return source.select(selection, [&](const metric::SeriesKey& key, std::span<const Sample> samples) {
        return write_json_lines(key, samples, writer);
      });
    case ExchangeFormat::openmetrics:
      return export_openmetrics(source, selection, writer);
  }
  return {};
}

}  // namespace

Result<ExchangeCounts> export_samples(const SeriesSource& source, const Selection& selection,
                                      ExchangeFormat format, const TextSink& sink) {
  TextWriter writer(sink);
  if (auto written = export_as(source, selection, format, writer); !written) return pass_on(written);
  if (auto handed = writer.hand_on(0); !handed) return pass_on(handed);
  return writer.counts;
}

}  // namespace ullage::history
