// SPDX-License-Identifier: Apache-2.0
#include "act/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "act/command_lookup.h"
#include "act/start_state.h"
#include "base/file.h"
#include "base/sanitizer.h"
#include "base/text.h"

namespace ullage::act {
namespace {

using testing::HasSubstr;

std::vector<std::string> environment() {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry; ++entry) entries.emplace_back(*entry);
  return entries;
}

// Programs that the build puts beside this one.
std::string program(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

ChildSpec command(std::vector<std::string> words) {
  ChildSpec spec;
  spec.command = std::move(words);
  spec.environment = environment();
  return spec;
}
ChildSpec shell(const std::string& script) { return command({"/bin/sh", "-c", script}); }

bool is_readable_within(int fd, int ms) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, ms) == 1;
}

ExitStatus wait_for(Child& child) {
  EXPECT_TRUE(is_readable_within(child.pidfd(), 20'000));
  const auto ended = child.try_wait();
  EXPECT_TRUE(ended);
  return ended.value_or(ExitStatus{});
}

ExitStatus run(const ChildSpec& spec) {
  auto child = Child::prepare(spec);
  EXPECT_TRUE(child) << child.error().text();
  if (!child) return {};
  const auto released = child->release();
  EXPECT_TRUE(released) << released.error().text();
  return wait_for(*child);
}

// In a process of its own, whose state may be spoilt; true when `body` returned true there.
bool holds_in_fork(const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body() && !testing::Test::HasFailure() ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class Folder {
 public:
  Folder() { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string path = path_ + "/" + name;
    EXPECT_TRUE(replace_file(path, text));
    ::chmod(path.c_str(), mode);
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/ullage-child-test-XXXXXX";
};

TEST(Child, GivesTheExitCodeOrTheSignal) {
  EXPECT_EQ(run(shell("exit 7")).code, 7);
  const ExitStatus killed = run(shell("kill -TERM $$"));
  EXPECT_FALSE(killed.code);
  EXPECT_EQ(killed.signal, SIGTERM);
}

TEST(Child, WaitsAtTheGateUntilReleased) {
  const Folder folder;
  const std::string mark = folder.path() + "/ran";
  auto child = Child::prepare(command({"touch", mark}));
  ASSERT_TRUE(child);
  EXPECT_FALSE(is_readable_within(child->pidfd(), 30));
  EXPECT_FALSE(child->try_wait());
  EXPECT_FALSE(file_exists(mark));
  ASSERT_TRUE(child->release());
  EXPECT_EQ(wait_for(*child).code, 0);
  EXPECT_TRUE(file_exists(mark));
}

TEST(Child, OneThatIsNeverReleasedRunsNothingAndLeaves) {
  const Folder folder;
  const std::string mark = folder.path() + "/ran";
  pid_t pid = 0;
  {
    auto child = Child::prepare(command({"touch", mark}));
    ASSERT_TRUE(child);
    pid = child->pid();
  }
  EXPECT_FALSE(file_exists(mark));
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(Child, KilledAtTheGateIsAnEndLikeAnyOther) {
  auto child = Child::prepare(shell("exit 0"));
  ASSERT_TRUE(child);
  ::kill(child->pid(), SIGKILL);
  ASSERT_TRUE(is_readable_within(child->pidfd(), 20'000));
  EXPECT_TRUE(child->release());
  EXPECT_EQ(wait_for(*child).signal, SIGKILL);
}

TEST(Child, AScriptWithoutAnInterpreterLineIsTheShells) {
  const Folder folder;
  EXPECT_EQ(run(command({folder.file("script", "exit $1\n", 0755), "9"})).code, 9);
}

TEST(Child, AMissingInterpreterIsNotFoundAndNamed) {
  const Folder folder;
  auto child = Child::prepare(command({folder.file("script", "#!/nowhere/python -u\n", 0755)}));
  ASSERT_TRUE(child);
  const auto released = child->release();
  ASSERT_FALSE(released);
  EXPECT_EQ(exit_code_of(released.error()), 127);
  EXPECT_THAT(released.error().text(), HasSubstr("/nowhere/python"));
}

TEST(Child, AnInterpreterThatCannotBeExecutedIs126) {
  const Folder folder;
  auto child = Child::prepare(command({folder.file("script", "#!/etc/passwd\n", 0755)}));
  ASSERT_TRUE(child);
  const auto released = child->release();
  ASSERT_FALSE(released);
  EXPECT_EQ(exit_code_of(released.error()), 126);
}

TEST(Child, ACommandThatIsNotThereIsKnownBeforeTheFork) {
  const auto child = Child::prepare(command({"no-such-command-at-all"}));
  ASSERT_FALSE(child);
  EXPECT_EQ(exit_code_of(child.error()), 127);
}

TEST(Child, AWorkingDirectoryThatIsNotThereIsOurFailure) {
  ChildSpec spec = shell("pwd");
  spec.working_directory = "/no/such/folder";
  auto child = Child::prepare(spec);
  ASSERT_TRUE(child);
  const auto released = child->release();
  ASSERT_FALSE(released);
  EXPECT_EQ(exit_code_of(released.error()), 125);
  EXPECT_THAT(released.error().text(), HasSubstr("No such file"));
}

TEST(Child, RunsInTheWorkingDirectory) {
  const Folder folder;
  ChildSpec spec = shell("test \"$PWD\" = \"" + folder.path() + "\"");
  spec.working_directory = folder.path();
  EXPECT_EQ(run(spec).code, 0);
}

TEST(Child, GetsTheEnvironmentGivenAndNoOther) {
  ChildSpec spec = command({"/bin/sh", "-c", "test \"$(env | grep -c ^ONLY=)\" = 1 && test -z \"$HOME\""});
  spec.environment = {"ONLY=this", "PATH=/usr/bin:/bin"};
  EXPECT_EQ(run(spec).code, 0);
}

TEST(Child, InheritsNoDescriptorOfOurs) {
  // 0, 1, 2 and the one by which ls reads the folder; what the test's own starter left open is the child's to
  // keep.
  const auto count = [] {
    std::size_t kept = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      const auto fd = to_signed(entry.path().filename().string());
      const int flags = fd ? ::fcntl(static_cast<int>(*fd), F_GETFD) : -1;
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++kept;
    }
    return kept;
  };
  const FileDescriptor kept_open = open_file("/dev/null", O_RDONLY).value();
  EXPECT_EQ(run(shell("test $(ls /proc/self/fd | wc -l) -le " + std::to_string(count() + 2))).code, 0);
}

// "SigIgn:\t0000000000001000", as the process itself sees it.
std::string status_line(const std::string& key) {
  const std::string text = read_file("/proc/self/status").value();
  const std::size_t begin = text.find(key);
  return text.substr(begin, text.find('\n', begin) - begin);
}

TEST(Child, GetsTheSignalMaskAndDispositionsWeWereStartedWith) {
  EXPECT_TRUE(holds_in_fork([] {
    start_state();
    const std::string blocked = status_line("SigBlk"), ignored = status_line("SigIgn");
    sigset_t set;
    sigfillset(&set);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGUSR2, SIG_IGN);
    for (const std::string& line : {blocked, ignored})
      if (run(command({"grep", "-q", line, "/proc/self/status"})).code != 0) return false;
    return true;
  }));
}

TEST(Child, SigchldIgnoredAtStartBreaksNoWaitAndIsTheChildsToo) {
  // start_state() is taken once a process, so this one needs a fresh program.
  EXPECT_TRUE(holds_in_fork([] {
    std::signal(SIGCHLD, SIG_IGN);
    // SIGCHLD is 17: the lowest bit of the fifth digit from the right.
    ::execl(program("act_driver").c_str(), "act_driver", "grep", "-q", "SigIgn:.*[13579bdf]....$",
            "/proc/self/status", nullptr);
    return false;
  }));
}

TEST(Child, MayOpenAsManyFilesAsWeMightWhenWeWereStarted) {
  EXPECT_TRUE(holds_in_fork([] {
    const std::string before = std::to_string(start_state().open_files.rlim_cur);
    raise_open_files();
    return run(shell("test $(ulimit -n) = " + before)).code == 0;
  }));
}

TEST(Child, StartsWithFewDescriptors) {
  EXPECT_TRUE(holds_in_fork([] {
    const rlimit few{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int i = 0; i < 40; ++i)
      if (run(command({"true"})).code != 0) return false;
    return true;
  }));
}

TEST(Child, SaysWhyNoProcessCouldBeStarted) {
  if (kUnderUndefinedBehaviorSanitizer) GTEST_SKIP() << "UBSan itself needs descriptors";
  EXPECT_TRUE(holds_in_fork([] {
    const rlimit none{3, 3};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const auto child = Child::prepare(command({"/bin/true"}));
    return !child && exit_code_of(child.error()) == 125 &&
           child.error().text().find("Too many open") != std::string::npos;
  }));
}

TEST(Child, DiesWithUsOnlyWhenAsked) {
  for (const bool asked : {false, true}) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
      ChildSpec spec = command({"sleep", "60"});
      spec.die_with_parent = asked;
      auto child = Child::prepare(spec);
      if (!child->release()) ::_exit(1);
      const pid_t pid = child->pid();
      if (::write(ends[1], &pid, sizeof pid) < 0) ::_exit(1);
      ::pause();
      ::_exit(1);
    }
    pid_t pid = 0;
    ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    ::kill(supervisor, SIGKILL);
    ::waitpid(supervisor, nullptr, 0);
    EXPECT_EQ(is_readable_within(handle.get(), asked ? 20'000 : 100), asked);
    ::kill(pid, SIGKILL);
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

TEST(Child, RunsOnlyOnTheProcessorsGiven) {
  ChildSpec spec = shell("test $(nproc) = 1");
  spec.processors = {0};
  EXPECT_EQ(run(spec).code, 0);
}

TEST(Child, AProcsFileThatCannotBeWrittenIsAPlacementProblem) {
  ChildSpec spec = shell("exit 3");
  spec.cgroup_procs_files = {"/no/such/cgroup.procs"};
  auto child = Child::prepare(spec);
  ASSERT_TRUE(child);
  EXPECT_THAT(child->placement_problem(), HasSubstr("/no/such/cgroup.procs"));
  ASSERT_TRUE(child->release());
  EXPECT_EQ(wait_for(*child).code, 3);
}

TEST(Child, TellsWhatItUsed) {
  const ExitStatus ended = run(command({program("touch_memory"), "40", "0"}));
  EXPECT_EQ(ended.code, 0);
  EXPECT_GE(ended.peak_resident_bytes.value_or(0), 40u << 20);
  // What it had of ours before its exec is not told for its own.
  EXPECT_FALSE(run(command({"true"})).peak_resident_bytes);
  EXPECT_GT(run(command({program("spin_cpu"), "1", "0.1"})).user_seconds, 0);
}

TEST(Orphans, ComeToTheSubreaperAndAreReaped) {
  EXPECT_TRUE(holds_in_fork([] {
    if (!become_subreaper()) return false;
    auto child = Child::prepare(shell("(sleep 0.05; exit 6) & exit 0"));
    if (!child || !child->release()) return false;
    if (wait_for(*child).code != 0) return false;
    // The orphan is ours now; waitid without reaping waits for its end.
    siginfo_t ended = {};
    ::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT);
    const auto reaped = reap_orphans(child->pid());
    return reaped.size() == 1 && reaped[0].status.code == 6 && reaped[0].pid == ended.si_pid;
  }));
}

TEST(Orphans, TheCommandItselfIsLeftToItsOwner) {
  EXPECT_TRUE(holds_in_fork([] {
    auto child = Child::prepare(shell("exit 4"));
    if (!child || !child->release() || !is_readable_within(child->pidfd(), 20'000)) return false;
    return reap_orphans(child->pid()).empty() && child->try_wait()->code == 4;
  }));
}

}  // namespace
}  // namespace ullage::act
