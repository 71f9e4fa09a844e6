// SPDX-License-Identifier: Apache-2.0
#include "history/remote/api_answer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/remote/series_samples.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr double kTimeMaxSeconds = 9e12;  // the year 287,000: milliseconds stay whole numbers in a double

// Hears the tokens of an answer one by one and knows where in it they stand.
class AnswerReader {
 public:
  std::string status, error_type, error, result_type;
  bool has_data = false;
  std::vector<SeriesSamples> series;
  std::string problem;

  bool null() { return value("null"); }
  bool boolean(bool) { return value("a boolean"); }
  bool number_integer(std::int64_t number) { return number_float(static_cast<double>(number), {}); }
  bool number_unsigned(std::uint64_t number) { return number_float(static_cast<double>(number), {}); }
  bool number_float(double number, const std::string&);
  bool string(std::string& text);
  bool binary(std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t);
  bool key(std::string& name);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t byte, const std::string&, const std::exception&) {
    problem = "is not JSON, at byte " + std::to_string(byte);
    return false;
  }

 private:
  enum class Place { document, top, data, list, entry, labels, values, sample, other };

  Place place() const { return places_.empty() ? Place::document : places_.back(); }
  bool enter(Place place) {
    places_.push_back(place);
    key_.clear();
    return true;
  }
  bool leave() {
    places_.pop_back();
    key_.clear();
    return true;
  }
  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  // A scalar where there may be one that means nothing to us.
  bool value(std::string_view what);
  bool end_sample();
  bool end_entry();
  std::string entry_name() const { return "series " + std::to_string(series.size() + 1); }

  std::vector<Place> places_;
  std::string key_;  // the last one heard in the object that is open
  SeriesSamples entry_;
  std::optional<double> time_seconds_;
  std::optional<double> sample_value_;
};

std::optional<double> parse_value(std::string_view text) {
  if (text.starts_with("+")) text.remove_prefix(1);
  return to_double(text);
}

bool AnswerReader::value(std::string_view what) {
  switch (place()) {
    case Place::top:
    case Place::data:
    case Place::entry:
      if (key_ == "data" && what == "null") return has_data = true;
      if (key_ == "data" || key_ == "result" || key_ == "metric" || key_ == "values")
        return refuse("has " + std::string(what) + " as its " + key_);
      return true;
    case Place::other:
      return true;
    case Place::labels:
      return refuse("has a label that is " + std::string(what) + ", in " + entry_name());
    case Place::document:
    case Place::list:
    case Place::values:
    case Place::sample:
      break;
  }
  return refuse("has " + std::string(what) + " in the wrong place, in " + entry_name());
}

bool AnswerReader::number_float(double number, const std::string&) {
  if (place() != Place::sample || time_seconds_) return value("a number");
  if (!(std::abs(number) < kTimeMaxSeconds)) return refuse("has an impossible time, in " + entry_name());
  time_seconds_ = number;
  return true;
}

bool AnswerReader::string(std::string& text) {
  switch (place()) {
    case Place::top:
      if (key_ == "status") return status = text, true;
      if (key_ == "errorType") return error_type = text, true;
      if (key_ == "error") return error = text, true;
      break;
    case Place::data:
      if (key_ == "resultType") return result_type = text, true;
      break;
    case Place::labels:
      if (key_ == "__name__") return entry_.key.name = text, true;
      if (!text.empty()) entry_.key.labels.push_back({key_, text});
      return true;
    case Place::sample:
      if (!time_seconds_ || sample_value_) break;
      sample_value_ = parse_value(text);
      return sample_value_
                 ? true
                 : refuse("has '" + printable(text.substr(0, 40)) + "' for a value, in " + entry_name());
    case Place::document:
    case Place::list:
    case Place::entry:
    case Place::values:
    case Place::other:
      break;
  }
  return value("a string");
}

