// SPDX-License-Identifier: Apache-2.0
#include "server/http_packing.h"

#include <string_view>

#include "base/text.h"

namespace ullage::server {

namespace {

// The q of "…; q=0.5"; 1 where there is none.
double quality_in(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = trim(take_until(parameters, ';'));
    if (parameter.starts_with("q=") || parameter.starts_with("Q="))
      return to_double(parameter.substr(2)).value_or(0);
  }
  return 1;
}

}  // namespace

double quality_of(std::string_view accept, std::string_view wanted) {
  double exact = -1, any = -1;
  const std::string_view family = wanted.substr(0, wanted.find('/') + 1);
  while (!accept.empty()) {
    std::string_view parameters = take_until(accept, ',');
    const std::string_view name = trim(take_until(parameters, ';'));
    if (name == wanted)
      exact = quality_in(parameters);
    else if (name == "*" || name == "*/*" ||
             (!family.empty() && name.starts_with(family) && name.ends_with("/*")))
      any = quality_in(parameters);
  }
  return exact >= 0 ? exact : any;
}

bool accepts_gzip(std::string_view accept_encoding) { return quality_of(accept_encoding, "gzip") > 0; }

}  // namespace ullage::server
