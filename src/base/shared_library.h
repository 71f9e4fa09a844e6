// SPDX-License-Identifier: Apache-2.0
// A library that is used where it is there and done without where it is not: opened at its first use, never
// closed, since what it keeps for threads ends with the process. What each function does, and which versions
// of the library have it, is the caller's business.
#pragma once

#include <initializer_list>
#include <string>

namespace ullage {

class SharedLibrary {
 public:
  // `name` is what people call it ("libcurl"); of the files, the first that can be opened.
  SharedLibrary(std::string name, std::initializer_list<const char*> files);

  // Null where it is not there, which is then the problem.
  template <class Function>
  void find(const char* function_name, Function& function) {
    function = reinterpret_cast<Function>(address_of(function_name));
  }

  // What was missing first; empty when all is there.
  const std::string& problem() const { return problem_; }

 private:
  void* address_of(const char* function_name);

  std::string name_, problem_;
  void* library_ = nullptr;
};

}  // namespace ullage
