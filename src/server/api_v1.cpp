// SPDX-License-Identifier: Apache-2.0
#include "server/api_v1.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/live_series.h"
#include "query/api_json.h"
#include "query/budget.h"
#include "query/engine.h"
#include "query/printer.h"
#include "server/api_v1_answers.h"
#include "server/api_v1_parameters.h"
#include "server/api_v1_status.h"
#include "server/http_message.h"
#include "server/http_packing.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/metrics_page.h"
#include "server/query_desk.h"

namespace ullage::server {

namespace {

Response refusal_of(const Error& error) { return error_response(400, error.what); }
Response text(std::string_view words) {
  return {.content_type = "text/plain; charset=utf-8", .body = std::string(words)};
}

// What is federated is plain text, so that is what must allow them.
MetricNames federated_names(const Request& request) {
  const std::string_view accept = request.headers.value("accept");
  const bool is_allowed = accept.find("escaping=allow-utf-8") != std::string_view::npos;
  return is_allowed && quality_of(accept, "text/plain") > 0 ? MetricNames::quoted : MetricNames::legacy;
}

}  // namespace

struct ApiV1::Impl {
  Impl(EventLoop& loop, const Clock& of_clock, ApiSubjects of_subjects, const ApiOptions& with)
      : clock(of_clock),
        subjects(std::move(of_subjects)),
        options(with),
        engine(std::make_shared<query::Engine>(with.engine)),
        desk(loop, of_clock, subjects.open_history, with.desk) {}

  // Questions outlive this call on another thread: they hold the engine and the clock, and nothing of ours.
  std::shared_ptr<const query::Engine> engine_for(const Bounds& bounds) const {
    if (!bounds.lookback_ms) return engine;
    query::EngineOptions changed = options.engine;
    changed.lookback_ms = *bounds.lookback_ms;
    return std::make_shared<const query::Engine>(changed);
  }

  // As Prometheus has it, any word will do: stats=all.
  AnswerForm form_of(const Request& request, const Bounds& bounds) const {
    return {.limit = bounds.limit,
            .has_stats = !request.parameters.value("stats").empty(),
            .clock = clock,
            .asked_at = clock.monotonic()};
  }

  void query(const Request& request, const Responder& respond) {
    const auto question = parse_instant(request.parameters, clock.wall_ms());
    const auto bounds = parse_bounds(request.parameters, options.query_timeout);
    if (!question) return respond(refusal_of(question.error()));
    if (!bounds) return respond(refusal_of(bounds.error()));
    desk.ask([engine = engine_for(*bounds), question = *question, form = form_of(request, *bounds)](
                 const OpenedSource& source,
                 const query::Stop& stop) { return answer_instant(*engine, question, form, source, stop); },
             bounds->timeout, respond);
  }

  void query_range(const Request& request, const Responder& respond) {
    const auto question = parse_range(request.parameters);
    const auto bounds = parse_bounds(request.parameters, options.query_timeout);
    if (!question) return respond(refusal_of(question.error()));
    if (!bounds) return respond(refusal_of(bounds.error()));
    desk.ask([engine = engine_for(*bounds), question = *question, form = form_of(request, *bounds)](
                 const OpenedSource& source,
                 const query::Stop& stop) { return answer_range(*engine, question, form, source, stop); },
             bounds->timeout, respond);
  }

  // What series there are, in one of several shapes.
  template <class Answer>
  void list(const Request& request, const Responder& respond, const Answer& answer) {
    auto selections = parse_selections(request.parameters);
    const auto bounds = parse_bounds(request.parameters, options.query_timeout);
    if (!selections) return respond(refusal_of(selections.error()));
    if (!bounds) return respond(refusal_of(bounds.error()));
    desk.ask([answer, selections = std::move(*selections), limit = bounds->limit](
                 const OpenedSource& source,
                 const query::Stop& stop) { return answer(selections, limit, source, stop); },
             bounds->timeout, respond);
  }

  void series(const Request& request, const Responder& respond) {
    if (request.parameters.find("match[]") == nullptr)
      return respond(error_response(400, "no match[] parameter provided"));
    list(request, respond, answer_series);
  }

  void label_values(const Request& request, const Responder& respond) {
    const std::string label = unescape_label_name(request.path_parameters.value("name"));
    if (valid_utf8(label) != label)
      return respond(error_response(400, "invalid label name: \"" + printable(label) + "\""));
    list(request, respond,
         [label](const Selections& selections, std::size_t limit, const OpenedSource& source,
                 const query::Stop& stop) {
           return answer_label_values(label, selections, limit, source, stop);
         });
  }

  // Copied for the thread that answers, once a tick at most: between ticks nobody describes anything.
  std::shared_ptr<const metric::Families> said_families() {
    if (subjects.live == nullptr) return std::make_shared<const metric::Families>();
    if (families == nullptr || families_at_ms != subjects.live->time_ms())
      families = std::make_shared<const metric::Families>(subjects.live->families());
    families_at_ms = subjects.live->time_ms();
    return families;
  }

  void federate(const Request& request, const Responder& respond) {
    auto selections = parse_selections(request.parameters);
    if (!selections) return respond(refusal_of(selections.error()));
    if (request.parameters.find("match[]") == nullptr) selections->clear();
    desk.ask(
        [selections = std::move(*selections), now_ms = clock.wall_ms(),
         lookback_ms = options.engine.lookback_ms, said = said_families(),
         names = federated_names(request)](const OpenedSource& source, const query::Stop& stop) {
          return answer_federate(selections, now_ms, lookback_ms, *said, names, source, stop);
        },
        options.query_timeout, respond);
  }

