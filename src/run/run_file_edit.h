// SPDX-License-Identifier: Apache-2.0
// What may be changed in a run's file after the run has ended: its name and its tags, which are the person's
// and not the measuring's. A living run's record is its supervisor's to write, so that one is refused.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"

namespace ullage::run {

struct Retag {
  std::optional<std::string> name;                         // a new name; empty takes it away
  std::map<std::string, std::optional<std::string>> tags;  // a value sets the tag, none takes it away
};

Result<void> retag(const std::string& path, const Retag& change);

}  // namespace ullage::run
