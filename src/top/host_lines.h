// SPDX-License-Identifier: Apache-2.0
// The machine in a few lines: memory against its tightest limit and how long it lasts, processor time by
// mode, stalls, swap, disks and network. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "top/daemon_word.h"
#include "top/machine_view.h"
#include "top/text_line.h"

namespace ullage::top {

std::vector<TextLine> host_lines(const HostView& host, std::size_t width, bool utf8);
// The runs that are alive, as many as a line has room for.
TextLine runs_line(const std::vector<LiveRun>& runs, std::size_t width);

}  // namespace ullage::top
