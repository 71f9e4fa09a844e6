// SPDX-License-Identifier: Apache-2.0
#include "session/memory_watch.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ullage::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kMiB = 1024 * 1024;

// What a run says whose use over time is this, of a limit of 1000 MiB, looked at every 100 ms.
std::vector<std::string> said(double seconds, const std::function<double(double)>& used_mib,
                              double horizon = 120) {
  MemoryWatch watch({0.8, 0.9, 0.95}, horizon);
  std::vector<std::string> texts;
  for (double t = 0; t < seconds; t += 0.1)
    for (const auto& warning : watch.look({t, static_cast<std::uint64_t>(used_mib(t) * kMiB),
                                           static_cast<std::uint64_t>(1000 * kMiB), "--memory"}))
      texts.push_back(warning.text);
  return texts;
}

TEST(MemoryWatch, EachShareIsSaidOnce) {
  const auto texts = said(300, [](double t) { return t < 100 ? 820.0 : t < 200 ? 910.0 : 960.0; });
  EXPECT_THAT(texts, ElementsAre(HasSubstr("82 %"), HasSubstr("91 %"),
                                 HasSubstr("96 % of the limit: 960 MiB of 1000 MiB (--memory)")));
}

TEST(MemoryWatch, AShareIsSaidAgainAfterItHasEased) {
  EXPECT_EQ(said(300, [](double t) { return t > 100 && t < 200 ? 500.0 : 820.0; }).size(), 2u);
  EXPECT_EQ(said(300, [](double t) { return t > 100 && t < 200 ? 790.0 : 820.0; }).size(), 1u);
}

TEST(MemoryWatch, ALeakIsForeseenWithinTheHorizon) {
  MemoryWatch watch({0.8, 0.9, 0.95}, 120);
  std::optional<double> first;
  for (double t = 0; t < 170 && !first; t += 0.1)
    for (const auto& warning : watch.look({t, static_cast<std::uint64_t>((100 + 5 * t) * kMiB),
                                           static_cast<std::uint64_t>(1000 * kMiB), "--memory"}))
      if (warning.text.find("reaches the limit") != std::string::npos) first = t;
  ASSERT_TRUE(first);  // 5 MiB/s: full at 180 s, so at 60 s it is two minutes away
  EXPECT_NEAR(*first, 60, 5);
  EXPECT_NEAR(watch.growth_per_second().value(), 5 * kMiB, 0.1 * kMiB);
}

TEST(MemoryWatch, LoadingDataForTwoSecondsAlarmsNobody) {
  EXPECT_THAT(said(60, [](double t) { return t < 2 ? 150 * t : 300.0; }), IsEmpty());
}

TEST(MemoryWatch, ASawtoothOfAGarbageCollectorAlarmsNobody) {
  EXPECT_THAT(said(300, [](double t) { return 300 + 40 * (t - 5 * static_cast<int>(t / 5)); }), IsEmpty());
}

TEST(MemoryWatch, AFastLeakIsForeseenBeforeItsEnd) {
  const auto texts = said(4.4, [](double t) { return 10 + 150 * t; });  // full at 6.6 s; 670 MiB at the end
  EXPECT_THAT(texts, ElementsAre(HasSubstr("reaches the limit")));
}

// `train.py --leak`: the forecast of the loading phase was the only one ever said.
TEST(MemoryWatch, ALeakAfterAFastLoadIsForeseenAnew) {
  const auto texts = said(40, [](double t) { return t < 4 ? 150 * t : 600 + 5 * (t - 4); });
  ASSERT_EQ(texts.size(), 2u) << testing::PrintToString(texts);
  EXPECT_THAT(texts[1], HasSubstr("if it grows on by 5"));
}

TEST(MemoryWatch, GrowthThatQuickensIsSaidAgain) {
  const auto texts = said(90, [](double t) { return t < 60 ? 100 + 5 * t : 400 + 15 * (t - 60); });
  EXPECT_THAT(texts, ElementsAre(HasSubstr("by 5"), HasSubstr("reaches the limit"), HasSubstr("80 %")));
}

TEST(MemoryWatch, SteadyGrowthIsForeseenOnce) {
  EXPECT_THAT(said(130, [](double t) { return 100 + 5 * t; }), ElementsAre(HasSubstr("reaches the limit")));
}

// How grave each warning was as use rose to 95 % of the limit, with these shares.
std::vector<bool> gravity(std::vector<double> shares) {
  MemoryWatch watch(std::move(shares), 0);
  std::vector<bool> critical;
  for (std::uint64_t used = 0; used <= 95; ++used)
    for (const auto& warning : watch.look({static_cast<double>(used), used, 100, "--memory"}))
      critical.push_back(warning.is_critical);
  return critical;
}

TEST(MemoryWatch, TheFirstOfSeveralSharesOnlyWarns) {
  EXPECT_THAT(gravity({0.8, 0.9}), ElementsAre(false, true));
}

// `--warn-at '[50%]' --on-pressure term` never acted.
TEST(MemoryWatch, ASingleShareIsTheTimeToAct) { EXPECT_THAT(gravity({0.5}), ElementsAre(true)); }

TEST(MemoryWatch, WithoutALimitThereIsNothingToSay) {
  MemoryWatch watch({0.8}, 120);
  EXPECT_THAT(watch.look({1, 5, 0, ""}), IsEmpty());
}

}  // namespace
}  // namespace ullage::session
