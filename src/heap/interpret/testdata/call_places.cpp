// SPDX-License-Identifier: Apache-2.0
// A program that tells where it calls from: prints names and return addresses, as offsets in its file. The
// test of symbols asks for the names of those places, and finds their lines by the marks here.
#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstdio>

namespace {

__attribute__((noinline)) void here(const char* name) {
  const char* address = static_cast<const char*>(__builtin_return_address(0));
  Dl_info info;
  link_map* map = nullptr;
  if (::dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 || map == nullptr)
    return;
  std::printf("%s %jx\n", name,
              static_cast<std::uintmax_t>(reinterpret_cast<std::uintptr_t>(address)) - map->l_addr);
}

__attribute__((noinline)) void hidden() {
  here("hidden");  // mark: hidden
  asm volatile("");
}

struct Owner {
  __attribute__((always_inline)) Owner() {
    here("constructor");  // mark: constructor
    asm volatile("");
  }
};

}  // namespace

namespace places {

namespace {
struct Keeper {
  __attribute__((always_inline)) void keep() {
    here("member");
    asm volatile("");
  }
};
}  // namespace

__attribute__((noinline)) void keep_all() { Keeper().keep(); }

inline __attribute__((always_inline)) void inner() {
  here("inlined");  // mark: inner
  asm volatile("");
}
inline __attribute__((always_inline)) void middle() {
  inner();  // mark: middle
}
__attribute__((noinline)) void outer(int count) {
  asm volatile("" : : "r"(count));
  middle();  // mark: outer
}

template <class Value>
struct Tree {
  __attribute__((noinline)) void grow(Value value) {
    asm volatile("" : : "r"(value));
    here("method");  // mark: method
    asm volatile("");
  }
};

}  // namespace places

extern "C" __attribute__((noinline)) void plain_c() {
  here("plain");  // mark: plain
  asm volatile("");
}

int main() {
  hidden();
  places::outer(1);
  const Owner owner;
  places::keep_all();
  places::Tree<long>().grow(1);
  plain_c();
  const auto closure = [](int value) __attribute__((noinline)) {
    asm volatile("" : : "r"(value));
    here("lambda");  // mark: lambda
    asm volatile("");
  };
  closure(1);
  return 0;
}
