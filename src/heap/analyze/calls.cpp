// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/calls.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/analyze/peak.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

struct FrameHash {
  std::size_t operator()(const Frame& frame) const {
    const std::hash<std::string> text;
    std::size_t hash = text(frame.function);
    hash = hash * 31 + text(frame.file);
    hash = hash * 31 + text(frame.module);
    return hash * 31 + frame.line;
  }
};

template <class Tree>
std::vector<Frame> path_to_root(const Tree& tree, std::uint32_t node) {
  std::vector<Frame> stack;
  for (; node != 0; node = tree.nodes[node].parent) stack.push_back(tree.frames[tree.nodes[node].frame]);
  return stack;
}

class Joiner {
 public:
  explicit Joiner(JoinBy join) : join_(join) { calls_.nodes.push_back({}); }

  void add(const Profile& profile) {
    std::vector<std::uint32_t> frames;
    for (const Frame& frame : profile.frames) frames.push_back(number_of(frame));
    std::vector<std::uint32_t> nodes(profile.nodes.size());
    for (std::size_t i = 1; i < profile.nodes.size(); ++i)
      nodes[i] = child(nodes[profile.nodes[i].parent], frames[profile.nodes[i].frame]);
    std::vector<std::uint32_t>& sites = calls_.node_of_site.emplace_back();
    for (const Site& site : profile.sites) sites.push_back(nodes[site.node]);
  }

  Calls take() { return std::move(calls_); }

 private:
  std::uint32_t number_of(const Frame& frame) {
    Frame key = frame;
    if (join_ == JoinBy::function) {
      key.line = 0;
      key.is_inlined = false;
    }
    const auto [at, is_new] = frames_.try_emplace(std::move(key), calls_.frames.size());
    if (is_new) calls_.frames.push_back(frame);
    return at->second;
  }
  std::uint32_t child(std::uint32_t parent, std::uint32_t frame) {
    const std::uint64_t key = std::uint64_t{parent} << 32 | frame;
    const auto [at, is_new] = children_.try_emplace(key, calls_.nodes.size());
    if (is_new) calls_.nodes.push_back({parent, frame});
    return at->second;
  }

  JoinBy join_;
  Calls calls_;
  std::unordered_map<Frame, std::uint32_t, FrameHash> frames_;
  std::unordered_map<std::uint64_t, std::uint32_t> children_;
};

// "void std::vector<T>::push_back(T)": from "std" on. The result's type ends with the last blank, outside of
// any brackets, before the arguments.
std::string_view without_result(std::string_view name) {
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (depth == 0 && name.substr(i).starts_with("operator") &&
        (i == 0 || name[i - 1] == ' ' || name[i - 1] == ':'))
      return name.substr(begin);
    const bool is_after_a_name = i > 0 && name[i - 1] != ' ' && name[i - 1] != ':';
    if (c == '(' && depth == 0 && is_after_a_name) return name.substr(begin);
    if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == '>' || c == ']' || c == '}') --depth;
    if (c == ' ' && depth == 0) begin = i + 1;
  }
  return depth == 0 ? name.substr(begin) : name;
}

// Inlined functions of libraries may come without their namespace.
bool is_in_a_librarys_source(std::string_view file) {
  const auto holds = [file](std::string_view part) { return file.find(part) != std::string_view::npos; };
  const bool is_of_rust =
      (file.starts_with("/rustc/") && holds("/library/")) || holds("/rustlib/src/rust/library/");
  // libc has its own in bits/: /usr/include/x86_64-linux-gnu/bits/stdio.h.
  const std::size_t include = file.find("/include/");
  const bool is_of_libc =
      include != std::string_view::npos && file.find("/bits/", include) != std::string_view::npos;
  return is_of_rust || holds("/rust/deps/hashbrown") || holds("/include/c++/") || is_of_libc;
}

}  // namespace

Calls join_calls(std::span<const Profile> profiles, JoinBy join) {
  Joiner joiner(join);
  for (const Profile& profile : profiles) joiner.add(profile);
  return joiner.take();
}

std::vector<Amount> amounts_by_node(const Calls& calls, std::span<const Profile> profiles,
                                    const Question& question, std::size_t first) {
  const Question settled = with_shared_peak(question, profiles);
  std::vector<Amount> own(calls.nodes.size());
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const std::vector<std::uint32_t>& node_of_site = calls.node_of_site[first + i];
    const std::vector<Amount> amounts = amounts_of(profiles[i], settled);
    for (std::size_t site = 0; site < amounts.size(); ++site) own[node_of_site[site]] += amounts[site];
  }
  return own;
}

std::vector<Amount> with_callees(const Calls& calls, std::span<const Amount> own) {
  std::vector<Amount> all(own.begin(), own.end());
  for (std::size_t node = all.size(); node-- > 1;) all[calls.nodes[node].parent] += all[node];
  return all;
}

std::vector<Frame> stack_of(const Calls& calls, std::uint32_t node) { return path_to_root(calls, node); }
std::vector<Frame> stack_of(const Profile& profile, std::uint32_t node) {
  return path_to_root(profile, node);
}

