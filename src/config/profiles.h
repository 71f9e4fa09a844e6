// SPDX-License-Identifier: Apache-2.0
// The profiles that are built in: sets of values under all files, above the defaults.
#pragma once

#include <span>
#include <string_view>

namespace ullage::config {

struct ProfileValue {
  std::string_view key;
  std::string_view value;
};
struct Profile {
  std::string_view name;
  std::string_view doc;  // one line
  std::span<const ProfileValue> values;
};

std::span<const Profile> builtin_profiles();
const Profile* find_builtin_profile(std::string_view name);

}  // namespace ullage::config
