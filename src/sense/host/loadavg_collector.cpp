// SPDX-License-Identifier: Apache-2.0
#include "sense/host/loadavg_collector.h"

#include "base/result.h"
#include "metric/frame.h"
#include "sense/host/host_text.h"
#include "sense/sample.h"

namespace ullage::sense {

Result<void> LoadavgCollector::collect(metric::Frame& frame) {
  const auto text = file_.read(buffer_);
  if (!text) return fail("cannot be read", "/proc/loadavg");
  HostSample sample;
  parse_loadavg(*text, sample);
  if (!sample.load) return fail("it is not three numbers", "/proc/loadavg");
  frame.add("node_load1", (*sample.load)[0]);
  frame.add("node_load5", (*sample.load)[1]);
  frame.add("node_load15", (*sample.load)[2]);
  return {};
}

}  // namespace ullage::sense
