// SPDX-License-Identifier: Apache-2.0
#include "cli/runs_help.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "cli/verb.h"
#include "run/advice.h"
#include "run/catalog.h"
#include "run/figures.h"
#include "run/growth_verdicts.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"

namespace ullage::cli {

Result<std::string> find_wanted(const Common& common, const Console& console, const std::string& wanted) {
  const auto state = common.state(console);
  if (!state) return fail(state.error());
  return run::find_run(*state, wanted);
}

Result<run::LoadedRun> load_wanted(const Common& common, const Console& console, const std::string& wanted) {
  const auto path = find_wanted(common, console, wanted);
  if (!path) return fail(path.error());
  auto loaded = run::load_run(*path);
  if (!loaded) return loaded;
  if (loaded->record.growth.empty()) loaded->record.growth = run::growth_verdicts(*loaded);
  if (loaded->record.advice.empty()) loaded->record.advice = run::advise(figures_of(*loaded));
  return loaded;
}

run::Figures figures_of(const run::LoadedRun& loaded) {
  const run::SeriesView view = run::view_of(loaded.series);
  return run::figures_of(loaded.record, &view);
}

void print_json(const Console& console, const nlohmann::json& json) {
  console.out << json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

std::size_t text_width(const Console& console) {
  return console.out_is_terminal ? static_cast<std::size_t>(std::max(console.width, 20)) : 0;
}

bool speaks_utf8(const Console& console) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto found = console.environment.find(name);
    if (found == console.environment.end() || found->second.empty()) continue;
    std::string locale = found->second;
    std::ranges::transform(locale, locale.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

Result<std::pair<std::string, std::string>> parse_tag(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return fail("'" + printable(text) + "' is not a tag", {}, "a tag reads as key=value");
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

int answer_no(const Console& console, const Error& error) {
  console.err << "ullage: " << error.text() << '\n';
  return 1;
}

}  // namespace ullage::cli
