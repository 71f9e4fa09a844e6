// SPDX-License-Identifier: Apache-2.0
// touch_memory MIB MS: holds MIB of touched anonymous memory for MS milliseconds, then exits 0.
#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "touch_memory MIB MS";
  const long mib = program::number(count, arguments, 1, kUsage);
  const long ms = program::number(count, arguments, 2, kUsage);
  program::touch(mib);
  program::sleep_ms(ms);
}
