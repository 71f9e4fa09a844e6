// SPDX-License-Identifier: Apache-2.0
// Standing still together with a stopped command, as a shell's job does, and being woken with it.
#pragma once

#include <sys/types.h>

namespace ullage::act {

// The signal that has stopped the child since the last call; 0 for none.
int take_stop_signal(pid_t child);

// Stops this process by a signal that is held back, once, however many of it are pending; returns when
// continued.
void stop_self(int signal);

// Stops this process by the same signal, if a terminal's shell could continue it, and returns when it was
// continued. False, at once, when there is no such shell.
bool stand_still_with(pid_t child, int stop_signal);

}  // namespace ullage::act
