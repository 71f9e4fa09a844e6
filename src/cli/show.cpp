// SPDX-License-Identifier: Apache-2.0
#include "cli/show.h"

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "run/record.h"
#include "run/report.h"
#include "run/run_file.h"
#include "run/series_view.h"
#include "run/show_text.h"
#include "web_assets/report_page.h"

namespace ullage::cli {

namespace {

struct Options {
  std::string run = "@1";
  std::string report;  // -o
  bool json = false;
  bool ascii = false;
  int width = 0;  // 0: the terminal's
};

int write_report(const run::LoadedRun& loaded, const std::string& path, const Console& console) {
  const auto html = run::report_html(web_assets::report_page(), loaded);
  if (!html) return refuse(console, html.error());
  if (path == "-") {
    console.out << *html << std::flush;
    return console.out ? 0 : refuse(console, {.what = "cannot write the report", .where = "standard output"});
  }
  if (const auto written = replace_file(path, *html); !written) return refuse(console, written.error());
  console.err << "ullage: wrote " << printable(path) << " ("
              << format_bytes(static_cast<double>(html->size())) << ")\n";
  return 0;
}

int show_text(const run::LoadedRun& loaded, const Options& options, const Console& console) {
  std::size_t width = options.width > 0 ? static_cast<std::size_t>(options.width) : text_width(console);
  if (width == 0) width = 100;  // a file or a pipe: charts need some width
  const run::ShowLook look{
      .style = {console.colour}, .width = width, .utf8 = !options.ascii && speaks_utf8(console)};
  const auto text = run::show_text(loaded.record, run::view_of(loaded.series), loaded.problems, look);
  if (!text) return refuse(console, text.error());
  console.out << *text;
  return 0;
}

int show(const Options& options, const Common& common, const Console& console) {
  const auto loaded = load_wanted(common, console, options.run);
  if (!loaded) return refuse(console, loaded.error());
  if (!options.report.empty()) return write_report(*loaded, options.report, console);
  if (!options.json) return show_text(*loaded, options, console);
  for (const std::string& problem : loaded->problems)
    console.err << "ullage: damaged: " << printable(problem) << '\n';
  print_json(console, run::to_json(loaded->record));
  return 0;
}

}  // namespace

std::vector<Verb> add_show(Command parent, Common& common, Console& console) {
  auto options = std::make_shared<Options>();
  const Command verb =
      parent.verb("show", "what a run did: figures, curves, processes, events, advice; or its report");
  verb.option("RUN", options->run, kRunArgument).shows_default();
  const Flag report =
      verb.option("-o,--output", options->report,
                  "write the report, one HTML file that needs no network; - for standard output");
  verb.flag("--json", options->json, "print the run as JSON (docs/formats/run-json.md)").excludes(report);
  verb.option("--width", options->width, "columns of text to use, instead of the terminal's")
      .between(40, 1000);
  verb.flag("--ascii", options->ascii,
            "draw with plain characters, as is done where the locale is not UTF-8");
  verb.footer(
      "Examples:\n"
      "  ullage show                        the last run\n"
      "  ullage show train -o report.html   the last run named train, as a report\n"
      "  ullage show @2 --json              the run before the last, as JSON");
  return {{verb, [options, &common, &console] { return show(*options, common, console); }}};
}

}  // namespace ullage::cli
