// SPDX-License-Identifier: Apache-2.0
// What a query says beside its result: warnings (the result may be wrong) and infos (the query may be). The
// texts are Prometheus's, since its test scripts and people's habits know them. One of a kind is kept, at the
// place that said it last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "query/ast.h"

namespace ullage::query {

struct MonotonicityFix {  // of a classic histogram's buckets
  double bucket_min = 0, bucket_max = 0, difference_max = 0;
};

class Annotations {
 public:
  void warn(std::string text, Span where) { notes_[std::move(text)] = {false, where, {}, 0, 0, 0}; }
  void inform(std::string text, Span where) { notes_[std::move(text)] = {true, where, {}, 0, 0, 0}; }
  void forced_monotonicity(std::string_view metric, Span where, std::int64_t time_ms,
                           const MonotonicityFix& fix);

  // All that another said of a part of the query that begins elsewhere.
  void add_moved(const Annotations& other, std::size_t from, std::size_t to);

  // "PromQL warning: what (line:column)", in order of text.
  std::vector<std::string> warnings(std::string_view query) const { return texts(query, false); }
  std::vector<std::string> infos(std::string_view query) const { return texts(query, true); }

 private:
  struct Note {
    bool is_info = false;
    Span where;
    MonotonicityFix fix;
    std::int64_t first_ms = 0, last_ms = 0;
    std::uint64_t fixes = 0;
    void add(const Note& other);
  };
  std::vector<std::string> texts(std::string_view query, bool infos) const;

  std::map<std::string, Note> notes_;
};

// "for metric name "x"", or nothing where there is no name.
std::string with_metric_name(std::string text, std::string_view metric);
// As Go's %g, which Prometheus's texts are made with.
std::string go_number(double value);
// "line:column" of a byte of the query.
std::string position(std::string_view query, std::size_t byte);

}  // namespace ullage::query
