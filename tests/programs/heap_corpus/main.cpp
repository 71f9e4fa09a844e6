// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstring>
#include <vector>

#include "cases.h"
#include "corpus.h"

namespace {

std::vector<corpus::Case> all_cases() {
  std::vector<corpus::Case> all;
  for (const auto& cases : {corpus::growing_cases(), corpus::lost_cases(), corpus::settled_cases(),
                            corpus::kept_cases(), corpus::service_cases(), corpus::corner_cases()})
    all.insert(all.end(), cases.begin(), cases.end());
  return all;
}

void print_list() {
  const char* separator = "[\n";
  for (const corpus::Case& one : all_cases()) {
    std::printf(R"(%s{"name": "%s", "kind": "%s", "function": "%s"})", separator, one.name, one.kind,
                one.function);
    separator = ",\n";
  }
  std::printf("\n]\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--list") == 0) {
    print_list();
    return 0;
  }
  void (*run)() = nullptr;
  for (const corpus::Case& one : all_cases())
    if (argc == 2 && std::strcmp(one.name, argv[1]) == 0) run = one.run;
  if (run == nullptr) {
    std::fprintf(stderr, "heap_corpus NAME, or --list\n");
    return 2;
  }
  run();
  return 0;
}
