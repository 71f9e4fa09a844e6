// SPDX-License-Identifier: Apache-2.0
#include "sense/bpf/task_iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
  decltype(&::bpf_object__find_map_fd_by_name) find_map = nullptr;
  decltype(&::bpf_object__close) close = nullptr;
  decltype(&::bpf_program__set_autoload) set_autoload = nullptr;
  decltype(&::bpf_program__fd) program_fd = nullptr;
  decltype(&::bpf_prog_test_run_opts) run_program = nullptr;
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
  library.find("bpf_object__find_map_fd_by_name", bpf.find_map);
  library.find("bpf_object__close", bpf.close);
  library.find("bpf_program__set_autoload", bpf.set_autoload);
  library.find("bpf_program__fd", bpf.program_fd);
  library.find("bpf_prog_test_run_opts", bpf.run_program);
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
struct UnmapRecords {
  void operator()(const Record* records) const {
    ::munmap(const_cast<Record*>(records), TASKS_LISTED_MAX * sizeof(Record));
  }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;

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
  news.memory_has_moved = news.memory_has_moved || (record.what & TASK_MEMORY_MOVED) != 0;
  news.minor_faults += record.minor_faults;
  news.major_faults += record.major_faults;
}

// Of the two programs only the one that is named, which the kernel must accept.
Result<Object> load_only(const char* name) {
  const Bpf& bpf = the_bpf();
  const auto program = task_program();
  Object object(bpf.open_mem(program.data(), program.size(), nullptr));
  if (!object) return refused("cannot read the program");
  for (const char* each : {"list_tasks", "write_task"}) {
    bpf_program* found = bpf.find_program(object.get(), each);
    if (found == nullptr) return fail("its program has another name", "BPF");
    bpf.set_autoload(found, std::string_view(each) == name);
  }
  if (bpf.load(object.get()) != 0) return refused("cannot load the program");
  return object;
}

// By the program's own walk. A list of what the kernel has, as long as there is room for all.
class TaskLister {
 public:
  static Result<TaskLister> open() {
    auto object = load_only("list_tasks");
    if (!object) return pass_on(object);
    const int map = the_bpf().find_map(object->get(), "listed_tasks");
    void* records = ::mmap(nullptr, TASKS_LISTED_MAX * sizeof(Record), PROT_READ, MAP_SHARED, map, 0);
    if (records == MAP_FAILED) return refused("cannot map its list");
    TaskLister lister;
    lister.program_ = the_bpf().program_fd(the_bpf().find_program(object->get(), "list_tasks"));
    lister.object_ = std::move(*object);
    lister.records_.reset(static_cast<const Record*>(records));
    return lister;
  }
  // Each process's first thread, its others behind it. Nothing: the kernel refuses, or they are too many.
  std::optional<std::span<const Record>> read() {
    bpf_test_run_opts run{};
    run.sz = sizeof(run);
    if (the_bpf().run_program(program_, &run) != 0 || static_cast<int>(run.retval) < 0) return std::nullopt;
    return std::span(records_.get(), std::min<std::size_t>(run.retval, TASKS_LISTED_MAX));
  }

 private:
  Object object_;
  std::unique_ptr<const Record, UnmapRecords> records_;
  int program_ = -1;
};

// By the kernel's iterator.
class TaskReader {
 public:
  static Result<TaskReader> open() {
    auto object = load_only("write_task");
    if (!object) return pass_on(object);
    TaskReader reader;
    reader.link_.reset(the_bpf().attach_iter(the_bpf().find_program(object->get(), "write_task"), nullptr));
    if (!reader.link_) return refused("cannot attach the iterator");
    reader.object_ = std::move(*object);
    return reader;
  }
  // Threads in the order of their own numbers.
  std::optional<std::span<const Record>> read();

 private:
  Object object_;
  std::unique_ptr<bpf_link, DestroyLink> link_;  // goes before its object
  std::vector<Record> records_;
};

std::optional<std::span<const Record>> TaskReader::read() {
  // An iterator is read once, from its begin to its end.
  const FileDescriptor iterator(the_bpf().create_iter(the_bpf().link_fd(link_.get())));
  if (!iterator.is_open()) return std::nullopt;
  std::size_t held_bytes = 0;  // a record may be cut between two readings
  while (true) {
    records_.resize(held_bytes / sizeof(Record) + kRecordsPerRead);
    char* end = reinterpret_cast<char*>(records_.data()) + held_bytes;
    const ssize_t got = ::read(iterator.get(), end, records_.size() * sizeof(Record) - held_bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return std::span(records_).first(held_bytes / sizeof(Record));
    held_bytes += static_cast<std::size_t>(got);
  }
}

}  // namespace

struct TaskIterator::Impl {
  std::optional<TaskLister> lister;
  std::optional<TaskReader> reader;  // where there is no lister, or it has no room
  std::vector<TaskNews> news;

  std::optional<std::span<const Record>> read_records();
  void add_up(std::span<const Record> records);
};

Result<TaskIterator> TaskIterator::open(TaskWalk walk) {
  // The kernel would walk our PID namespace and give the numbers of the machine's first.
  struct stat space{};
  if (::stat(OsRoot::live().path("/proc/self/ns/pid").c_str(), &space) != 0 ||
      space.st_ino != kFirstPidNamespace)
    return fail("the kernel has other numbers for processes than /proc has", "BPF",
                "run it in the machine's first PID namespace");
  if (task_program().empty()) return fail("it was built without clang for BPF", "BPF");
  if (!the_bpf().problem.empty()) return fail(the_bpf().problem, "BPF");
  auto impl = std::make_unique<Impl>();
  if (walk == TaskWalk::best)
    if (auto lister = TaskLister::open()) impl->lister = std::move(*lister);
  if (!impl->lister) {
    auto reader = TaskReader::open();
    if (!reader) return pass_on(reader);
    impl->reader = std::move(*reader);
  }
  TaskIterator iterator(std::move(impl));
  return iterator;
}

TaskIterator::TaskIterator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TaskIterator::~TaskIterator() = default;
TaskIterator::TaskIterator(TaskIterator&&) noexcept = default;
TaskIterator& TaskIterator::operator=(TaskIterator&&) noexcept = default;

std::optional<std::span<const Record>> TaskIterator::Impl::read_records() {
  if (lister) {
    if (const auto records = lister->read()) return records;
    lister.reset();
    if (auto opened = TaskReader::open()) reader = std::move(*opened);
  }
  return reader ? reader->read() : std::nullopt;
}

// Neither order is that of the processes' numbers: births go round them, and one whose first thread has a
// higher number than another may have been taken over by that one.
void TaskIterator::Impl::add_up(std::span<const Record> records) {
  for (const Record& record : records)
    if (record.thread == record.process)
      add(news.emplace_back(TaskNews{.pid = record.process, .resident_pages = record.resident_pages}),
          record);
  if (!std::ranges::is_sorted(news, {}, &TaskNews::pid)) std::ranges::sort(news, {}, &TaskNews::pid);
  for (const Record& record : records) {
    if (record.thread == record.process) continue;
    const auto process = std::ranges::lower_bound(news, record.process, {}, &TaskNews::pid);
    if (process == news.end() || process->pid != record.process) continue;
    add(*process, record);
    // Its first thread may have slept, and nobody has looked at the memory that they share.
    process->has_moved = process->has_moved || (record.what & TASK_MEMORY_MOVED) != 0;
  }
}

std::span<const TaskNews> TaskIterator::read() {
  impl_->news.clear();
  if (const auto records = impl_->read_records()) impl_->add_up(*records);
  return impl_->news;
}

}  // namespace ullage::sense
