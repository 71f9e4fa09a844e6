// SPDX-License-Identifier: Apache-2.0
// Any bytes as a query. What parses prints, on one line and on several, as text that parses to the same tree;
// what does not is refused with a place.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "query/function_table.h"
#include "query/parser.h"
#include "query/printer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ullage::query;
  static const FunctionTable functions;
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  const auto tree = parse(query, functions);
  if (!tree) {
    ullage::check(!tree.error().where.empty(), "a refusal has a place");
    return 0;
  }
  const std::string line = print(**tree);
  const auto again = parse(line, functions);
  ullage::check(again && is_same(**tree, **again), "what was printed parses to the same tree");
  ullage::check(print(**again) == line, "what was printed prints the same again");
  const auto lines = format(query, functions);
  const auto split = parse(*lines, functions);
  ullage::check(split && is_same(**tree, **split), "what was formatted parses to the same tree");
  return 0;
}
