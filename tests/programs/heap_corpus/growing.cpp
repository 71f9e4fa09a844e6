// SPDX-License-Identifier: Apache-2.0
// What grows for as long as the program runs, and would not end.
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace corpus {

namespace {

std::list<std::vector<char>> list;
[[gnu::noinline]] void grow_list() { list.emplace_back(2000); }
void growing_list() {
  in_steps([](int) {
    grow_list();
    churn();
  });
}

std::map<int, std::string> map;
[[gnu::noinline]] void grow_map(int i) { map[i] = std::string(3000, 'x'); }
void growing_map() {
  in_steps([](int i) {
    grow_map(i);
    churn();
  });
}

std::vector<char*> pointers;
[[gnu::noinline]] char* grow_pointers() { return static_cast<char*>(std::malloc(1500)); }
void growing_vector_of_pointers() {
  in_steps([](int) {
    pointers.push_back(grow_pointers());
    churn();
  });
}

std::vector<std::function<int()>> callbacks;
[[gnu::noinline]] void grow_closures(int i) {
  std::vector<int> captured(500, i);
  callbacks.emplace_back([captured] { return captured[0]; });
}
void growing_closures() {
  in_steps([](int i) {
    grow_closures(i);
    churn();
  });
}

char* text = nullptr;
std::size_t text_bytes = 0;
[[gnu::noinline]] void grow_by_realloc() {
  text = static_cast<char*>(
      std::realloc(text, text_bytes += 5000));  // NOLINT(bugprone-suspicious-realloc-usage)
}
void growing_realloc() {
  in_steps([](int) {
    grow_by_realloc();
    churn();
  });
}

[[gnu::noinline]] void grow_by_mmap() {
  char* pages = static_cast<char*>(
      ::mmap(nullptr, 64 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  pages[0] = 1;
  use(pages);
}
void growing_mappings() {
  in_steps([](int) {
    grow_by_mmap();
    churn();
  });
}

std::mutex requests_lock;
std::vector<void*> unfinished;
[[gnu::noinline]] void handle_request(int number) {
  void* request = std::malloc(900);
  if (number % 5 == 0) {
    const std::lock_guard locked(requests_lock);
    unfinished.push_back(request);
  } else {
    std::free(request);
  }
}
void growing_per_request() {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([] {
      in_steps([](int i) {
        for (int n = 0; n < 10; ++n) handle_request(i * 10 + n);
      });
    });
  for (std::thread& thread : threads) thread.join();
}

thread_local std::vector<void*> of_thread;
[[gnu::noinline]] void grow_in_thread() { of_thread.push_back(std::malloc(2500)); }
std::atomic<bool> has_grown{false};
void growing_thread_local() {
  std::thread worker([] {
    in_steps([](int) { grow_in_thread(); });
    has_grown = true;
    for (;;) ::pause();  // were it to end, nothing would point to the blocks
  });
  worker.detach();
  while (!has_grown) in_steps([](int) { churn(); }, 1);
}

std::vector<void*> of_child;
[[gnu::noinline]] void grow_in_child() { of_child.push_back(std::malloc(3000)); }
void growing_in_a_forked_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    in_steps([](int) { grow_in_child(); });
    std::exit(0);
  }
  ::waitpid(child, nullptr, 0);
}

void growing_in_a_plugin() {
  char path[4096] = {};
  const ssize_t bytes = ::readlink("/proc/self/exe", path, sizeof path - 1);
  const std::string own(path, static_cast<std::size_t>(bytes > 0 ? bytes : 0));
  void* plugin = ::dlopen((own.substr(0, own.rfind('/')) + "/libheap_corpus_plugin.so").c_str(), RTLD_NOW);
  if (plugin == nullptr) std::abort();
  const auto grow = reinterpret_cast<void (*)()>(::dlsym(plugin, "grow_in_plugin"));
  in_steps([&](int) {
    grow();
    churn();
  });
}

std::unordered_map<int, std::string> answers;
[[gnu::noinline]] void remember_answer(int question) { answers.emplace(question, std::string(1200, 'a')); }
void growing_cache_without_bound() {
  in_steps([](int i) {
    remember_answer(i * 7919);
    churn();
  });
}

struct Source {
  std::vector<std::unique_ptr<std::array<char, 1800>>> listeners;
} source;
[[gnu::noinline]] void add_listener() {
  source.listeners.push_back(std::make_unique<std::array<char, 1800>>());
}
void growing_listeners() {
  in_steps([](int) {
    add_listener();
    churn();
  });
}

std::deque<std::string> queue;
[[gnu::noinline]] void produce() { queue.emplace_back(1000, 'q'); }
void growing_queue() {
  in_steps([](int) {
    for (int n = 0; n < 5; ++n) produce();
    for (int n = 0; n < 3 && !queue.empty(); ++n) queue.pop_front();
  });
}

std::unordered_set<std::string> interned;
[[gnu::noinline]] void intern(int number) { interned.insert(std::string(700, 'i') + std::to_string(number)); }
void growing_interned_strings() {
  in_steps([](int i) {
    intern(i);
    intern(i / 2);
  });
}

std::vector<std::vector<char>> batches;
[[gnu::noinline]] void keep_batch() { batches.emplace_back(40'000); }
void growing_in_bursts() {
  in_steps([](int i) {
    churn();
    if (i % 10 == 0) keep_batch();
  });
}

std::vector<void*> rare;
[[gnu::noinline]] void forget_one() { rare.push_back(std::malloc(600)); }
void growing_amid_churn() {
  in_steps([](int) {
    churn(1000);
    forget_one();
  });
}

std::vector<std::string> window, never_cleared;
[[gnu::noinline]] void fill_window() { window.emplace_back(4000, 'w'); }
[[gnu::noinline]] void keep_from_window() { never_cleared.emplace_back(1600, 'k'); }
void growing_under_a_sawtooth() {
  in_steps([](int i) {
    for (int n = 0; n < 5; ++n) fill_window();
    keep_from_window();
    if (i % 20 == 19) window.clear();
  });
}

struct Node {
  Node* next;
  char payload[1000];
};
Node* head = nullptr;
[[gnu::noinline]] void push_node() {
  Node* node = static_cast<Node*>(std::calloc(1, sizeof(Node)));
  node->next = head;
  head = node;
}
void growing_linked_list() {
  in_steps([](int) {
    push_node();
    churn();
  });
}

std::vector<std::shared_ptr<std::string>> history;
[[gnu::noinline]] std::shared_ptr<std::string> make_state(int i) {
  return std::make_shared<std::string>(2200, static_cast<char>('a' + i % 26));
}
void growing_undo_history() {
  in_steps([](int i) {
    history.push_back(make_state(i));
    churn();
  });
}

std::vector<std::unique_ptr<std::thread>> sleepers;
std::mutex sleepers_lock;
std::condition_variable wake;
bool is_over = false;
[[gnu::noinline]] void start_sleeper() {
  sleepers.push_back(std::make_unique<std::thread>([] {
    std::vector<char> mine(8000);
    use(mine.data());
    std::unique_lock locked(sleepers_lock);
    wake.wait(locked, [] { return is_over; });
  }));
}
void growing_threads() {
  in_steps([](int) { start_sleeper(); });
  {
    const std::lock_guard locked(sleepers_lock);
    is_over = true;
  }
  std::_Exit(0);
}

std::string log_text;
[[gnu::noinline]] void append_to_log() { log_text.append(9000, 'l'); }
void growing_string() {
  in_steps([](int) {
    append_to_log();
    churn();
  });
}

std::vector<void*> slowly;
[[gnu::noinline]] void grow_slowly() { slowly.push_back(std::malloc(256)); }
void growing_slowly_beside_a_large_heap() {
  std::vector<char> large(32 << 20);
  use(large.data());
  in_steps([](int) {
    churn();
    grow_slowly();
  });
}

}  // namespace

std::vector<Case> growing_cases() {
  return {
      {"growing_list", growing_list, "growing", "grow_list"},
      {"growing_map", growing_map, "growing", "grow_map"},
      {"growing_vector_of_pointers", growing_vector_of_pointers, "growing", "grow_pointers"},
      {"growing_closures", growing_closures, "growing", "grow_closures"},
      {"growing_realloc", growing_realloc, "growing", "grow_by_realloc"},
      {"growing_mappings", growing_mappings, "growing", "grow_by_mmap"},
      {"growing_per_request", growing_per_request, "growing", "handle_request"},
      {"growing_thread_local", growing_thread_local, "growing", "grow_in_thread"},
      {"growing_in_a_forked_child", growing_in_a_forked_child, "growing", "grow_in_child"},
      {"growing_in_a_plugin", growing_in_a_plugin, "growing", "grow_in_plugin"},
      {"growing_cache_without_bound", growing_cache_without_bound, "growing", "remember_answer"},
      {"growing_listeners", growing_listeners, "growing", "add_listener"},
      {"growing_queue", growing_queue, "growing", "produce"},
      {"growing_interned_strings", growing_interned_strings, "growing", "intern"},
      {"growing_in_bursts", growing_in_bursts, "growing", "keep_batch"},
      {"growing_amid_churn", growing_amid_churn, "growing", "forget_one"},
      {"growing_under_a_sawtooth", growing_under_a_sawtooth, "growing", "keep_from_window"},
      {"growing_linked_list", growing_linked_list, "growing", "push_node"},
      {"growing_undo_history", growing_undo_history, "growing", "make_state"},
      {"growing_threads", growing_threads, "growing", "start_sleeper"},
      {"growing_string", growing_string, "growing", "append_to_log"},
      {"growing_slowly_beside_a_large_heap", growing_slowly_beside_a_large_heap, "growing", "grow_slowly"},
  };
}

}  // namespace corpus
