// SPDX-License-Identifier: Apache-2.0
// What is to be said of people's own sources: once when one goes down and once when it no longer is, however
// many ticks it is down for and however its error changes meanwhile. Bounded a tick. Pure; one thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sense/custom/custom_reading.h"

namespace ullage::daemon {

class SourceTroubles {
 public:
  struct Word {
    std::string text;  // "exec:queue is down: …"
    bool is_bad = true;
  };
  // Of what is down now.
  std::vector<Word> look(const std::vector<sense::SourceProblem>& problems);

 private:
  std::set<std::string> down_;
};

}  // namespace ullage::daemon
