// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/user_names.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::seconds kLookEvery(10);
constexpr std::size_t kMostBytes = 4 << 20;

}  // namespace

bool UserNames::renew(std::chrono::nanoseconds now) {
  if (has_looked_ && now - looked_at_ < kLookEvery) return false;
  has_looked_ = true;
  looked_at_ = now;
  struct stat info{};
  std::string stamp;
  if (::stat(path_.c_str(), &info) == 0)
    stamp = fmt::format("{} {} {}.{}", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  if (stamp == stamp_) return false;
  stamp_ = std::move(stamp);
  names_.clear();
  const auto text = read_file(path_, kMostBytes);
  if (!text) return true;
  std::string_view rest = *text, line;
  while (take_line(rest, line)) {  // name:password:number:…
    const std::string_view name = take_until(line, ':');
    take_until(line, ':');
    // Of several names of one number the first, as getpwuid(3) has it.
    if (const auto id = to_unsigned(take_until(line, ':')); id && *id <= UINT32_MAX && !name.empty())
      names_.try_emplace(static_cast<std::uint32_t>(*id), name);
  }
  return true;
}

const std::string& UserNames::name(std::uint32_t user_id) {
  std::string& name = names_[user_id];
  if (name.empty()) name = std::to_string(user_id);
  return name;
}

}  // namespace ullage::sense
