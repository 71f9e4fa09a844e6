// SPDX-License-Identifier: Apache-2.0
// ullage_promqltest FILE…: runs test scripts of Prometheus's promqltest. A line a file and one for all on
// stdout, what failed and under which features evals were skipped on stderr; exits 1 when one failed, 2 when
// a file cannot be read.
#include <fmt/format.h>

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "query/engine.h"
#include "query/script.h"

namespace {

using ullage::query::ScriptReport;

void print_report(std::string_view name, const ScriptReport& report) {
  fmt::print("{}: {} passed, {} failed, {} skipped\n", name, report.passed, report.failed, report.skipped);
}

void print_details(std::string_view name, const ScriptReport& report) {
  for (const std::string& failure : report.failures) fmt::print(stderr, "{}: {}\n", name, failure);
  for (const auto& [feature, count] : report.skipped_under)
    fmt::print(stderr, "{}: {} skipped: {}\n", name, count, feature);
}

}  // namespace

int main(int count, char** arguments) {
  const ullage::query::Engine engine;
  ScriptReport total;
  bool is_unread = count < 2;
  for (const std::string path : std::span(arguments, static_cast<std::size_t>(count)).subspan(1)) {
    const auto script = ullage::read_file(path);
    if (!script) {
      fmt::print(stderr, "{}\n", script.error().text());
      is_unread = true;
      continue;
    }
    const ScriptReport report = run_script(*script, engine);
    const std::string name = path.substr(path.rfind('/') + 1);
    std::fflush(stdout);
    print_details(name, report);
    print_report(name, report);
    total.passed += report.passed;
    total.failed += report.failed;
    total.skipped += report.skipped;
  }
  print_report("total", total);
  return is_unread ? 2 : total.failed > 0 ? 1 : 0;
}
