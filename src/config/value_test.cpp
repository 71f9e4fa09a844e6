// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"

namespace ullage::config {
namespace {

std::string checked(const char* key, std::string_view text) {
  auto value = check_value(*find_key(key), text);
  return value ? *value : value.error().text();
}

TEST(Value, KeepsWhatWasWrittenButForFlagsAndLists) {
  EXPECT_EQ(checked("run.warn", "Yes"), "true");
  EXPECT_EQ(checked("run.warn", "off"), "false");
  EXPECT_EQ(checked("run.interval", " 1h "), "1h");
  EXPECT_EQ(checked("limits.memory", "1.5GiB"), "1.5GiB");
  EXPECT_EQ(checked("limits.memory", "none"), "");
  EXPECT_EQ(checked("run.warn_at", "80%,0.9"), "[80%, 0.9]");
  EXPECT_EQ(checked("run.on_pressure", "exec=notify-send 'it grows'"), "exec=notify-send 'it grows'");
  EXPECT_EQ(checked("run.on_pressure", "signal=SIGUSR1"), "signal=SIGUSR1");
  EXPECT_EQ(checked("run.horizon", "0"), "0");
}

TEST(Value, TellsNegativeAndHugeNumbers) {
  EXPECT_EQ(checked("limits.memory", "-1G"), "'-1G' is not a size; a size reads as 512M, 4G, 1.5GiB or 4GB");
  EXPECT_EQ(checked("limits.cpus", "-1"),
            "'-1' is out of range; it must be a number of cores from 0.01 to 100000, or none");
  EXPECT_EQ(checked("limits.cpus", "nan"),
            "'nan' is not a number; it must be a number of cores from 0.01 to 100000, or none");
  EXPECT_EQ(checked("limits.timeout", "0"),
            "'0' is out of range; it must be a duration from 1ms to 3650d, or none");
  EXPECT_EQ(checked("run.max_processes", "99999999999999999999"),
            "'99999999999999999999' is not a whole number; it must be a whole number from 1 to 1000000");
}

TEST(Value, ShowsUnprintableBytesHarmlessly) {
  EXPECT_EQ(checked("run.warn", "\x1b[31mred"), "'\\x1b[31mred' holds a control character");
}

TEST(Value, AnAddressHasAHostAndNoSecret) {
  EXPECT_EQ(checked("remote_write.url", "https://far:9090/api/v1/write"), "https://far:9090/api/v1/write");
  EXPECT_EQ(checked("remote_write.url", "none"), "");
  EXPECT_EQ(checked("remote_write.url", "far:9090"),
            "'far:9090' is no address of HTTP; it starts with http:// or https://");
  EXPECT_EQ(checked("remote_write.url", "http:///write"), "'http:///write' names no host");
  EXPECT_EQ(checked("remote_write.url", "http://me:EXAMPLE@far/write"),
            "an address with a password in it; names and secrets have settings and files of their own");
}

// What is refused is told in the log, by doctor and on the page.
TEST(Value, WhatIsWrongWithAnAddressOrAHeaderIsToldWithoutItsSecrets) {
  for (const char* wrong :
       {"far:9090/write?key=EXAMPLE", "ftp://me:EXAMPLE@far/write", "http:///write?key=EXAMPLE",
        "me:EXAMPLE@far/write", "me:p/EXAMPLE@far", "me:p?EXAMPLE@far", "ftp://me:p/EXAMPLE@far",
        "ftp://EXAMPLE:p?x@far", "ftp://far/#EXAMPLE", "https://me:pl\x01EXAMPLE@far/"})
    EXPECT_EQ(checked("remote_write.url", wrong).find("EXAMPLE"), std::string::npos)
        << checked("remote_write.url", wrong);
  EXPECT_EQ(checked("remote_write.url", "far:9090/write?key=EXAMPLE"),
            "'far:9090/write' is no address of HTTP; it starts with http:// or https://");
  EXPECT_EQ(checked("remote_write.url", "ftp://me:EXAMPLE@far/write"),
            "'ftp://far/write' is no address of HTTP; it starts with http:// or https://");
  EXPECT_EQ(checked("remote_write.headers", "[\"X-Key: \x01EXAMPLE\"]"), "it holds a control character");
}

TEST(Value, SignalsGoByNameOrNumber) {
  EXPECT_EQ(parse_signal("USR1"), SIGUSR1);
  EXPECT_EQ(parse_signal("SIGTERM"), SIGTERM);
  EXPECT_EQ(parse_signal("9"), SIGKILL);
  EXPECT_FALSE(parse_signal("0"));
  EXPECT_FALSE(parse_signal("65"));
  EXPECT_FALSE(parse_signal(""));
}

TEST(Value, ListsSplitOutsideQuotes) {
  EXPECT_EQ(split_list("[a, 'b, c', \"d \\\" e\"]"), (std::vector<std::string>{"a", "b, c", "d \" e"}));
  EXPECT_EQ(split_list(" a ,b,, "), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(split_list("[]").empty());
}

TEST(Value, ScalarsAreQuotedWhereYamlNeedsIt) {
  EXPECT_EQ(yaml_scalar("1h30m"), "1h30m");
  EXPECT_EQ(yaml_scalar("80%"), "80%");
  EXPECT_EQ(yaml_scalar("exec=a: b # \"c\""), "\"exec=a: b # \\\"c\\\"\"");
  EXPECT_EQ(yaml_scalar(""), "\"\"");
}

}  // namespace
}  // namespace ullage::config
