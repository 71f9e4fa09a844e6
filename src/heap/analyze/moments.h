// SPDX-License-Identifier: Apache-2.0
// What a site held at a moment, gained between two, or allocated in between, with how sure that is. A moment
// is asked of every process of a run alike: its own exit, the run's peak, or a time. Which call that was is
// calls.h's matter. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "heap/profile.h"

namespace ullage::heap {

// Of blocks; estimates where the profile is sampled, then `variance` (of the bytes) is more than 0.
struct Amount {
  double count = 0, bytes = 0, variance = 0;
  // As the greatest of about so many moments that tell little of each other: chance has made it greater
  // (moments_like_the_peak in peak.h).
  double greatest_of = 1;
  Amount& operator+=(const Amount& other);
  bool is_nothing() const { return count == 0 && bytes == 0; }
};

struct Interval {
  double low = 0, high = 0;
};
// Of the bytes, 95 %: the gamma interval of a weighted sum of Poisson counts (Fay and Feuer 1997), which
// holds for one sample as for a thousand. Of the greatest of several the low end is where all of them
// together are above with that probability (Šidák 1967). Of an exact amount: the amount.
Interval interval_95(const Amount& amount);
// How many standard deviations it reaches down.
double deviations_at_low_end(const Amount& amount);

enum class Measure : std::uint8_t {
  living,     // what lives at the moment
  growth,     // living then, less what lived at `since`: may be less than nothing
  allocated,  // all allocations since
  temporary,  // those of them that were freed by their thread almost at once
};
// The same for what may be negative: the normal interval.
Interval interval_95(const Amount& amount, Measure measure);

struct Moment {
  enum class Kind : std::uint8_t { exit, peak, time } kind = Kind::exit;
  std::int64_t time_ms = 0;  // since the epoch, of Kind::time
};

struct Question {
  Measure measure = Measure::living;
  Moment at = {};
  std::optional<Moment> since = {};  // absent: the process's start
};

// By site, as in profile.sites. Kind::peak is the process's own; see peak.h.
std::vector<Amount> amounts_of(const Profile& profile, const Question& question);
// Until when what is told of a slot has happened, by slot, since the epoch: a slot that nothing came after
// ends late, and its events stand at its beginning.
std::vector<std::int64_t> events_until_ms(const Profile& profile);

}  // namespace ullage::heap
