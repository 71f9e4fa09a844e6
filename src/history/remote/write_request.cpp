// SPDX-License-Identifier: Apache-2.0
#include "history/remote/write_request.h"

#include <snappy.h>

#include <algorithm>
#include <cstddef>
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/types.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/remote/series_samples.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// Field numbers: prompb/remote.proto and prompb/types.proto of Prometheus.
constexpr protozero::pbf_tag_type kRequestSeries = 1;
constexpr protozero::pbf_tag_type kSeriesLabel = 1, kSeriesSample = 2;
constexpr protozero::pbf_tag_type kLabelName = 1, kLabelValue = 2;
constexpr protozero::pbf_tag_type kSampleValue = 1, kSampleTime = 2;

void add_text(protozero::pbf_writer& label, protozero::pbf_tag_type tag, std::string_view text) {
  if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    label.add_string(tag, text.data(), text.size());
  else
    label.add_string(tag, valid_utf8(text));
}

void add_label(protozero::pbf_writer& series, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  protozero::pbf_writer label(series, kSeriesLabel);
  add_text(label, kLabelName, name);
  add_text(label, kLabelValue, value);
}

// In order of their names, as the protocol wants: capitals come before __name__.
void add_labels(protozero::pbf_writer& series, const metric::SeriesKey& key) {
  bool is_named = false;
  for (const metric::Label& label : key.labels) {
    if (!is_named && label.name > "__name__") {
      add_label(series, "__name__", key.name);
      is_named = true;
    }
    if (label.name != "__name__") add_label(series, label.name, label.value);
  }
  if (!is_named) add_label(series, "__name__", key.name);
}

Result<metric::Label> parse_label(protozero::pbf_reader message) {
  metric::Label label;
  while (message.next()) {
    if (message.tag_and_type() ==
        protozero::tag_and_type(kLabelName, protozero::pbf_wire_type::length_delimited))
      label.name = message.get_string();
    else if (message.tag_and_type() ==
             protozero::tag_and_type(kLabelValue, protozero::pbf_wire_type::length_delimited))
      label.value = message.get_string();
    else
      message.skip();
  }
  if (label.name.empty()) return fail("a label without a name");
  if (valid_utf8(label.name) != label.name || valid_utf8(label.value) != label.value)
    return fail("a label that is not UTF-8: '" + printable(label.name) + "'");
  return label;
}

Sample parse_sample(protozero::pbf_reader message) {
  Sample sample{0, 0};
  while (message.next()) {
    if (message.tag_and_type() == protozero::tag_and_type(kSampleValue, protozero::pbf_wire_type::fixed64))
      sample.value = message.get_double();
    else if (message.tag_and_type() == protozero::tag_and_type(kSampleTime, protozero::pbf_wire_type::varint))
      sample.time_ms = message.get_int64();
    else
      message.skip();
  }
  return sample;
}

Result<void> put_in_order(metric::SeriesKey& key) {
  std::ranges::sort(key.labels);
  const auto twice = std::ranges::adjacent_find(key.labels, {}, &metric::Label::name);
  if (twice != key.labels.end()) return fail("the label '" + printable(twice->name) + "' twice");
  const auto name = std::ranges::find(key.labels, "__name__", &metric::Label::name);
  if (name == key.labels.end() || name->value.empty()) return fail("a series without a name");
  key.name = std::move(name->value);
  key.labels.erase(name);
  std::erase_if(key.labels, [](const metric::Label& label) { return label.value.empty(); });
  return {};
}

Result<SeriesSamples> parse_series(protozero::pbf_reader message) {
  SeriesSamples series;
  while (message.next()) {
    if (message.tag_and_type() ==
        protozero::tag_and_type(kSeriesLabel, protozero::pbf_wire_type::length_delimited)) {
      auto label = parse_label(message.get_message());
      if (!label) return pass_on(label);
      series.key.labels.push_back(std::move(*label));
    } else if (message.tag_and_type() ==
               protozero::tag_and_type(kSeriesSample, protozero::pbf_wire_type::length_delimited)) {
      series.samples.push_back(parse_sample(message.get_message()));
    } else {
      message.skip();
    }
  }
  if (auto ordered = put_in_order(series.key); !ordered) return pass_on(ordered);
  return series;
}

Result<std::vector<SeriesSamples>> parse_message(std::string_view bytes) {
  std::vector<SeriesSamples> all;
  protozero::pbf_reader message(bytes.data(), bytes.size());
  while (message.next()) {
    if (message.tag_and_type() !=
        protozero::tag_and_type(kRequestSeries, protozero::pbf_wire_type::length_delimited)) {
      message.skip();
      continue;
    }
    auto series = parse_series(message.get_message());
    if (!series) return fail(series.error().what, "series " + std::to_string(all.size() + 1));
    all.push_back(std::move(*series));
  }
  return all;
}

}  // namespace

void WriteRequest::add(const metric::SeriesKey& key, std::span<const Sample> samples) {
  protozero::pbf_writer request(message_);
  protozero::pbf_writer series(request, kRequestSeries);
  add_labels(series, key);
  for (const Sample& sample : samples) {
    protozero::pbf_writer one(series, kSeriesSample);
    one.add_double(kSampleValue, sample.value);
    one.add_int64(kSampleTime, sample.time_ms);
  }
}

std::string WriteRequest::body() const {
  std::string compressed;
  snappy::Compress(message_.data(), message_.size(), &compressed);
  return compressed;
}

Result<std::vector<SeriesSamples>> parse_write_request(std::string_view body, std::size_t bytes_max) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size)) return fail("not a snappy block");
  if (size > bytes_max) return fail("larger than " + std::to_string(bytes_max) + " bytes");
  std::string message;
  if (!snappy::Uncompress(body.data(), body.size(), &message)) return fail("not a whole snappy block");
  try {
    return parse_message(message);
  } catch (const protozero::exception& broken) {
    return fail(std::string("not a write request: ") + broken.what());
  }
}

}  // namespace ullage::history
