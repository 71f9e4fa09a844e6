// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/program.h"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "sense/custom/process_keeper.h"

namespace ullage::sense {

namespace {

constexpr int kLookEveryMs = 25;  // at its memory
constexpr std::size_t kErrorBytes = 4096;
constexpr std::size_t kProcessesMax = 4096;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// The children of all threads of a process.
void add_children(const OsRoot& root, pid_t pid, std::vector<pid_t>& found) {
  const std::string tasks = root.path(fmt::format("/proc/{}/task", pid));
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(tasks.c_str()));
  if (!folder) return;
  while (const dirent* entry =
             ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    if (entry->d_name[0] == '.') continue;
    const auto text = read_file(tasks + '/' + entry->d_name + "/children");
    if (!text) continue;
    std::string_view rest = *text;
    for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest))
      if (const auto child = to_signed(word)) found.push_back(static_cast<pid_t>(*child));
  }
}

// Of all below the keeper, shared pages once for each sharer.
std::uint64_t resident_bytes_below(const OsRoot& root, pid_t keeper) {
  std::vector<pid_t> found;
  add_children(root, keeper, found);
  std::uint64_t pages = 0;
  for (std::size_t i = 0; i < found.size() && i < kProcessesMax; ++i) {
    const pid_t pid = found[i];
    if (const auto statm = read_file(root.path(fmt::format("/proc/{}/statm", pid)))) {
      std::string_view rest = *statm;
      take_word(rest);
      pages += to_unsigned(take_word(rest)).value_or(0);
    }
    add_children(root, pid, found);
  }
  return pages * static_cast<std::uint64_t>(root.page_size_bytes);
}

class Run {
 public:
  Run(const OsRoot& root, const std::string& path, const ProgramLimits& limits, ProcessKeeper keeper)
      : root_(root), path_(path), limits_(limits), keeper_(std::move(keeper)) {}

  Result<std::string> result(const Clock& clock, const std::stop_token& stop) {
    const std::chrono::nanoseconds begin = clock.monotonic();
    while (!has_ended_) {
      wait();
      const auto elapsed = clock.monotonic() - begin;
      if (auto beyond = what_is_beyond(elapsed, stop)) return failed(*std::move(beyond));
    }
    read_all();  // nobody holds the other ends any more
    if (output_.size() > limits_.output_bytes) return failed(printed_too_much());
    return judged(keeper_.report());
  }

 private:
  void wait() {
    std::array<pollfd, 3> waits{{{is_output_open_ ? keeper_.out() : -1, POLLIN, 0},
                                 {is_error_open_ ? keeper_.error() : -1, POLLIN, 0},
                                 {keeper_.ended(), POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), kLookEveryMs);
    read_all();
    has_ended_ = waits[2].revents != 0;
  }

  void read_all() {
    std::array<char, 65536> bytes;
    while (is_output_open_ && output_.size() <= limits_.output_bytes &&
           take(keeper_.out(), bytes, is_output_open_))
      output_.append(bytes.data(), got_);
    // The end of what it complains is kept; a flood of it does not keep us here for ever.
    for (int turn = 0; turn < 16 && is_error_open_ && take(keeper_.error(), bytes, is_error_open_); ++turn) {
      complaint_.append(bytes.data(), got_);
      if (complaint_.size() > kErrorBytes) complaint_.erase(0, complaint_.size() - kErrorBytes);
    }
  }

  bool take(int fd, std::array<char, 65536>& bytes, bool& is_open) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) is_open = false;
    got_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0;
  }

  std::string printed_too_much() const {
    return fmt::format("printed more than {}", format_bytes(static_cast<double>(limits_.output_bytes)));
  }

  std::optional<std::string> what_is_beyond(std::chrono::nanoseconds elapsed,
                                            const std::stop_token& stop) const {
    if (stop.stop_requested()) return "was ended with us";
    if (output_.size() > limits_.output_bytes) return printed_too_much();
    if (has_ended_) return std::nullopt;
    if (elapsed > limits_.timeout)
      return fmt::format("did not end within {}", format_duration(to_seconds(limits_.timeout)));
    if (const auto resident = resident_bytes_below(root_, keeper_.pid()); resident > limits_.resident_bytes)
      return fmt::format("took {} of memory; it may have {}", format_bytes(static_cast<double>(resident)),
                         format_bytes(static_cast<double>(limits_.resident_bytes)));
    return std::nullopt;
  }

  Result<std::string> judged(const KeeperReport& report) {
    if (report.exec_errno != 0) return fail_errno("cannot be started", path_, report.exec_errno);
    if (WIFSIGNALED(report.status)) return failed(fmt::format("ended by signal {}", WTERMSIG(report.status)));
    if (WEXITSTATUS(report.status) != 0)
      return failed(fmt::format("ended with code {}", WEXITSTATUS(report.status)));
    return std::move(output_);
  }

  tl::unexpected<Error> failed(std::string what) const {
    std::string_view last = trim(complaint_);
    last.remove_prefix(last.rfind('\n') == last.npos ? 0 : last.rfind('\n') + 1);
    if (!last.empty()) what += ": " + printable(last.substr(0, 200));
    return fail(std::move(what), path_);
  }

  const OsRoot& root_;
  const std::string& path_;
  const ProgramLimits& limits_;
  ProcessKeeper keeper_;
  std::string output_, complaint_;
  std::size_t got_ = 0;
  bool is_output_open_ = true, is_error_open_ = true, has_ended_ = false;
};

}  // namespace

Result<std::string> run_program(const OsRoot& root, const std::string& path, const ProgramLimits& limits,
                                const Clock& clock, const std::stop_token& stop) {
  // Nothing of ours: no tokens, no proxies, no preloaded libraries.
  const std::vector<std::string> environment = {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/"};
  auto keeper = ProcessKeeper::start(root, path, environment);
  if (!keeper) return pass_on(keeper);
  return Run(root, path, limits, *std::move(keeper)).result(clock, stop);
}

}  // namespace ullage::sense
