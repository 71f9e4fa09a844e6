// SPDX-License-Identifier: Apache-2.0
// One scrape: asks a target for its metrics, gives them the target's labels and the job's rules, and says how
// it went as Prometheus does: up, scrape_duration_seconds, scrape_samples_scraped and what was left of them
// after the rules. Blocks; one thread a Scraper.
#pragma once

#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "metric/exposition_parser.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/scrape_config.h"

namespace ullage::sense {

class Scraper {
 public:
  Scraper(ScrapeTarget target, const Clock& clock) : target_(std::move(target)), clock_(clock) {}
  CustomReading scrape(const std::stop_token& stop);

 private:
  Result<metric::Exposition> fetch(const std::stop_token& stop);
  Result<void> prepare_client();

  ScrapeTarget target_;
  const Clock& clock_;
  std::optional<HttpClient> client_;  // with the secrets below
  HttpCredentials credentials_;
};

// The samples under the target's labels and the job's rules; pure. An error when there are more than the job
// allows.
Result<std::vector<CustomValue>> labelled(const ScrapeTarget& target,
                                          std::vector<metric::ExpositionSample> samples);

}  // namespace ullage::sense
