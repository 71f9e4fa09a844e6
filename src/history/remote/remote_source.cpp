// SPDX-License-Identifier: Apache-2.0
#include "history/remote/remote_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"
#include "history/gaps.h"
#include "history/matching.h"
#include "history/remote/api_answer.h"
#include "history/remote/selector_text.h"
#include "history/remote/series_samples.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::int64_t kSliceMinMs = 1'000;
constexpr std::int64_t kSliceMaxMs = std::int64_t{3660} * 86'400'000;
constexpr std::size_t kAddressMax = 2'000;  // longer questions are posted
// Prometheus's own limits: a time beyond these is refused or wraps around.
constexpr std::int64_t kTimeMaxMs = std::int64_t{4'000'000'000} * 1000;

std::string seconds_text(std::int64_t time_ms) {
  const bool negative = time_ms < 0;
  const auto size = negative ? 0 - static_cast<std::uint64_t>(time_ms) : static_cast<std::uint64_t>(time_ms);
  return fmt::format("{}{}.{:03}", negative ? "-" : "", size / 1000, size % 1000);
}

// A failure by which a smaller question may get an answer.
bool is_too_much(const Error& error) {
  return error.system_error == kHttpTooLarge || error.what.find("too many samples") != std::string::npos ||
         error.what.find("maxSamples") != std::string::npos;  // Prometheus's words, and VictoriaMetrics's
}

using SamplesByKey = std::map<metric::SeriesKey, std::vector<Sample>>;

}  // namespace

struct RemoteSource::Impl {
  RemoteOptions options;
  HttpClient http;

  Result<std::string> ask(std::string_view path, const std::string& parameters);
  Result<std::vector<SeriesSamples>> ask_slice(const std::string& selector, std::int64_t begin_ms,
                                               std::int64_t end_ms);
  Result<SamplesByKey> collect(const Selection& selection, const std::string& selector);
  Result<void> add(std::vector<SeriesSamples> answer, std::int64_t begin_ms, std::int64_t end_ms,
                   SamplesByKey& all, std::size_t& total) const;
  std::string shown() const { return url_shown(options.url); }

  std::size_t last_answer_bytes = 0;
};

Result<std::string> RemoteSource::Impl::ask(std::string_view path, const std::string& parameters) {
  HttpRequest request{.url = options.url + std::string(path), .headers = {{"Accept", "application/json"}}};
  if (request.url.size() + parameters.size() < kAddressMax) {
    request.url += '?' + parameters;
  } else {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = parameters;
  }
  auto answer = http.send(request, options.stop);
  if (!answer) return pass_on(answer);
  last_answer_bytes = answer->body.size();
  if (answer->status == 200) return std::move(answer->body);

  std::string said = parse_api_error(answer->body);
  if (said.empty()) said = printable(trim(std::string_view(answer->body).substr(0, 200)));
  std::string hint;
  if (answer->status == 401 || answer->status == 403) hint = "it wants a user and password, or a token";
  if (answer->status == 404) hint = "the address is that before /api/v1";
  return fail(fmt::format("the answer is {}{}{}", answer->status, said.empty() ? "" : ": ", said),
              url_shown(request.url), hint);
}

// Samples in (begin, end].
Result<std::vector<SeriesSamples>> RemoteSource::Impl::ask_slice(const std::string& selector,
                                                                 std::int64_t begin_ms, std::int64_t end_ms) {
  const std::string query = fmt::format("{}[{}ms]", selector, end_ms - begin_ms);
  // VictoriaMetrics would move a time near now back by half a minute; `nocache` is how it is told not to.
  auto body =
      ask("/api/v1/query", "query=" + url_encoded(query) + "&time=" + seconds_text(end_ms) + "&nocache=1");
  if (!body) return pass_on(body);
  auto series = parse_matrix(*body);
  if (!series) series.error().where = shown() + "/api/v1/query";
  return series;
}

Result<void> RemoteSource::Impl::add(std::vector<SeriesSamples> answer, std::int64_t begin_ms,
                                     std::int64_t end_ms, SamplesByKey& all, std::size_t& total) const {
  for (SeriesSamples& series : answer) {
    // Prometheus 2 counts the left end in.
    const auto begin = std::ranges::upper_bound(series.samples, begin_ms, {}, &Sample::time_ms);
    const auto end = std::ranges::upper_bound(begin, series.samples.end(), end_ms, {}, &Sample::time_ms);
    if (begin == end) continue;
    total += static_cast<std::size_t>(end - begin);
    if (total > options.samples_max)
      return fail(fmt::format("more than {} samples", options.samples_max), shown(),
                  "ask for fewer series or less time");
    std::vector<Sample>& samples = all[std::move(series.key)];
    if (!samples.empty() && samples.back().time_ms >= begin->time_ms)
      return fail("the answer has a series twice", shown() + "/api/v1/query");
    samples.insert(samples.end(), begin, end);
  }
  return {};
}

