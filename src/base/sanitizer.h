// SPDX-License-Identifier: Apache-2.0
// For tests that a sanitizer cannot bear: UBSan looks at an object's memory through a pipe, so a test that
// takes all descriptors away finds only "invalid" objects under it.
#pragma once

namespace ullage {

#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
inline constexpr bool kUnderUndefinedBehaviorSanitizer = true;
#else
inline constexpr bool kUnderUndefinedBehaviorSanitizer = false;
#endif
#else
inline constexpr bool kUnderUndefinedBehaviorSanitizer = false;
#endif

}  // namespace ullage
