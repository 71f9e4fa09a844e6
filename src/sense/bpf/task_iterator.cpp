// SPDX-License-Identifier: Apache-2.0
#include "sense/bpf/task_iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "sense/bpf/task_program.h"
#include "sense/bpf/task_record.h"

namespace ullage::sense {

namespace {

using Record = ::TaskRecord;

// Some 370 records; the kernel's own buffer is 32 KiB (fs/seq_file.c, kernel/bpf/bpf_iter.c).
constexpr std::size_t kReadBytes = 64 << 10;
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

template <class Function>
void find(void* library, const char* name, Function& function, std::string& problem) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr && problem.empty()) problem = std::string("libbpf has no ") + name;
}

Bpf open_bpf() {
  Bpf bpf;
  void* library = ::dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    bpf.problem = "there is no libbpf here (libbpf.so.1)";
    return bpf;
  }
  find(library, "libbpf_set_print", bpf.set_print, bpf.problem);
  find(library, "bpf_object__open_mem", bpf.open_mem, bpf.problem);
  find(library, "bpf_object__load", bpf.load, bpf.problem);
  find(library, "bpf_object__find_program_by_name", bpf.find_program, bpf.problem);
  find(library, "bpf_object__close", bpf.close, bpf.problem);
  find(library, "bpf_program__attach_iter", bpf.attach_iter, bpf.problem);
  find(library, "bpf_link__fd", bpf.link_fd, bpf.problem);
  find(library, "bpf_link__destroy", bpf.destroy_link, bpf.problem);
  find(library, "bpf_iter_create", bpf.create_iter, bpf.problem);
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

std::uint64_t pages(std::int64_t count) { return count < 0 ? 0 : static_cast<std::uint64_t>(count); }

// What a thread adds to its process; the first thread also what belongs to them all.
void add(TaskSums& sums, const Record& record) {
  sums.pid = record.process;
  ++sums.threads;
  sums.run_ns += record.run_ns + record.ended_run_ns;
  sums.user_ns += record.user_ns + record.ended_user_ns;
  sums.system_ns += record.system_ns + record.ended_system_ns;
  sums.minor_faults += record.minor_faults + record.ended_minor_faults;
  sums.major_faults += record.major_faults + record.ended_major_faults;
  sums.read_bytes += record.read_bytes + record.ended_read_bytes;
  sums.written_bytes += record.written_bytes + record.ended_written_bytes;
  if (record.process != record.thread) return;
  sums.parent_pid = record.parent;
  std::memcpy(sums.name.data(), record.name, sums.name.size());
  sums.has_memory = record.has_memory != 0;
  sums.file_pages = pages(record.file_pages);
  sums.anonymous_pages = pages(record.anonymous_pages);
  sums.swap_pages = pages(record.swap_pages);
  sums.shared_pages = pages(record.shared_pages);
}

}  // namespace

struct TaskIterator::Impl {
  std::unique_ptr<bpf_object, CloseObject> object;
  std::unique_ptr<bpf_link, DestroyLink> link;  // goes before its object
  std::vector<char> buffer = std::vector<char>(kReadBytes);
  std::vector<Record> records;
  std::vector<TaskSums> sums;

  bool read_records();
  void sum_records();
};

Result<TaskIterator> TaskIterator::open() {
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
  const auto tasks = iterator.read();
  const auto self = std::ranges::lower_bound(tasks, ::getpid(), {}, &TaskSums::pid);
  if (self == tasks.end() || self->pid != ::getpid() || self->parent_pid != ::getppid())
    return fail("the kernel has other numbers for processes than /proc has", "BPF",
                "run it in the machine's first PID namespace");
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
  std::size_t held = 0;  // a record may be cut between two readings
  while (true) {
    const ssize_t got = ::read(iterator.get(), buffer.data() + held, buffer.size() - held);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    held += static_cast<std::size_t>(got);
    const std::size_t whole = held / sizeof(Record);
    const std::size_t first = records.size();
    records.resize(first + whole);
    std::memcpy(records.data() + first, buffer.data(), whole * sizeof(Record));
    held -= whole * sizeof(Record);
    std::memmove(buffer.data(), buffer.data() + whole * sizeof(Record), held);
  }
}

void TaskIterator::Impl::sum_records() {
  sums.clear();
  // The kernel gives threads in order of their own numbers, not by process.
  std::ranges::sort(records, {},
                    [](const Record& record) { return std::pair(record.process, record.thread); });
  for (const Record& record : records) {
    if (sums.empty() || sums.back().pid != record.process) sums.emplace_back();
    add(sums.back(), record);
  }
}

std::span<const TaskSums> TaskIterator::read() {
  impl_->sums.clear();
  if (impl_->read_records()) impl_->sum_records();
  return impl_->sums;
}

}  // namespace ullage::sense
