// SPDX-License-Identifier: Apache-2.0
// For tests: what programs do with memory over a minute, with the answer known. Times are parts of the run.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "heap/analyze/profile_fixture.h"
#include "heap/analyze/verdicts.h"

namespace ullage::heap {

class History {
 public:
  explicit History(std::uint64_t seed) : random(seed) {}
  // Of bytes 0 the sizes differ, around 100 as those of strings do.
  void block(double born, double died = kForever, double bytes = 100) {
    if (bytes == 0) bytes = std::lognormal_distribution<double>(4.6, 0.7)(random);
    blocks.push_back(
        {.born_seconds = born * 60,
         .died_seconds = died * 60,
         .bytes = bytes,
         .thread = thread_count > 1 ? static_cast<std::uint32_t>(blocks.size()) % thread_count : 0});
  }
  double uniform(double low = 0, double high = 1) {
    return std::uniform_real_distribution<double>(low, high)(random);
  }
  double exponential(double mean) { return std::exponential_distribution<double>(1 / mean)(random); }
  // `count` times in [from, until), in order.
  void times(std::size_t count, double from, double until, const std::function<void(double)>& act) {
    std::vector<double> at(count);
    for (double& time : at) time = uniform(from, until);
    std::ranges::sort(at);
    for (const double time : at) act(time);
  }

  // Holds `room` entries; each time one comes into the full cache, another goes.
  enum class Evicts : std::uint8_t { oldest, any };
  void cache(std::size_t room, std::size_t entries, double until, Evicts evicts, double bytes = 100,
             double from = 0) {
    struct Entry {
      double born;
    };
    std::deque<Entry> held;
    times(entries, from, until, [&](double now) {
      if (held.size() == room) {
        const std::size_t victim =
            evicts == Evicts::oldest ? 0 : static_cast<std::size_t>(uniform() * static_cast<double>(room));
        block(held[victim].born, now, bytes);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(victim));
      }
      held.push_back({now});
    });
    for (const Entry& entry : held) block(entry.born, kForever, bytes);
  }
  // First in, first out; after each that comes, so many stay as `length` says.
  void queue(std::size_t entries, const std::function<std::size_t(double)>& length) {
    std::deque<double> held;
    times(entries, 0, 1, [&](double now) {
      held.push_back(now);
      for (const std::size_t most = length(now); held.size() > most; held.pop_front())
        block(held.front(), now);
    });
    for (const double born : held) block(born);
  }
  // Kept until the buffer is flushed; `keeps` of it stays then.
  void saw(std::size_t count, double period, double keeps = 0) {
    times(count, 0, 1, [&](double now) {
      const double flush = (std::floor(now / period) + 1) * period;
      block(now, uniform() < keeps || flush > 1 ? kForever : flush);
    });
  }
  // One block, again and again larger: each realloc frees the one before.
  void realloc_at(const std::vector<double>& times_of_it, double first_bytes, double factor, double add = 0) {
    double bytes = first_bytes;
    for (std::size_t i = 0; i < times_of_it.size(); ++i) {
      block(times_of_it[i], i + 1 < times_of_it.size() ? times_of_it[i + 1] : kForever, bytes);
      bytes = bytes * factor + add;
    }
  }
  // Allocations that are freed soon, at a load that goes up and down.
  void requests(std::size_t count, double waves, double life, double leaked = 0) {
    times(count, 0, 1, [&](double now) {
      if (uniform() > 0.55 + 0.45 * std::sin(now * waves * 2 * M_PI)) return;
      const double until = now + exponential(life);
      block(now, uniform() < leaked || until > 1 ? kForever : until);
    });
  }

  std::vector<Block> blocks;
  std::uint32_t thread_count = 1;
  std::mt19937_64 random;
};

struct NamedHistory {
  std::string name;
  bool is_growing;
  std::function<void(History&)> write;
};

