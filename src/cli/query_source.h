// SPDX-License-Identifier: Apache-2.0
// What `query` asks: a history, a run, or another machine's Prometheus, by the words of --from, behind the
// one face of a series source.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/verb.h"
#include "history/series_source.h"

namespace ullage::cli {

// Of help texts.
constexpr std::string_view kSourceArgument =
    "what to ask: a state directory (default: ours), a run by id, name, path or @1, or a Prometheus at "
    "http://…";

struct QuerySource {
  struct Extent {
    std::int64_t begin_ms, end_ms;
  };
  std::unique_ptr<history::SeriesSource> source;
  std::optional<Extent> extent;                             // of a run: what it has
  std::function<std::vector<std::string>()> problems = {};  // damage that answers so far had to leave out
};

// --from, and what a server that is asked wants to see.
void add_from(Command verb, std::string& from, Common& common);
// What had to be left out so far, on standard error.
void tell_problems(const QuerySource& source, const Console& console);
// A server has to answer within `timeout`, where one is given.
Result<QuerySource> open_source(const Common& common, const Console& console, const std::string& from,
                                std::optional<std::chrono::milliseconds> timeout = {});

}  // namespace ullage::cli