  void tsdb(const Request&, const Responder& respond) {
    desk.ask([now_ms = clock.wall_ms(), lookback_ms = options.engine.lookback_ms](
                 const OpenedSource& source,
                 const query::Stop& stop) { return answer_tsdb(now_ms, lookback_ms, source, stop); },
             options.query_timeout, respond);
  }

  Response format_query(const Request& request) const {
    const auto formatted = query::format(request.parameters.value("query"), engine->functions());
    if (!formatted) return error_response(400, "invalid parameter \"query\": " + formatted.error().text());
    return {.body = success_json(query::json_string(*formatted))};
  }

  Response metadata(const Request& request) const {
    const auto bounds = parse_bounds(request.parameters, options.query_timeout);
    if (!bounds) return refusal_of(bounds.error());
    return {.body = metadata_json(request.parameters.value("metric"), bounds->limit, subjects.live)};
  }

  Response metrics(const Request& request) {
    const MetricsForm form = metrics_form_for(request.headers.value("accept"));
    Response page{.content_type = std::string(content_type_of(form))};
    if (subjects.live != nullptr)
      page.body = metrics_page.of(*subjects.live, form);
    else if (form.format == MetricsFormat::open_metrics)
      page.body = "# EOF\n";
    return page;
  }

  Response ready() const {
    if (subjects.is_ready()) return text("Ullage is ready.\n");
    Response response = text("Ullage is not ready yet.\n");
    response.status = 503;
    return response;
  }

  void add_history_routes(Router& router) {
    constexpr std::string_view kGetAndPost = "GET, POST";
    const auto add = [&](std::string_view methods, std::string_view pattern,
                         void (Impl::*handle)(const Request&, const Responder&)) {
      router.add(methods, pattern, [this, handle](const Request& request, const Responder& respond) {
        (this->*handle)(request, respond);
      });
    };
    add(kGetAndPost, "/api/v1/query", &Impl::query);
    add(kGetAndPost, "/api/v1/query_range", &Impl::query_range);
    add(kGetAndPost, "/api/v1/series", &Impl::series);
    add("GET", "/api/v1/label/{name}/values", &Impl::label_values);
    add("GET", "/federate", &Impl::federate);
    add("GET", "/api/v1/status/tsdb", &Impl::tsdb);
    router.add(kGetAndPost, "/api/v1/labels", [this](const Request& request, const Responder& respond) {
      list(request, respond, answer_label_names);
    });
  }

  void add_status_routes(Router& router) {
    const auto add = [&](std::string_view pattern, auto answer) {
      router.add("GET", pattern,
                 [answer](const Request& request, const Responder& respond) { respond(answer(request)); });
    };
    const auto add_json = [&](std::string_view pattern, auto body) {
      add(pattern, [body](const Request&) { return Response{.body = body()}; });
    };
    add("/metrics", [this](const Request& request) { return metrics(request); });
    add("/api/v1/metadata", [this](const Request& request) { return metadata(request); });
    add("/api/v1/targets", [this](const Request& request) {
      return Response{.body = targets_json(subjects.targets(), request.parameters.value("state"),
                                           request.parameters.value("scrapePool"))};
    });
    add_json("/api/v1/rules", [] { return success_json(R"({"groups":[]})"); });
    add_json("/api/v1/alerts", [] { return success_json(R"({"alerts":[]})"); });
    add_json("/api/v1/alertmanagers",
             [] { return success_json(R"({"activeAlertmanagers":[],"droppedAlertmanagers":[]})"); });
    add_json("/api/v1/status/buildinfo", [this] { return build_info_json(subjects.build); });
    add_json("/api/v1/status/runtimeinfo", [this] { return runtime_info_json(subjects); });
    add_json("/api/v1/status/config", [this] {
      return success_json(R"({"yaml":)" + query::json_string(subjects.configuration()) + "}");
    });
    add_json("/api/v1/status/flags", [this] {
      return success_json(
          nlohmann::json(subjects.settings()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    });
  }

  void add_other_routes(Router& router) {
    for (const std::string_view methods : {"GET", "POST"}) {
      router.add(methods, "/api/v1/format_query", [this](const Request& request, const Responder& respond) {
        respond(format_query(request));
      });
      router.add(methods, "/api/v1/query_exemplars",
                 [](const Request&, const Responder& respond) { respond({.body = success_json("[]")}); });
    }
    router.add(
        "GET", "/-/healthy",
        [](const Request&, const Responder& respond) { respond(text("Ullage is healthy.\n")); },
        Access::open);
    router.add(
        "GET", "/-/ready", [this](const Request&, const Responder& respond) { respond(ready()); },
        Access::open);
  }

  const Clock& clock;
  ApiSubjects subjects;
  ApiOptions options;
  std::shared_ptr<query::Engine> engine;
  MetricsPage metrics_page;
  std::shared_ptr<const metric::Families> families;  // as they were at that time
  std::int64_t families_at_ms = 0;
  QueryDesk desk;
};

ApiV1::ApiV1(EventLoop& loop, const Clock& clock, ApiSubjects subjects, const ApiOptions& options)
    : impl_(std::make_unique<Impl>(loop, clock, std::move(subjects), options)) {}
ApiV1::~ApiV1() = default;

void ApiV1::add_routes(Router& router) {
  impl_->add_history_routes(router);
  impl_->add_status_routes(router);
  impl_->add_other_routes(router);
}

QueryCounts ApiV1::counts() const { return impl_->desk.counts(); }

}  // namespace ullage::server
