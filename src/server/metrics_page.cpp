// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_page.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/text.h"
#include "metric/descriptor.h"
#include "metric/exposition.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "server/http_packing.h"

namespace ullage::server {

namespace {

using Entry = metric::LiveSeries::Entry;

constexpr std::string_view kTotal = "_total";

void append_value(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
  } else if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits;
    char* const end = digits.data() + digits.size();
    // Counts read best without an exponent; 2^53 and more are rarely counts.
    const bool is_count =
        std::abs(value) < 9e15 && value == std::trunc(value) && (value != 0 || !std::signbit(value));
    text.append(digits.data(), is_count
                                   ? std::to_chars(digits.data(), end, static_cast<std::int64_t>(value)).ptr
                                   : std::to_chars(digits.data(), end, value).ptr);
  }
}

// Process names and paths are any bytes; a scraper refuses a whole page for one that is not UTF-8.
void append_label_value(std::string& text, std::string_view value) {
  const bool is_plain = std::ranges::all_of(value, [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\' && c != '\n';
  });
  if (is_plain) {
    text += '"';
    text += value;
    text += '"';
  } else {
    metric::append_quoted(text, valid_utf8(value));
  }
}

void append_labels(std::string& text, const metric::Labels& labels) {
  bool is_first = true;
  for (const metric::Label& label : labels) {
    if (!metric::is_legacy_name(label.name, false)) continue;
    text += is_first ? '{' : ',';
    is_first = false;
    text += label.name;
    text += '=';
    append_label_value(text, label.value);
  }
  if (!is_first) text += '}';
}

// A text of HELP: \ and line ends escaped; OpenMetrics escapes quotes too, and ours have none.
void append_help(std::string& text, std::string_view help) {
  for (const char c : help) {
    if (c == '\\' || c == '\n') text += '\\';
    text += c == '\n' ? 'n' : c;
  }
}

void append_line(std::string& text, std::string_view what, std::string_view family, std::string_view value) {
  text += what;
  text += family;
  text += ' ';
  append_help(text, value);
  text += '\n';
}

std::string_view type_name(const metric::Descriptor* known, std::string_view unknown) {
  if (known == nullptr) return unknown;
  return known->kind == metric::Kind::counter ? "counter" : "gauge";
}

void append_plain_head(std::string& text, std::string_view name, const metric::Descriptor* known) {
  if (known != nullptr) append_line(text, "# HELP ", name, metric::help_text(*known, name));
  append_line(text, "# TYPE ", name, type_name(known, "untyped"));
}

// OpenMetrics: a counter's samples end in _total and its family does not; a family's unit is its name's end.
void append_open_head(std::string& text, std::string_view name, const metric::Descriptor* known,
                      bool is_free) {
  std::string_view family = name;
  std::string_view type = type_name(known, "unknown");
  if (type == "counter") {
    if (name.ends_with(kTotal) && is_free)
      family.remove_suffix(kTotal.size());
    else
      type = "unknown";
  }
  append_line(text, "# TYPE ", family, type);
  if (known == nullptr) return;
  const bool has_unit = !known->unit.empty() && family.size() > known->unit.size() &&
                        family.ends_with(known->unit) &&
                        family[family.size() - known->unit.size() - 1] == '_';
  if (has_unit) append_line(text, "# UNIT ", family, known->unit);
  append_line(text, "# HELP ", family, metric::help_text(*known, name));
}

// Name → its series, in order of names. The entries come metric by metric mostly, so the last name is
// remembered.
std::vector<std::pair<std::string_view, std::vector<const Entry*>>> families_of(metric::LiveSeries& live) {
  std::vector<std::pair<std::string_view, std::vector<const Entry*>>> families;
  std::unordered_map<std::string_view, std::size_t> places;
  std::size_t last = SIZE_MAX;
  live.each_current([&](const Entry& entry) {
    if (last == SIZE_MAX || families[last].first != entry.key.name) {
      const auto [found, is_new] = places.try_emplace(entry.key.name, families.size());
      if (is_new) families.push_back({entry.key.name, {}});
      last = found->second;
    }
    families[last].second.push_back(&entry);
  });
  std::ranges::sort(families, {}, [](const auto& family) { return family.first; });
  return families;
}

}  // namespace

MetricsFormat metrics_format_for(std::string_view accept) {
  const double open = quality_of(accept, "application/openmetrics-text");
  const bool is_named = accept.find("application/openmetrics-text") != std::string_view::npos;
  return is_named && open > 0 && open >= quality_of(accept, "text/plain") ? MetricsFormat::open_metrics
                                                                          : MetricsFormat::plain;
}

std::string metrics_text(metric::LiveSeries& live, MetricsFormat format) {
  const auto families = families_of(live);
  const auto is_name = [&](std::string_view name) {
    return std::ranges::binary_search(families, name, {}, [](const auto& family) { return family.first; });
  };
  std::string text;
  text.reserve(live.size() * 128 + 4096);
  for (const auto& [name, entries] : families) {
    if (!metric::is_legacy_name(name, true)) continue;
    const metric::Descriptor* known = metric::find_descriptor(name);
    if (format == MetricsFormat::plain)
      append_plain_head(text, name, known);
    else
      append_open_head(text, name, known,
                       !name.ends_with(kTotal) || !is_name(name.substr(0, name.size() - kTotal.size())));
    for (const Entry* entry : entries) {
      text += name;
      append_labels(text, entry->key.labels);
      text += ' ';
      append_value(text, entry->value);
      text += '\n';
    }
  }
  if (format == MetricsFormat::open_metrics) text += "# EOF\n";
  return text;
}

std::string federated_text(std::vector<FederatedSample> samples) {
  std::ranges::sort(samples, {}, &FederatedSample::key);
  const auto repeated = std::ranges::unique(samples, {}, &FederatedSample::key);
  samples.erase(repeated.begin(), repeated.end());
  std::string text;
  std::string_view family;
  for (const FederatedSample& sample : samples) {
    if (!metric::is_legacy_name(sample.key.name, true)) continue;
    if (sample.key.name != family) {
      family = sample.key.name;
      append_line(text, "# TYPE ", family, type_name(metric::find_descriptor(family), "untyped"));
    }
    text += family;
    append_labels(text, sample.key.labels);
    text += ' ';
    append_value(text, sample.value);
    text += ' ' + std::to_string(sample.time_ms) + '\n';
  }
  return text;
}

}  // namespace ullage::server
