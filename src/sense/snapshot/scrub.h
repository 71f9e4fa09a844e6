// SPDX-License-Identifier: Apache-2.0
// Takes out of a machine's texts what says whose machine it is, so that they can go into a bug report and
// still read as before: the machine's and its people's names, addresses, where file systems of others come
// from, what people called their mount points. The same name becomes the same word everywhere. Names of
// programs and of systemd's units stay, for they are what a bug is about. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ullage::sense {

class Scrub {
 public:
  // The name of a machine, and each part of a full one that has the domain.
  void hide_host(std::string_view name);
  // A person's name, which becomes user1000.
  void hide_user(std::string_view name, std::uint32_t user_id);

  // Names where they stand as words, and addresses.
  std::string text(std::string_view text) const;
  static std::string without_addresses(std::string_view text);
  // /proc/PID/stat and status: what they call the program.
  std::string stat(std::string_view text) const;
  std::string status(std::string_view text) const;
  // Lines of /proc/self/mounts and /proc/self/mountinfo.
  std::string mounts(std::string_view text);
  std::string mountinfo(std::string_view text);
  // Lines of /proc/net/udp: who talks with whom goes, ports and queues stay.
  static std::string sockets(std::string_view text);

 private:
  std::string names(std::string_view text) const;
  std::string mount_point(std::string_view path);
  std::string source(std::string_view source, std::string_view type) const;

  std::vector<std::pair<std::string, std::string>> hidden_;  // the longest first, so that none is cut
  std::map<std::string, std::string, std::less<>> mount_points_;
};

}  // namespace ullage::sense
