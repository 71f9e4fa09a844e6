// SPDX-License-Identifier: Apache-2.0
// Preloaded into a program (LD_PRELOAD), shifts what its wall clock says by the milliseconds that stand in
// the file which SHIFTED_CLOCK names, eight bytes that are looked at each time: so a test sets the clock of
// one program as an administrator or NTP sets the machine's. The monotonic clock goes on as it does.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const std::atomic<std::int64_t>* shift_ms() {
  static const auto* const shift = [] {
    const char* path = std::getenv("SHIFTED_CLOCK");
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    void* bytes = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    return bytes == MAP_FAILED ? nullptr : static_cast<const std::atomic<std::int64_t>*>(bytes);
  }();
  return shift;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
  const long done = ::syscall(SYS_clock_gettime, clock, time);
  if (done != 0 || clock != CLOCK_REALTIME || shift_ms() == nullptr) return static_cast<int>(done);
  const std::int64_t ns = time->tv_nsec + shift_ms()->load() % 1000 * 1'000'000;
  time->tv_sec += shift_ms()->load() / 1000 + (ns < 0 ? -1 : ns / 1'000'000'000);
  time->tv_nsec = ns < 0 ? ns + 1'000'000'000 : ns % 1'000'000'000;
  return 0;
}
