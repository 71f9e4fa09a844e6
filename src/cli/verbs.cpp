// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <span>
#include <vector>

#include "cli/advise.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/daemon.h"
#include "cli/diff.h"
#include "cli/doctor.h"
#include "cli/emit.h"
#include "cli/heap.h"
#include "cli/query.h"
#include "cli/run.h"
#include "cli/runs.h"
#include "cli/show.h"
#include "cli/top.h"
#include "cli/verb.h"

namespace ullage::cli {

std::span<const AddVerb> verbs() {
  static const std::vector<AddVerb> list = {
      add_run, add_runs,   add_show,   add_heap, add_diff,       add_advise, add_query,
      add_top, add_daemon, add_config, add_emit, add_completion, add_doctor,
  };
  return list;
}

}  // namespace ullage::cli