inline std::vector<NamedHistory> joined(const std::vector<std::vector<NamedHistory>>& groups) {
  std::vector<NamedHistory> all;
  for (const std::vector<NamedHistory>& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

inline std::vector<NamedHistory> leaks() {
  return {
      {"a steady leak", true, [](History& h) { h.times(6000, 0, 1, [&](double t) { h.block(t); }); }},
      {"a steady leak of strings", true,
       [](History& h) { h.times(6000, 0, 1, [&](double t) { h.block(t, kForever, 0); }); }},
      {"a leak by each of eight threads", true,
       [](History& h) {
         h.thread_count = 8;
         h.times(6000, 0, 1, [&](double t) { h.block(t); });
       }},
      {"a leak at each reload", true,
       [](History& h) {
         for (int i = 0; i < 12; ++i)
           for (int k = 0; k < 400; ++k) h.block(0.04 + i / 12.5, kForever);
       }},
      {"a leak by a job that runs each twentieth", true,
       [](History& h) {
         for (int i = 0; i < 20; ++i) h.times(300, i / 20.0, i / 20.0 + 0.01, [&](double t) { h.block(t); });
       }},
      {"one in twenty requests leaks, in waves", true,
       [](History& h) { h.requests(120000, 7, 0.001, 0.05); }},
      {"one in a thousand leaks amid churn", true,
       [](History& h) { h.requests(600000, 3.3, 0.00002, 0.001); }},
      {"a third leaks, the others live a while", true, [](History& h) { h.requests(9000, 5, 0.04, 0.33); }},
      {"a leak that begins late", true,
       [](History& h) { h.times(5000, 0.4, 1, [&](double t) { h.block(t); }); }},
      {"a leak that speeds up", true,
       [](History& h) { h.times(6000, 0, 1, [&](double t) { h.block(std::sqrt(t)); }); }},
      {"a leak that is an eighth as fast from the middle on", true,
       [](History& h) {
         h.times(4000, 0, 0.5, [&](double t) { h.block(t); });
         h.times(500, 0.5, 1, [&](double t) { h.block(t); });
       }},
      {"a leak that slows down, and goes on", true,
       [](History& h) { h.times(6000, 0, 1, [&](double t) { h.block(std::pow(t, 1.5)); }); }},
  };
}

inline std::vector<NamedHistory> leaks_in_disguise() {
  return {
      {"a leak on top of a table made at the start", true,
       [](History& h) {
         h.times(1500, 0, 0.01, [&](double t) { h.block(t); });
         h.times(5000, 0.01, 1, [&](double t) { h.block(t); });
       }},
      {"a leak beside a full cache", true,
       [](History& h) {
         h.cache(1000, 40000, 1, History::Evicts::oldest);
         h.times(5000, 0, 1, [&](double t) { h.block(t); });
       }},
      {"a queue filled faster than emptied", true,
       [](History& h) {
         for (int i = 0; i < 6000; ++i) {
           const double born = i / 6000.0;
           const double died = born / 0.4;
           h.block(born, died > 1 ? kForever : died);
         }
       }},
      {"one block that grows by realloc", true,
       [](History& h) {
         std::vector<double> at;
         for (int i = 0; i < 60; ++i) at.push_back((i + 0.5) / 60);
         h.realloc_at(at, 65536, 1, 65536);
       }},
      {"an arena that doubles and goes on", true,
       [](History& h) { h.realloc_at({0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64}, 65536, 2); }},
      {"an arena that doubles, and takes a while to be copied", true,
       [](History& h) {
         double bytes = 65536;
         for (const double t : {0.02, 0.04, 0.08, 0.16, 0.32, 0.64}) {
           h.block(t, t > 0.6 ? kForever : 2 * t + 0.05, bytes);
           bytes *= 2;
         }
       }},
      {"chunks of an arena, each twice the last", true,
       [](History& h) {
         double bytes = 65536;
         for (const double t : {0.012, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8}) {
           h.block(t, kForever, bytes);
           bytes *= 2;
         }
       }},
      {"mappings, one after the other", true,
       [](History& h) {
         for (int i = 0; i < 40; ++i) h.block((i + 0.3) / 40, kForever, 1 << 20);
       }},
      {"eight large blocks, one after the other", true,
       [](History& h) {
         for (int i = 0; i < 8; ++i) h.block((i + 0.5) / 8, kForever, 8 << 20);
       }},
      {"sessions, of which one in ten is never closed", true,
       [](History& h) {
         h.times(30000, 0, 1, [&](double t) {
           const double until = t + h.exponential(0.02);
           h.block(t, h.uniform() < 0.1 || until > 1 ? kForever : until);
         });
       }},
  };
}

inline std::vector<NamedHistory> growing_histories() { return joined({leaks(), leaks_in_disguise()}); }

inline std::vector<NamedHistory> caches() {
  using enum History::Evicts;
  return {
      {"a ring", false, [](History& h) { h.cache(2000, 60000, 1, oldest); }},
      {"a ring that goes round twice", false, [](History& h) { h.cache(3000, 7000, 1, oldest); }},
      {"a ring that goes round once and a half", false, [](History& h) { h.cache(3000, 5500, 1, oldest); }},
      {"a cache, quickly replaced", false, [](History& h) { h.cache(2000, 60000, 1, any); }},
      {"a cache, replaced once", false, [](History& h) { h.cache(3000, 7000, 1, any); }},
      {"a cache, slowly replaced", false,
       [](History& h) {
         h.cache(4000, 4000, 0.1, any);
         h.blocks.clear();
         h.cache(4000, 8000, 1, any);
       }},
      {"a cache of strings", false, [](History& h) { h.cache(3000, 20000, 1, any, 0); }},
      {"a cache that is full after six tenths", false, [](History& h) { h.cache(3000, 5000, 1, any); }},
      {"a ring that is full after eight tenths", false,
       [](History& h) { h.cache(3000, 3750, 1, oldest, 0); }},
      {"a cache that is full after half, and never replaced", false,
       [](History& h) { h.times(4000, 0, 0.5, [&](double t) { h.block(t); }); }},
      {"a cache filled in the first tenth", false,
       [](History& h) { h.times(4000, 0, 0.1, [&](double t) { h.block(t); }); }},
  };
}

inline std::vector<NamedHistory> saws_and_loads() {
  return {
      {"entries that live for a sixth", false,
       [](History& h) {
         h.times(20000, 0, 1, [&](double t) { h.block(t, t + 0.16 > 1 ? kForever : t + 0.16); });
       }},
      {"entries that live for two fifths", false,
       [](History& h) {
         h.times(9000, 0, 1, [&](double t) { h.block(t, t + 0.4 > 1 ? kForever : t + 0.4); });
       }},
      {"entries that live for a while", false,
       [](History& h) {
         h.times(20000, 0, 1, [&](double t) {
           const double u = t + h.exponential(0.1);
           h.block(t, u > 1 ? kForever : u);
         });
       }},
      {"requests in waves", false, [](History& h) { h.requests(100000, 6, 0.004); }},
      {"requests in two long waves", false, [](History& h) { h.requests(100000, 2, 0.01); }},
      {"a saw of twenty teeth", false, [](History& h) { h.saw(30000, 0.0513); }},
      {"a saw of five teeth", false, [](History& h) { h.saw(12000, 0.21); }},
      {"a saw of two teeth", false, [](History& h) { h.saw(6000, 0.501); }},
      {"a saw that keeps a fifth of each tooth's last", false,
       [](History& h) {
         for (int i = 0; i < 4; ++i)
           h.times(1500, i * 0.25, (i + 1) * 0.25,
                   [&](double t) { h.block(t, i == 3 ? kForever : (i + 1) * 0.25); });
         h.times(800, 0, 0.02, [&](double t) { h.block(t); });
       }},
  };
}

inline std::vector<NamedHistory> wavering_queues() {
  return {
      {"a queue whose length is drawn anew each moment", false,
       [](History& h) {
         h.queue(20000, [&](double) { return static_cast<std::size_t>(h.uniform(100, 500)); });
       }},
      {"a queue as long as the last seconds were busy", false,
       [](History& h) {
         double length = 300;
         h.queue(20000, [&](double) {
           length = std::clamp(length + h.uniform(-8, 8), 100.0, 500.0);
           return static_cast<std::size_t>(length);
         });
       }},
      {"a slow queue whose length goes up and down", false,
       [](History& h) {
         h.queue(3000, [](double t) { return static_cast<std::size_t>(300 + 150 * std::sin(t * 31)); });
       }},
      {"a long queue that wavers", false,
       [](History& h) {
         h.queue(3000, [&](double) { return static_cast<std::size_t>(h.uniform(700, 1000)); });
       }},
      {"a short queue of large blocks", false,
       [](History& h) {
         h.queue(2000, [&](double t) { return static_cast<std::size_t>(10 + std::fmod(t * 500, 5)); });
       }},
  };
}

inline std::vector<NamedHistory> what_is_made_once() {
  return {
      {"a vocabulary", false,
       [](History& h) {
         h.times(4000, 0, 1, [&](double) {
           const double t = h.exponential(0.08);
           if (t < 1) h.block(t);
         });
       }},
      {"a vocabulary, slowly learnt", false,
       [](History& h) {
         h.times(4000, 0, 1, [&](double) {
           const double t = h.exponential(0.17);
           if (t < 1) h.block(t);
         });
       }},
      {"a vocabulary of which the rare words come late", false,
       [](History& h) {
         for (int word = 1; word <= 3000; ++word) {
           const double t = h.exponential(0.00005 * word);
           if (t < 1) h.block(t);
         }
       }},
      {"growth as a logarithm, which ends", false,
       [](History& h) {
         h.times(4000, 0, 1, [&](double u) { h.block(0.4 * (std::pow(41.0, u) - 1) / 40); });
       }},
      {"a burst at the start", false,
       [](History& h) { h.times(4000, 0, 0.01, [&](double t) { h.block(t); }); }},
      {"a registry, filled in the first twentieth", false,
       [](History& h) { h.times(4000, 0, 0.05, [&](double t) { h.block(t); }); }},
      {"a burst in the middle", false,
       [](History& h) { h.times(4000, 0.4, 0.45, [&](double t) { h.block(t); }); }},
      {"two bursts, at the start and in the middle", false,
       [](History& h) {
         h.times(2000, 0.1, 0.12, [&](double t) { h.block(t); });
         h.times(2000, 0.5, 0.52, [&](double t) { h.block(t); });
       }},
      {"buffers of sixteen threads, started one by one", false,
       [](History& h) {
         h.thread_count = 16;
         for (int i = 0; i < 16; ++i)
           for (int k = 0; k < 200; ++k) h.block(0.012 * (i + 1));
       }},
  };
}

// NOLINTNEXTLINE(readability-function-size): a list
inline std::vector<NamedHistory> settled_blocks() {
  return {
      {"an arena that doubles and settles", false,
       [](History& h) { h.realloc_at({0.005, 0.01, 0.02, 0.04, 0.08, 0.16}, 65536, 2); }},
      {"chunks that double and settle", false,
       [](History& h) {
         double bytes = 65536;
         for (const double t : {0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256}) {
           h.block(t, kForever, bytes);
           bytes *= 2;
         }
       }},
      {"a pool as large as the most that was asked of it", false,
       [](History& h) {
         double most = 0;
         for (int i = 0; i < 2000; ++i) {
           const double t = i / 2000.0;
           const double need = 2000 * (0.6 + 0.4 * std::sin(t * 40)) * std::min(1.0, t * 12);
           for (; most < need; most += 1) h.block(t);
         }
       }},
      {"two buffers that take turns", false,
       [](History& h) {
         for (int i = 0; i < 120; ++i) h.block(i / 120.0, i >= 118 ? kForever : (i + 2) / 120.0, 4 << 20);
       }},
      {"buffers made when first needed, each made anew in other sizes", false,
       [](History& h) {
         std::vector<double> born(16, -1);
         h.times(400, 0, 1, [&](double t) {
           double& before = born[static_cast<std::size_t>(h.uniform(0, 16))];
           if (before >= 0) h.block(before, t, h.uniform(50'000, 150'000));
           before = t;
         });
         for (const double t : born)
           if (t >= 0) h.block(t, kForever, h.uniform(50'000, 150'000));
       }},
      {"filled evenly until six tenths, then no more", false,
       [](History& h) {
         for (int i = 0; i < 75; ++i) h.block(0.6 * i / 75, kForever, 5000);
       }},
      {"filled evenly until eight tenths, then no more", false,
       [](History& h) {
         for (int i = 0; i < 1600; ++i) h.block(0.8 * i / 1600);
       }},
      {"a second phase's results", false,
       [](History& h) {
         for (int i = 0; i < 300; ++i) h.block(0.5 + i / 1800.0);
       }},
      {"a configuration, reloaded", false,
       [](History& h) {
         for (int i = 0; i < 9; ++i)
           for (int k = 0; k < 1500; ++k)
             h.block(i / 9.0 + 0.001, i == 8 ? kForever : (i + 1) / 9.0 + 0.0012);
       }},
      {"plug-ins, made when first needed", false,
       [](History& h) {
         for (int i = 0; i < 6; ++i) h.block(h.uniform(0.01, 0.4), kForever, 1 << 20);
       }},
      {"three steps in the first half", false,
       [](History& h) {
         for (const double t : {0.1, 0.3, 0.45})
           for (int k = 0; k < 1000; ++k) h.block(t);
       }},
      {"a buffer that grows by realloc and is reset", false,
       [](History& h) {
         for (int tooth = 0; tooth < 4; ++tooth) {
           double bytes = 65536;
           for (int i = 0; i < 8; ++i) {
             const double t = tooth * 0.27 + 0.03 * i + 0.001;
             const double next = i == 7 ? (tooth + 1) * 0.27 : t + 0.03;
             if (t < 1) h.block(t, next > 1 ? kForever : next, bytes);
             bytes *= 1.5;
           }
         }
       }},
      {"a pool of buffers in waves", false,
       [](History& h) {
         h.requests(20000, 6, 0.02, 0);
         h.times(2000, 0, 0.03, [&](double t) { h.block(t); });
       }},
      {"a connection pool with idle time-outs", false, [](History& h) { h.requests(30000, 4, 0.03); }},
      {"what is held when the program dies", false,
       [](History& h) {
         h.times(3000, 0.97, 1, [&](double t) { h.block(t); });
         h.requests(50000, 9, 0.0005);
       }},
  };
}

// Of which a handful of samples cannot tell that it has ended.
inline std::vector<NamedHistory> lately_settled() {
  return {
      {"a cache that is full after nine tenths, and never replaced", false,
       [](History& h) { h.times(4000, 0, 0.9, [&](double t) { h.block(t); }); }},
      {"a cache that is full after nine tenths, and then replaced", false,
       [](History& h) { h.cache(3600, 4000, 1, History::Evicts::any); }},
      {"filled evenly until nine tenths, then no more", false,
       [](History& h) {
         for (int i = 0; i < 1600; ++i) h.block(0.9 * i / 1600);
       }},
  };
}

inline std::vector<NamedHistory> settled_histories() {
  return joined({caches(), saws_and_loads(), wavering_queues(), what_is_made_once(), settled_blocks()});
}

}  // namespace ullage::heap
