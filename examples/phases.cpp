// SPDX-License-Identifier: Apache-2.0
// A C++ program that says what it is doing; the example of include/ullage/emit.h. Link it with libullage.
#include <string>

#include "ullage/emit.h"

int main() {
  ullage::event("reading rows.csv");
  {
    const ullage::Phase load = ullage::phase("load");
    for (int shard = 0; shard < 4; ++shard) {
      ullage::gauge("queue_depth", 4 - shard, {{"shard", std::to_string(shard)}});
      ullage::counter_add("rows_total", 500);
    }
  }  // the phase ends here
  return ullage::dropped_lines() == 0 ? 0 : 1;
}
