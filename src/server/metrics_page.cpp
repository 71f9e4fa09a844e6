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
#include "metric/family.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "server/http_packing.h"

namespace ullage::server {

namespace {

using Entry = metric::LiveSeries::Entry;

constexpr std::string_view kTotal = "_total", kInfo = "_info", kCreated = "_created";

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

bool needs_quotes(const metric::SeriesKey& key) {
  return !metric::is_legacy_name(key.name, true) || std::ranges::any_of(key.labels, [](const auto& label) {
    return !metric::is_legacy_name(label.name, false);
  });
}

// In a text whose names may be quoted: as it is where that is allowed.
void append_name(std::string& text, std::string_view name, bool may_have_colons) {
  if (metric::is_legacy_name(name, may_have_colons))
    text += name;
  else
    metric::append_quoted(text, valid_utf8(name));
}

// name{a="b"}, or {"the.name","a.b"="c"}.
void append_key(std::string& text, const metric::SeriesKey& key) {
  const bool is_inside = !metric::is_legacy_name(key.name, true);
  bool is_first = true;
  const auto begin_part = [&] {
    text += is_first ? '{' : ',';
    is_first = false;
  };
  if (is_inside) begin_part();
  append_name(text, key.name, true);
  for (const metric::Label& label : key.labels) {
    begin_part();
    append_name(text, label.name, false);
    text += '=';
    append_label_value(text, label.value);
  }
  if (!is_first) text += '}';
}

// What stands above a family.
struct Head {
  metric::FamilyKind kind = metric::FamilyKind::unknown;
  std::string_view unit = {};
  std::string help = {};
};

// Of ours the table's, of others' what they said.
Head head_of(const metric::Families& others, std::string_view family) {
  if (const metric::Descriptor* known = metric::find_descriptor(family))
    return {.kind = known->kind == metric::Kind::counter ? metric::FamilyKind::counter
                                                         : metric::FamilyKind::gauge,
            .unit = known->unit,
            .help = metric::help_text(*known, family)};
  const auto said = others.find(family);
  if (said == others.end()) return {};
  return {.kind = said->second.kind, .unit = said->second.unit, .help = valid_utf8(said->second.help)};
}

// A text of HELP: \ and line ends escaped; in OpenMetrics quotes too.
void append_help(std::string& text, std::string_view help, MetricsFormat format) {
  for (const char c : help) {
    const bool is_quote = c == '"' && format == MetricsFormat::open_metrics;
    if (c == '\\' || c == '\n' || is_quote) text += '\\';
    text += c == '\n' ? 'n' : c;
  }
}

void append_line(std::string& text, std::string_view what, std::string_view family, std::string_view value,
                 MetricsFormat format = MetricsFormat::plain) {
  text += what;
  append_name(text, family, true);
  text += ' ';
  append_help(text, value, format);
  text += '\n';
}

std::string_view plain_type_name(metric::FamilyKind kind) {
  using enum metric::FamilyKind;
  switch (kind) {
    case unknown:
      return "untyped";
    case info:
    case stateset:
      return to_string(gauge);
    case gauge_histogram:
      return to_string(histogram);
    case counter:
    case gauge:
    case histogram:
    case summary:
      return to_string(kind);
  }
  return {};
}

void append_plain_head(std::string& text, std::string_view name, const Head& head) {
  if (!head.help.empty()) append_line(text, "# HELP ", name, head.help);
  append_line(text, "# TYPE ", name, plain_type_name(head.kind));
}

// What a family's name lacks of its samples' in OpenMetrics.
std::string_view suffix_of(metric::FamilyKind kind) {
  if (kind == metric::FamilyKind::counter) return kTotal;
  return kind == metric::FamilyKind::info ? kInfo : std::string_view();
}

// OpenMetrics: a counter's samples end in _total and its family does not; a family's unit is its name's end.
void append_open_head(std::string& text, std::string_view name, Head head, bool is_free) {
  constexpr MetricsFormat kOpen = MetricsFormat::open_metrics;
  std::string_view family = name;
  if (const std::string_view suffix = suffix_of(head.kind); !suffix.empty()) {
    if (name.ends_with(suffix) && is_free)
      family.remove_suffix(suffix.size());
    else
      head.kind =
          head.kind == metric::FamilyKind::info ? metric::FamilyKind::gauge : metric::FamilyKind::unknown;
  }
  append_line(text, "# TYPE ", family, to_string(head.kind), kOpen);
  const bool has_unit = !head.unit.empty() && family.size() > head.unit.size() &&
                        family.ends_with(head.unit) && family[family.size() - head.unit.size() - 1] == '_';
  if (has_unit) append_line(text, "# UNIT ", family, head.unit);
  if (!head.help.empty()) append_line(text, "# HELP ", family, head.help, kOpen);
}

// Whether such a sample stands under its family's TYPE. The older format knows no gauges of buckets: written
// as a histogram's, the buckets stay together, and the other two are gauges by themselves.
bool belongs_to(const metric::Family& said, std::string_view end, MetricsFormat format) {
  if (!is_of_parts(said.kind)) return false;
  if (end == "_bucket") return true;
  const bool is_gauges_own = end.starts_with("_g");
  if (said.kind != metric::FamilyKind::gauge_histogram) return !is_gauges_own;
  return is_gauges_own && format == MetricsFormat::open_metrics;
}

// Of x_bucket, x_sum and x_count it is x, where somebody said that x is a histogram or a summary; in
// OpenMetrics x_created belongs to x or x_total too.
std::string_view family_name_of(const metric::Families& said, std::string_view name, MetricsFormat format) {
  if (said.empty()) return name;
  if (const auto whole = metric::name_of_whole(name)) {
    const auto found = said.find(*whole);
    return found != said.end() && belongs_to(found->second, name.substr(whole->size()), format) ? *whole
                                                                                                : name;
  }
  if (format == MetricsFormat::plain || !name.ends_with(kCreated)) return name;
  const std::string_view whole = name.substr(0, name.size() - kCreated.size());
  const auto of_parts = said.find(whole);
  if (of_parts != said.end() && is_of_parts(of_parts->second.kind)) return whole;
  const auto counter = said.find(std::string(whole) + std::string(kTotal));
  return counter != said.end() && counter->second.kind == metric::FamilyKind::counter
             ? std::string_view(counter->first)
             : name;
}

struct Families {
  // Name → its series, in order of names.
  std::vector<std::pair<std::string_view, std::vector<const Entry*>>> all = {};
  std::size_t left_out = 0;  // series whose names cannot be written
  bool contains(std::string_view name) const {
    return std::ranges::binary_search(all, name, {}, [](const auto& family) { return family.first; });
  }
  // Whether it may be called so in OpenMetrics without a counter's or an info's end: no other is.
  bool is_free(std::string_view name) const {
    if (name.ends_with(kTotal)) return !contains(name.substr(0, name.size() - kTotal.size()));
    if (!name.ends_with(kInfo)) return true;
    const std::string_view whole = name.substr(0, name.size() - kInfo.size());
    return !contains(whole) && !contains(std::string(whole) + std::string(kTotal));
  }
};

// The entries come metric by metric mostly, so the last name is remembered.
Families families_of(metric::LiveSeries& live, MetricsForm form) {
  Families families;
  std::unordered_map<std::string_view, std::size_t> places;
  std::size_t last = SIZE_MAX;
  std::string_view last_name;
  live.each_current([&](const Entry& entry) {
    if (entry.needs_quotes && form.names == MetricNames::legacy) {
      ++families.left_out;
      return;
    }
    if (last == SIZE_MAX || last_name != entry.key.name) {
      last_name = entry.key.name;
      const std::string_view family = family_name_of(live.families(), last_name, form.format);
      const auto [found, is_new] = places.try_emplace(family, families.all.size());
      if (is_new) families.all.push_back({family, {}});
      last = found->second;
    }
    families.all[last].second.push_back(&entry);
  });
  std::ranges::sort(families.all, {}, [](const auto& family) { return family.first; });
  return families;
}

}  // namespace

MetricsForm metrics_form_for(std::string_view accept) {
  constexpr std::string_view kOpenType = "application/openmetrics-text", kPlainType = "text/plain";
  MetricsForm form;
  const double open = quality_of(accept, kOpenType);
  const bool is_named = accept.find(kOpenType) != std::string_view::npos;
  if (is_named && open > 0 && open >= quality_of(accept, kPlainType))
    form.format = MetricsFormat::open_metrics;
  const std::string_view chosen = form.format == MetricsFormat::open_metrics ? kOpenType : kPlainType;
  while (!accept.empty()) {
    std::string_view parameters = take_until(accept, ',');
    if (trim(take_until(parameters, ';')) != chosen) continue;
    while (!parameters.empty())
      if (trim(take_until(parameters, ';')) == "escaping=allow-utf-8") form.names = MetricNames::quoted;
  }
  return form;
}

std::string_view content_type_of(MetricsForm form) {
  const bool is_quoted = form.names == MetricNames::quoted;
  if (form.format == MetricsFormat::open_metrics)
    return is_quoted ? "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
                     : "application/openmetrics-text; version=1.0.0; charset=utf-8";
  return is_quoted ? "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
                   : "text/plain; version=0.0.4; charset=utf-8";
}

std::string metrics_text(metric::LiveSeries& live, MetricsForm form) {
  const Families families = families_of(live, form);
  std::string text;
  text.reserve(live.size() * 128 + 4096);
  for (const auto& [name, entries] : families.all) {
    if (form.format == MetricsFormat::plain)
      append_plain_head(text, name, head_of(live.families(), name));
    else
      append_open_head(text, name, head_of(live.families(), name), families.is_free(name));
    for (const Entry* entry : entries) {
      append_key(text, entry->key);
      text += ' ';
      append_value(text, entry->value);
      text += '\n';
    }
  }
  // OpenMetrics has no comments of its own; ullage_self_quoted_series tells the same.
  if (families.left_out > 0 && form.format == MetricsFormat::plain)
    text += "# " + std::to_string(families.left_out) +
            " series are left out: their names need quotes, which escaping=allow-utf-8 in Accept asks for\n";
  if (form.format == MetricsFormat::open_metrics) text += "# EOF\n";
  return text;
}

const std::string& MetricsPage::of(metric::LiveSeries& live, MetricsForm form) {
  Made& made = made_[form];
  if (made.text.empty() || made.time_ms != live.time_ms() || made.current != live.current())
    made = {.time_ms = live.time_ms(), .current = live.current(), .text = metrics_text(live, form)};
  return made.text;
}

std::string federated_text(const std::vector<FederatedSample>& samples, const metric::Families& said,
                           MetricNames names) {
  // A family's samples stand together: x_bucket and x_sum, though x_names may lie between them.
  using Placed = std::pair<std::string_view, const FederatedSample*>;
  std::vector<Placed> all;
  all.reserve(samples.size());
  for (const FederatedSample& sample : samples)
    if (names == MetricNames::quoted || !needs_quotes(sample.key))
      all.emplace_back(family_name_of(said, sample.key.name, MetricsFormat::plain), &sample);
  std::ranges::sort(all, [](const Placed& a, const Placed& b) {
    return a.first != b.first ? a.first < b.first : a.second->key < b.second->key;
  });
  const auto repeated =
      std::ranges::unique(all, {}, [](const Placed& placed) -> const auto& { return placed.second->key; });
  all.erase(repeated.begin(), repeated.end());
  std::string text;
  std::string_view last;
  for (const auto& [family, sample] : all) {
    if (family != last) append_plain_head(text, last = family, head_of(said, family));
    append_key(text, sample->key);
    text += ' ';
    append_value(text, sample->value);
    text += ' ' + std::to_string(sample->time_ms) + '\n';
  }
  return text;
}

}  // namespace ullage::server
