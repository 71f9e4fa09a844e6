// SPDX-License-Identifier: Apache-2.0
// For tests that a sanitizer cannot bear: UBSan looks at an object's memory through a pipe, so a test that
// takes all descriptors away finds only "invalid" objects under it; and all of them make long tests very
// long.
#pragma once

namespace ullage {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kUnderSanitizer = true;
#else
inline constexpr bool kUnderSanitizer = false;
#endif
#if __has_feature(undefined_behavior_sanitizer)
inline constexpr bool kUnderUndefinedBehaviorSanitizer = true;
#else
inline constexpr bool kUnderUndefinedBehaviorSanitizer = false;
#endif
#else
inline constexpr bool kUnderSanitizer = false;
inline constexpr bool kUnderUndefinedBehaviorSanitizer = false;
#endif

}  // namespace ullage
