// SPDX-License-Identifier: Apache-2.0
// Any bytes as what comes over a connection. However they are cut into pieces, the same requests come out; a
// refusal may come later, once all is there that it speaks of.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/http_parser.h"

namespace {

using ullage::server::RequestParser;

// What came of it, as text. As a connection does it: what was not taken is offered again.
std::string outcome(std::string_view bytes, std::size_t piece) {
  std::string all, pending;
  RequestParser parser({.header_bytes_max = 512, .body_bytes_max = 512});
  while (!bytes.empty() || !pending.empty()) {
    std::string_view rest = pending;
    const auto state = rest.empty() ? RequestParser::State::needs_more : parser.feed(rest);
    pending.erase(0, pending.size() - rest.size());
    if (state == RequestParser::State::is_refused) return all;
    if (state == RequestParser::State::has_head) {
      const auto& request = parser.request();
      all += request.method + ' ' + std::to_string(request.path.size()) + ' ';
      // A request without a body is done without a byte more.
      std::string_view more = pending;
      const auto next = parser.feed(more);
      pending.erase(0, pending.size() - more.size());
      if (next == RequestParser::State::is_refused) return all;
      if (next != RequestParser::State::is_done) continue;
      all += request.body + '\n';
      parser = RequestParser({.header_bytes_max = 512, .body_bytes_max = 512});
      continue;
    }
    if (state == RequestParser::State::is_done) {
      all += parser.request().body + '\n';
      parser = RequestParser({.header_bytes_max = 512, .body_bytes_max = 512});
      continue;
    }
    if (bytes.empty()) break;
    pending += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Longer ones meet the limits on what waits, which do depend on the pieces.
  if (size == 0 || size > 512) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string in_pieces = outcome(bytes, 1 + data[0] % 7u), at_once = outcome(bytes, bytes.size() + 1);
  ullage::check(in_pieces == at_once, "pieces make no difference");
  return 0;
}
