// SPDX-License-Identifier: Apache-2.0
// The machine's processes and their groups as JSON: which come first by what, and how each is told. What is
// chosen is copied, so that text is made of it on another thread. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sense/processes/group_books.h"
#include "sense/processes/process_row.h"

namespace ullage::server {

enum class ProcessOrder { memory, cpu, growth, io };
std::optional<ProcessOrder> process_order(std::string_view word);  // "memory", "cpu", "growth", "io"

std::vector<sense::ProcessRow> first_processes(std::span<const sense::ProcessRow> rows, ProcessOrder order,
                                               std::size_t limit);

struct ProcessesAnswer {
  std::int64_t time_ms = 0;
  double interval_seconds = 1;  // between two readings
  std::size_t total = 0, hidden = 0;
  std::vector<sense::ProcessRow> rows;
};
// Secrets in arguments are masked.
std::string processes_json(const ProcessesAnswer& answer);

struct NamedGroup {
  sense::ProcessGroup group;
  sense::GroupSample sample;
};
std::string groups_json(std::int64_t time_ms, std::vector<NamedGroup> groups);  // the largest first

}  // namespace ullage::server
