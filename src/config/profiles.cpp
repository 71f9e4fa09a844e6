// SPDX-License-Identifier: Apache-2.0
#include "config/profiles.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace ullage::config {

namespace {

constexpr auto kDevelopment = std::to_array<ProfileValue>({{"run.interval", "auto"},
                                                           {"run.warn", "true"},
                                                           {"run.advice", "true"},
                                                           {"run.summary", "true"},
                                                           {"run.on_pressure", "none"},
                                                           {"run.strict", "false"}});

constexpr auto kProduction = std::to_array<ProfileValue>({{"run.interval", "1s"},
                                                          {"run.pss_budget", "0.05%"},
                                                          {"run.max_processes", "200"},
                                                          {"run.warn", "false"},
                                                          {"run.advice", "false"},
                                                          {"run.summary", "false"},
                                                          {"run.strict", "true"}});

constexpr auto kTesting = std::to_array<ProfileValue>(
    {{"state.directory", "temporary"}, {"run.interval", "100ms"}, {"run.growth_gate", "true"}});

constexpr auto kProfiles = std::to_array<Profile>({
    {"development", "Dense sampling, warnings and advice in full, nothing enforced unless asked.",
     kDevelopment},
    {"production", "Cheap sampling, limits strict, quiet.", kProduction},
    {"testing", "A fixed interval, a temporary state directory of its own, the growth gate on.", kTesting},
});

}  // namespace

std::span<const Profile> builtin_profiles() { return kProfiles; }

const Profile* find_builtin_profile(std::string_view name) {
  const auto found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == kProfiles.end() ? nullptr : &*found;
}

}  // namespace ullage::config
