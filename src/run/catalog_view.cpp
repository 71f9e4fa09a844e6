// SPDX-License-Identifier: Apache-2.0
#include "run/catalog_view.h"

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "run/catalog.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::run {

namespace {

constexpr std::string_view kEnding = ".ullage";
constexpr std::size_t kEventsMax = 100;  // of one run

// What is another when a file was written to or replaced.
struct Stamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0, seconds = 0, nanoseconds = 0;
  bool operator==(const Stamp&) const = default;
};

Stamp stamp_of(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

std::shared_ptr<const Glance> glance_at(const std::string& id, const std::string& path) {
  auto glance = std::make_shared<Glance>();
  glance->path = path;
  auto record = load_record(path);
  if (!record) {
    glance->record.id = id;
    glance->problem = record.error().text();
    return glance;
  }
  glance->record = *std::move(record);
  Record& kept = glance->record;
  kept.process_table = {};
  kept.environment = {};
  kept.advice = {};
  kept.phases = {};
  if (auto warnings = load_warnings(path, kEventsMax)) kept.events = *std::move(warnings);
  return glance;
}

// Whether a list of runs and of their warnings would show something else.
bool shows_another(const Glance& before, const Glance& now) {
  const auto last_ms = [](const Glance& glance) {
    return glance.record.events.empty() ? 0 : glance.record.events.back().time_ms;
  };
  return before.record.state != now.record.state || before.problem != now.problem ||
         before.record.events.size() != now.record.events.size() || last_ms(before) != last_ms(now);
}

}  // namespace

struct CatalogView::Impl {
  struct Known {
    Stamp stamp;
    std::shared_ptr<const Glance> glance;
  };
  // A live run's file is written through a log beside it, and its supervisor may die without a word.
  static bool may_have_changed(const Known& known, const Stamp& stamp) {
    return known.stamp != stamp || !known.glance->problem.empty() ||
           known.glance->record.state == State::running;
  }

  Result<std::vector<std::string>> ids() const {
    auto found = run_ids(folder);
    if (found && found->size() > runs_max) found->resize(runs_max);
    return found;
  }

  std::mutex mutex;
  std::string folder;
  std::size_t runs_max = 0;
  std::map<std::string, Known> known;  // by id
  std::uint64_t version = 1;
};

CatalogView::CatalogView(std::string state_directory, std::size_t runs_max)
    : impl_(std::make_unique<Impl>()) {
  impl_->folder = std::move(state_directory) + "/runs";
  impl_->runs_max = runs_max;
}
CatalogView::~CatalogView() = default;

Result<CatalogView::Look> CatalogView::look() {
  const std::scoped_lock lock(impl_->mutex);
  const auto ids = impl_->ids();
  if (!ids) return fail(ids.error());
  std::map<std::string, Impl::Known> now;
  Look look;
  bool is_other = ids->size() != impl_->known.size();
  for (const std::string& id : *ids) {
    const std::string path = impl_->folder + "/" + id + std::string(kEnding);
    const Stamp stamp = stamp_of(path);
    const auto before = impl_->known.find(id);
    Impl::Known one = before == impl_->known.end() ? Impl::Known{} : before->second;
    if (!one.glance || Impl::may_have_changed(one, stamp)) one = {stamp, glance_at(id, path)};
    is_other = is_other || before == impl_->known.end() || shows_another(*before->second.glance, *one.glance);
    look.runs.push_back(one.glance);
    now.emplace(id, std::move(one));
  }
  impl_->known = std::move(now);
  impl_->version += is_other ? 1 : 0;
  look.version = impl_->version;
  return look;
}

}  // namespace ullage::run
