// SPDX-License-Identifier: Apache-2.0
// What is to be said of people's own sources: once when one goes down and once when it no longer is, however
// many ticks it is down for and however its error changes meanwhile. Of one that goes up and down again and
// again that pair is said once a minute at most. Bounded a tick. Pure; one thread.
#pragma once

#include <chrono>
#include <map>
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
  // Of what is down now. Of what a source that is unread (CustomSources::unread) may be down with, the word
  // before holds.
  std::vector<Word> look(const std::vector<sense::SourceProblem>& problems,
                         const std::vector<std::string>& unread, std::chrono::nanoseconds now);

 private:
  struct Said {  // that it is down
    std::chrono::nanoseconds at{0};
    bool holds = true;
  };
  std::map<std::string, Said> said_;  // of what is down and of what was within the last minute
};

}  // namespace ullage::daemon
