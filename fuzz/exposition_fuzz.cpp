// SPDX-License-Identifier: Apache-2.0
// Any bytes as a text of metrics, and as what a program printed. What is read must mean the same when it is
// written out again.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "metric/exposition.h"
#include "metric/exposition_parser.h"
#include "metric/sample_text.h"
#include "sense/custom/program_output.h"

namespace {

std::string written(const ullage::metric::ExpositionSample& sample) {
  std::string text = "{";
  ullage::metric::append_quoted(text, sample.key.name);
  text += ',';
  ullage::metric::append_labels(text, sample.key.labels);
  text += "} ";
  ullage::metric::append_number(text, sample.value);
  return text + '\n';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ullage::sense::parse_program_output(text);
  (void)ullage::metric::parse_exposition(text, {.form = ullage::metric::ExpositionForm::open_metrics});
  const auto read = ullage::metric::parse_exposition(text, {.samples_max = 100});
  if (!read) return 0;
  std::string all;
  for (const auto& sample : read->samples) all += written(sample);
  const auto again = ullage::metric::parse_exposition(all, {});
  ullage::check(again && again->samples.size() == read->samples.size(), "what was written out is read again");
  for (std::size_t i = 0; i < read->samples.size(); ++i) {
    const auto &before = read->samples[i], &after = again->samples[i];
    ullage::check(before.key == after.key, "a series is the same");
    ullage::check(std::bit_cast<std::uint64_t>(before.value) == std::bit_cast<std::uint64_t>(after.value) ||
                      (std::isnan(before.value) && std::isnan(after.value)),
                  "a value is the same");
  }
  return 0;
}
