// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/relabel.h"

#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/exposition.h"
#include "metric/series.h"

namespace ullage::sense {

namespace {

constexpr std::array<std::string_view, 10> kActions = {"replace",   "keep",     "drop",      "labeldrop",
                                                       "labelkeep", "labelmap", "keepequal", "dropequal",
                                                       "lowercase", "uppercase"};

// What the groups of an expression matched; group 0 is the whole.
class Match {
 public:
  Match(const re2::RE2* regex, std::string_view text) : regex_(regex), text_(text) {
    if (regex == nullptr) {
      groups_.assign(2, {text.data(), text.size()});
      matches_ = true;
      return;
    }
    groups_.resize(static_cast<std::size_t>(regex->NumberOfCapturingGroups()) + 1);
    matches_ = regex->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::ANCHOR_BOTH, groups_.data(),
                            static_cast<int>(groups_.size()));
  }

  bool matches() const { return matches_; }
  // $1, ${1}, $name, ${name} and $$, as Go's regexp expands them; of no such group nothing.
  std::string expanded(std::string_view pattern) const {
    std::string text;
    while (!pattern.empty()) {
      const std::size_t dollar = pattern.find('$');
      text += pattern.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      pattern.remove_prefix(dollar + 1);
      if (pattern.starts_with('$')) {
        text += '$';
        pattern.remove_prefix(1);
        continue;
      }
      const std::string_view name = take_group(pattern);
      if (name.empty())
        text += '$';
      else
        text += group(name);
    }
    return text;
  }

 private:
  static std::string_view take_group(std::string_view& pattern) {
    const auto is_word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    const bool has_braces = pattern.starts_with('{');
    const std::string_view rest = pattern.substr(has_braces ? 1 : 0);
    const auto* end = std::ranges::find_if_not(rest, is_word);
    const std::string_view name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    if (has_braces && !rest.substr(name.size()).starts_with('}')) return {};
    if (!name.empty()) pattern.remove_prefix(name.size() + (has_braces ? 2 : 0));
    return name;
  }

  std::string_view group(std::string_view name) const {
    std::size_t index = groups_.size();
    if (const auto number = to_unsigned(name)) {
      index = *number;
    } else if (regex_ != nullptr) {
      const auto& names = regex_->NamedCapturingGroups();
      if (const auto found = names.find(std::string(name)); found != names.end())
        index = static_cast<std::size_t>(found->second);
    }
    if (index >= groups_.size()) return {};
    return {groups_[index].data(), groups_[index].size()};
  }

  const re2::RE2* regex_;
  std::string_view text_;
  std::vector<re2::StringPiece> groups_;
  bool matches_ = false;
};

std::string source_of(const RelabelRule& rule, const metric::Labels& labels) {
  std::string text;
  for (std::size_t i = 0; i < rule.source_labels.size(); ++i) {
    if (i > 0) text += rule.separator;
    text += label_of(labels, rule.source_labels[i]);
  }
  return text;
}

void replace(const RelabelRule& rule, metric::Labels& labels) {
  const std::string source = source_of(rule, labels);
  const Match match(rule.regex.get(), source);
  if (!match.matches()) return;
  const std::string target = match.expanded(rule.target_label);
  if (metric::is_legacy_name(target, false)) set_label(labels, target, match.expanded(rule.replacement));
}

void map_labels(const RelabelRule& rule, metric::Labels& labels) {
  const metric::Labels before = labels;
  for (const metric::Label& label : before)
    if (const Match match(rule.regex.get(), label.name); match.matches())
      if (const std::string target = match.expanded(rule.replacement); !target.empty())
        set_label(labels, target, label.value);
}

std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string in_upper_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

}  // namespace

std::span<const std::string_view> relabel_action_names() { return kActions; }

Result<std::shared_ptr<const re2::RE2>> compile_relabel_regex(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);  // as Prometheus has it
  auto regex = std::make_shared<const re2::RE2>(text, options);
  if (!regex->ok()) return fail("not a regular expression: " + regex->error());
  return regex;
}

std::string_view label_of(const metric::Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &metric::Label::name);
  return found == labels.end() ? std::string_view() : std::string_view(found->value);
}

void set_label(metric::Labels& labels, std::string_view name, std::string_view value) {
  const auto place = std::ranges::lower_bound(labels, name, {}, &metric::Label::name);
  const bool is_there = place != labels.end() && place->name == name;
  if (value.empty()) {
    if (is_there) labels.erase(place);
  } else if (is_there) {
    place->value = value;
  } else {
    labels.insert(place, {std::string(name), std::string(value)});
  }
}

bool relabel(std::span<const RelabelRule> rules, metric::Labels& labels) {
  for (const RelabelRule& rule : rules) {
    const auto is_named = [&](const metric::Label& label) {
      return Match(rule.regex.get(), label.name).matches();
    };
    switch (rule.action) {
      case RelabelAction::replace:
        replace(rule, labels);
        break;
      case RelabelAction::keep:
        if (!Match(rule.regex.get(), source_of(rule, labels)).matches()) return false;
        break;
      case RelabelAction::drop:
        if (Match(rule.regex.get(), source_of(rule, labels)).matches()) return false;
        break;
      case RelabelAction::labeldrop:
        std::erase_if(labels, is_named);
        break;
      case RelabelAction::labelkeep:
        std::erase_if(labels, [&](const metric::Label& label) { return !is_named(label); });
        break;
      case RelabelAction::labelmap:
        map_labels(rule, labels);
        break;
      case RelabelAction::keepequal:
        if (source_of(rule, labels) != label_of(labels, rule.target_label)) return false;
        break;
      case RelabelAction::dropequal:
        if (source_of(rule, labels) == label_of(labels, rule.target_label)) return false;
        break;
      case RelabelAction::lowercase:
        set_label(labels, rule.target_label, in_lower_case(source_of(rule, labels)));
        break;
      case RelabelAction::uppercase:
        set_label(labels, rule.target_label, in_upper_case(source_of(rule, labels)));
        break;
    }
  }
  return true;
}

}  // namespace ullage::sense
