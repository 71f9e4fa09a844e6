// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/export.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/gzip.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

std::vector<Profile> example() {
  return {profile_of(
      {{.stack = "main@app.cpp:9;load@load.cpp:3", .bytes = 4000},
       {.stack = "main@app.cpp:9;cache;put", .bytes = 2000},
       {.stack = "main@app.cpp:9;cache;put", .born_seconds = 2, .died_seconds = 3, .bytes = 2000}})};
}

// What `go tool pprof -raw` would show: stack → its four values.
struct ReadPprof {
  std::vector<std::string> texts;
  std::map<std::string, std::vector<std::int64_t>> samples;
};

std::string location_name(std::uint64_t location, const std::map<std::uint64_t, std::uint64_t>& functions,
                          const std::map<std::uint64_t, std::int64_t>& names, const ReadPprof& read) {
  return read.texts[static_cast<std::size_t>(names.at(functions.at(location)))];
}

ReadPprof read_pprof(const std::string& bytes) {
  ReadPprof read;
  std::map<std::uint64_t, std::uint64_t> function_of_location;
  std::map<std::uint64_t, std::int64_t> name_of_function;
  for (protozero::pbf_reader message(bytes); message.next();) {
    if (message.tag() == 6) {
      read.texts.push_back(message.get_string());
    } else if (message.tag() == 4) {
      std::uint64_t id = 0;
      for (protozero::pbf_reader location(message.get_message()); location.next();)
        if (location.tag() == 1)
          id = location.get_uint64();
        else if (location.tag() == 4) {
          protozero::pbf_reader line(location.get_message());
          line.next(1);
          function_of_location[id] = line.get_uint64();
        } else {
          location.skip();
        }
    } else if (message.tag() == 5) {
      std::uint64_t id = 0;
      for (protozero::pbf_reader function(message.get_message()); function.next();)
        if (function.tag() == 1)
          id = function.get_uint64();
        else if (function.tag() == 2)
          name_of_function[id] = function.get_int64();
        else
          function.skip();
    } else {
      message.skip();
    }
  }
  for (protozero::pbf_reader message(bytes); message.next(2);) {
    std::string stack;
    std::vector<std::int64_t> values;
    for (protozero::pbf_reader sample(message.get_message()); sample.next();)
      if (sample.tag() == 1)
        for (const std::uint64_t location : sample.get_packed_uint64())
          stack += location_name(location, function_of_location, name_of_function, read) + ";";
      else if (sample.tag() == 2)
        for (const std::int64_t value : sample.get_packed_int64()) values.push_back(value);
      else
        sample.skip();
    read.samples[stack] = values;
  }
  return read;
}

TEST(ExportPprof, HasFourValuesAStackInnermostFirst) {
  const ReadPprof read = read_pprof(gunzip(export_pprof(example(), {})).value());
  EXPECT_EQ(read.texts[0], "");
  EXPECT_EQ(read.samples.at("load;main;"), (std::vector<std::int64_t>{1, 4000, 1, 4000}));
  EXPECT_EQ(read.samples.at("put;cache;main;"), (std::vector<std::int64_t>{2, 4000, 1, 2000}));
}

TEST(ExportCollapsed, IsALineAStackOutermostFirst) {
  EXPECT_EQ(export_collapsed(example(), {}), "main;load 4000\nmain;cache;put 2000\n");
  EXPECT_EQ(export_collapsed(example(), {.measure = Measure::allocated}),
            "main;load 4000\nmain;cache;put 4000\n");
}

TEST(ExportCollapsed, NamesKeepNoCharacterThatEndsAFrameOrALine) {
  std::vector<Profile> profiles = example();
  profiles[0].frames[0].function = "a;b\nc";
  EXPECT_EQ(export_collapsed(profiles, {}).substr(0, 11), "a:b c;load ");
}

TEST(ExportSpeedscope, HasFramesOnceAndWeightsThatAddUp) {
  const auto json = nlohmann::json::parse(export_speedscope(example(), {}, "run-1"));
  EXPECT_EQ(json["shared"]["frames"][1],
            (nlohmann::json{{"name", "load"}, {"file", "load.cpp"}, {"line", 3}}));
  const nlohmann::json& living = json["profiles"][0];
  EXPECT_EQ(living["samples"], (nlohmann::json{{0, 1}, {0, 2, 3}}));
  EXPECT_EQ(living["weights"], (nlohmann::json{4000, 2000}));
  EXPECT_EQ(living["endValue"], 6000);
  EXPECT_EQ(json["profiles"][1]["weights"], (nlohmann::json{4000, 4000}));
}

// Packets of a Perfetto trace: the number of the one field that says what a packet is → how many.
TEST(ExportPerfetto, HasADumpOfEachProcessWhoseSamplesNameKnownStacks) {
  const std::string bytes = export_perfetto(example());
  std::map<std::uint64_t, std::vector<std::uint64_t>> callstacks;
  std::vector<std::vector<std::uint64_t>> last_samples;
  std::size_t dumps = 0;
  for (protozero::pbf_reader trace(bytes); trace.next(1);) {
    for (protozero::pbf_reader packet(trace.get_message()); packet.next();) {
      if (packet.tag() == 12) {
        for (protozero::pbf_reader interned(packet.get_message()); interned.next();) {
          if (interned.tag() != 7) {
            interned.skip();
            continue;
          }
          protozero::pbf_reader callstack(interned.get_message());
          callstack.next(1);
          std::vector<std::uint64_t>& frames = callstacks[callstack.get_uint64()];
          while (callstack.next(2)) frames.push_back(callstack.get_uint64());
        }
      } else if (packet.tag() == 37) {
        ++dumps;
        last_samples.clear();
        protozero::pbf_reader profile(packet.get_message());
        profile.next(5);
        for (protozero::pbf_reader process(profile.get_message()); process.next(2);) {
          std::vector<std::uint64_t>& values = last_samples.emplace_back();
          for (protozero::pbf_reader sample(process.get_message()); sample.next();)
            values.push_back(sample.get_uint64());
        }
      } else {
        packet.skip();
      }
    }
  }
  EXPECT_EQ(dumps, 2);  // at the peak and at the end
  ASSERT_EQ(last_samples.size(), 2);
  // Call stack, allocated, freed, allocations, frees.
  EXPECT_EQ(last_samples[1], (std::vector<std::uint64_t>{4, 4000, 2000, 2, 1}));
  EXPECT_EQ(callstacks.at(4), (std::vector<std::uint64_t>{1, 3, 4}));
}

}  // namespace
}  // namespace ullage::heap
