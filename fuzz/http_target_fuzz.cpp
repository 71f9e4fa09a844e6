// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request's target and as a posted form. What is taken holds nothing that climbs out of a
// folder, and, written again, reads as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"
#include "server/http_message.h"
#include "server/http_target.h"

namespace {

std::string written(const ullage::server::Parameters& parameters) {
  std::string text;
  for (const auto& [name, value] : parameters.pairs())
    text += ullage::url_encoded(name) + '=' + ullage::url_encoded(value) + '&';
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ullage::server;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto form = parse_form(text)) {
    const auto again = parse_form(written(*form));
    ullage::check(again && again->pairs() == form->pairs(), "a form that was written again reads the same");
  }
  const auto target = parse_target(text);
  if (!target) return 0;
  std::string again = target->path.empty() ? "/" : "";
  for (const std::string& segment : target->path) {
    ullage::check(segment != ".." && segment != "." && segment.find('/') == std::string::npos, "no way out");
    again += '/' + ullage::url_encoded(segment);
  }
  const auto read = parse_target(again + '?' + written(target->query));
  ullage::check(read && read->path == target->path && read->query.pairs() == target->query.pairs(),
                "a target that was written again reads the same");
  return 0;
}
