// SPDX-License-Identifier: Apache-2.0
// docs/formats/run.schema.json is made here from the list of fields, so that it cannot fall behind.
#include <gtest/gtest.h>

#include <concepts>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "run/record.h"
#include "run/record_fields.h"

namespace ullage::run {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json schema_of(const T& fields);
Json schema_of(const std::string&) { return {{"type", "string"}}; }
Json schema_of(bool) { return {{"type", "boolean"}}; }
Json schema_of(double) { return {{"type", {"number", "null"}}}; }  // null when it is not finite
Json schema_of(State) { return {{"enum", {"running", "finished", "interrupted"}}}; }
template <std::integral T>
Json schema_of(const T&) {
  Json schema = {{"type", "integer"}};
  if (std::is_unsigned_v<T>) schema["minimum"] = 0;
  return schema;
}
Json schema_of(const std::map<std::string, std::string>&) {
  return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
}
template <class T>
Json schema_of(const std::optional<T>&) {
  Json schema = schema_of(T{});
  if (schema["type"].is_string()) schema["type"] = {schema["type"], "null"};
  return schema;
}
template <class T>
Json schema_of(const std::vector<T>&) {
  return {{"type", "array"}, {"items", schema_of(T{})}};
}
template <class T>
Json schema_of(const T& fields) {
  Json properties = Json::object();
  Json required = Json::array();
  visit_fields(
      [&](const char* name, const auto& field) {
        properties[name] = schema_of(field);
        required.push_back(name);
      },
      fields);
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

Json whole_schema() {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "A run, version 1"},
                 {"description",
                  "What ullage run --json and ullage show --json write; docs/formats/run-json.md says "
                  "what each field means. Later versions may add fields."}};
  schema.update(schema_of(Record{}));
  Json& properties = schema["properties"];
  properties["version"] = {{"const", 1}};
  properties["started"] = {{"type", "string"}, {"format", "date-time"}};
  properties["interrupted"] = {{"type", "boolean"}};
  properties["oom_killed"] = {{"type", "boolean"}};
  properties["oom_killer"] = {{"type", {"string", "null"}}};
  properties["oom"] = schema_of(std::optional<Oom>{});
  for (const char* name : {"version", "started", "interrupted", "oom_killed", "oom_killer", "oom"})
    schema["required"].push_back(name);
  return schema;
}

TEST(RecordSchema, IsTheOneInTheDocuments) {
  const std::string path = "docs/formats/run.schema.json";
  const std::string made = whole_schema().dump(2) + "\n";
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    ASSERT_TRUE(replace_file(path, made));
  }
  const auto kept = read_file(path);
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_EQ(made, *kept) << "ULLAGE_RENEW=1 writes it anew";
}

TEST(RecordSchema, HasEveryKeyOfTheJsonAndNoOther) {
  Record record;
  record.oom.emplace();
  const nlohmann::json json = to_json(record);
  const Json properties = whole_schema()["properties"];
  for (const auto& [key, value] : json.items()) EXPECT_TRUE(properties.contains(key)) << key;
  for (const auto& [key, value] : properties.items()) EXPECT_TRUE(json.contains(key)) << key;
}

}  // namespace
}  // namespace ullage::run
