// SPDX-License-Identifier: Apache-2.0
// How figures of a run are put in words, the same in the summary, `show`, `diff`, `advise` and `runs list`:
// cores, counts, ends of a run, moments. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "run/record.h"

namespace ullage::run {

std::string format_cores(double cores);                           // "2", "1.8", "0.25"
std::string format_count(double count);                           // "3,000", "1.5"
std::string counted(std::uint64_t count, std::string_view noun);  // "1 process", "3,000 processes"
std::string signal_name(int signal);                              // "SIGKILL", "signal 64"
std::string exit_words(const Record& record);    // "exit 0", "killed by SIGKILL: out of memory (kernel)"
std::string display_name(const Record& record);  // its name, else its program's, safe for a terminal
std::string format_ago(std::int64_t time_ms,
                       std::int64_t now_ms);                   // "just now", "5 minutes ago", "2026-10-01"
std::string shell_quoted(std::span<const std::string> words);  // that a shell reads as these words again
// The command that would repeat the run: "ullage run --memory 4G -- python3 train.py".
std::string repeat_command(const Record& record);

std::int64_t end_ms(const Record& record);
std::optional<double> cpu_seconds(const Record& record);  // user and system; absent when neither is known
std::optional<double> cores_used(const Record& record);   // on average over the run
// Whether the limit was set for this run or a group it is in, and is not merely what the machine has.
bool memory_limit_is_set(const Memory& memory);

}  // namespace ullage::run
