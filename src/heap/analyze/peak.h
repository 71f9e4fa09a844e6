// SPDX-License-Identifier: Apache-2.0
// When most memory lived, and how sure its amount is where the profile is sampled: the greatest of many
// moments is great by chance, too. What lived then is moments.h's matter.
#pragma once

#include <span>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

// The time at which most memory of all of them together lived; of one process its own peak, which may be one
// of many in a millisecond.
Moment shared_peak(std::span<const Profile> profiles);
// Kind::peak made the shared one.
Question with_shared_peak(Question question, std::span<const Profile> profiles);

// For Amount::greatest_of all that a question tells of: of what lives at the peak, how many other moments
// could have been it within what sampling can tell apart. 1 of an exact amount, and of other questions.
double moments_like_the_peak(std::span<const Profile> profiles, const Question& question, const Amount& all);

}  // namespace ullage::heap
