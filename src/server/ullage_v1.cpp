// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/text.h"
#include "query/api_json.h"
#include "run/catalog.h"
#include "run/catalog_view.h"
#include "run/record.h"
#include "run/report.h"
#include "run/run_file.h"
#include "sense/processes/group_books.h"
#include "server/http_message.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/ullage_v1_outlook.h"
#include "server/ullage_v1_processes.h"
#include "server/ullage_v1_runs.h"
#include "server/ullage_v1_tickets.h"
#include "server/worker_pool.h"

namespace ullage::server {

namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kWaitingMax = 100;
constexpr std::size_t kListenersMax = 256;
constexpr std::size_t kRowsDefault = 50, kRowsMax = 1000;
constexpr std::chrono::seconds kRunsEvery{2};

// How many rows are asked for; an error when that is no number.
Result<std::size_t> limit_of(const Request& request) {
  const std::string* text = request.parameters.find("limit");
  if (text == nullptr) return kRowsDefault;
  const auto number = to_unsigned(*text);
  if (!number || *number == 0 || *number > kRowsMax)
    return fail("not a number of rows", "limit", fmt::format("1 to {}", kRowsMax));
  return static_cast<std::size_t>(*number);
}

// Ids and names; never a path, nor a number of the last.
bool may_be_run(std::string_view wanted) {
  return !wanted.empty() && wanted.front() != '@' && wanted.find('/') == std::string_view::npos &&
         !wanted.ends_with(".ullage");
}

Result<run::LoadedRun> load(const std::string& state_directory, const std::string& wanted) {
  if (!may_be_run(wanted)) return fail("no run of this id or name", wanted);
  const auto path = run::find_run(state_directory, wanted);
  if (!path) return fail(path.error());
  return run::load_run(*path);
}

Response answer_run(const std::string& state_directory, const std::string& wanted) {
  const auto loaded = load(state_directory, wanted);
  if (!loaded) return error_response(404, loaded.error().text());
  return {.body =
              run::to_json(loaded->record).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

Response answer_report(const std::string& state_directory, std::string_view page, const std::string& wanted) {
  const auto loaded = load(state_directory, wanted);
  if (!loaded) return error_response(404, loaded.error().text());
  auto html = run::report_html(page, *loaded);
  if (!html) return error_response(500, html.error().text());
  return {.content_type = "text/html; charset=utf-8",
          .body = *std::move(html),
          .content_security_policy = policy_of_page(page)};
}

Response answer_ticket(const std::string& state_directory, const std::string& wanted,
                       const std::string& ticket) {
  if (ticket.empty()) return error_response(500, "this system has no randomness to give");
  if (!may_be_run(wanted) || !run::find_run(state_directory, wanted))
    return error_response(404, "no run of this id or name");
  return {.body = fmt::format(R"({{"ticket":"{}"}})", ticket), .headers = {{"Cache-Control", "no-store"}}};
}

Response answer_look(const Result<run::CatalogView::Look>& look,
                     const std::function<std::string(const run::CatalogView::Look&)>& text) {
  if (!look) return error_response(500, look.error().text());
  return {.body = text(*look)};
}

}  // namespace

std::string policy_of_page(std::string_view page) {
  constexpr std::string_view kBegin = "http-equiv=\"Content-Security-Policy\" content=\"";
  const std::size_t at = page.find(kBegin);
  if (at == std::string_view::npos) return std::string(kStrictPolicy);
  const std::string_view rest = page.substr(at + kBegin.size());
  return std::string(rest.substr(0, rest.find('"'))) + "; frame-ancestors 'none'";
}

struct UllageV1::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& of_loop, const Clock& of_clock, UllageSubjects of_subjects)
      : loop(of_loop),
        clock(of_clock),
        subjects(std::move(of_subjects)),
        catalog(std::make_shared<run::CatalogView>(subjects.state_directory)),
        pool(std::make_unique<WorkerPool>(kThreads, kWaitingMax)) {}

