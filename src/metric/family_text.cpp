// SPDX-License-Identifier: Apache-2.0
#include "metric/family_text.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "metric/family.h"
#include "metric/line_cursor.h"
#include "metric/sample_text.h"

namespace ullage::metric {

namespace {

// \\ and \n, in OpenMetrics \" too; any other backslash stands for itself.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool is_escape = text[i] == '\\' && (next == '\\' || next == 'n' || next == '"');
    if (is_escape) ++i;
    plain += is_escape ? (next == 'n' ? '\n' : next) : text[i];
  }
  return plain;
}

// As OpenMetrics calls its samples (its section on types and their suffixes).
std::string_view suffix_of(std::string_view type) {
  if (type == "counter") return "_total";
  return type == "info" ? "_info" : "";
}

constexpr std::string_view kCreated = "_created";

// Of these a moment of their beginning may stand among the samples.
bool may_be_created(FamilyKind kind) {
  return kind == FamilyKind::counter || kind == FamilyKind::histogram || kind == FamilyKind::summary;
}

}  // namespace

void FamilyText::take(std::string_view comment) {
  LineCursor cursor(comment, 0);
  if (!cursor.take('#')) return;
  std::string_view rest = cursor.rest();
  const std::string_view what = take_word(rest);
  if (what != "HELP" && what != "TYPE" && what != "UNIT") return;
  LineCursor after(trim(rest), 0);
  auto name = take_metric_name(after);
  if (!name || name->empty()) return;
  const std::string_view value = trim(after.rest());
  if (said_.size() >= families_max_ && !said_.contains(*name)) return;
  Said& said = said_[*std::move(name)];
  if (what == "TYPE") said.type = value;
  if (what == "UNIT") said.family.unit = value.substr(0, kUnitBytesMax);
  if (what == "HELP") said.family.help = unescaped(value.substr(0, kHelpBytesMax));
}

void FamilyText::take_sample(const std::string& name) {
  if (form_ == Form::open_metrics && name.ends_with(kCreated) && created_.size() < families_max_)
    created_.insert(name.substr(0, name.size() - kCreated.size()));
}

std::vector<Family> FamilyText::families() const {
  std::vector<Family> families;
  for (const auto& [name, said] : said_) {
    Family family = said.family;
    family.kind = family_kind_of(said.type).value_or(FamilyKind::unknown);
    family.name = name;
    const std::string_view suffix = suffix_of(said.type);
    if (form_ == Form::open_metrics && !name.ends_with(suffix)) family.name += suffix;
    if (may_be_created(family.kind) && created_.contains(name))
      families.push_back(
          {.name = name + std::string(kCreated), .kind = FamilyKind::gauge, .help = family.help});
    families.push_back(std::move(family));
  }
  return families;
}

}  // namespace ullage::metric
