// SPDX-License-Identifier: Apache-2.0
#include "cli/query_source.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "history/history_source.h"
#include "history/remote/remote_source.h"
#include "history/run_file_source.h"
#include "history/series_source.h"
#include "run/run_file.h"
#include "run/words.h"

namespace ullage::cli {

namespace {

// A run's file and the source over it.
class RunSource final : public history::SeriesSource {
 public:
  explicit RunSource(run::LoadedRun run) : run_(std::move(run)), source_(run_.series) {}
  Result<void> select(const history::Selection& selection, const VisitSamples& visit) const override {
    return source_.select(selection, visit);
  }
  const run::LoadedRun& run() const { return run_; }

 private:
  run::LoadedRun run_;
  history::RunFileSource source_;
};

Result<QuerySource> open_history(const std::string& folder) {
  auto opened = history::HistorySource::open(folder);
  if (!opened) return pass_on(opened);
  auto source = std::make_unique<history::HistorySource>(*std::move(opened));
  const history::HistorySource* asked = source.get();
  return QuerySource{.source = std::move(source), .problems = [asked] { return asked->problems(); }};
}

Result<QuerySource> open_run(const Common& common, const Console& console, const std::string& wanted) {
  auto loaded = load_wanted(common, console, wanted);
  if (!loaded) return pass_on(loaded);
  auto source = std::make_unique<RunSource>(*std::move(loaded));
  const run::LoadedRun& run = source->run();
  return QuerySource{.source = std::move(source),
                     .extent = {{run.record.started_ms, run::end_ms(run.record)}},
                     .problems = [&run] {
                       std::vector<std::string> all = run.problems;
                       for (std::string& problem : run.series.problems()) all.push_back(std::move(problem));
                       return all;
                     }};
}

Result<QuerySource> open_remote(const std::string& url, const Common& common, const Console& console,
                                std::optional<std::chrono::milliseconds> timeout) {
  history::RemoteOptions options{.url = url};
  if (timeout) options.http.timeout = *timeout;
  const auto settings = common.settings(console);
  if (!settings) return fail(settings.error());
  if (const std::string file = settings->text("query.bearer_token_file"); !file.empty()) {
    const auto text = read_file(file);
    if (!text) return fail(text.error());
    options.http.credentials.bearer_token = trim(text->substr(0, text->find('\n')));
  }
  options.http.tls = {.ca_file = settings->text("query.tls.ca_file"),
                      .cert_file = settings->text("query.tls.cert_file"),
                      .key_file = settings->text("query.tls.key_file")};
  auto source = history::RemoteSource::open(std::move(options));
  if (!source) return pass_on(source);
  return QuerySource{.source = std::make_unique<history::RemoteSource>(*std::move(source))};
}

}  // namespace

void add_from(Command verb, std::string& from, Common& common) {
  verb.option("--from", from, kSourceArgument);
  // A file, as on the command line everybody on the machine could read it.
  common.setting(verb, "--token-file", "query.bearer_token_file",
                 "file with the bearer token for the server at http://… (setting query.bearer_token_file)");
}

void tell_problems(const QuerySource& source, const Console& console) {
  if (!source.problems) return;
  for (const std::string& problem : source.problems())
    console.err << "ullage: damaged: " << printable(problem) << '\n';
}

Result<QuerySource> open_source(const Common& common, const Console& console, const std::string& from,
                                std::optional<std::chrono::milliseconds> timeout) {
  if (from.starts_with("http://") || from.starts_with("https://"))
    return open_remote(from, common, console, timeout);
  if (from.find("://") != std::string::npos)
    return fail("sources are http:// or https://, a run, or a directory", from);
  std::error_code error;
  if (!from.empty() && !std::filesystem::is_directory(from, error)) return open_run(common, console, from);
  const auto state = from.empty() ? common.state(console) : Result<std::string>(from);
  if (!state) return fail(state.error());
  const std::string folder = *state + "/history";
  if (!std::filesystem::is_directory(folder, error))
    return fail(
        "there is no history", folder,
        "`ullage daemon` and `ullage query import` make one; ask a run with --from @1 (`ullage runs list` "
        "has them)");
  return open_history(folder);
}

}  // namespace ullage::cli
