// SPDX-License-Identifier: Apache-2.0
#include "session/oom_verdict.h"

#include <signal.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "run/record.h"

namespace ullage::session {

namespace {

// A shell reports a child that a signal ended as 128 + signal.
bool ended_by(const OomEvidence& evidence, int signal) {
  return evidence.signal == signal || evidence.exit_code == 128 + signal;
}

std::string victim_of(const OomEvidence& evidence) {
  return evidence.kernel_log_victim.empty() ? evidence.killed : evidence.kernel_log_victim;
}

}  // namespace

std::optional<run::Oom> judge_oom(const OomEvidence& evidence) {
  const auto by = [&](std::string killer) {
    return run::Oom{.killer = std::move(killer), .victim = victim_of(evidence)};
  };
  if (evidence.own_limit_acted) return by("ullage limit");
  // A run that lost a worker to the kernel and still did its work was not ended by it.
  if (evidence.exit_code == 0) return std::nullopt;
  if (evidence.cage_kills > 0 || !evidence.kernel_log_victim.empty()) return by("kernel");
  const bool killed = ended_by(evidence, SIGKILL) || evidence.a_process_was_killed;
  if (!evidence.daemon.empty() && (killed || ended_by(evidence, SIGTERM))) return by(evidence.daemon);
  if (!killed || evidence.we_ended_it) return std::nullopt;
  // Kills counted around the run may be somebody else's: believed when the run was killed, not by us. Of the
  // whole machine's the log knows better; around a container it may speak of other process numbers.
  if (evidence.ancestor_kills > 0) return by("kernel");
  if (evidence.machine_kills > 0 && !evidence.kernel_log_is_readable) return by("kernel");
  return std::nullopt;
}

}  // namespace ullage::session
