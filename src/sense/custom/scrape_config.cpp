// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/scrape_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "config/yaml_tree.h"
#include "metric/exposition.h"
#include "metric/series.h"
#include "sense/custom/relabel.h"

namespace ullage::sense {

namespace {

using config::Node;
using std::chrono::milliseconds;

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kParameter = "__param_";

struct Group {  // of static_configs
  std::vector<Node> targets;
  metric::Labels labels;
};

struct JobText {  // as it stands in the file, before its targets are made
  ScrapeJob job;
  std::string source;  // all of it, in one text
  std::string metrics_path = "/metrics", scheme = "http";
  std::vector<std::pair<std::string, std::vector<std::string>>> parameters;
  std::vector<Group> groups;
  std::vector<RelabelRule> target_rules;
};

// Keys that Prometheus reads and we do not: whoever moves a job here is told what to do about each.
struct ForeignKey {
  std::string_view key, hint;
};
constexpr std::string_view kLeaveOut = "leave it out";
constexpr ForeignKey kForeignKeys[] = {
    {"alerting", kLeaveOut},
    {"body_size_limit", "an answer may have 16 MiB; leave it out"},
    {"credentials", "credentials_file names a file that holds them"},
    {"enable_compression", kLeaveOut},
    {"enable_http2", kLeaveOut},
    {"evaluation_interval", kLeaveOut},
    {"external_labels", "they would be on what is sent: remote_write.labels, in the daemon's settings"},
    {"fallback_scrape_protocol", "what a page is not said to be is read as text; leave it out"},
    {"http_headers", kLeaveOut},
    {"keep_dropped_targets", kLeaveOut},
    {"label_limit", "sample_limit and daemon.custom_series bound a job"},
    {"label_name_length_limit", "sample_limit and daemon.custom_series bound a job"},
    {"label_value_length_limit", "sample_limit and daemon.custom_series bound a job"},
    {"oauth2", "bearer_token_file names a file that holds a token"},
    {"proxy_url", "targets are asked directly; leave it out"},
    {"remote_read", kLeaveOut},
    {"remote_write", "remote_write.url, in the daemon's settings"},
    {"rule_files", kLeaveOut},
    {"scrape_config_files", "all jobs stand in this file"},
    {"scrape_protocols", "OpenMetrics and text are read; leave it out"},
    {"storage", "history.keep.*, in the daemon's settings"},
    {"target_limit", kLeaveOut},
    {"track_timestamps_staleness", kLeaveOut},
};

// Nothing where Prometheus has no such key either.
std::optional<std::string_view> hint_for_foreign(std::string_view key) {
  if (key.ends_with("_sd_configs"))
    return "targets are named in static_configs; when they change, write the file anew and send SIGHUP";
  const auto* const found = std::ranges::find(kForeignKeys, key, &ForeignKey::key);
  if (found == std::end(kForeignKeys)) return std::nullopt;
  return found->hint;
}

class Reader {
 public:
  Reader(const std::string& name, std::vector<Error>& errors) : name_(name), errors_(errors) {}

  void read(const Node& root) {
    if (root.kind == Node::Kind::empty) return;
    milliseconds interval(60'000);
    std::optional<milliseconds> timeout;
    const Field globals[] = {{"scrape_interval", [&](const Node& n) { take_duration(n, interval); }},
                             {"scrape_timeout", [&](const Node& n) { take_duration(n, timeout.emplace()); }}};
    const Node* jobs = nullptr;
    const Field fields[] = {{"global", [&](const Node& n) { take_mapping(n, globals); }},
                            {"scrape_configs", [&](const Node& n) { jobs = &n; }}};
    take_mapping(root, fields);
    if (jobs != nullptr) each_item(*jobs, [&](const Node& node) { take_job(node, interval, timeout); });
  }

  ScrapePlan plan;

 private:
  struct Field {
    std::string_view key;
    std::function<void(const Node&)> take;
  };

  void say(const Node& at, std::string what, std::string hint = {}) {
    errors_.push_back({.what = std::move(what), .where = config::place(name_, at), .hint = std::move(hint)});
  }

  void take_mapping(const Node& node, std::span<const Field> fields) {
    if (node.kind != Node::Kind::mapping) return say(node, "keys and values are expected here");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const Node& key = node.keys[i];
      const auto field = std::ranges::find(fields, std::string_view(key.text), &Field::key);
      if (const auto foreign = hint_for_foreign(key.text); foreign && field == fields.end()) {
        say(key, "'" + key.text + "' is Prometheus's, and not done here", std::string(*foreign));
      } else if (field == fields.end()) {
        std::vector<std::string_view> known;
        for (const Field& one : fields) known.push_back(one.key);
        std::string hint = did_you_mean(key.text, known);
        if (hint.empty()) hint = fmt::format("known here are {}", fmt::join(known, ", "));
        say(key, "unknown key '" + printable(key.text) + "'", std::move(hint));
      } else if (!seen.insert(key.text).second) {
        say(key, "the key '" + key.text + "' stands twice");
      } else {
        field->take(node.items[i]);
      }
    }
  }

