// SPDX-License-Identifier: Apache-2.0
#include "sense/bpf/task_iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/shared_library.h"
#include "sense/bpf/task_program.h"
#include "sense/bpf/task_record.h"

namespace ullage::sense {

namespace {

using Record = ::TaskRecord;

// As many as the kernel's own buffer holds (32 KiB, kernel/bpf/bpf_iter.c).
constexpr std::size_t kRecordsPerRead = (32 << 10) / sizeof(Record);
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;  // PROC_PID_INIT_INO, include/linux/proc_ns.h
constexpr const char* kPrivilege = "a BPF iterator needs root, or CAP_BPF and CAP_PERFMON";

// What we use of libbpf, by name out of the library: linked, it would be bound in every run of `true`.
struct Bpf {
  decltype(&::libbpf_set_print) set_print = nullptr;
  decltype(&::bpf_object__open_mem) open_mem = nullptr;
  decltype(&::bpf_object__load) load = nullptr;
  decltype(&::bpf_object__find_program_by_name) find_program = nullptr;
  decltype(&::bpf_object__close) close = nullptr;
  decltype(&::bpf_program__attach_iter) attach_iter = nullptr;
  decltype(&::bpf_link__fd) link_fd = nullptr;
  decltype(&::bpf_link__destroy) destroy_link = nullptr;
  decltype(&::bpf_iter_create) create_iter = nullptr;
  std::string problem;
};

Bpf open_bpf() {
  Bpf bpf;
  SharedLibrary library("libbpf", {"libbpf.so.1"});
  library.find("libbpf_set_print", bpf.set_print);
  library.find("bpf_object__open_mem", bpf.open_mem);
  library.find("bpf_object__load", bpf.load);
  library.find("bpf_object__find_program_by_name", bpf.find_program);
  library.find("bpf_object__close", bpf.close);
  library.find("bpf_program__attach_iter", bpf.attach_iter);
  library.find("bpf_link__fd", bpf.link_fd);
  library.find("bpf_link__destroy", bpf.destroy_link);
  library.find("bpf_iter_create", bpf.create_iter);
  bpf.problem = library.problem();
  if (bpf.problem.empty()) bpf.set_print(nullptr);  // it would write to stderr
  return bpf;
}

const Bpf& the_bpf() {
  static const Bpf bpf = open_bpf();
  return bpf;
}

struct CloseObject {
  void operator()(bpf_object* object) const { the_bpf().close(object); }
};
struct DestroyLink {
  void operator()(bpf_link* link) const { the_bpf().destroy_link(link); }
};

tl::unexpected<Error> refused(const char* tried) {
  const int reason = errno;
  Error error = fail_errno(tried, "BPF", reason).value();
  if (reason == EPERM || reason == EACCES) error.hint = kPrivilege;
  return fail(std::move(error));
}

// What a thread adds to its process.
void add(TaskNews& news, const Record& record) {
  news.ran += std::chrono::microseconds(record.ran_us);
  news.has_moved = news.has_moved || (record.what & TASK_HAS_MOVED) != 0;
  news.has_io = news.has_io || (record.what & TASK_HAS_IO) != 0;
  news.is_elsewhere = news.is_elsewhere || (record.what & TASK_IS_ELSEWHERE) != 0;
}

}  // namespace

struct TaskIterator::Impl {
  std::unique_ptr<bpf_object, CloseObject> object;
  std::unique_ptr<bpf_link, DestroyLink> link;  // goes before its object
  std::vector<Record> records;
  std::vector<TaskNews> news;

  bool read_records();
  void add_up();
};

Result<TaskIterator> TaskIterator::open() {
  // The kernel would walk our PID namespace and give the numbers of the machine's first.
  struct stat space{};
  if (::stat(OsRoot::live().path("/proc/self/ns/pid").c_str(), &space) != 0 ||
      space.st_ino != kFirstPidNamespace)
    return fail("the kernel has other numbers for processes than /proc has", "BPF",
                "run it in the machine's first PID namespace");
  const auto program = task_program();
  if (program.empty()) return fail("it was built without clang for BPF", "BPF");
  const Bpf& bpf = the_bpf();
  if (!bpf.problem.empty()) return fail(bpf.problem, "BPF");
  auto impl = std::make_unique<Impl>();
  impl->object.reset(bpf.open_mem(program.data(), program.size(), nullptr));
  if (!impl->object) return refused("cannot read the program");
  if (bpf.load(impl->object.get()) != 0) return refused("cannot load the program");
  bpf_program* task = bpf.find_program(impl->object.get(), "write_task");
  if (task == nullptr) return fail("its program has another name", "BPF");
  impl->link.reset(bpf.attach_iter(task, nullptr));
  if (!impl->link) return refused("cannot attach the iterator");
  TaskIterator iterator(std::move(impl));
  return iterator;
}

TaskIterator::TaskIterator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TaskIterator::~TaskIterator() = default;
TaskIterator::TaskIterator(TaskIterator&&) noexcept = default;
TaskIterator& TaskIterator::operator=(TaskIterator&&) noexcept = default;

bool TaskIterator::Impl::read_records() {
  records.clear();
  // An iterator is read once, from its begin to its end.
  const FileDescriptor iterator(the_bpf().create_iter(the_bpf().link_fd(link.get())));
  if (!iterator.is_open()) return false;
  std::size_t held_bytes = 0;  // a record may be cut between two readings
  while (true) {
    records.resize(held_bytes / sizeof(Record) + kRecordsPerRead);
    char* end = reinterpret_cast<char*>(records.data()) + held_bytes;
    const ssize_t got = ::read(iterator.get(), end, records.size() * sizeof(Record) - held_bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) {
      records.resize(held_bytes / sizeof(Record));
      return got == 0;
    }
    held_bytes += static_cast<std::size_t>(got);
  }
}

// The kernel gives threads in order of their own numbers, not by process: one whose first thread has a higher
// number than another comes after that.
void TaskIterator::Impl::add_up() {
  news.clear();
  for (const Record& record : records)
    if (record.thread == record.process) add(news.emplace_back(TaskNews{.pid = record.process}), record);
  for (const Record& record : records) {
    if (record.thread == record.process) continue;
    const auto process =
        std::lower_bound(news.begin(), news.end(), record.process,
                         [](const TaskNews& one, std::int64_t pid) { return one.pid < pid; });
    if (process != news.end() && process->pid == record.process) add(*process, record);
  }
}

std::span<const TaskNews> TaskIterator::read() {
  impl_->news.clear();
  if (impl_->read_records()) impl_->add_up();
  return impl_->news;
}

}  // namespace ullage::sense
