// SPDX-License-Identifier: Apache-2.0
#include "cli/heap_scan.h"

#include <chrono>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/verb.h"
#include "heap/scan/scan.h"

namespace ullage::cli {

namespace {

struct ScanFlags {
  int process = 0;
  std::string heap_file;
};

constexpr std::chrono::seconds kPatience{5};

}  // namespace

Verb add_heap_scan(Command heap, Console& console) {
  const Command verb = heap.verb("scan", "look for blocks that nothing points to in a process");
  verb.hide();  // no verb of people's
  auto flags = std::make_shared<ScanFlags>();
  verb.option("process", flags->process, "").required();
  verb.option("file", flags->heap_file, "").required();
  return {verb, [flags, &console] {
            const auto lost =
                heap::scan_process(flags->process, flags->heap_file, kPatience, console.clock, console.root);
            if (!lost) return refuse(console, lost.error());
            console.out << *lost << '\n';
            return 0;
          }};
}

}  // namespace ullage::cli
