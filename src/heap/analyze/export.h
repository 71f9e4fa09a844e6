// SPDX-License-Identifier: Apache-2.0
// A heap profile in the forms of other tools: pprof's protocol buffer (gzipped), collapsed stacks for flame
// graph scripts, speedscope's JSON, and a Perfetto trace. Bytes out; where they go is the caller's. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

// alloc_objects, alloc_space, inuse_objects, inuse_space (what is shown first); in use at the moment.
std::string export_pprof(std::span<const Profile> profiles, const Moment& at);
// "main;load;push 4096", a line a stack, outermost first.
std::string export_collapsed(std::span<const Profile> profiles, const Question& question);
// Two profiles in one file: what the question asks for, and all that was allocated.
std::string export_speedscope(std::span<const Profile> profiles, const Question& question,
                              std::string_view name);
// A dump of each process at its peak and at its end, as heapprofd makes them.
std::string export_perfetto(std::span<const Profile> profiles);

}  // namespace ullage::heap
