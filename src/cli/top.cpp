// SPDX-License-Identifier: Apache-2.0
#include "cli/top.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/runs_help.h"
#include "cli/verb.h"
#include "daemon/daemon_settings.h"
#include "top/daemon_link.h"
#include "top/live_view.h"
#include "top/machine_json.h"
#include "top/machine_reader.h"
#include "top/machine_view.h"
#include "top/row_list.h"
#include "top/screen_text.h"

namespace ullage::cli {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kShortestInterval = std::chrono::milliseconds(100);
constexpr nanoseconds kUsualInterval = std::chrono::seconds(2), kUsualOfPage = std::chrono::seconds(1);
constexpr std::size_t kPageWidth = 120, kPageWidthLeast = 40, kPageWidthMost = 1000;

struct Options {
  std::string interval, order = "memory", filter;
  bool once = false, json = false, tree = false, groups = false, ascii = false, alone = false;
  std::size_t limit = 20;
};

Result<nanoseconds> interval_of(const Options& options, bool is_page) {
  if (options.interval.empty()) return is_page ? kUsualOfPage : kUsualInterval;
  auto interval = parse_duration(options.interval);
  if (!interval) {
    interval.error().where = "--interval";
    return interval;
  }
  if (*interval < kShortestInterval)
    return fail("the interval is too short", "--interval", "at least " + format_duration(0.1));
  return interval;
}

Result<top::RowChoice> choice_of(const Options& options, const Console& console) {
  auto order = top::parse_order(options.order);
  if (!order) {
    order.error().where = "--sort";
    return fail(std::move(order).error());
  }
  const top::Shape shape = options.groups ? top::Shape::groups
                           : options.tree ? top::Shape::tree
                                          : top::Shape::list;
  return top::RowChoice{.order = *order,
                        .shape = shape,
                        .filter = valid_utf8(options.filter),
                        .utf8 = !options.ascii && speaks_utf8(console)};
}

// Two readings, so that rates are true.
Result<top::MachineView> look_twice(top::MachineReader& reader, const std::string& daemon_socket,
                                    nanoseconds interval, const Clock& clock) {
  top::MachineView view;
  if (auto word = top::DaemonLink(daemon_socket).ask(top::DaemonLink::About::all, clock.wall_ms()))
    view.hear(*std::move(word));
  const auto first = reader.read();
  if (!first) return fail(first.error());
  view.take(*first);
  auto loop = EventLoop::create();
  if (!loop) return pass_on(loop);
  const auto timer = loop->after(interval, [&] { loop->stop(); });
  loop->run();
  const auto second = reader.read();
  if (!second) return fail(second.error());
  view.take(*second);
  return view;
}

bool knows_growth(const top::MachineView& view) {
  return std::ranges::any_of(view.processes(),
                             [](const top::RowView& row) { return row.growth_bytes_per_minute.has_value(); });
}

// Of the terminal, else as $COLUMNS has it.
std::size_t page_width(const Console& console) {
  if (console.out_is_terminal) return static_cast<std::size_t>(std::max(console.width, 20));
  const auto columns = console.environment.find("COLUMNS");
  const auto width = columns != console.environment.end() ? to_unsigned(columns->second) : std::nullopt;
  return width ? std::clamp<std::size_t>(*width, kPageWidthLeast, kPageWidthMost) : kPageWidth;
}

// Of a daemon of the state directory that is in force; none for a machine that is not this one.
std::string daemon_socket(const Options& options, const Common& common, const Console& console) {
  if (options.alone || !console.root.is_live()) return {};
  const auto settings = common.settings(console);
  return settings ? daemon::socket_path(*settings) : std::string();
}

int print_page(const Options& options, const top::RowChoice& choice, const std::string& socket,
               nanoseconds interval, const Console& console) {
  top::MachineReader reader(console.root, console.clock);
  const auto view = look_twice(reader, socket, interval, console.clock);
  if (!view) return refuse(console, view.error());
  if (choice.order == top::Order::growth && !knows_growth(*view))
    console.err << "ullage: growth takes some readings to be known, so the order is that of memory; a daemon "
                   "(ullage daemon) knows it at once\n";
  if (options.json)
    print_json(console, top::machine_json(*view, choice, options.limit));
  else
    console.out << top::text_of(top::page_of(*view, choice, page_width(console), options.limit),
                                {console.colour});
  return 0;
}

int show(const Options& options, const Common& common, const Console& console) {
  const bool is_page = options.once || options.json || !console.out_is_terminal;
  const auto interval = interval_of(options, is_page);
  if (!interval) return refuse(console, interval.error());
  auto choice = choice_of(options, console);
  if (!choice) return refuse(console, choice.error());
  const std::string socket = daemon_socket(options, common, console);
  if (is_page) return print_page(options, *choice, socket, *interval, console);
  const auto shown = top::show_live(console.root, console.clock,
                                    {.daemon_socket = socket,
                                     .interval = *interval,
                                     .state = {.choice = *std::move(choice)},
                                     .colour = console.colour});
  return shown ? 0 : refuse(console, shown.error());
}

}  // namespace

std::vector<Verb> add_top(Command parent, Common& common, Console& console) {
  const Command verb = parent.verb("top", "Show the machine and its processes as they are now.");
  const auto options = std::make_shared<Options>();
  verb.flag("--once", options->once, "print one page; so does an output that is no terminal");
  verb.flag("--json", options->json, "print one page as JSON");
  verb.option("--interval", options->interval, "time between readings (2s; of a page 1s)");
  verb.option("--sort", options->order, "memory, growth, cpu, io or headroom").shows_default();
  verb.option("--filter", options->filter, "only what has this in its command, name, user or group");
  verb.flag("--tree", options->tree, "processes below their parents");
  verb.flag("--groups", options->groups, "services, containers and programs, not single processes");
  verb.option("--limit", options->limit, "rows of a page, at most").between(1, 1'000'000).shows_default();
  verb.flag("--alone", options->alone, "do not ask a daemon for the last minutes, growth and runs");
  verb.flag("--ascii", options->ascii, "draw with plain letters");
  verb.footer("Keys: m g c i h order, t tree, G groups, / filter, p pause, ? help, q quit.");
  return {{verb, [options, &common, &console] { return show(*options, common, console); }}};
}

}  // namespace ullage::cli
