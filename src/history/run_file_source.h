// SPDX-License-Identifier: Apache-2.0
// A run's file as a source, so that a run is asked in the same words as a machine. The reader must outlive
// it.
#pragma once

#include "base/result.h"
#include "history/series_file.h"
#include "history/series_source.h"

namespace ullage::history {

class RunFileSource final : public SeriesSource {
 public:
  explicit RunFileSource(const SeriesReader& reader) : reader_(reader) {}
  Result<void> select(const Selection& selection, const VisitSamples& visit) const override;

 private:
  const SeriesReader& reader_;
};

}  // namespace ullage::history
