// SPDX-License-Identifier: Apache-2.0
#include "daemon/settings_in_force.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/settings.h"

namespace ullage::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

config::Settings settings_of(const std::map<std::string, std::string>& values) {
  config::Sources sources{.environment = {{"HOME", "/home/somebody"}}, .system_file = ""};
  for (const auto& [key, value] : values) sources.flags[key] = {value, "--test"};
  const auto loaded = config::Settings::load(sources);
  EXPECT_TRUE(loaded) << loaded.error().text();
  return *loaded;
}

TEST(SettingsInForce, SayWhatIsTakenOnAndWhatWaits) {
  SettingsInForce settings(settings_of({}));
  EXPECT_THAT(settings.take_on(settings_of({{"daemon.interval", "200ms"}, {"server.queries", "1"}})),
              ElementsAre("daemon.interval: 200ms", "server.queries: 1 from the next start on"));
  EXPECT_EQ(settings.shown().at("daemon.interval"), "200ms");
  EXPECT_EQ(settings.shown().at("server.queries"), "2") << "it runs with what it began with";
  EXPECT_THAT(settings.take_on(settings_of({{"daemon.interval", "200ms"}, {"server.queries", "1"}})),
              IsEmpty());
}

TEST(SettingsInForce, WhatGoesBackToWhatIsInForceWaitsForNoStart) {
  SettingsInForce settings(settings_of({}));
  settings.take_on(settings_of({{"daemon.interval", "200ms"}, {"server.queries", "1"}}));
  EXPECT_THAT(settings.take_on(settings_of({})),
              ElementsAre("daemon.interval: 1s", "server.queries: 2 again, as it is in force"));
}

TEST(SettingsInForce, AreShownWithoutSecrets) {
  const SettingsInForce settings(
      settings_of({{"remote_write.url", "http://far/api/v1/write?key=planted"},
                   {"remote_write.headers", "[\"X-Key: planted\", 'X-Scope-OrgID: planted']"},
                   {"run.on_pressure", "exec=notify planted"}}));
  EXPECT_EQ(settings.shown().at("run.on_pressure"), "exec=***");
  const std::string yaml = settings.yaml();
  EXPECT_THAT(yaml, Not(HasSubstr("planted")));
  EXPECT_THAT(yaml, HasSubstr("\nremote_write.url: \"http://far/api/v1/write\"\n"));
  EXPECT_THAT(yaml, HasSubstr("\nremote_write.headers: [\"X-Key: ***\", \"X-Scope-OrgID: ***\"]\n"));
  EXPECT_THAT(yaml, HasSubstr("\nserver.listen: [\"127.0.0.1:9850\"]\n"));
  for (const auto& [key, value] : settings.shown()) EXPECT_THAT(value, Not(HasSubstr("planted"))) << key;
}

}  // namespace
}  // namespace ullage::daemon
