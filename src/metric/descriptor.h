// SPDX-License-Identifier: Apache-2.0
// The one table of metrics: what each is called, what kind and unit it has, what it means. Names follow
// Prometheus (base units, _total, _bytes, _seconds, _ratio); the host's are node_exporter's, cgroups' are
// cAdvisor's, our own start with ullage_. docs/reference/metrics.md is generated from it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ullage::metric {

enum class Kind { gauge, counter };

struct Descriptor {
  std::string_view name;  // of a family whose names come with the kernel or the hardware, with a "*" in it
  Kind kind;
  std::string_view unit;    // "bytes", "seconds", "" for a count
  std::string_view labels;  // "pid,name", "" for none
  std::string_view help;    // a "*" in it stands for what the name's does
};

std::span<const Descriptor> descriptors();  // in order of their names
// That of this very name, else of the family it belongs to most narrowly; null when there is none.
const Descriptor* find_descriptor(std::string_view name);
// What a metric of this name means, in words: its descriptor's help with a family's "*" filled in.
std::string help_text(const Descriptor& descriptor, std::string_view name);

}  // namespace ullage::metric