  void each_item(const Node& node, const std::function<void(const Node&)>& take) {
    if (node.kind == Node::Kind::empty) return;
    if (node.kind != Node::Kind::list)
      return say(node, "a list is expected here", "each item begins with '- '");
    for (const Node& item : node.items) take(item);
  }

  void take_text(const Node& node, std::string& text) {
    if (node.kind == Node::Kind::scalar)
      text = node.text;
    else if (node.kind == Node::Kind::empty)
      text.clear();
    else
      say(node, "a text is expected here");
  }

  void take_texts(const Node& node, std::vector<std::string>& texts) {
    each_item(node, [&](const Node& item) { take_text(item, texts.emplace_back()); });
  }

  void take_duration(const Node& node, milliseconds& duration) {
    const auto read = parse_duration(node.text);
    if (!read) return say(node, read.error().what, read.error().hint);
    duration = std::chrono::duration_cast<milliseconds>(*read);
    if (duration < milliseconds(100) || duration > std::chrono::hours(24))
      say(node, "a duration out of range", "from 100ms to 24h");
  }

  void take_count(const Node& node, std::uint64_t& count) {
    const auto read = to_unsigned(node.text);
    if (!read) return say(node, "'" + printable(node.text) + "' is no count");
    count = *read;
  }

  void take_flag(const Node& node, bool& flag) {
    if (node.text != "true" && node.text != "false") return say(node, "true or false is expected here");
    flag = node.text == "true";
  }

  void take_word(const Node& node, std::span<const std::string_view> words, std::string& word) {
    if (std::ranges::find(words, std::string_view(node.text)) != words.end()) {
      word = node.text;
      return;
    }
    std::string hint = did_you_mean(node.text, words);
    if (hint.empty()) hint = fmt::format("{}", fmt::join(words, ", "));
    say(node, "'" + printable(node.text) + "' is not known here", std::move(hint));
  }

  void take_labels(const Node& node, metric::Labels& labels) {
    if (node.kind == Node::Kind::empty) return;
    if (node.kind != Node::Kind::mapping) return say(node, "labels read as 'name: value'");
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      std::string value;
      take_text(node.items[i], value);
      if (!metric::is_legacy_name(node.keys[i].text, false))
        say(node.keys[i], "'" + printable(node.keys[i].text) + "' is no name of a label",
            "letters, digits and _, not a digit first");
      set_label(labels, node.keys[i].text, value);
    }
  }

  void take_action(const Node& node, std::string& action) {
    if (node.text == "hashmod")
      return say(node, "'hashmod' is not done here", "it shares targets among servers; name this one's own");
    take_word(node, relabel_action_names(), action);
  }

  void take_rule(const Node& node, std::vector<RelabelRule>& rules) {
    RelabelRule rule;
    const Node* regex = nullptr;
    std::string action = "replace";
    const Field fields[] = {{"source_labels", [&](const Node& n) { take_texts(n, rule.source_labels); }},
                            {"separator", [&](const Node& n) { take_text(n, rule.separator); }},
                            {"regex", [&](const Node& n) { regex = &n; }},
                            {"target_label", [&](const Node& n) { take_text(n, rule.target_label); }},
                            {"replacement", [&](const Node& n) { take_text(n, rule.replacement); }},
                            {"action", [&](const Node& n) { take_action(n, action); }}};
    const std::size_t errors_before = errors_.size();
    take_mapping(node, fields);
    if (errors_.size() != errors_before) return;
    const auto names = relabel_action_names();
    rule.action =
        static_cast<RelabelAction>(std::ranges::find(names, std::string_view(action)) - names.begin());
    if (regex != nullptr) {
      auto compiled = compile_relabel_regex(regex->text);
      if (!compiled) return say(*regex, compiled.error().what);
      rule.regex = *std::move(compiled);
    }
    const bool has_target = rule.action == RelabelAction::replace || rule.action >= RelabelAction::keepequal;
    if (has_target && rule.target_label.empty())
      return say(node, "a rule with the action " + action + " needs a target_label");
    rules.push_back(std::move(rule));
  }

