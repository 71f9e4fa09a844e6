// SPDX-License-Identifier: Apache-2.0
#include "run/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/Assertions.h>
#include <rapidcheck/gtest.h>

#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <rapidcheck/gen/Numeric.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "run/record_fields.h"

namespace ullage::run {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Fills every field with a value made from a seed, so that two fields that were mixed up would show.
struct Fill {
  int& seed;

  void operator()(const char*, std::string& field) const { field = "text " + std::to_string(++seed); }
  void operator()(const char*, bool& field) const { field = ++seed % 2 == 0; }
  void operator()(const char*, double& field) const { field = ++seed + 0.25; }
  void operator()(const char*, State& field) const { field = static_cast<State>(++seed % 3); }
  template <std::integral T>
  void operator()(const char*, T& field) const {
    field = static_cast<T>(++seed);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& field) const {
    field.reset();
    if (++seed % 5 != 0) (*this)(name, field.emplace());
  }
  void operator()(const char*, std::map<std::string, std::string>& field) const {
    field = {{"k" + std::to_string(++seed), "v"}, {"w", std::to_string(seed)}};
  }
  template <class T>
  void operator()(const char* name, std::vector<T>& field) const {
    field.resize(static_cast<std::size_t>(++seed % 4));
    for (T& item : field) (*this)(name, item);
  }
  template <class T>
  void operator()(const char*, T& fields) const {
    visit_fields(*this, fields);
  }
};

Record filled(int seed) {
  Record record;
  Fill{seed}("", record);
  if (seed % 2 == 0) {
    record.oom.emplace();
    Fill{seed}("", *record.oom);
    record.oom->killer = "kernel";
  }
  return record;
}

Record golden() {
  Record record = filled(1);
  record.id = "20261124-063012-k3f9";
  record.started_ms = 1'795'502'412'345;
  record.oom = Oom{.killer = "kernel",
                   .victim = "python3 (1234)",
                   .holder = "python3 (1234)",
                   .holder_bytes = 5,
                   .foreseeable_ms = std::nullopt,
                   .enough_bytes = 7};
  return record;
}

RC_GTEST_PROP(RecordProperty, JsonAndBackIsTheSame, ()) {
  const Record record = filled(*rc::gen::inRange(0, 1'000'000));
  const json text = to_json(record);
  const auto back = from_json(json::parse(text.dump()));
  RC_ASSERT(back.has_value());
  RC_ASSERT(to_json(*back) == text);
}

TEST(Record, DefaultComesBackToo) {
  const auto back = from_json(to_json(Record{}));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(to_json(*back), to_json(Record{}));
  EXPECT_FALSE(back->memory.peak_bytes);
  EXPECT_FALSE(back->oom);
}

TEST(Record, ItsJsonIsTheGoldenOne) {
  const std::string path = "src/run/testdata/record.json";
  const std::string made = to_json(golden()).dump(2) + "\n";
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    ASSERT_TRUE(replace_file(path, made));
  }
  const auto kept = read_file(path);
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_EQ(made, *kept) << "ULLAGE_RENEW=1 writes it anew";
}

TEST(Record, SaysDerivedThingsInTheJson) {
  Record record;
  record.started_ms = 1'795'502'412'345;
  record.state = State::interrupted;
  const json object = to_json(record);
  EXPECT_EQ(object["started"], "2026-11-24T06:40:12.345Z");
  EXPECT_EQ(object["interrupted"], true);
  EXPECT_EQ(object["oom_killed"], false);
  EXPECT_TRUE(object["oom"].is_null());
  EXPECT_TRUE(object["cpu"]["user_seconds"].is_null());
}

TEST(Record, TextThatIsNotUtf8IsMended) {
  Record record;
  record.command = {"a\xff\x01", "\xc3\xa4"};
  record.tags["\xfe"] = "\x80";
  record.events.push_back({1, "emit", "info", "\xed\xa0\x80"});
  const std::string text = to_json(record).dump();  // throws on bytes that are no UTF-8
  EXPECT_EQ(from_json(json::parse(text))->command[1], "\xc3\xa4");
}

TEST(Record, NumbersThatAreNoneBecomeNull) {
  Record record;
  record.wall_seconds = std::numeric_limits<double>::quiet_NaN();
  record.cpu.user_seconds = std::numeric_limits<double>::infinity();
  const json object = to_json(record);
  EXPECT_TRUE(object["wall_seconds"].is_null());
  ASSERT_TRUE(from_json(object));
  EXPECT_FALSE(from_json(object)->cpu.user_seconds);
}

TEST(RecordFromJson, IgnoresKeysItDoesNotKnow) {
  json object = to_json(golden());
  object["new"] = {1, 2};
  object["cpu"]["newer"] = "x";
  ASSERT_TRUE(from_json(object));
  EXPECT_EQ(to_json(*from_json(object)), to_json(golden()));
}

TEST(RecordFromJson, NamesTheKeyOfAWrongType) {
  const auto error = [](const char* pointer, json value) {
    json object = to_json(golden());
    object[json::json_pointer(pointer)] = std::move(value);
    const auto read = from_json(object);
    return read ? std::string("read") : read.error().text();
  };
  EXPECT_THAT(error("/cpu/cores_available", "two"), HasSubstr("cpu.cores_available: must be a number"));
  EXPECT_THAT(error("/memory/peak_bytes", -1),
              HasSubstr("memory.peak_bytes: must be a whole number of 0 or more"));
  EXPECT_THAT(error("/memory/peak_bytes", 1.5), HasSubstr("memory.peak_bytes"));
  EXPECT_THAT(error("/exit_code", 1e30), HasSubstr("exit_code"));
  EXPECT_THAT(error("/exit_code", 5'000'000'000), HasSubstr("exit_code"));
  EXPECT_THAT(error("/command", "x"), HasSubstr("command: must be a list"));
  EXPECT_THAT(error("/command/1", 5), HasSubstr("command[1]: must be a text"));
  EXPECT_THAT(error("/tags", json{{"a", 1}}), HasSubstr("tags.a: must be a text"));
  EXPECT_THAT(error("/process_table/0/pid", "x"), HasSubstr("process_table[0].pid"));
  EXPECT_THAT(error("/state", "gone"), HasSubstr("state: must be running, finished or interrupted"));
  EXPECT_THAT(error("/oom_killed", 1), HasSubstr("oom_killed"));
  EXPECT_THAT(error("/oom/victim", 1), HasSubstr("oom.victim"));
  EXPECT_THAT(error("/version", 2), HasSubstr("newer ullage"));
  EXPECT_THAT(error("/version", "x"), HasSubstr("version"));
  EXPECT_THAT(error("/io", nullptr), HasSubstr("io: must be an object"));
}

TEST(RecordFromJson, RefusesWhatIsNoRun) {
  EXPECT_FALSE(from_json(json::array()));
  EXPECT_FALSE(from_json(json::object()));
  EXPECT_FALSE(from_json(json(5)));
}

}  // namespace
}  // namespace ullage::run
