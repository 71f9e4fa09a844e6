// SPDX-License-Identifier: Apache-2.0
// The runs of one state directory for whoever asks again and again, as a server does: files that have not
// changed since the last look are not read again, and of each run only what a list shows is kept. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/record.h"

namespace ullage::run {

// A run as a list shows it: the record without its processes, phases, environment and advice, and without
// the events that are for information only.
struct Glance {
  std::string path;
  Record record;
  std::string problem;  // why it cannot be read; the record then holds the id alone
};

class CatalogView {
 public:
  explicit CatalogView(std::string state_directory, std::size_t runs_max = 1000);
  ~CatalogView();
  CatalogView(const CatalogView&) = delete;
  CatalogView& operator=(const CatalogView&) = delete;

  struct Look {
    std::vector<std::shared_ptr<const Glance>> runs;  // newest first
    std::uint64_t version = 0;  // another whenever a run came, went, began, ended or was warned
  };
  Result<Look> look();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::run
