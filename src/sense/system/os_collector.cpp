// SPDX-License-Identifier: Apache-2.0
#include "sense/system/os_collector.h"

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kFileBytesMax = 64u << 10;

// "22.04.1 LTS" as 22.04: the major and the minor part, or the major alone.
std::optional<double> leading_version(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  std::size_t length = end == std::string_view::npos ? text.size() : end;
  if (length > 0 && length < text.size() && text[length] == '.') {
    const std::size_t minor = text.find_first_not_of("0123456789", length + 1);
    const std::size_t minor_end = minor == std::string_view::npos ? text.size() : minor;
    if (minor_end > length + 1) length = minor_end;
  }
  return to_double(text.substr(0, length));
}

}  // namespace

Result<void> OsCollector::collect(metric::Frame& frame) {
  if (!read_again()) return fail("cannot be read", "/etc/os-release");
  frame.add("node_os_info",
            {{"build_id", field("BUILD_ID")},
             {"id", field("ID")},
             {"id_like", field("ID_LIKE")},
             {"image_id", field("IMAGE_ID")},
             {"image_version", field("IMAGE_VERSION")},
             {"name", field("NAME")},
             {"pretty_name", field("PRETTY_NAME")},
             {"variant", field("VARIANT")},
             {"variant_id", field("VARIANT_ID")},
             {"version", field("VERSION")},
             {"version_codename", field("VERSION_CODENAME")},
             {"version_id", field("VERSION_ID")}},
            1);
  if (const auto version = leading_version(field("VERSION_ID")))
    frame.add("node_os_version",
              {{"id", field("ID")}, {"id_like", field("ID_LIKE")}, {"name", field("NAME")}}, *version);
  return {};
}

bool OsCollector::read_again() {
  for (const std::string& path : paths_) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) continue;
    const bool is_known = read_from_ == path && status.st_mtim.tv_sec == changed_.tv_sec &&
                          status.st_mtim.tv_nsec == changed_.tv_nsec;
    if (is_known) return true;
    const auto text = read_file(path, kFileBytesMax);
    if (!text) continue;
    fields_ = parse_os_release(*text);
    read_from_ = path;
    changed_ = status.st_mtim;
    return true;
  }
  read_from_.clear();
  return false;
}

std::string_view OsCollector::field(std::string_view key) const {
  for (const auto& [name, value] : fields_)
    if (name == key) return value;
  return {};
}

std::vector<std::pair<std::string, std::string>> parse_os_release(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  std::string_view line;
  while (take_line(text, line)) {
    line = trim(line);
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    std::string_view value = line.substr(equals + 1);
    const char quote = value.empty() ? '\0' : value.front();
    const bool is_quoted = value.size() >= 2 && (quote == '"' || quote == '\'') && value.back() == quote;
    if (is_quoted) value = value.substr(1, value.size() - 2);
    std::string plain;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && quote != '\'' && i + 1 < value.size()) ++i;
      plain += value[i];
    }
    fields.emplace_back(line.substr(0, equals), std::move(plain));
  }
  return fields;
}

}  // namespace ullage::sense
