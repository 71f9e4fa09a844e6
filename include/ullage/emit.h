// SPDX-License-Identifier: Apache-2.0
// Phases, own values and events of a run, said by the program itself. Standard library only; any thread.

/// @file
/// What a program says of the run that it is part of: phases, values, events. Under `ullage run` they become
/// part of the run's file, summary and report; anywhere else each call is a cheap no-op, so that a program
/// need not know. Nothing here throws or blocks, all may be called from any thread, and after fork() by both
/// processes.
///
/// @code
/// ullage::event("reading rows.csv");
/// {
///   const ullage::Phase load = ullage::phase("load");
///   for (int shard = 0; shard < 4; ++shard) {
///     ullage::gauge("queue_depth", 4 - shard, {{"shard", std::to_string(shard)}});
///     ullage::counter_add("rows_total", 500);
///   }
/// }  // the phase ends here
/// @endcode
///
/// Errors: a line that could not be sent (the run is busy, or a text is too long) is dropped and counted, see
/// ullage::dropped_lines(); one that the run cannot read (a name against Prometheus' rules) is told in the
/// run's events. The lines themselves are described in docs/formats/emit-lines.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace ullage {

/// Labels of a value, as pairs of name and value: `{{"shard", "a"}, {"host", "b"}}`. At most 16. A name is
/// made of letters, digits and '_', no digit first, and is neither "name" nor begins with "__"; a value is
/// any UTF-8 text of at most 256 bytes.
using EmitLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// A phase of the run, from its making to its end or destruction. Phases may nest and may repeat.
class Phase {
 public:
  /// Begins the phase. @param name any UTF-8 text of at most 64 bytes; the rest is cut off.
  explicit Phase(std::string_view name) noexcept;
  /// Ends the phase, unless it has ended, was moved from, or was begun by another process (before a fork).
  ~Phase() { end(); }
  /// Takes the phase over; `other` no longer ends it.
  Phase(Phase&& other) noexcept;
  /// Ends the phase held, and takes the other over.
  Phase& operator=(Phase&& other) noexcept;
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

  /// Ends the phase now. A second call does nothing.
  void end() noexcept;

 private:
  std::array<char, 64> name_{};
  std::size_t size_ = 0;  // 0: has ended
  int process_ = 0;
};

/// Begins a phase that ends with the value returned. @param name as in Phase::Phase.
[[nodiscard]] Phase phase(std::string_view name) noexcept;

/// Says what a value is now; it holds until the next call with the same name and labels.
/// @param name as Prometheus has it, in base units: "queue_depth", "cache_bytes"; at most 200 bytes.
/// @param value any finite number; others are dropped.
/// @param labels tell several values of one name apart.
void gauge(std::string_view name, double value, EmitLabels labels = {}) noexcept;

/// Adds to a counter, which starts at 0.
/// @param name as in gauge(), by convention ending in "_total": "rows_total".
/// @param increment finite and not negative; others are dropped.
/// @param labels as in gauge().
void counter_add(std::string_view name, double increment, EmitLabels labels = {}) noexcept;

/// Says that something happened, now.
/// @param text a sentence of at most 1024 bytes of UTF-8; line breaks become blanks.
void event(std::string_view text) noexcept;

/// Whether what is said here reaches a run. Connects if that has not been tried yet.
/// @return true under `ullage run`, as long as the run listens.
bool in_a_run() noexcept;

/// How many lines of this process were lost: the run was too busy, or they were too long or not finite.
/// @return a count since the start; lines said outside of a run are not lost, and not counted.
std::uint64_t dropped_lines() noexcept;

}  // namespace ullage
