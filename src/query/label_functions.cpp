// SPDX-License-Identifier: Apache-2.0
// Functions that look at labels: label_replace, label_join, and the sorts.
#include <re2/re2.h>
#include <re2/stringpiece.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "query/ast.h"
#include "query/evaluator.h"
#include "query/label_set.h"
#include "query/matrix.h"
#include "query/natural_order.h"

namespace ullage::query {

namespace {

bool is_label_name(std::string_view name) { return !name.empty() && valid_utf8(name) == name; }

void set_label(MatrixSeries& series, const std::string& label, std::string_view value) {
  series.labels = series.labels.with(label, value);
  if (label == kNameLabel) series.drops_name = false;  // a name that was given stays
}

// The groups of one match, by number and by name; what did not take part is empty.
class Groups {
 public:
  explicit Groups(const re2::RE2& regex)
      : names_(regex.NamedCapturingGroups()),
        groups_(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1) {}
  bool match(const re2::RE2& regex, std::string_view text) {
    const re2::StringPiece subject(text.data(), text.size());
    return regex.Match(subject, 0, subject.size(), re2::RE2::ANCHOR_BOTH, groups_.data(),
                       static_cast<int>(groups_.size()));
  }
  std::string_view find(std::string_view name) const {
    std::size_t index = groups_.size();
    if (const auto number = to_unsigned(name))
      index = *number;
    else if (const auto found = names_.find(std::string(name)); found != names_.end())
      index = static_cast<std::size_t>(found->second);
    if (index >= groups_.size() || groups_[index].data() == nullptr) return {};
    return {groups_[index].data(), groups_[index].size()};
  }

 private:
  const std::map<std::string, int>& names_;
  std::vector<re2::StringPiece> groups_;
};

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// $1, ${1}, $name, ${name} and $$ replaced, as Go's regexp.Expand does: a name is as long as it can be, and
// what is no reference stays as it is.
std::string expanded(std::string_view form, const Groups& groups) {
  std::string text;
  while (!form.empty()) {
    const std::size_t dollar = form.find('$');
    text += form.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    form.remove_prefix(dollar + 1);
    if (form.starts_with('$')) {
      text += '$';
      form.remove_prefix(1);
      continue;
    }
    const bool is_braced = form.starts_with('{');
    const std::string_view rest = form.substr(is_braced ? 1 : 0);
    const auto length = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_word) - rest.begin());
    if (length == 0 || (is_braced && !rest.substr(length).starts_with('}'))) {
      text += '$';
      continue;
    }
    text += groups.find(rest.substr(0, length));
    form.remove_prefix(length + (is_braced ? 2 : 0));
  }
  return text;
}

}  // namespace

Result<Matrix> Evaluator::label_replace(const Call& call, const Grid& grid) {
  const std::string &target = text_of(*call.arguments[1]), &form = text_of(*call.arguments[2]),
                    &source = text_of(*call.arguments[3]), &pattern = text_of(*call.arguments[4]);
  if (auto fits = budget_.check_regex(pattern); !fits) return pass_on(fits);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  const re2::RE2 regex(pattern, options);
  if (!regex.ok())
    return fail("invalid regular expression in label_replace(): " + pattern, "", regex.error());
  if (!is_label_name(target)) return fail("invalid destination label name in label_replace(): " + target);
  auto matrix = vector(*call.arguments[0], grid);
  if (!matrix) return matrix;
  Groups groups(regex);
  for (MatrixSeries& series : matrix->series()) {
    const std::string value(series.labels.value(source));
    if (groups.match(regex, value)) set_label(series, target, expanded(form, groups));
  }
  if (auto merged = matrix->merge_same_labels(); !merged) return pass_on(merged);
  return matrix;
}

Result<Matrix> Evaluator::label_join(const Call& call, const Grid& grid) {
  const std::string &target = text_of(*call.arguments[1]), &separator = text_of(*call.arguments[2]);
  std::vector<std::string> sources;
  for (std::size_t i = 3; i < call.arguments.size(); ++i) {
    sources.push_back(text_of(*call.arguments[i]));
    if (!is_label_name(sources.back()))
      return fail("invalid source label name in label_join(): " + sources.back());
  }
  if (!is_label_name(target)) return fail("invalid destination label name in label_join(): " + target);
  auto matrix = vector(*call.arguments[0], grid);
  if (!matrix) return matrix;
  for (MatrixSeries& series : matrix->series()) {
    std::string joined;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (i > 0) joined += separator;
      joined += series.labels.value(sources[i]);
    }
    set_label(series, target, joined);
  }
  if (auto merged = matrix->merge_same_labels(); !merged) return pass_on(merged);
  return matrix;
}

Result<Matrix> Evaluator::sorted(const Expression& expression, const Call& call, const Grid& grid) {
  auto matrix = vector(*call.arguments[0], grid);
  if (!matrix) return matrix;
  if (grid.is_range) {
    annotations_.warn("sort is ineffective for range queries since results are always ordered by labels",
                      expression.span);
    return matrix;
  }
  std::vector<std::size_t> order(matrix->size());
  std::iota(order.begin(), order.end(), 0);
  const bool is_descending = call.function->name.ends_with("_desc");
  if (call.function->name.starts_with("sort_by_label")) {
    std::vector<std::string> labels;
    for (std::size_t i = 1; i < call.arguments.size(); ++i) labels.push_back(text_of(*call.arguments[i]));
    const auto less = [&](std::size_t a, std::size_t b) {
      const LabelSet &first = matrix->series()[a].labels, &second = matrix->series()[b].labels;
      for (const std::string& label : labels)
        if (const auto by_label = natural_order(first.value(label), second.value(label)); by_label != 0)
          return by_label < 0;
      return first < second;
    };
    std::ranges::sort(order,
                      [&](std::size_t a, std::size_t b) { return is_descending ? less(b, a) : less(a, b); });
  } else {
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const double first = matrix->row(a)[0], second = matrix->row(b)[0];
      if (std::isnan(first) != std::isnan(second)) return std::isnan(second);  // NaN is last either way
      if (first == second || std::isnan(first)) return a < b;
      return is_descending ? first > second : first < second;
    });
  }
  matrix->reorder(order);
  return matrix;
}

}  // namespace ullage::query