  // The work holds nothing of the loop's; the responder stays here.
  void aside(const Responder& respond, std::function<Response()> work) {
    const std::uint64_t number = ++last_number;
    const bool is_taken =
        pool->submit([&to = loop, number, work = std::move(work), self = weak_from_this()](std::size_t) {
          auto response = std::make_shared<Response>(work());
          to.post([number, response, self] {
            const auto api = self.lock();
            if (!api) return;
            const auto found = api->waiting.extract(number);
            if (!found.empty()) found.mapped()(std::move(*response));
          });
        });
    if (is_taken)
      waiting.emplace(number, respond);
    else
      respond(error_response(503, "unavailable", "too many questions are waiting; ask again in a moment"));
  }

  std::string overview_text() const {
    const std::string extra = fmt::format(
        R"("host":{},"version":{},"api_version":{},"start_ms":{},"interval_seconds":{},"processes":{},"groups":{},"series":{},)",
        query::json_string(subjects.host), query::json_string(subjects.version), kUllageApiVersion,
        subjects.start_ms, subjects.interval_seconds(), subjects.processes().size(), subjects.groups().size(),
        subjects.live == nullptr ? 0 : subjects.live->size());
    return overview_json(outlook.overview(), extra);
  }

  void processes(const Request& request, const Responder& respond) {
    if (!request.peer.is_unix && !subjects.processes_over_tcp())
      return respond(
          error_response(403, "processes are shown over the unix socket only (server.processes_over_tcp)"));
    const auto limit = limit_of(request);
    if (!limit) return respond(error_response(400, limit.error().text()));
    const std::string* word = request.parameters.find("sort");
    const auto order = word == nullptr ? std::optional(ProcessOrder::memory) : process_order(*word);
    if (!order) return respond(error_response(400, "sort: it reads memory, cpu, growth or io"));
    const auto rows = subjects.processes();
    const auto hidden = subjects.hidden();
    aside(respond, [answer = ProcessesAnswer{.time_ms = outlook.overview().time_ms,
                                             .interval_seconds = subjects.interval_seconds(),
                                             .total = rows.size(),
                                             .hidden = hidden.whole,
                                             .rows = first_processes(rows, *order, *limit)}] {
      return Response{.body = processes_json(answer)};
    });
  }

  void groups(const Responder& respond) {
    std::vector<NamedGroup> groups;
    for (const sense::GroupBooks::Shown& shown : subjects.groups())
      groups.push_back({*shown.group, *shown.sample});
    aside(respond, [groups = std::move(groups), time_ms = outlook.overview().time_ms] {
      return Response{.body = groups_json(time_ms, groups)};
    });
  }

  void runs(const Request& request, const Responder& respond) {
    const auto limit = limit_of(request);
    if (!limit) return respond(error_response(400, limit.error().text()));
    aside(respond, [view = catalog, limit = *limit] {
      return answer_look(view->look(), [&](const auto& look) { return runs_json(look, limit); });
    });
  }

  void issue(const Request& request, const Responder& respond) {
    const std::string id(request.path_parameters.value("id"));
    aside(respond, [state = subjects.state_directory, id, ticket = tickets.issue(id, clock.monotonic())] {
      return answer_ticket(state, id, ticket);
    });
  }

  void events(const Request& request, const Responder& respond) {
    const auto limit = limit_of(request);
    if (!limit) return respond(error_response(400, limit.error().text()));
    aside(respond, [view = catalog, limit = *limit, notes = subjects.notes()] {
      return answer_look(view->look(), [&](const auto& look) { return events_json(look, notes, limit); });
    });
  }

  void doctor(const Responder& respond) {
    if (!subjects.doctor) return respond(error_response(404, "this program has no doctor"));
    aside(respond, [examine = subjects.doctor()] { return Response{.body = examine()}; });
  }

  void listen(const Responder& respond) {
    std::erase_if(listeners, [](const EventStream& stream) { return !stream.is_open(); });
    if (listeners.size() >= kListenersMax)
      return respond(error_response(503, "unavailable", "too many listen already"));
    const EventStream stream = respond.events();
    if (outlook.overview().time_ms != 0) stream.send("tick", overview_text());
    listeners.push_back(stream);
  }

