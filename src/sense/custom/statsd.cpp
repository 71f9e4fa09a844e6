// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/statsd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/series.h"
#include "sense/custom/line_protocol.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kReads = "a line reads as 'name:value|type', for instance 'requests:1|c'";
constexpr std::size_t kValuesMax = 256;  // of one line

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string legal_name(std::string_view text) {
  std::string name(text.substr(0, kMetricNameLimit));
  std::ranges::replace_if(name, [](char c) { return !is_word(c); }, '_');
  if (!name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, 1, '_');
  return name;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<StatsdLine> read() {
    StatsdLine line;
    if (text_.starts_with("_e{") || text_.starts_with("_sc|")) return line;
    const std::size_t colon = text_.find(':');
    if (colon == std::string_view::npos || colon == 0) return wrong(text_, "a name and ':' are expected");
    line.key.name = legal_name(text_.substr(0, colon));
    std::string_view rest = text_.substr(colon + 1);
    if (rest.find('|') == std::string_view::npos)
      return wrong(text_.substr(text_.size()), "'|' and a type are expected");
    const std::string_view values = take_until(rest, '|');
    const std::string_view type = take_until(rest, '|');
    if (auto read = read_values(values, type, line); !read) return pass_on(read);
    while (!rest.empty())
      if (auto read = read_section(take_until(rest, '|'), line); !read) return pass_on(read);
    return line;
  }

 private:
  tl::unexpected<Error> wrong(std::string_view part, std::string what) const {
    const auto column = static_cast<std::size_t>(part.data() - text_.data()) + 1;
    return fail(std::move(what), "column " + std::to_string(column), std::string(kReads));
  }
  static std::string shown(std::string_view part) { return '\'' + printable(part.substr(0, 40)) + '\''; }

  Result<void> read_values(std::string_view values, std::string_view type, StatsdLine& line) const {
    if (type == "s") {
      line.samples.push_back(
          {.kind = StatsdSample::Kind::set, .value = 0, .weight = 1, .member = std::string(values)});
      return values.empty() ? wrong(values, "a set's member is expected") : Result<void>();
    }
    if (type != "c" && type != "g" && type != "ms" && type != "h" && type != "d")
      return wrong(type, shown(type) + " is no type");
    do {
      const std::string_view value = take_until(values, ':');
      auto sample = read_value(value, type);
      if (!sample) return pass_on(sample);
      if (line.samples.size() == kValuesMax) return wrong(value, "too many values on a line");
      line.samples.push_back(*std::move(sample));
    } while (!values.empty());
    return {};
  }

  Result<StatsdSample> read_value(std::string_view text, std::string_view type) const {
    const bool has_plus = text.starts_with('+');
    const auto value = to_double(text.substr(has_plus ? 1 : 0));
    if (!value || !std::isfinite(*value) || (has_plus && text.substr(1).starts_with('-')))
      return wrong(text, shown(text) + " is no number");
    if (type == "g") {
      const bool is_change = has_plus || text.starts_with('-');
      return StatsdSample{.kind = is_change ? StatsdSample::Kind::gauge_change : StatsdSample::Kind::gauge,
                          .value = *value,
                          .weight = 1,
                          .member = {}};
    }
    if (type == "c") {
      if (*value < 0) return wrong(text, "a counter that goes down");
      return StatsdSample{.kind = StatsdSample::Kind::counter, .value = *value, .weight = 1, .member = {}};
    }
    return StatsdSample{.kind = StatsdSample::Kind::timing,
                        .value = type == "ms" ? *value / 1000 : *value,
                        .weight = 1,
                        .member = {}};
  }

  Result<void> read_section(std::string_view section, StatsdLine& line) const {
    if (section.starts_with('@')) {
      const auto rate = to_double(section.substr(1));
      if (!rate || !(*rate > 0 && *rate <= 1))
        return wrong(section, shown(section) + " is no rate, which is over 0 and at most 1");
      for (StatsdSample& sample : line.samples) sample.weight = 1 / *rate;
      return {};
    }
    if (section.starts_with('#')) return read_tags(section.substr(1), line);
    // DogStatsD's container id, external data and time: c:…, e:…, T….
    return section.starts_with("c:") || section.starts_with("e:") || section.starts_with('T')
               ? Result<void>()
               : wrong(section, shown(section) + " is neither @rate nor #tags");
  }

  Result<void> read_tags(std::string_view tags, StatsdLine& line) const {
    metric::Labels& labels = line.key.labels;
    while (!tags.empty()) {
      const std::string_view tag = take_until(tags, ',');
      const std::size_t colon = tag.find(':');
      const std::string name = legal_name(tag.substr(0, colon));
      std::string value =
          valid_utf8(colon == std::string_view::npos ? std::string_view("true") : tag.substr(colon + 1));
      if (name.empty() || value.empty()) continue;
      if (name.starts_with("__")) return wrong(tag, shown(tag) + " begins with __");
      if (value.size() > kLabelValueLimit) return wrong(tag, "a tag's value is too long");
      const auto place = std::ranges::lower_bound(labels, name, {}, &metric::Label::name);
      if (place != labels.end() && place->name == name) continue;  // the first stands
      if (labels.size() == kLabelLimit) return wrong(tag, "too many tags");
      labels.insert(place, {name, std::move(value)});
    }
    return {};
  }

  std::string_view text_;
};

}  // namespace

Result<StatsdLine> parse_statsd(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > kLineLimitBytes)
    return fail("a line of more than " + std::to_string(kLineLimitBytes) + " bytes", "column 1");
  return Reader(text).read();
}

}  // namespace ullage::sense
