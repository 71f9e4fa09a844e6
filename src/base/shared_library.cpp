// SPDX-License-Identifier: Apache-2.0
#include "base/shared_library.h"

#include <dlfcn.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace ullage {

SharedLibrary::SharedLibrary(std::string name, std::initializer_list<const char*> files)
    : name_(std::move(name)) {
  for (const char* file : files)
    if (library_ == nullptr) library_ = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library_ == nullptr) problem_ = "there is no " + name_ + " here (" + *files.begin() + ")";
}

void* SharedLibrary::address_of(const char* function_name) {
  if (library_ == nullptr) return nullptr;
  void* found = ::dlsym(library_, function_name);
  if (found == nullptr && problem_.empty()) problem_ = name_ + " has no " + function_name;
  return found;
}

}  // namespace ullage