  void look() {
    if (subjects.live != nullptr) outlook.look(*subjects.live);
    if (listeners.empty()) return;
    const std::string text = overview_text();
    std::erase_if(listeners, [&](const EventStream& stream) { return !stream.send("tick", text); });
    tell_notes();
    look_at_runs();
  }

  void tell_notes() {
    const std::uint64_t ever = subjects.notes_ever();
    if (std::exchange(told_notes, ever) == ever) return;
    const std::string text = fmt::format(R"({{"version":{}}})", ever);
    std::erase_if(listeners, [&](const EventStream& stream) { return !stream.send("noted", text); });
  }

  // Only while somebody wants to hear of them.
  void look_at_runs() {
    const auto now = clock.monotonic();
    if (is_looking_at_runs || now < runs_due) return;
    runs_due = now + kRunsEvery;
    is_looking_at_runs = pool->submit([&to = loop, view = catalog, self = weak_from_this()](std::size_t) {
      const auto look = view->look();
      to.post([version = look ? look->version : 0, self] {
        if (const auto api = self.lock()) api->tell_runs(version);
      });
    });
  }

  void tell_runs(std::uint64_t version) {
    is_looking_at_runs = false;
    if (version == 0 || version == runs_version) return;
    runs_version = version;
    const std::string text = fmt::format(R"({{"version":{}}})", version);
    std::erase_if(listeners, [&](const EventStream& stream) { return !stream.send("runs", text); });
  }

  void add_routes(Router& router) {
    const auto add = [&](std::string_view path, Handler handle, Admits admits = {},
                         std::string_view method = "GET") {
      router.add(method, "/api/ullage/v1" + std::string(path), std::move(handle), Access::with_token,
                 std::move(admits));
    };
    add("/overview",
        [this](const Request&, const Responder& respond) { respond({.body = overview_text()}); });
    add("/processes",
        [this](const Request& request, const Responder& respond) { processes(request, respond); });
    add("/groups", [this](const Request&, const Responder& respond) { groups(respond); });
    add("/runs", [this](const Request& request, const Responder& respond) { runs(request, respond); });
    add("/runs/{id}", [this](const Request& request, const Responder& respond) {
      aside(respond,
            [state = subjects.state_directory, id = std::string(request.path_parameters.value("id"))] {
              return answer_run(state, id);
            });
    });
    add(
        "/runs/{id}/report",
        [this](const Request& request, const Responder& respond) {
          aside(respond, [state = subjects.state_directory, page = subjects.report_page,
                          id = std::string(request.path_parameters.value("id"))] {
            return answer_report(state, page, id);
          });
        },
        [this](const Request& request) {
          return tickets.admit(request.path_parameters.value("id"), request.parameters.value("ticket"),
                               clock.monotonic());
        });
    add(
        "/runs/{id}/ticket",
        [this](const Request& request, const Responder& respond) { issue(request, respond); }, {}, "POST");
    add("/events", [this](const Request& request, const Responder& respond) { events(request, respond); });
    add("/doctor", [this](const Request&, const Responder& respond) { doctor(respond); });
    add("/live", [this](const Request&, const Responder& respond) { listen(respond); });
  }

  EventLoop& loop;
  const Clock& clock;
  UllageSubjects subjects;
  std::shared_ptr<run::CatalogView> catalog;
  Outlook outlook;
  Tickets tickets;
  std::vector<EventStream> listeners;
  std::chrono::nanoseconds runs_due{0};
  bool is_looking_at_runs = false;
  std::uint64_t runs_version = 0, told_notes = 0;
  std::unordered_map<std::uint64_t, Responder> waiting;  // for work that is done aside
  std::uint64_t last_number = 0;
  std::unique_ptr<WorkerPool> pool;  // ends first
};

UllageV1::UllageV1(EventLoop& loop, const Clock& clock, UllageSubjects subjects)
    : impl_(std::make_shared<Impl>(loop, clock, std::move(subjects))) {}

UllageV1::~UllageV1() {
  impl_->pool.reset();
  impl_->waiting.clear();
  impl_->listeners.clear();
}

void UllageV1::add_routes(Router& router) { impl_->add_routes(router); }
void UllageV1::look() { impl_->look(); }

}  // namespace ullage::server
