// SPDX-License-Identifier: Apache-2.0
// `heap_calls SITUATION` calls every function that gives memory in a situation that is hard to profile;
// `heap_calls --list` prints what each of them leaves behind, and the situations, as JSON.
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "functions.h"

namespace {

void check(bool is_so, const char* what) {
  if (is_so) return;
  std::perror(what);
  std::_Exit(9);
}

std::string own_path() {
  std::array<char, 4096> path{};
  check(::readlink("/proc/self/exe", path.data(), path.size() - 1) > 0, "own path");
  return path.data();
}

void await(pid_t child) {
  int status = 0;
  check(::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "child");
}

void plainly() { call_all_functions(); }
void in_a_thread() { std::thread(call_all_functions).join(); }

void* of_posix(void*) {
  call_all_functions();
  return nullptr;
}
void on_a_small_stack() {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  // What the system wants at least grows with the processor's registers.
  const std::size_t least = static_cast<std::size_t>(::sysconf(_SC_THREAD_STACK_MIN)) + (8 << 10);
  check(::pthread_attr_setstacksize(&attributes, std::max<std::size_t>(24 << 10, least)) == 0, "stack size");
  pthread_t thread = {};
  check(::pthread_create(&thread, &attributes, of_posix, nullptr) == 0, "thread");
  ::pthread_join(thread, nullptr);
}

void as_a_thread_ends() {
  pthread_key_t key = 0;
  ::pthread_key_create(&key, [](void*) { call_all_functions(); });
  std::thread([key] { ::pthread_setspecific(key, &key); }).join();
}

struct CallsAtItsEnd {
  char any = 0;
  CallsAtItsEnd() = default;
  ~CallsAtItsEnd() { call_all_functions(); }
};
thread_local CallsAtItsEnd at_end_of_thread;
void in_a_destructor_of_a_thread() {
  std::thread([] { calls::use(&at_end_of_thread.any); }).join();
}

void handle(int) { call_all_functions(); }
void in_a_signal_handler() {
  ::signal(SIGUSR1, handle);
  ::raise(SIGUSR1);
}
void on_a_signal_stack() {
  static std::array<char, 16 << 10> room;
  stack_t stack{};
  stack.ss_sp = room.data();
  stack.ss_size = room.size();
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_ONSTACK;
  check(::sigaltstack(&stack, nullptr) == 0 && ::sigaction(SIGUSR1, &action, nullptr) == 0, "signal stack");
  ::raise(SIGUSR1);
}

// A coroutine's stack, which ends somewhere else than a thread's.
void in_another_context() {
  static ucontext_t here, other;
  ::getcontext(&other);
  std::vector<char> stack(64 << 10);
  other.uc_stack.ss_sp = stack.data();
  other.uc_stack.ss_size = stack.size();
  other.uc_link = &here;
  ::makecontext(&other, call_all_functions, 0);
  ::swapcontext(&here, &other);
}

void in_a_forked_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    call_all_functions();
    std::_Exit(0);
  }
  await(child);
}

void in_a_child_forked_by_a_handler() {
  ::signal(SIGUSR1, [](int) { in_a_forked_child(); });
  ::raise(SIGUSR1);
}

// While others are within malloc, and hold whatever locks there are.
void in_a_child_forked_amid_threads() {
  std::atomic<bool> is_over{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 2; ++i)
    others.emplace_back([&] {
      while (!is_over) {
        void* block = std::malloc(100);
        calls::use(block);
        std::free(block);
      }
    });
  for (int i = 0; i < 5; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (i == 0) call_all_functions();
      void* block = std::malloc(100);
      calls::use(block);
      std::_Exit(0);
    }
    await(child);
  }
  is_over = true;
  for (std::thread& other : others) other.join();
}

// Its memory is the parent's.
void in_a_vforked_child() {
  const pid_t child = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (child == 0) {
    call_all_functions();
    ::_exit(0);
  }
  await(child);
}

std::string program;
std::array<char, 8> word_plainly{"plainly"};
std::array<char*, 3> plain_arguments() { return {program.data(), word_plainly.data(), nullptr}; }
void after_exec() {
  ::execv(program.c_str(), plain_arguments().data());
  check(false, "exec");
}
void after_exec_by_a_thread() { std::thread(after_exec).join(); }
void after_vfork_and_exec() {
  auto arguments = plain_arguments();
  const pid_t child = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (child == 0) {
    ::execvp(program.c_str(), arguments.data());
    ::_exit(9);
  }
  await(child);
}
void after_spawn() {
  pid_t child = 0;
  auto arguments = plain_arguments();
  check(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) == 0, "spawn");
  await(child);
}

