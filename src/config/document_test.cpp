// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/schema.h"

namespace ullage::config {
namespace {

std::string errors_of(std::string_view yaml, Scope scope = Scope::owner) {
  std::vector<Error> errors;
  parse_document(yaml, "u.yaml", scope, errors);
  std::string text;
  for (const Error& error : errors) text += (text.empty() ? "" : "\n") + error.text();
  return text;
}

Document document_of(std::string_view yaml) {
  std::vector<Error> errors;
  Document document = parse_document(yaml, "u.yaml", Scope::owner, errors);
  EXPECT_TRUE(errors.empty()) << errors.front().text();
  return document;
}

TEST(Document, AQuoteThatIsNeverClosedIsToldWhereItBegins) {
  EXPECT_EQ(errors_of("run:\n  interval: '1s\n"),
            "u.yaml:2:13: the quote that begins here is never closed; close it behind the value");
  EXPECT_EQ(errors_of("run:\n  interval: \"1s\nlimits:\n  memory: 4G\n"),
            "u.yaml:2:13: the quote that begins here is never closed; close it behind the value");
  EXPECT_EQ(errors_of("run: {name: 'it''s'}\n"), errors_of("run: {name: \"it's\"}\n"));
}

TEST(Document, HoldsValuesWithTheirPlaces) {
  const Document document = document_of("run:\n  interval: 5s\n  warn: no\nlimits: {memory: 4G}\n");
  EXPECT_EQ(document.entries.at("run.interval").value, "5s");
  EXPECT_EQ(document.entries.at("run.interval").place, "u.yaml:2:13");
  EXPECT_EQ(document.entries.at("run.warn").value, "false");
  EXPECT_EQ(document.entries.at("limits.memory").place, "u.yaml:4:18");
  EXPECT_EQ(document.entries.size(), 3u);
}

TEST(Document, ReadsDottedKeysAsWell) {
  EXPECT_EQ(document_of("run.interval: 5s\n").entries.at("run.interval").value, "5s");
  EXPECT_EQ(errors_of("run.interval: 5s\nrun: {interval: 6s}\n"),
            "u.yaml:2:7: run.interval is set twice; first at u.yaml:1:15");
}

TEST(Document, MayBeEmptyOrHoldEmptySections) {
  for (const char* yaml : {"", "\n\n", "# only a comment\n", "---\n", "run:\nlimits:\n", "{}\n",
                           "profiles:\n", "\xEF\xBB\xBFrun:\n"})
    EXPECT_TRUE(document_of(yaml).entries.empty()) << yaml;
}

TEST(Document, ReadsListsInEachOfYamlsWays) {
  const char* wanted = "[50%, 0.75]";
  EXPECT_EQ(document_of("run: {warn_at: [50%, 0.75]}\n").entries.at("run.warn_at").value, wanted);
  EXPECT_EQ(document_of("run:\n  warn_at:\n    - 50%\n    - 0.75\n").entries.at("run.warn_at").value, wanted);
  EXPECT_EQ(document_of("run:\n  warn_at: 50%, 0.75\n").entries.at("run.warn_at").value, wanted);
  EXPECT_EQ(document_of("run: {warn_at: []}\n").entries.at("run.warn_at").value, "[]");
  EXPECT_EQ(document_of("run: {environment: ['A B', C]}\n").entries.at("run.environment").value,
            "[\"A B\", C]");
}

TEST(Document, TellsEveryErrorAtOnceInTheOrderOfTheFile) {
  EXPECT_EQ(
      errors_of("run:\n  intervall: 5s\n  wait: some\n  grace: 10 apples\nlimit: 3\nlimits:\n  pids: 0\n"),
      "u.yaml:2:3: unknown key 'run.intervall'; did you mean 'run.interval'?\n"
      "u.yaml:3:9: run.wait: 'some' is not one of its values; it must be one of command, all\n"
      "u.yaml:4:10: run.grace: '10 apples' is not a duration; a duration reads as 250ms, 90s, 5m or 1h30m\n"
      "u.yaml:5:1: unknown key 'limit'; did you mean 'limits'?\n"
      "u.yaml:7:9: limits.pids: '0' is out of range; it must be a whole number from 1 to 4194304, or none");
}

TEST(Document, SuggestsTheSectionOfAKeyThatLacksIt) {
  EXPECT_EQ(errors_of("memory: 4G\n"), "u.yaml:1:1: unknown key 'memory'; did you mean 'limits.memory'?");
  EXPECT_EQ(errors_of("run: {memory: 4G}\n"),
            "u.yaml:1:7: unknown key 'run.memory'; did you mean 'limits.memory'?");
  EXPECT_EQ(errors_of("histroy: {}\n"), "u.yaml:1:1: unknown key 'histroy'; did you mean 'history'?");
  EXPECT_EQ(errors_of("run: {pids: 5}\n"), "u.yaml:1:7: unknown key 'run.pids'; did you mean 'limits.pids'?");
}

TEST(Document, TellsWhatIsNotOfTheKeysType) {
  EXPECT_EQ(errors_of("run: {warn: maybe}\n"), "u.yaml:1:13: run.warn: 'maybe' is neither true nor false");
  EXPECT_EQ(errors_of("limits: {memory: 4X}\n"),
            "u.yaml:1:18: limits.memory: '4X' is not a size; a size reads as 512M, 4G, 1.5GiB or 4GB");
  EXPECT_EQ(errors_of("limits: {memory: 4}\n"),
            "u.yaml:1:18: limits.memory: '4' is out of range; it must be a size from 1M to 8191P, or none");
  EXPECT_EQ(errors_of("limits: {cpus: many}\n"),
            "u.yaml:1:16: limits.cpus: 'many' is not a number; it must be a number of cores from 0.01 to "
            "100000, or none");
  EXPECT_EQ(
      errors_of("runs: {keep: 1.5}\n"),
      "u.yaml:1:14: runs.keep: '1.5' is not a whole number; it must be a whole number from 1 to 1000000000");
  EXPECT_EQ(errors_of("run: {interval: soon}\n"),
            "u.yaml:1:17: run.interval: 'soon' is not a duration; a duration reads as 250ms, 90s, 5m or "
            "1h30m, or is auto");
  EXPECT_EQ(errors_of("run: {interval: 2h}\n"),
            "u.yaml:1:17: run.interval: '2h' is out of range; it must be a duration from 1ms to 1h, or auto");
  EXPECT_EQ(errors_of("run: {warn_at: [80%, 120%]}\n"),
            "u.yaml:1:16: run.warn_at: '120%' is out of range; it must be a ratio from 1% to 100%");
  EXPECT_EQ(errors_of("run: {on_pressure: trem}\n"),
            "u.yaml:1:20: run.on_pressure: 'trem' is not one of its values; did you mean 'term'? it must be "
            "one of none, "
            "stop, term, kill, signal=NAME, exec=COMMAND");
  EXPECT_EQ(errors_of("run: {on_pressure: signal=USR9}\n"),
            "u.yaml:1:20: run.on_pressure: 'USR9' is not a signal; a signal reads as USR1, SIGUSR1 or 10");
  EXPECT_EQ(
      errors_of("run: {on_pressure: exec=}\n"),
      "u.yaml:1:20: run.on_pressure: nothing stands after 'exec='; it must be one of none, stop, term, kill, "
      "signal=NAME, exec=COMMAND");
  EXPECT_EQ(errors_of("state: {directory: here}\n"),
            "u.yaml:1:20: state.directory: 'here' is not an absolute path; write /a/path or ~/a/path");
}

TEST(Document, TellsWhatHasTheWrongShape) {
  EXPECT_EQ(errors_of("run: 5\n"),
            "u.yaml:1:6: 'run' is a section, not a value; its keys stand below it, indented");
  EXPECT_EQ(errors_of("run:\n  interval: {a: b}\n"),
            "u.yaml:2:13: run.interval: a mapping stands where a value should; it must be a duration from "
            "1ms to 1h, or auto");
  EXPECT_EQ(errors_of("run:\n  interval: [1s]\n"),
            "u.yaml:2:13: run.interval: a list stands where one value should; it must be a duration from 1ms "
            "to 1h, or auto");
  EXPECT_EQ(errors_of("run:\n  interval:\n"),
            "u.yaml:2:3: run.interval: has no value; it must be a duration from 1ms to 1h, or auto");
  EXPECT_EQ(errors_of("run: {warn_at: [[1]]}\n"),
            "u.yaml:1:16: run.warn_at: a list here holds single values only");
  EXPECT_EQ(errors_of("- run\n"), "u.yaml:1:1: keys were expected here; a setting reads as 'key: value'");
  EXPECT_EQ(errors_of("? [a, b]\n: c\n"), "u.yaml:1:3: a key must be a word");
}

TEST(Document, RefusesYamlThatSettingsDoNotNeed) {
  EXPECT_EQ(errors_of("run: &a {grace: 5s}\nlimits: *a\n"),
            "u.yaml:1:6: anchors and aliases are not read here; write the value out");
  EXPECT_EQ(errors_of("run: {grace: !!str 5s}\n"),
            "u.yaml:1:14: the tag 'tag:yaml.org,2002:str' is not read here; leave it out");
  EXPECT_EQ(errors_of("run:\n---\nrun:\n"), "u.yaml:2:1: a second document; one file is one document");
  EXPECT_EQ(errors_of("run:\n\tgrace: 5s\n"), "u.yaml:2:1: a tab cannot indent a line; use spaces");
  EXPECT_EQ(errors_of("run: {grace: 5s\n"), "u.yaml:2:1: not YAML: end of map flow not found");
  EXPECT_EQ(errors_of("run:\n  grace: \"a\x01\"\n"), "u.yaml:2:12: a control character (\\x01)");
  EXPECT_EQ(errors_of("run:\n  grace: \xFF\n"), "u.yaml:2:1: this line is not UTF-8 text");
  EXPECT_EQ(errors_of("[[[[[[[[[[[[1]]]]]]]]]]]]\n"), "u.yaml:1:9: nested deeper than 8");
}

TEST(Document, KeepsWhatStoodBeforeASyntaxError) {
  EXPECT_EQ(errors_of("run:\n  gracee: 5s\nlimits: [\n"),
            "u.yaml:2:3: unknown key 'run.gracee'; did you mean 'run.grace'?\n"
            "u.yaml:4:1: not YAML: end of sequence flow not found");
}

TEST(Document, BoundsWhatItReads) {
  EXPECT_EQ(errors_of(std::string(kDocumentLimitBytes + 1, ' ')), "u.yaml: is larger than 256 KiB");
  std::string many = "run: {environment: [";
  for (int i = 0; i < 30'000; ++i) many += "a,";
  EXPECT_NE(errors_of(many + "]}").find("more than 20000 values"), std::string::npos);
  EXPECT_NE(errors_of("run: {environment: [" + std::string(600, 'a') + "]}"),
            "not told apart from a short one");
  EXPECT_NE(errors_of("run: " + std::string(100'000, '[')), "");
}

TEST(Document, AProjectMaySetMeasuringAndLimitsOnly) {
  EXPECT_EQ(errors_of("run: {interval: 1s}\nlimits: {memory: 4G}\nprofile: testing\n", Scope::project), "");
  EXPECT_EQ(errors_of("run:\n  on_pressure: exec=curl evil\n", Scope::project),
            "u.yaml:2:3: a project's own file may not set run.on_pressure: it can execute commands; set it "
            "in your own "
            "ullage.yaml, by a variable or a flag");
  EXPECT_EQ(errors_of("state: {directory: /tmp/x}\n", Scope::project),
            "u.yaml:1:9: a project's own file may not set state.directory: it says where files are written; "
            "set it in "
            "your own ullage.yaml, by a variable or a flag");
  EXPECT_EQ(errors_of("profiles: {mine: {}}\n", Scope::project),
            "u.yaml:1:1: a project's own file may not define profiles; define them in your own ullage.yaml");
}

TEST(Document, HoldsOwnProfiles) {
  const Document document =
      document_of("profiles:\n  nightly:\n    extends: production\n    run: {interval: 10s}\n  bare:\n");
  EXPECT_EQ(document.profiles.at("nightly").extends, "production");
  EXPECT_EQ(document.profiles.at("nightly").place, "u.yaml:2:3");
  EXPECT_EQ(document.profiles.at("nightly").entries.at("run.interval").value, "10s");
  EXPECT_TRUE(document.profiles.at("bare").entries.empty());
}

TEST(Document, TellsWhatIsWrongInAProfile) {
  EXPECT_EQ(errors_of("profiles: {testing: {}}\n"),
            "u.yaml:1:12: the profile 'testing' is built in; give yours a name of its own and write "
            "'extends: testing'");
  EXPECT_EQ(errors_of("profiles: {a: {run: {gracee: 1s}}}\n"),
            "u.yaml:1:22: unknown key 'run.gracee'; did you mean 'run.grace'?");
  EXPECT_EQ(errors_of("profiles: {'a b': {}}\n"),
            "u.yaml:1:12: 'a b' cannot name a profile; use letters, digits, '-' and '_'");
  EXPECT_EQ(errors_of("profiles: {a: {}, a: {}}\n"),
            "u.yaml:1:19: the profile 'a' is defined twice; first at u.yaml:1:12");
  EXPECT_EQ(errors_of("profiles: {a: {profile: testing}}\n"),
            "u.yaml:1:16: a profile cannot choose a profile; 'extends: NAME' builds on one");
  EXPECT_EQ(errors_of("profiles: [a]\n"),
            "u.yaml:1:11: 'profiles' holds profiles by name; profiles: {nightly: {extends: production}}");
}

}  // namespace
}  // namespace ullage::config
