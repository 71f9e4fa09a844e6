// SPDX-License-Identifier: Apache-2.0
#include "sense/snapshot/scrub.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"

namespace ullage::sense {

namespace {

// Of the documentation's own (RFC 5737, RFC 3849).
constexpr std::string_view kIpv4 = "192.0.2.1", kIpv6 = "2001:db8::1", kServer = "server:/export";

bool is_word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_hexadecimal(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What stands before `at` ends in \x2d (systemd's escapes) or \040 (the kernel's), which are no letters.
bool is_after_escape(std::string_view text, std::size_t at) {
  if (at < 4 || text[at - 4] != '\\') return false;
  const char a = text[at - 3], b = text[at - 2], c = text[at - 1];
  return (a == 'x' && is_hexadecimal(b) && is_hexadecimal(c)) || (is_digit(a) && is_digit(b) && is_digit(c));
}

bool begins_word(std::string_view text, std::size_t at) {
  return at == 0 || !is_word_character(text[at - 1]) || is_after_escape(text, at);
}

void replace_word(std::string& text, std::string_view word, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos;) {
    const std::size_t end = at + word.size();
    const bool is_whole = begins_word(text, at) && (end == text.size() || !is_word_character(text[end]));
    if (is_whole) text.replace(at, word.size(), by);
    at += is_whole ? by.size() : 1;
  }
}

// How long the IPv4 address at the front is; 0 when there is none.
std::size_t ipv4_length(std::string_view text) {
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (at == text.size() || text[at] != '.') return 0;
      ++at;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || at - begin > 3) return 0;
  }
  const bool goes_on =
      at < text.size() &&
      (is_word_character(text[at]) || (text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1])));
  return goes_on ? 0 : at;
}

// Hexadecimal groups and the colons between them, as far as they go.
std::string_view colon_run(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && (is_hexadecimal(text[at]) || text[at] == ':')) ++at;
  return text.substr(0, at);
}

// What stands in the place of an address of hardware or of IPv6; empty when it is none. A time of day,
// 12:34:56, and the begin of a line of /proc/PID/cgroup, 0::, are none.
std::string instead_of_colons(std::string_view run) {
  std::size_t groups = 0, pairs = 0;
  std::string_view rest = run;
  while (!rest.empty()) {
    const std::string_view group = take_until(rest, ':');
    groups += group.empty() ? 0 : 1;
    pairs += group.size() == 2 ? 1 : 0;
  }
  if (pairs >= 6 && pairs == groups) {
    std::string zeros(run);
    std::ranges::replace_if(zeros, is_hexadecimal, '0');
    return zeros;
  }
  const bool is_short = run.find("::") != std::string_view::npos && groups >= 2;
  return is_short || groups == 8 ? std::string(kIpv6) : std::string();
}

bool is_of_network(std::string_view source, std::string_view type) {
  constexpr std::array<std::string_view, 8> kTypes = {"nfs",  "nfs4", "cifs", "smb3",
                                                      "ceph", "9p",   "afs",  "fuse.sshfs"};
  return std::ranges::find(kTypes, type) != kTypes.end() || source.find(':') != std::string_view::npos ||
         source.starts_with("//");
}

bool is_ours_to_know(std::string_view type) {
  return type == "cgroup" || type == "cgroup2" || type == "proc" || type == "tmpfs";
}

// Options have addresses, names of people and paths in them; of few file systems they are wanted.
std::string options_of(std::string_view options, std::string_view type) {
  std::string kept;
  while (!options.empty()) {
    const std::string_view option = take_until(options, ',');
    if (option.find('=') != std::string_view::npos && !is_ours_to_know(type)) continue;
    kept.append(kept.empty() ? "" : ",").append(option);
  }
  return kept.empty() ? "rw" : kept;
}

template <class Change>
std::string each_line(std::string_view text, Change change) {
  std::string changed;
  while (!text.empty()) changed += change(take_until(text, '\n')) + '\n';
  return changed;
}

}  // namespace

void Scrub::hide_host(std::string_view name) {
  const auto hide = [&](std::string_view part, std::string_view by) {
    if (part.size() > 1 && part != "localhost") hidden_.emplace_back(part, by);
  };
  hide(name, "host");
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    hide(name.substr(0, dot), "host");
    hide(name.substr(dot + 1), "example.org");
  }
  std::ranges::sort(hidden_, std::greater<>(), [](const auto& pair) { return pair.first.size(); });
}

void Scrub::hide_user(std::string_view name, std::uint32_t user_id) {
  const auto is_known = [&](const auto& pair) { return pair.first == name; };
  if (name.empty() || std::ranges::any_of(hidden_, is_known)) return;
  hidden_.emplace_back(name, "user" + std::to_string(user_id));
  std::ranges::sort(hidden_, std::greater<>(), [](const auto& pair) { return pair.first.size(); });
}