void* open_library(int flags) {
  void* library =
      ::dlopen((program.substr(0, program.rfind('/')) + "/libheap_calls_library.so").c_str(), flags);
  check(library != nullptr, "dlopen");
  return library;
}
void call_in(void* library) {
  const auto call = reinterpret_cast<void (*)()>(::dlsym(library, "call_all_functions"));
  check(call != nullptr && call != call_all_functions, "dlsym");
  call();
}
void in_an_opened_library() { call_in(open_library(RTLD_NOW | RTLD_LOCAL)); }
void in_a_library_bound_to_itself() { call_in(open_library(RTLD_LAZY | RTLD_DEEPBIND)); }
void in_a_library_that_is_closed() {
  void* library = open_library(RTLD_NOW | RTLD_LOCAL);
  call_in(library);
  ::dlclose(library);
}
void as_a_library_is_opened() {
  ::setenv("HEAP_CALLS_ON_LOAD", "1", 1);
  open_library(RTLD_NOW | RTLD_LOCAL);
}

[[gnu::noinline]] void* ask(void* (*take)(std::size_t), std::size_t bytes) {
  try {
    return take(bytes);
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return nullptr;
  }
}
// What cannot be had is refused as ever, and what comes afterwards is recorded.
void after_refusals() {
  void* block = std::malloc(1000);  // the next few requests are counted one by one
  calls::use(block);
  std::free(block);
  check(ask(std::malloc, SIZE_MAX / 2 + 1000) == nullptr, "refusal");
  for (const std::size_t bytes : {SIZE_MAX - 8192, SIZE_MAX / 2 + 1000, SIZE_MAX / 2 - 100, SIZE_MAX / 4})
    for (int again = 0; again < 3; ++again)
      for (const calls::Function& function : calls::functions()) {
        if (function.is_mapping) continue;
        errno = 0;
        if (ask(function.take, bytes) == nullptr && errno == ENOMEM) continue;
        std::fprintf(stderr, "%s of %zu bytes: %s\n", function.name, bytes, std::strerror(errno));
        std::_Exit(9);
      }
  call_all_functions();
}

struct Situation {
  const char* name;
  void (*enter)();
};
constexpr auto kSituations = std::to_array<Situation>({
    {"plainly", plainly},
    {"in_a_thread", in_a_thread},
    {"on_a_small_stack", on_a_small_stack},
    {"as_a_thread_ends", as_a_thread_ends},
    {"in_a_destructor_of_a_thread", in_a_destructor_of_a_thread},
    {"in_a_signal_handler", in_a_signal_handler},
    {"on_a_signal_stack", on_a_signal_stack},
    {"in_another_context", in_another_context},
    {"in_a_forked_child", in_a_forked_child},
    {"in_a_child_forked_by_a_handler", in_a_child_forked_by_a_handler},
    {"in_a_child_forked_amid_threads", in_a_child_forked_amid_threads},
    {"in_a_vforked_child", in_a_vforked_child},
    {"after_exec", after_exec},
    {"after_exec_by_a_thread", after_exec_by_a_thread},
    {"after_vfork_and_exec", after_vfork_and_exec},
    {"after_spawn", after_spawn},
    {"in_an_opened_library", in_an_opened_library},
    {"in_a_library_bound_to_itself", in_a_library_bound_to_itself},
    {"in_a_library_that_is_closed", in_a_library_that_is_closed},
    {"as_a_library_is_opened", as_a_library_is_opened},
    {"after_refusals", after_refusals},
});

void print_list() {
  const char* separator = "{\"situations\": [";
  for (const Situation& situation : kSituations) {
    std::printf("%s\"%s\"", separator, situation.name);
    separator = ", ";
  }
  separator = "], \"left\": {";
  for (const calls::Function& function : calls::functions()) {
    std::size_t left = 0;
    for (const std::size_t bytes : calls::kSizes)
      left += calls::kKept * (function.is_mapping ? (bytes + 4095) / 4096 * 4096 : bytes);
    std::printf("%s\"%s\": {\"bytes\": %zu, \"count\": %zu}", separator, function.name, left,
                calls::kKept * calls::kSizes.size());
    separator = ", ";
  }
  std::printf("}}\n");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string asked = count == 2 ? arguments[1] : "";
  if (asked == "--list") {
    print_list();
    return 0;
  }
  program = own_path();
  for (const Situation& situation : kSituations)
    if (asked == situation.name) {
      situation.enter();
      return 0;
    }
  std::fprintf(stderr, "heap_calls SITUATION, or --list\n");
  return 2;
}
