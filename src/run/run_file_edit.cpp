// SPDX-License-Identifier: Apache-2.0
#include "run/run_file_edit.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "history/sqlite.h"
#include "run/run_file.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

// The document as JSON and not as a Record: what a newer Ullage added to it stays.
Result<nlohmann::json> read_document(const history::Database& database, const std::string& path) {
  auto select = database.prepare("SELECT body FROM documents WHERE name = 'record'");
  if (!select) return pass_on(select);
  auto row = select->step();
  if (!row) return pass_on(row);
  if (!*row) return fail("its record was not written yet", path);
  auto document = nlohmann::json::parse(select->text(0), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return fail("its record is damaged", path);
  return document;
}

}  // namespace

Result<void> retag(const std::string& path, const Retag& change) {
  if (is_alive(path))
    return fail("the run is alive", path, "name and tag it when it has ended, or with 'ullage run --tag'");
  // Says what is wrong with a file that is no run's, or a newer one's, before anything is written to it.
  if (auto readable = load_record(path); !readable) return pass_on(readable);
  auto database = history::Database::open(path, history::Database::Access::write);
  if (!database) return pass_on(database);
  auto document = read_document(*database, path);
  if (!document) return pass_on(document);

  if (change.name) (*document)["name"] = *change.name;
  nlohmann::json& tags = (*document)["tags"];
  if (!tags.is_object()) tags = nlohmann::json::object();
  for (const auto& [key, value] : change.tags) {
    if (value)
      tags[key] = *value;
    else
      tags.erase(key);
  }
  const std::string body = document->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto update = database->prepare("UPDATE documents SET body = ? WHERE name = 'record'");
  if (!update) return pass_on(update);
  return update->bind_text(1, body).run();
}

}  // namespace ullage::run
