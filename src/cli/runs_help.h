// SPDX-License-Identifier: Apache-2.0
// What the verbs that look at runs share: finding and loading the run that was named, its figures and advice,
// and output that goes to a terminal, a pipe or a file.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "cli/verb.h"
#include "run/figures.h"
#include "run/run_file.h"

namespace ullage::cli {

// Of help texts: where a verb takes a run.
constexpr std::string_view kRunArgument =
    "a run: id, unique prefix, name, path, @1 for the last, @2 for the one before";

// The path of the run that was named.
Result<std::string> find_wanted(const Common& common, const Console& console, const std::string& wanted);
// With advice: the file holds none, it is made up from the figures and series.
Result<run::LoadedRun> load_wanted(const Common& common, const Console& console, const std::string& wanted);
run::Figures figures_of(const run::LoadedRun& loaded);

// On a line of its own, names that are not UTF-8 replaced.
void print_json(const Console& console, const nlohmann::json& json);
// The terminal's width, or 0 (any) when the text goes elsewhere.
std::size_t text_width(const Console& console);
// Whether the locale (LC_ALL, LC_CTYPE, LANG: the first that is set) is UTF-8.
bool speaks_utf8(const Console& console);
// "k=v" taken apart; an error that says how it reads.
Result<std::pair<std::string, std::string>> parse_tag(std::string_view text);
// Prints "ullage: <error>" and returns 1: the call was right, the answer is no.
int answer_no(const Console& console, const Error& error);

}  // namespace ullage::cli
