// SPDX-License-Identifier: Apache-2.0
#include "sense/system/timex_collector.h"

#include <sys/timex.h>

#include <cerrno>

#include "base/result.h"
#include "metric/frame.h"

namespace ullage::sense {

Result<void> TimexCollector::collect(metric::Frame& frame) {
  if (!root_.is_live()) return fail("only the live machine has a clock", "adjtimex");
  timex clock{};
  const int state = ::adjtimex(&clock);
  if (state < 0) return fail_errno("cannot ask", "adjtimex", errno);
  add_timex(clock, state, frame);
  return {};
}

// Units are adjtimex(2)'s: microseconds, or nanoseconds where STA_NANO is set; frequencies are parts per
// million, shifted by 16 bits.
void add_timex(const timex& clock, int state, metric::Frame& frame) {
  constexpr double kMicro = 1e-6, kMillion = 1e6, kPartsPerMillion = 65536 * kMillion;
  const double fine = (clock.status & STA_NANO) != 0 ? 1e9 : kMillion;
  const auto add = [&](const char* name, auto value) { frame.add(name, static_cast<double>(value)); };
  add("node_timex_offset_seconds", static_cast<double>(clock.offset) / fine);
  add("node_timex_frequency_adjustment_ratio", 1 + static_cast<double>(clock.freq) / kPartsPerMillion);
  add("node_timex_maxerror_seconds", static_cast<double>(clock.maxerror) * kMicro);
  add("node_timex_estimated_error_seconds", static_cast<double>(clock.esterror) * kMicro);
  add("node_timex_status", clock.status);
  add("node_timex_loop_time_constant", clock.constant);
  add("node_timex_tick_seconds", static_cast<double>(clock.tick) * kMicro);
  add("node_timex_pps_frequency_hertz", static_cast<double>(clock.ppsfreq) / kPartsPerMillion);
  add("node_timex_pps_jitter_seconds", static_cast<double>(clock.jitter) / fine);
  add("node_timex_pps_shift_seconds", clock.shift);
  add("node_timex_pps_stability_hertz", static_cast<double>(clock.stabil) / kPartsPerMillion);
  add("node_timex_pps_jitter_total", clock.jitcnt);
  add("node_timex_pps_calibration_total", clock.calcnt);
  add("node_timex_pps_error_total", clock.errcnt);
  add("node_timex_pps_stability_exceeded_total", clock.stbcnt);
  add("node_timex_tai_offset_seconds", clock.tai);
  add("node_timex_sync_status", state == TIME_ERROR ? 0 : 1);
}

}  // namespace ullage::sense
