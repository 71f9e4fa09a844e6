// SPDX-License-Identifier: Apache-2.0
#include "history/remote/send_schedule.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"

namespace ullage::history {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SendSchedule, JudgesByTheStatus) {
  for (const int status : {200, 204}) EXPECT_EQ(judge({.status = status}), Verdict::taken) << status;
  for (const int status : {0, 302, 429, 500, 503, 599})
    EXPECT_EQ(judge({.status = status}), Verdict::again) << status;
  for (const int status : {400, 413, 422}) EXPECT_EQ(judge({.status = status}), Verdict::unfit) << status;
  for (const int status : {401, 403, 404, 405})
    EXPECT_EQ(judge({.status = status}), Verdict::refused) << status;
}

TEST(SendSchedule, WaitsTwiceAsLongEachTimeUpToABound) {
  BackOff back_off({.first = milliseconds(100), .longest = milliseconds(1000)});
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 6; ++i) waits.push_back(back_off.after_failure({}, 1).count());
  EXPECT_EQ(waits, (std::vector<std::int64_t>{100, 200, 400, 800, 1000, 1000}));
  EXPECT_EQ(back_off.after_failure({}, 0).count(), 500) << "chance decides half";
  back_off.reset();
  EXPECT_EQ(back_off.after_failure({}, 1).count(), 100);
  for (int i = 0; i < 1000; ++i) EXPECT_LE(back_off.after_failure({}, 1), milliseconds(1000));
}

TEST(SendSchedule, WaitsAsLongAsTheReceiverAsks) {
  BackOff back_off(
      {.first = milliseconds(100), .longest = milliseconds(1000), .retry_after_longest = seconds(60)});
  EXPECT_EQ(back_off.after_failure({.status = 429, .retry_after = seconds(30)}, 1), seconds(30));
  EXPECT_EQ(back_off.after_failure({.status = 429, .retry_after = seconds(3000)}, 1), seconds(60));
  EXPECT_EQ(back_off.after_failure({.status = 429, .retry_after = seconds(0)}, 1), milliseconds(400));
}

TEST(SendSchedule, ReadsRetryAfterInBothForms) {
  constexpr std::int64_t kThen = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(parse_retry_after("120", 0), seconds(120));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kThen - 5000), seconds(5));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kThen + 5000), seconds(0)) << "has passed";
  EXPECT_EQ(parse_retry_after("99999999999999999999", 0), std::nullopt);
  EXPECT_EQ(parse_retry_after("18446744073709551615", 0), seconds(100'000'000));
  for (const char* wrong :
       {"", "soon", "-3", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994",
        "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 99999 08:49:37 GMT"})
    EXPECT_EQ(parse_retry_after(wrong, 0), std::nullopt) << wrong;
}

TEST(SendSchedule, AnOutcomeIsInTheReceiversWords) {
  const SendOutcome refused = outcome_of(HttpAnswer{.status = 400, .body = "out of\x1b order\n"}, 0);
  EXPECT_EQ(refused.problem, "the answer is 400: out of\\x1b order");
  const SendOutcome later = outcome_of(HttpAnswer{.status = 429, .retry_after = "2"}, 0);
  EXPECT_EQ(later.retry_after, seconds(2));
  EXPECT_EQ(outcome_of(HttpAnswer{.status = 204}, 0).problem, "");
  const SendOutcome silent = outcome_of(fail("no whole answer", "http://x"), 0);
  EXPECT_EQ(silent.status, 0);
  EXPECT_EQ(silent.problem, "http://x: no whole answer");
}

}  // namespace
}  // namespace ullage::history