bool is_plumbing(const Frame& frame) {
  constexpr auto kModules =
      std::to_array<std::string_view>({"libc.so", "libc-2", "libstdc++", "libc++", "ld-linux", "ld-musl",
                                       "libpthread", "libullage", "libm.so"});
  // With Rust's libraries, and what larger runtimes put between their parts and malloc.
  constexpr auto kScopes = std::to_array<std::string_view>({"std::",
                                                            "__gnu_cxx::",
                                                            "operator new",
                                                            "void* operator new",
                                                            "__libc_",
                                                            "__GI_",
                                                            "_dl_",
                                                            "alloc::alloc::",
                                                            "alloc::raw_vec::",
                                                            "alloc::vec::",
                                                            "alloc::string",
                                                            "alloc::boxed",
                                                            "alloc::rc::",
                                                            "alloc::sync::",
                                                            "alloc::collections::",
                                                            "alloc::slice::",
                                                            "alloc::str::",
                                                            "alloc::fmt::",
                                                            "alloc::borrow::",
                                                            "core::ops::",
                                                            "core::iter::",
                                                            "core::ptr::",
                                                            "core::clone::",
                                                            "core::fmt::",
                                                            "hashbrown::",
                                                            "<alloc::",
                                                            "<core::",
                                                            "<std::",
                                                            "<hashbrown::",
                                                            "<T as ",
                                                            "__rust_",
                                                            "__rustc::",
                                                            "__rdl_",
                                                            "PyMem_",
                                                            "_PyMem_",
                                                            "_PyObject_Mal",
                                                            "PyObject_Mal",
                                                            "_PyObject_Cal",
                                                            "PyObject_Cal",
                                                            "_PyObject_Real",
                                                            "PyObject_Real",
                                                            "Perl_safesys",
                                                            "g_malloc",
                                                            "g_realloc",
                                                            "g_try_malloc",
                                                            "CRYPTO_malloc",
                                                            "CRYPTO_zalloc",
                                                            "CRYPTO_realloc"});
  constexpr auto kFunctions = std::to_array<std::string_view>(
      {"malloc", "calloc", "realloc", "reallocarray", "posix_memalign", "aligned_alloc", "memalign", "valloc",
       "pvalloc", "strdup", "strndup", "_start", "mmap", "mremap", "mprotect", "xmalloc", "xcalloc",
       "xrealloc"});
  const auto begins = [](std::string_view text) {
    return [text](std::string_view front) { return text.starts_with(front); };
  };
  if (is_in_a_librarys_source(frame.file)) return true;
  if (std::ranges::any_of(kModules, begins(frame.module))) return true;
  const std::string_view whole_name = without_result(frame.function);
  // With its arguments, where it is of C++: "xmalloc(unsigned long)".
  const std::string_view name = whole_name.substr(0, whole_name.find('('));
  return std::ranges::any_of(kScopes, begins(whole_name)) || std::ranges::count(kFunctions, name) > 0;
}

std::size_t blamed_frame(std::span<const Frame> stack) {
  const auto at = std::ranges::find_if_not(stack, is_plumbing);
  return at == stack.end() ? 0 : static_cast<std::size_t>(at - stack.begin());
}

bool is_of_the_runtime(const Frame& frame) {
  return frame.module.starts_with("ld-linux") || frame.module.starts_with("ld-musl") ||
         frame.function.starts_with("_dl_") || frame.function.starts_with("allocate_dtv") ||
         frame.function.starts_with("pthread_create") || frame.function.starts_with("__pthread_create");
}

std::vector<std::uint32_t> blamed_nodes(const Calls& calls) {
  std::vector<bool> plumbing;
  for (const Frame& frame : calls.frames) plumbing.push_back(is_plumbing(frame));
  std::vector<std::uint32_t> blamed(calls.nodes.size());
  for (std::uint32_t node = 1; node < blamed.size(); ++node) {
    const CallNode& call = calls.nodes[node];
    const std::uint32_t above = blamed[call.parent];
    // Of a stack that is plumbing throughout, the innermost.
    const bool has_other_above = above != 0 && !plumbing[calls.nodes[above].frame];
    blamed[node] = plumbing[call.frame] && has_other_above ? above : node;
  }
  return blamed;
}

std::string short_name(const Frame& frame) {
  constexpr std::size_t kColumnsMax = 80;
  std::size_t columns = 0;
  std::size_t end = 0;  // before the last column, for the sign that there is more
  for (std::size_t i = 0; i < frame.function.size(); ++i) {
    if ((static_cast<unsigned char>(frame.function[i]) & 0xC0) == 0x80) continue;  // goes on with a character
    if (++columns == kColumnsMax) end = i;
    if (columns > kColumnsMax) return frame.function.substr(0, end) + "…";
  }
  return frame.function;
}

std::string place_text(const Frame& frame) {
  if (frame.file.empty()) return frame.module;
  const std::string base = frame.file.substr(frame.file.rfind('/') + 1);
  return frame.line == 0 ? base : base + ':' + std::to_string(frame.line);
}

}  // namespace ullage::heap