Result<SamplesByKey> RemoteSource::Impl::collect(const Selection& selection, const std::string& selector) {
  SamplesByKey all;
  std::size_t total = 0;
  std::int64_t slice_ms = std::clamp<std::int64_t>(options.slice.count(), kSliceMinMs, kSliceMaxMs);
  const std::int64_t last_ms = std::min(selection.end_ms, kTimeMaxMs);
  for (std::int64_t begin_ms = std::max<std::int64_t>(selection.begin_ms, -1); begin_ms < last_ms;) {
    const std::int64_t end_ms = std::min(begin_ms + slice_ms, last_ms);
    auto answer = ask_slice(selector, begin_ms, end_ms);
    if (!answer && is_too_much(answer.error()) && end_ms - begin_ms > kSliceMinMs &&
        !options.stop.stop_requested()) {
      slice_ms = std::max(kSliceMinMs, (end_ms - begin_ms) / 4);
      continue;
    }
    if (!answer) return pass_on(answer);
    if (auto added = add(std::move(*answer), begin_ms, end_ms, all, total); !added) return pass_on(added);
    if (last_answer_bytes < options.http.answer_bytes_max / 16)
      slice_ms = std::min(slice_ms * 4, kSliceMaxMs);
    begin_ms = end_ms;
  }
  return all;
}

RemoteSource::RemoteSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RemoteSource::RemoteSource(RemoteSource&&) noexcept = default;
RemoteSource& RemoteSource::operator=(RemoteSource&&) noexcept = default;
RemoteSource::~RemoteSource() = default;

Result<RemoteSource> RemoteSource::open(RemoteOptions options) {
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://"))
    return fail("not an address of HTTP", url_shown(options.url), "as in http://localhost:9090");
  const std::string_view host = std::string_view(options.url).substr(options.url.find("://") + 3);
  if (host.empty() || host.starts_with('/') || host.starts_with(':'))
    return fail("the address names no host", url_shown(options.url), "as in http://localhost:9090");
  while (options.url.ends_with('/')) options.url.pop_back();
  auto http = HttpClient::create(options.http);
  if (!http) return pass_on(http);
  return RemoteSource(std::make_unique<Impl>(Impl{.options = std::move(options), .http = std::move(*http)}));
}

Result<void> RemoteSource::select(const Selection& selection, const VisitSamples& visit) const {
  if (auto matching = Matching::compile(selection.matchers); !matching) return pass_on(matching);
  auto all = impl_->collect(selection, selector_text(selection.matchers));
  if (!all) return pass_on(all);
  std::int64_t newest_ms = INT64_MIN;
  for (const auto& [key, samples] : *all) newest_ms = std::max(newest_ms, samples.back().time_ms);
  for (auto series = all->begin(); series != all->end(); series = all->erase(series)) {
    mark_gaps(series->second, newest_ms, 0);
    if (auto visited = visit(series->first, series->second); !visited) return visited;
  }
  return {};
}

Result<void> RemoteSource::select_series(const Selection& selection, const VisitSeries& visit) const {
  if (auto matching = Matching::compile(selection.matchers); !matching) return pass_on(matching);
  const std::int64_t begin_ms = std::max<std::int64_t>(selection.begin_ms, -1) + 1;
  const std::int64_t end_ms = std::min(selection.end_ms, kTimeMaxMs);
  if (begin_ms > end_ms) return {};
  auto body =
      impl_->ask("/api/v1/series", "match%5B%5D=" + url_encoded(selector_text(selection.matchers)) +
                                       "&start=" + seconds_text(begin_ms) + "&end=" + seconds_text(end_ms));
  if (!body) return pass_on(body);
  auto list = parse_series_list(*body);
  if (!list) {
    list.error().where = impl_->shown() + "/api/v1/series";
    return pass_on(list);
  }
  std::ranges::sort(*list, {}, &SeriesSamples::key);
  const auto twice = std::ranges::unique(*list, {}, &SeriesSamples::key);
  list->erase(twice.begin(), twice.end());
  for (const SeriesSamples& series : *list)
    if (auto visited = visit(series.key); !visited) return visited;
  return {};
}

}  // namespace ullage::history
