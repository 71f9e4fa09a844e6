// SPDX-License-Identifier: Apache-2.0
// The kernel's own pass over all tasks: what it tells of a process that does one thing at a time, and that
// who reads only those of whom it tells has the figures that /proc has.
#include "sense/bpf/task_iterator.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "sense/proc/process_tree.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"

namespace ullage::sense {
namespace {

constexpr std::size_t kMiB = 1 << 20;

// Both ways of walking must tell the same.
class TaskIteratorLive : public testing::TestWithParam<TaskWalk> {
 protected:
  void SetUp() override {
    auto opened = TaskIterator::open(GetParam());
    if (!opened) GTEST_SKIP() << opened.error().text();
    iterator_.emplace(std::move(*opened));
  }
  std::optional<TaskIterator> iterator_;
};

void burn(std::chrono::milliseconds time) {
  const SystemClock clock;
  const auto begin = clock.own_cpu();
  while (clock.own_cpu() - begin < time) continue;
}

void touch_memory() {
  void* memory = ::mmap(nullptr, 4 * kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, 4 * kMiB);
}

// To storage, where the working directory is on one.
void write_file() {
  char name[] = "task_iterator_test.XXXXXX";
  const int file = ::mkstemp(name);
  const std::vector<char> bytes(kMiB, 'x');
  if (::write(file, bytes.data(), bytes.size()) < 0) ::_exit(1);
  ::unlink(name);
  ::close(file);
}

// A child that does the next of its things each time it is asked, and else waits.
class ObedientChild {
 public:
  explicit ObedientChild(const std::vector<std::function<void()>>& things) {
    int ask[2], answer[2];
    if (::pipe(ask) != 0 || ::pipe(answer) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(ask[1]);
      for (char byte = 'x'; const auto& thing : things) {
        if (::read(ask[0], &byte, 1) != 1) ::_exit(0);
        thing();
        if (::write(answer[1], &byte, 1) != 1) ::_exit(0);
      }
      while (true) ::pause();
    }
    ::close(ask[0]);
    ::close(answer[1]);
    ask_ = ask[1];
    answer_ = answer[0];
  }
  ~ObedientChild() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(ask_);
    ::close(answer_);
  }
  ObedientChild(const ObedientChild&) = delete;
  ObedientChild& operator=(const ObedientChild&) = delete;
  pid_t pid() const { return pid_; }
  void do_next() const {
    char byte = 'x';
    EXPECT_EQ(::write(ask_, &byte, 1), 1);
    EXPECT_EQ(::read(answer_, &byte, 1), 1);
  }
  // On a busy machine it may stand in line for a while after its answer.
  void wait_until_it_waits() const {
    const auto is_waiting = [this] {
      const auto stat = read_file(OsRoot::live().path("/proc/" + std::to_string(pid_) + "/stat"));
      return stat && stat->find(") S ") != std::string::npos;
    };
    for (int tries = 0; tries < 5000 && !is_waiting(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  pid_t pid_ = -1;
  int ask_ = -1, answer_ = -1;
};

TaskNews news_of(std::span<const TaskNews> tasks, std::int64_t pid) {
  const auto found = std::ranges::lower_bound(tasks, pid, {}, &TaskNews::pid);
  EXPECT_TRUE(found != tasks.end() && found->pid == pid) << pid;
  return found != tasks.end() ? *found : TaskNews();
}

std::vector<pid_t> fork_sleepers(int count) {
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) ::pause();
    }
    EXPECT_GT(pid, 0);
    children.push_back(pid);
  }
  return children;
}

void end(const std::vector<pid_t>& children) {
  for (const pid_t pid : children) ::kill(pid, SIGKILL);
  for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
}

TEST_P(TaskIteratorLive, HasEveryProcessOnceInOrder) {
  const std::vector<pid_t> children = fork_sleepers(50);
  const auto tasks = iterator_->read();
  EXPECT_TRUE(std::ranges::is_sorted(tasks, {}, &TaskNews::pid));
  EXPECT_EQ(std::ranges::adjacent_find(tasks, {}, &TaskNews::pid), tasks.end());
  for (const pid_t pid : children) EXPECT_TRUE(news_of(tasks, pid).has_moved);
  end(children);
  const auto after = iterator_->read();
  EXPECT_FALSE(std::ranges::binary_search(after, children.front(), {}, &TaskNews::pid));
}

// So many that the one behind them is not looked for in the list of the pass before: it counts as moved,
// once.
TEST_P(TaskIteratorLive, TellsNothingOfOneThatSleepsThoughManyBeforeItHaveEnded) {
  const std::vector<pid_t> ending = fork_sleepers(200), staying = fork_sleepers(1);
  iterator_->read();
  while (news_of(iterator_->read(), staying.front()).has_moved) {  // until it has come to its pause
  }
  end(ending);
  iterator_->read();
  const TaskNews quiet = news_of(iterator_->read(), staying.front());
  EXPECT_EQ(quiet.ran.count(), 0);
  EXPECT_FALSE(quiet.has_moved || quiet.has_io || quiet.is_elsewhere || quiet.memory_has_moved);
  end(staying);
}

TEST_P(TaskIteratorLive, TellsOnceOfWhatAProcessDid) {
  const ObedientChild child({[] { burn(std::chrono::milliseconds(30)); }, touch_memory, write_file,
                             [] { ::prctl(PR_SET_NAME, "another (name)"); },
                             [] { std::thread([] { burn(std::chrono::milliseconds(30)); }).join(); }});
  iterator_->read();
  const auto next = [&] {
    child.do_next();
    return news_of(iterator_->read(), child.pid());
  };
  EXPECT_GE(next().ran, std::chrono::milliseconds(30));
  const TaskNews memory = next();
  EXPECT_TRUE(memory.memory_has_moved);
  EXPECT_FALSE(memory.has_moved);
  EXPECT_GE(memory.resident_pages * 4096, 4 * kMiB);
  EXPECT_GE(memory.minor_faults + memory.major_faults, 2u);  // with pages of 2 MiB
  EXPECT_TRUE(next().has_io);
  EXPECT_TRUE(next().has_moved) << "its name";
  const TaskNews threads = next();
  EXPECT_TRUE(threads.has_moved) << "its threads";
  child.wait_until_it_waits();
  iterator_->read();  // the end of its answer
  const TaskNews quiet = news_of(iterator_->read(), child.pid());
  EXPECT_EQ(quiet.ran.count(), 0);
  EXPECT_FALSE(quiet.has_moved);
  EXPECT_FALSE(quiet.memory_has_moved);
  EXPECT_FALSE(quiet.has_io);
}

// Nobody has looked at the memory that its threads share: its `stat` is to be read.
TEST_P(TaskIteratorLive, ASleeperWhoseOtherThreadTouchesMemoryHasMoved) {
  const ObedientChild child({[] {
    std::thread([] {
      while (true) {
        touch_memory();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }).detach();
  }});
  child.do_next();
  child.wait_until_it_waits();
  iterator_->read();
  int times = 0;
  for (int tries = 0; tries < 1000 && times < 5; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const TaskNews news = news_of(iterator_->read(), child.pid());
    if (news.minor_faults == 0) continue;
    EXPECT_TRUE(news.has_moved);
    ++times;
  }
  EXPECT_EQ(times, 5);
}

TEST_P(TaskIteratorLive, ATableThatAsksItHasTheFiguresOfProc) {
  const ObedientChild child({[] { burn(std::chrono::milliseconds(60)); }, touch_memory, write_file,
                             [] { std::thread(write_file).join(); }, [] { std::thread(touch_memory).join(); },
                             touch_memory, [] { ::prctl(PR_SET_NAME, "another (name)"); }});
  const SystemClock clock;
  const TableOptions options = {.details_time = std::chrono::seconds(10)};  // whatever else runs here
  ProcessTable table(OsRoot::live(), options, clock);
  table.read({.tasks = iterator_->read()});
  const auto row_of = [&](std::span<const ProcessRow> rows) {
    const auto found =
        std::ranges::find(rows, child.pid(), [](const ProcessRow& row) { return row.sample.pid; });
    EXPECT_NE(found, rows.end());
    return found != rows.end() ? found->sample : ProcessSample();
  };
  for (int thing = 0; thing < 7; ++thing) {
    child.do_next();
    const ProcessSample told = row_of(table.read({.tasks = iterator_->read()}));
    ProcessTable fresh(OsRoot::live(), options, clock);
    const ProcessSample truth = row_of(fresh.read({}, Freshness::all));
    SCOPED_TRACE(thing);
    EXPECT_EQ(told.name, truth.name);
    EXPECT_EQ(told.parent_pid, ::getpid());
    EXPECT_EQ(told.threads, truth.threads);
    EXPECT_EQ(told.minor_faults, truth.minor_faults);
    EXPECT_EQ(told.major_faults, truth.major_faults);
    EXPECT_EQ(told.read_bytes, truth.read_bytes);
    EXPECT_EQ(told.written_bytes, truth.written_bytes);
    // What it used after the pass, or too little to be told: less than a clock tick of each.
    EXPECT_NEAR(told.user_seconds + told.system_seconds, truth.user_seconds + truth.system_seconds, 0.021);
    // The kernel keeps a part with each processor: what `stat` and `status` tell is some dozens of pages
    // apart.
    EXPECT_NEAR(static_cast<double>(told.resident_bytes.value_or(0)),
                static_cast<double>(truth.resident_bytes.value_or(0)), 0.5 * kMiB);
  }
}

INSTANTIATE_TEST_SUITE_P(ByEitherWalk, TaskIteratorLive, testing::Values(TaskWalk::best, TaskWalk::iterator),
                         [](const auto& walk) {
                           return std::string(walk.param == TaskWalk::best ? "Best" : "Iterator");
                         });

}  // namespace
}  // namespace ullage::sense
