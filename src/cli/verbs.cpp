// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <vector>

#include "cli/completion.h"
#include "cli/config.h"
#include "cli/doctor.h"
#include "cli/emit.h"
#include "cli/run.h"

namespace ullage::cli {

std::span<const AddVerb> verbs() {
  static const std::vector<AddVerb> list = {
      add_run,
      add_config,
      add_emit,
      add_completion,
      add_doctor,
  };
  return list;
}

}  // namespace ullage::cli