bool AnswerReader::start_object(std::size_t) {
  switch (place()) {
    case Place::document:
      return enter(Place::top);
    case Place::top:
      if (key_ != "data") return enter(Place::other);
      has_data = true;
      return enter(Place::data);
    case Place::list:
      // Of a matrix an entry has labels and values; of a list of series it is the labels.
      entry_ = {};
      return enter(places_.size() == 2 ? Place::labels : Place::entry);
    case Place::entry:
      return key_ == "values" ? value("an object") : enter(key_ == "metric" ? Place::labels : Place::other);
    case Place::data:
      return key_ == "result" ? value("an object") : enter(Place::other);
    case Place::other:
      return enter(Place::other);
    case Place::labels:
    case Place::values:
    case Place::sample:
      break;
  }
  return value("an object");
}

bool AnswerReader::key(std::string& name) {
  key_ = name;
  return true;
}

bool AnswerReader::end_object() {
  const Place ended = place();
  leave();
  return ended == Place::entry || (ended == Place::labels && place() == Place::list) ? end_entry() : true;
}

bool AnswerReader::start_array(std::size_t) {
  switch (place()) {
    case Place::top:
      if (key_ != "data") return enter(Place::other);
      has_data = true;
      return enter(Place::list);
    case Place::data:
      return enter(key_ == "result" ? Place::list : Place::other);
    case Place::entry:
      return key_ == "metric" ? value("an array") : enter(key_ == "values" ? Place::values : Place::other);
    case Place::values:
      time_seconds_ = sample_value_ = std::nullopt;
      return enter(Place::sample);
    case Place::other:
      return enter(Place::other);
    case Place::list:  // of a scalar or string: result is [seconds, "value"]
    case Place::document:
    case Place::labels:
    case Place::sample:
      break;
  }
  return value("an array");
}

bool AnswerReader::end_array() {
  const Place ended = place();
  leave();
  return ended == Place::sample ? end_sample() : true;
}

bool AnswerReader::end_sample() {
  if (!time_seconds_ || !sample_value_)
    return refuse("has a sample that is not [time, \"value\"], in " + entry_name());
  const auto time_ms = static_cast<std::int64_t>(std::llround(*time_seconds_ * 1000));
  if (!entry_.samples.empty() && entry_.samples.back().time_ms >= time_ms)
    return refuse("has samples that are not in order of time, in " + entry_name());
  entry_.samples.push_back({time_ms, *sample_value_});
  return true;
}

bool AnswerReader::end_entry() {
  std::ranges::sort(entry_.key.labels);
  const auto same = std::ranges::adjacent_find(entry_.key.labels, {}, &metric::Label::name);
  if (same != entry_.key.labels.end())
    return refuse("has the label '" + printable(same->name) + "' twice, in " + entry_name());
  series.push_back(std::move(entry_));
  return true;
}

Result<AnswerReader> read_answer(std::string_view json) {
  AnswerReader reader;
  if (!nlohmann::json::sax_parse(json, &reader)) return fail("the answer " + reader.problem);
  if (reader.status != "success")
    return fail(reader.status.empty() ? "the answer is not one of Prometheus's API: it has no status"
                                      : "the answer says " + printable(reader.error));
  return reader;
}

}  // namespace

Result<std::vector<SeriesSamples>> parse_matrix(std::string_view json) {
  auto reader = read_answer(json);
  if (!reader) return pass_on(reader);
  if (reader->result_type != "matrix")
    return fail("the answer is no matrix but '" + printable(reader->result_type) + "'");
  return std::move(reader->series);
}

Result<std::vector<SeriesSamples>> parse_series_list(std::string_view json) {
  auto reader = read_answer(json);
  if (!reader) return pass_on(reader);
  if (!reader->has_data) return fail("the answer has no data");
  if (!reader->result_type.empty()) return fail("the answer is no list of series");
  return std::move(reader->series);
}

std::string parse_api_error(std::string_view json) {
  // Whatever else there is in it.
  const nlohmann::json answer = nlohmann::json::parse(json, nullptr, false);
  const auto text = [&](const char* name) {
    const auto found = answer.find(name);
    return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!answer.is_object()) return {};
  const std::string error = text("error"), type = text("errorType");
  return printable(error.empty() || type.empty() ? error : type + ": " + error);
}

}  // namespace ullage::history