std::string Scrub::names(std::string_view text) const {
  std::string changed(text);
  for (const auto& [word, by] : hidden_) replace_word(changed, word, by);
  return changed;
}

std::string Scrub::without_addresses(std::string_view text) {
  std::string changed;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const bool is_begin = begins_word(text, at) && (at == 0 || text[at - 1] != '.');
    if (is_begin && is_hexadecimal(text[at])) {
      if (const std::size_t length = ipv4_length(rest)) {
        changed += kIpv4;
        at += length;
        continue;
      }
      const std::string_view run = colon_run(rest);
      const std::string instead = instead_of_colons(run);
      if (!instead.empty()) {
        changed += instead;
        at += run.size();
        continue;
      }
    }
    changed += text[at++];
  }
  return changed;
}

std::string Scrub::text(std::string_view text) const { return names(without_addresses(text)); }

// 1234 (a name) S 1 …
std::string Scrub::stat(std::string_view text) const {
  const std::size_t begin = text.find('('), end = text.rfind(')');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return {};
  return std::string(text.substr(0, begin + 1)) + this->text(text.substr(begin + 1, end - begin - 1)) +
         std::string(text.substr(end));
}

// Name:\ta name
std::string Scrub::status(std::string_view text) const {
  return each_line(text, [&](std::string_view line) {
    return line.starts_with("Name:") ? this->text(line) : std::string(line);
  });
}

std::string Scrub::source(std::string_view source, std::string_view type) const {
  return is_of_network(source, type) ? std::string(kServer) : names(source);
}

std::string Scrub::mount_point(std::string_view path) {
  constexpr std::array<std::string_view, 14> kUsual = {"/",    "/boot", "/etc",  "/home", "/media",
                                                       "/mnt", "/opt",  "/root", "/srv",  "/tmp",
                                                       "/usr", "/var",  "/run",  "/snap"};
  constexpr std::array<std::string_view, 9> kTrees = {"/boot/", "/dev", "/etc/", "/proc", "/run/",
                                                      "/snap/", "/sys", "/usr/", "/var/"};
  if (std::ranges::find(kUsual, path) != kUsual.end()) return std::string(path);
  const auto is_below = [&](std::string_view tree) { return path.starts_with(tree); };
  if (!path.starts_with("/run/media/") && std::ranges::any_of(kTrees, is_below)) return text(path);
  const auto known = mount_points_.find(path);
  if (known != mount_points_.end()) return known->second;
  std::string folder;  // the usual one that it is in
  for (const std::string_view usual : kUsual)
    if (usual.size() > folder.size() && usual != "/" && path.starts_with(std::string(usual) + '/'))
      folder = usual;
  std::string instead = folder + "/d" + std::to_string(mount_points_.size() + 1);
  return mount_points_.emplace(path, std::move(instead)).first->second;
}

// device folder type options 0 0
std::string Scrub::mounts(std::string_view text) {
  return each_line(text, [&](std::string_view line) {
    const std::string_view device = take_word(line), folder = take_word(line), type = take_word(line),
                           options = take_word(line);
    return source(device, type) + ' ' + mount_point(folder) + ' ' + std::string(type) + ' ' +
           options_of(options, type) + std::string(line);
  });
}

//   sl  local_address rem_address   st tx_queue …
//  317: 0100007F:0044 00000000:0000 07 00000000:00000000 …
std::string Scrub::sockets(std::string_view text) {
  const auto without_host = [](std::string_view address) {
    const std::size_t colon = address.find(':');
    if (colon == std::string_view::npos) return std::string(address);  // the heading
    return std::string(colon, '0') + std::string(address.substr(colon));
  };
  return each_line(text, [&](std::string_view line) {
    const std::string_view number = take_word(line), local = take_word(line), remote = take_word(line);
    return std::string(number) + ' ' + without_host(local) + ' ' + without_host(remote) + std::string(line);
  });
}

// 36 35 98:0 /root /folder rw,noatime master:1 - type source rw,errors=continue
std::string Scrub::mountinfo(std::string_view text) {
  return each_line(text, [&](std::string_view line) {
    std::array<std::string_view, 6> before;
    for (std::string_view& field : before) field = take_word(line);
    std::string optional;
    for (std::string_view field = take_word(line); !field.empty() && field != "-"; field = take_word(line))
      optional.append(field).append(" ");
    const std::string_view type = take_word(line), from = take_word(line), options = take_word(line);
    const bool is_cgroup = type == "cgroup" || type == "cgroup2";
    const std::string root = is_cgroup ? this->text(before[3]) : "/";
    std::string changed;
    for (const std::string_view field : {before[0], before[1], before[2]}) changed.append(field).append(" ");
    return changed + root + ' ' + mount_point(before[4]) + ' ' + options_of(before[5], type) + ' ' +
           optional + "- " + std::string(type) + ' ' + source(from, type) + ' ' + options_of(options, type);
  });
}

}  // namespace ullage::sense