  void take_rules(const Node& node, std::vector<RelabelRule>& rules) {
    each_item(node, [&](const Node& item) { take_rule(item, rules); });
  }

  void take_group(const Node& node, std::vector<Group>& groups) {
    Group& group = groups.emplace_back();
    const Field fields[] = {
        {"targets",
         [&](const Node& n) { each_item(n, [&](const Node& item) { group.targets.push_back(item); }); }},
        {"labels", [&](const Node& n) { take_labels(n, group.labels); }}};
    take_mapping(node, fields);
  }

  void take_parameters(const Node& node, JobText& text) {
    if (node.kind != Node::Kind::mapping) return say(node, "params read as 'name: [value]'");
    for (std::size_t i = 0; i < node.keys.size(); ++i)
      take_texts(node.items[i],
                 text.parameters.emplace_back(node.keys[i].text, std::vector<std::string>()).second);
  }

  void take_credentials(const Node& node, ScrapeJob& job) {
    const Field fields[] = {{"username", [&](const Node& n) { take_text(n, job.user); }},
                            {"password", [&](const Node& n) { take_text(n, job.password); }},
                            {"password_file", [&](const Node& n) { take_text(n, job.password_file); }}};
    take_mapping(node, fields);
    if (!job.password.empty() && !job.password_file.empty())
      say(node, "password and password_file exclude each other");
  }

  void take_authorization(const Node& node, ScrapeJob& job) {
    constexpr std::array<std::string_view, 1> kTypes = {"Bearer"};
    std::string type;
    const Field fields[] = {{"type", [&](const Node& n) { take_word(n, kTypes, type); }},
                            {"credentials_file", [&](const Node& n) { take_text(n, job.token_file); }}};
    take_mapping(node, fields);
  }

  void take_tls(const Node& node, HttpTls& tls) {
    const Field fields[] = {
        {"ca_file", [&](const Node& n) { take_text(n, tls.ca_file); }},
        {"cert_file", [&](const Node& n) { take_text(n, tls.cert_file); }},
        {"key_file", [&](const Node& n) { take_text(n, tls.key_file); }},
        {"server_name", [&](const Node& n) { take_text(n, tls.server_name); }},
        {"insecure_skip_verify", [&](const Node& n) { take_flag(n, tls.trusts_anyone); }}};
    take_mapping(node, fields);
    if (tls.cert_file.empty() != tls.key_file.empty()) say(node, "cert_file and key_file belong together");
  }

  // Values are of the moment at which they are read: Prometheus's "false".
  void refuse_timestamps(const Node& node) {
    bool is_wanted = false;
    take_flag(node, is_wanted);
    if (is_wanted)
      say(node, "times that samples carry are not taken here", "honor_timestamps: false is what is done");
  }

