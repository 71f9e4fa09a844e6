// SPDX-License-Identifier: Apache-2.0
// remote_export URL NAME BEGIN_MS END_MS FORMAT [ANSWER_BYTES]: asks a remote Prometheus for the samples of a
// metric in (BEGIN_MS, END_MS] and prints them. Exits 1 with a line on stderr when it cannot.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "history/exchange/exchange.h"
#include "history/remote/remote_source.h"
#include "history/series_source.h"
#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "remote_export URL NAME BEGIN_MS END_MS FORMAT [ANSWER_BYTES]";
  namespace history = ullage::history;
  const long begin_ms = program::number(count, arguments, 3, kUsage);
  const long end_ms = program::number(count, arguments, 4, kUsage);
  const auto format = history::parse_exchange_format(count > 5 ? arguments[5] : "");
  if (!format) return std::fprintf(stderr, "%s\n", kUsage), 2;
  history::RemoteOptions options;
  options.url = arguments[1];
  options.http.timeout = std::chrono::milliseconds(1000);
  if (count > 6)
    options.http.answer_bytes_max = static_cast<std::size_t>(program::number(count, arguments, 6, kUsage));
  const auto write = [](std::string_view text) -> ullage::Result<void> {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return {};
  };
  const auto source = history::RemoteSource::open(std::move(options));
  if (!source) return std::fprintf(stderr, "%s\n", source.error().text().c_str()), 1;
  const history::Selection all{{{"__name__", history::Matcher::Kind::equal, arguments[2]}}, begin_ms, end_ms};
  const auto done = history::export_samples(*source, all, *format, write);
  if (!done) return std::fprintf(stderr, "%s\n", done.error().text().c_str()), 1;
  return 0;
}
