// SPDX-License-Identifier: Apache-2.0
// The machine in a few lines: memory against its tightest limit and how long it lasts, processor time by
// mode, stalls, swap, disks and network. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "top/machine_view.h"
#include "top/text_line.h"

namespace ullage::top {

std::vector<TextLine> host_lines(const HostView& host, std::size_t width, bool utf8);

}  // namespace ullage::top
