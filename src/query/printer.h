// SPDX-License-Identifier: Apache-2.0
// A tree back to text. print() gives the one line that parses to the same tree again, with blanks, quotes and
// the order of matchers as Prometheus prints them; format() is for people's files.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "query/ast.h"
#include "query/function_table.h"

namespace ullage::query {

std::string print(const Expression& expression);

// print() broken into indented lines where it is longer than 100 characters. Comments stand before it, in
// their order: what they spoke of may have moved.
Result<std::string> format(std::string_view query, const FunctionTable& functions);

// The same but for where it stood in its text and the order of matchers.
bool is_same(const Expression& a, const Expression& b);

// The parts, for those who show a tree or a selector in other ways.
std::string print(const VectorSelector& selector);
std::string print(const history::Matcher& matcher);

}  // namespace ullage::query
