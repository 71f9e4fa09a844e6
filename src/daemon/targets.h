// SPDX-License-Identifier: Apache-2.0
// What the daemon reads at intervals, as the page of targets of Prometheus's API shows it: a job's targets
// under the job's name, everything else under what it is, with the page on which its values stand. Pure.
#pragma once

#include <string>

#include "sense/custom/custom_sources.h"
#include "server/api_v1.h"
#include "watch/collecting.h"

namespace ullage::daemon {

server::ScrapeTarget target_of(const watch::SourceStatus& status, const std::string& page,
                               double interval_seconds);
server::ScrapeTarget target_of(const sense::CustomStatus& status, const std::string& page);
server::ScrapeTarget target_of(const sense::DroppedTarget& dropped);

}  // namespace ullage::daemon