  void take_job(const Node& node, milliseconds interval, const std::optional<milliseconds>& timeout) {
    constexpr std::array<std::string_view, 2> kSchemes = {"http", "https"};
    JobText text;
    ScrapeJob& job = text.job;
    job.interval = interval;
    std::optional<milliseconds> own_timeout = timeout;
    const Field fields[] = {
        {"job_name", [&](const Node& n) { take_text(n, job.name); }},
        {"scrape_interval", [&](const Node& n) { take_duration(n, job.interval); }},
        {"scrape_timeout", [&](const Node& n) { take_duration(n, own_timeout.emplace()); }},
        {"metrics_path", [&](const Node& n) { take_text(n, text.metrics_path); }},
        {"scheme", [&](const Node& n) { take_word(n, kSchemes, text.scheme); }},
        {"params", [&](const Node& n) { take_parameters(n, text); }},
        {"static_configs",
         [&](const Node& n) { each_item(n, [&](const Node& item) { take_group(item, text.groups); }); }},
        {"basic_auth", [&](const Node& n) { take_credentials(n, job); }},
        {"authorization", [&](const Node& n) { take_authorization(n, job); }},
        {"bearer_token_file", [&](const Node& n) { take_text(n, job.token_file); }},
        {"sample_limit", [&](const Node& n) { take_count(n, job.sample_limit); }},
        {"honor_labels", [&](const Node& n) { take_flag(n, job.honors_labels); }},
        {"honor_timestamps", [&](const Node& n) { refuse_timestamps(n); }},
        {"follow_redirects", [&](const Node& n) { take_flag(n, job.follows_redirects); }},
        {"tls_config", [&](const Node& n) { take_tls(n, job.tls); }},
        {"relabel_configs", [&](const Node& n) { take_rules(n, text.target_rules); }},
        {"metric_relabel_configs", [&](const Node& n) { take_rules(n, job.metric_rules); }}};
    take_mapping(node, fields);
    if (node.kind != Node::Kind::mapping) return;
    if (job.name.empty()) return say(node, "a job without a job_name");
    if (!job_names_.insert(job.name).second) say(node, "the job '" + printable(job.name) + "' stands twice");
    job.timeout = own_timeout.value_or(std::min(milliseconds(10'000), job.interval));
    if (job.timeout > job.interval)
      say(node, fmt::format("scrape_timeout ({} ms) is longer than scrape_interval ({} ms)",
                            job.timeout.count(), job.interval.count()));
    if (!job.token_file.empty() && !job.user.empty())
      say(node, "basic_auth and a bearer token exclude each other");
    if (job.follows_redirects && !job.tls.server_name.empty())
      say(node, "follow_redirects and tls_config.server_name do not go together",
          "whom a redirect leads to would not be asked for that name");
    append_text(node, text.source);
    const auto shared = std::make_shared<const ScrapeJob>(job);
    for (const Group& group : text.groups)
      for (const Node& target : group.targets) add_target(target, group, text, shared);
  }

  void refuse_target(const Node& node, const std::string& address) {
    say(node, "'" + printable(address) + "' is no target",
        "host:port or unix:///path/to.sock; scheme and metrics_path are keys of the job");
  }

  // A port may be left out, as in Prometheus 3; it is then the scheme's.
  static bool is_address(std::string_view address) {
    if (address.starts_with(kUnix)) return address.size() > kUnix.size();
    if (address.find_first_of("/?#@ ") != std::string_view::npos) return false;
    std::size_t host_end = 0;
    if (address.starts_with('[')) {
      host_end = address.find(']');
      if (host_end == std::string_view::npos || host_end == 1) return false;
      ++host_end;
      if (host_end < address.size() && address[host_end] != ':') return false;
    }
    const std::size_t colon = address.find(':', host_end);
    if (colon == std::string_view::npos) return true;
    const auto port = to_unsigned(address.substr(colon + 1));
    return colon > 0 && port && *port > 0 && *port < 65'536;
  }

  void add_target(const Node& node, const Group& group, const JobText& text,
                  const std::shared_ptr<const ScrapeJob>& job) {
    if (node.kind != Node::Kind::scalar || node.text.empty()) return refuse_target(node, node.text);
    metric::Labels labels = group.labels;
    set_label(labels, "job", job->name);
    set_label(labels, "__address__", node.text);
    set_label(labels, "__scheme__", text.scheme);
    set_label(labels, "__metrics_path__", text.metrics_path);
    for (const auto& [name, values] : text.parameters)
      if (!values.empty()) set_label(labels, std::string(kParameter) + name, values[0]);
    metric::Labels discovered = masked(labels);
    if (!relabel(text.target_rules, labels) || label_of(labels, "__address__").empty())
      return plan.dropped.push_back({.job = job->name, .discovered_labels = std::move(discovered)});
    // Only now: what a prober is to look at may be a URL, which rules lay into a parameter.
    if (const std::string address(label_of(labels, "__address__")); !is_address(address))
      return refuse_target(node, address);
    if (label_of(labels, "instance").empty()) {
      std::string_view address = label_of(labels, "__address__");
      if (address.starts_with(kUnix)) address.remove_prefix(kUnix.size());
      set_label(labels, "instance", std::string(address));
    }
    ScrapeTarget target{.job = job,
                        .instance = std::string(label_of(labels, "instance")),
                        .url = {},
                        .unix_socket = {},
                        .labels = {},
                        .discovered_labels = std::move(discovered),
                        .job_text = text.source};
    set_address(target, labels, text);
    std::erase_if(labels, [](const metric::Label& label) { return label.name.starts_with("__"); });
    target.labels = std::move(labels);
    if (plan.targets.size() == kScrapeTargetsMax)
      return say(node, fmt::format("more than {} targets", kScrapeTargetsMax));
    // The same again would give the same series.
    if (seen_.insert(metric::SeriesKey{target.url + target.unix_socket, target.labels}.text()).second)
      plan.targets.push_back(std::move(target));
  }

  // A parameter may be a key to the target: as in its address, none is shown.
  static metric::Labels masked(metric::Labels labels) {
    for (metric::Label& label : labels)
      if (label.name.starts_with(kParameter)) label.value = "<secret>";
    return labels;
  }

  static void set_address(ScrapeTarget& target, const metric::Labels& labels, const JobText& text) {
    const std::string_view address = label_of(labels, "__address__");
    const std::string_view path = label_of(labels, "__metrics_path__");
    std::string_view host = address;
    if (address.starts_with(kUnix)) {
      target.unix_socket = address.substr(kUnix.size());
      host = "localhost";
    }
    target.url = fmt::format("{}://{}{}{}", label_of(labels, "__scheme__"), host,
                             path.starts_with('/') ? "" : "/", path);
    char before = path.find('?') == std::string_view::npos ? '?' : '&';
    const auto add = [&](std::string_view name, std::string_view value) {
      target.url += before + url_encoded(name) + '=' + url_encoded(value);
      before = '&';
    };
    // Rules may have changed the first value of each.
    for (const metric::Label& label : labels)
      if (label.name.starts_with(kParameter)) add(label.name.substr(kParameter.size()), label.value);
    for (const auto& [name, values] : text.parameters)
      for (std::size_t i = 1; i < values.size(); ++i) add(name, values[i]);
  }

  static void append_text(const Node& node, std::string& text) {
    text += node.text + '\n';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (i < node.keys.size()) text += node.keys[i].text + ':';
      append_text(node.items[i], text);
    }
  }

  const std::string& name_;
  std::vector<Error>& errors_;
  std::set<std::string> job_names_, seen_;
};

}  // namespace

std::string ScrapeTarget::text() const {
  return fmt::format("{}{} {}\n{}\n{}\n{}", job_text, job->interval.count(), job->timeout.count(), url,
                     unix_socket, metric::SeriesKey{"", labels}.text());
}

ScrapePlan parse_scrape_config(std::string_view text, const std::string& name, std::vector<Error>& errors) {
  const config::Tree tree = config::parse_yaml(text, name);
  if (tree.stopped) {
    errors.push_back(*tree.stopped);
    return {};
  }
  Reader reader(name, errors);
  reader.read(tree.root);
  return errors.empty() ? std::move(reader.plan) : ScrapePlan();
}

namespace {

ScrapePlan plan_of_file(const std::string& path, std::vector<Error>& errors) {
  constexpr std::size_t kFileBytesMax = 1u << 20;
  const auto text = read_file(path, kFileBytesMax);
  if (text) return parse_scrape_config(*text, path, errors);
  errors.push_back(text.error());
  return {};
}

}  // namespace

std::vector<Error> check_scrape_file(const std::string& path) {
  std::vector<Error> errors;
  (void)plan_of_file(path, errors);
  return errors;
}

Result<ScrapePlan> read_scrape_file(const std::string& path) {
  std::vector<Error> errors;
  auto plan = plan_of_file(path, errors);
  if (errors.empty()) return plan;
  if (errors.size() == 1) return fail(errors.front());
  std::string all = "cannot be used:";
  for (const Error& error : errors) all += "\n  " + error.text();
  return fail(std::move(all), path);
}

}  // namespace ullage::sense
