// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "config/profiles.h"
#include "config/schema.h"
#include "config/value.h"

namespace ullage::config {
namespace {

// A home, a /etc and a project of their own, gone at the end.
class SettingsTest : public testing::Test {
 protected:
  std::string root_ = make_root();
  Sources sources_ = make_sources();

  ~SettingsTest() override { std::filesystem::remove_all(root_); }

  static std::string make_root() {
    std::string name = testing::TempDir() + "/settings-XXXXXX";
    return ::mkdtemp(name.data());
  }
  Sources make_sources() const {
    return {.environment = {{"HOME", root_ + "/home"}},
            .working_directory = root_ + "/project",
            .system_file = root_ + "/etc/ullage.yaml"};
  }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    ASSERT_TRUE(replace_file(root_ + path, text));
  }
  std::string errors() const {
    const auto loaded = Settings::load(sources_);
    std::string text = loaded ? "" : loaded.error().text();
    for (std::size_t at; (at = text.find(root_)) != std::string::npos;) text.erase(at, root_.size());
    return text;
  }
  std::string value_and_origin(const std::string& key) const {
    const auto loaded = Settings::load(sources_);
    if (!loaded) return loaded.error().text();
    const Setting& setting = loaded->all().at(key);
    std::string text = setting.value + " from " + setting.origin.text();
    for (std::size_t at; (at = text.find(root_)) != std::string::npos;) text.erase(at, root_.size());
    return text;
  }
};

TEST_F(SettingsTest, DefaultsNeedNoFile) {
  const auto settings = Settings::load(sources_);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->profile(), "development");
  EXPECT_EQ(settings->text("run.interval"), "auto");
  EXPECT_EQ(settings->duration("run.horizon"), std::chrono::minutes(2));
  EXPECT_EQ(settings->ratios("run.warn_at"), (std::vector<double>{0.8, 0.9, 0.95}));
  EXPECT_EQ(settings->count("runs.keep"), 1000u);
  EXPECT_EQ(settings->bytes("runs.keep_bytes"), 10ull << 30);
  EXPECT_DOUBLE_EQ(settings->number("run.pss_budget"), 0.002);
  EXPECT_TRUE(settings->flag("run.advice"));
  EXPECT_FALSE(settings->is_set("limits.memory"));
  EXPECT_EQ(settings->all().at("run.grace").origin.text(), "default");
  EXPECT_TRUE(settings->list("run.environment").empty());
}

TEST(Schema, EveryDefaultAndEveryProfileFitsIt) {
  for (const Key& key : schema()) {
    if (!key.optional) {
      EXPECT_TRUE(check_value(key, key.default_value)) << key.name;
    }
    EXPECT_LT(key.doc.size(), 115u) << key.name;
    EXPECT_EQ(key.scope == Scope::owner, !key.owner_because.empty()) << key.name;
  }
  for (const Profile& profile : builtin_profiles())
    for (const auto& [name, value] : profile.values) {
      ASSERT_NE(find_key(name), nullptr) << name;
      EXPECT_TRUE(check_value(*find_key(name), value)) << profile.name << " " << name;
    }
}

// Every pair of sources: the stronger one's value holds, whichever of the two speaks.
TEST_F(SettingsTest, TheStrongerOfTwoSourcesHolds) {
  struct Step {
    std::string value, origin;
    std::function<void()> lay;
  };
  const std::vector<Step> weakest_first = {
      {"1s", "profile production", [&] { sources_.profile = "production"; }},
      {"2s", "/etc/ullage.yaml:1:17", [&] { write("/etc/ullage.yaml", "run: {interval: 2s}\n"); }},
      {"3s", "/home/.config/ullage/ullage.yaml:1:17",
       [&] { write("/home/.config/ullage/ullage.yaml", "run: {interval: 3s}\n"); }},
      {"4s", "/project/ullage.yaml:1:17", [&] { write("/project/ullage.yaml", "run: {interval: 4s}\n"); }},
      {"5s", "ULLAGE_RUN_INTERVAL", [&] { sources_.environment["ULLAGE_RUN_INTERVAL"] = "5s"; }},
      {"6s", "--interval", [&] { sources_.flags["run.interval"] = {"6s", "--interval"}; }},
  };
  for (std::size_t weaker = 0; weaker < weakest_first.size(); ++weaker)
    for (std::size_t stronger = weaker; stronger < weakest_first.size(); ++stronger) {
      std::filesystem::remove_all(root_);
      sources_ = make_sources();
      std::filesystem::create_directories(root_ + "/project");
      weakest_first[stronger].lay();
      weakest_first[weaker].lay();
      const Step& wins = weakest_first[stronger];
      EXPECT_EQ(value_and_origin("run.interval"), wins.value + " from " + wins.origin);
    }
}

TEST_F(SettingsTest, TheStrongestWordChoosesTheProfile) {
  write("/etc/ullage.yaml", "profile: production\n");
  EXPECT_EQ(value_and_origin("profile"), "production from /etc/ullage.yaml:1:10");
  EXPECT_EQ(value_and_origin("run.interval"), "1s from profile production");
  write("/project/ullage.yaml", "profile: testing\n");
  EXPECT_EQ(value_and_origin("run.interval"), "100ms from profile testing");
  sources_.environment["ULLAGE_PROFILE"] = "development";
  EXPECT_EQ(value_and_origin("run.interval"), "auto from profile development");
  sources_.profile = "production";
  EXPECT_EQ(value_and_origin("run.interval"), "1s from profile production");
  EXPECT_EQ(value_and_origin("profile"), "production from --profile");
}

TEST_F(SettingsTest, AGivenFileStandsForEtcAndTheUsersButNotTheProjects) {
  write("/etc/ullage.yaml", "run: {interval: 2s}\n");
  write("/home/.config/ullage/ullage.yaml", "run: {grace: 3s}\n");
  write("/project/ullage.yaml", "run: {horizon: 4s}\n");
  write("/given.yaml", "runs: {keep: 7}\n");
  sources_.file = root_ + "/given.yaml";
  EXPECT_EQ(value_and_origin("run.interval"), "auto from profile development");
  EXPECT_EQ(value_and_origin("run.grace"), "10s from default");
  EXPECT_EQ(value_and_origin("run.horizon"), "4s from /project/ullage.yaml:1:16");
  EXPECT_EQ(value_and_origin("runs.keep"), "7 from /given.yaml:1:14");
}

TEST_F(SettingsTest, AGivenFileMustBeThere) {
  sources_.file = root_ + "/none.yaml";
  EXPECT_EQ(errors(), "/none.yaml: cannot open: No such file or directory");
}

TEST_F(SettingsTest, AFileThatCannotBeReadIsAnErrorOneInAClosedFolderIsNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  write("/home/.config/ullage/ullage.yaml", "run: {grace: 1s}\n");
  ASSERT_EQ(::chmod(root_.c_str(), 0755), 0);
  ASSERT_EQ(::chmod((root_ + "/home/.config/ullage/ullage.yaml").c_str(), 0600), 0);
  for (const char* open : {"/home", "/home/.config", "/home/.config/ullage"})
    ASSERT_EQ(::chmod((root_ + open).c_str(), 0755), 0);
  ASSERT_EQ(::seteuid(65534), 0);
  const std::string unreadable = errors();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(unreadable, "/home/.config/ullage/ullage.yaml: cannot open: Permission denied");
  ASSERT_EQ(::chmod((root_ + "/home").c_str(), 0700), 0);
  ASSERT_EQ(::seteuid(65534), 0);
  const std::string unseen = errors();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_EQ(unseen, "");
}

TEST_F(SettingsTest, OwnProfilesExtendAndShadow) {
  write("/etc/ullage.yaml", "profiles:\n  nightly: {extends: production, run: {interval: 9s}}\n");
  write("/home/.config/ullage/ullage.yaml",
        "profile: mine\nprofiles:\n  mine: {extends: nightly, run: {grace: 3s}}\n");
  EXPECT_EQ(value_and_origin("run.interval"), "9s from profile nightly (/etc/ullage.yaml:2:50)");
  EXPECT_EQ(value_and_origin("run.grace"), "3s from profile mine (/home/.config/ullage/ullage.yaml:3:41)");
  EXPECT_EQ(value_and_origin("run.strict"), "true from profile production");
  write("/home/.config/ullage/ullage.yaml", "profile: nightly\nprofiles: {nightly: {run: {interval: 8s}}}\n");
  EXPECT_EQ(value_and_origin("run.interval"),
            "8s from profile nightly (/home/.config/ullage/ullage.yaml:2:38)");
}

TEST_F(SettingsTest, ProfilesThatLeadNowhereAreTold) {
  sources_.profile = "prodution";
  EXPECT_EQ(errors(), "--profile: unknown profile 'prodution'; did you mean 'production'?");
  sources_.profile = "x";
  EXPECT_EQ(errors(), "--profile: unknown profile 'x'; there are development, production, testing");
  sources_.profile.reset();
  write("/etc/ullage.yaml", "profiles:\n  a: {extends: b}\n  b: {extends: a}\n  c: {extends: testin}\n");
  EXPECT_EQ(errors(),
            "the settings hold 3 errors\n"
            "  /etc/ullage.yaml:2:3: the profile 'a' extends itself\n"
            "  /etc/ullage.yaml:3:3: the profile 'b' extends itself\n"
            "  /etc/ullage.yaml:4:3: unknown profile 'testin'; did you mean 'testing'?");
  sources_.profile = "a";
  EXPECT_EQ(errors().substr(0, 26), "the settings hold 3 errors");
}

TEST_F(SettingsTest, AProjectMayChooseOnlyABuiltInProfile) {
  write("/etc/ullage.yaml", "profiles: {mine: {run: {on_pressure: kill}}}\n");
  write("/project/ullage.yaml", "profile: mine\n");
  EXPECT_EQ(
      errors(),
      "/project/ullage.yaml:1:10: a project's own file may not choose your profile 'mine'; it may choose one "
      "that is built in");
}

TEST_F(SettingsTest, AProjectsFileIsFoundUpwardsUntilItsRepositoryEnds) {
  write("/project/ullage.yaml", "run: {grace: 1s}\n");
  std::filesystem::create_directories(root_ + "/project/a/b");
  sources_.working_directory = root_ + "/project/a/b";
  EXPECT_EQ(value_and_origin("run.grace"), "1s from /project/ullage.yaml:1:14");
  std::filesystem::create_directories(root_ + "/project/a/.git");
  EXPECT_EQ(value_and_origin("run.grace"), "10s from default");
  std::filesystem::remove_all(root_ + "/project/a/.git");
  std::filesystem::create_directories(root_ + "/project/.git");
  EXPECT_EQ(value_and_origin("run.grace"), "1s from /project/ullage.yaml:1:14");
}

TEST_F(SettingsTest, AStrangersFileInAFolderOfAllIsPassedOver) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  write("/project/ullage.yaml", "run: {grace: 1s}\n");
  ASSERT_EQ(::chown((root_ + "/project/ullage.yaml").c_str(), 65534, 65534), 0);
  EXPECT_EQ(value_and_origin("run.grace"), "1s from /project/ullage.yaml:1:14");
  ASSERT_EQ(::chmod((root_ + "/project").c_str(), 01777), 0);
  EXPECT_EQ(value_and_origin("run.grace"), "10s from default");
}

TEST_F(SettingsTest, TheUsersOwnFileIsNotAProjectsToo) {
  write("/home/.config/ullage/ullage.yaml", "runs: {keep: 5}\n");
  sources_.working_directory = root_ + "/home/.config/ullage";
  EXPECT_EQ(value_and_origin("runs.keep"), "5 from /home/.config/ullage/ullage.yaml:1:14");
}

TEST_F(SettingsTest, AllErrorsOfAllSourcesComeAtOnce) {
  write("/etc/ullage.yaml", "run: {grace: never}\n");
  write("/project/ullage.yaml", "run: {on_pressure: kill}\n");
  sources_.environment["ULLAGE_LIMITS_PIDS"] = "lots";
  sources_.flags["limits.memory"] = {"4", "--memory"};
  EXPECT_EQ(errors(),
            "the settings hold 4 errors\n"
            "  /etc/ullage.yaml:1:14: run.grace: 'never' is not a duration; a duration reads as 250ms, 90s, "
            "5m or 1h30m\n"
            "  /project/ullage.yaml:1:7: a project's own file may not set run.on_pressure: it can execute "
            "commands; set "
            "it in your own ullage.yaml, by a variable or a flag\n"
            "  ULLAGE_LIMITS_PIDS: 'lots' is not a whole number; it must be a whole number from 1 to "
            "4194304, or none\n"
            "  --memory: '4' is out of range; it must be a size from 1M to 8191P, or none");
}

TEST_F(SettingsTest, NoneTakesALimitBack) {
  write("/etc/ullage.yaml", "limits: {memory: 4G, cpus: 1.5}\n");
  sources_.environment["ULLAGE_LIMITS_MEMORY"] = "none";
  const auto settings = Settings::load(sources_);
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->is_set("limits.memory"));
  EXPECT_DOUBLE_EQ(settings->number("limits.cpus"), 1.5);
}

TEST_F(SettingsTest, AnEmptyVariableIsAsIfNotSet) {
  sources_.environment["ULLAGE_RUN_GRACE"] = "";
  sources_.environment["ULLAGE_PROFILE"] = "";
  EXPECT_EQ(value_and_origin("run.grace"), "10s from default");
}

TEST_F(SettingsTest, UnknownVariablesAreListedNotRefused) {
  sources_.environment["ULLAGE_RUN_INTERVALL"] = "5s";
  sources_.environment["ULLAGE_SOCKET"] = "/run/x";
  sources_.environment["ULLAGE_SOMETHING_QUITE_DIFFERENT"] = "";
  const auto settings = Settings::load(sources_);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->unknown_variables(),
            (std::vector<std::string>{"ULLAGE_RUN_INTERVALL (did you mean 'ULLAGE_RUN_INTERVAL'?)",
                                      "ULLAGE_SOMETHING_QUITE_DIFFERENT"}));
}

TEST_F(SettingsTest, TheStateDirectoryIsAlwaysAnAbsolutePath) {
  EXPECT_EQ(value_and_origin("state.directory"), "/home/.local/state/ullage from default");
  sources_.environment["XDG_STATE_HOME"] = "/x/state";
  EXPECT_EQ(value_and_origin("state.directory"), "/x/state/ullage from default");
  sources_.environment["STATE_DIRECTORY"] = "/var/lib/ullage:/var/lib/other";
  EXPECT_EQ(value_and_origin("state.directory"), "/var/lib/ullage from default");
  write("/run/user/7/file", "");
  sources_.environment["XDG_RUNTIME_DIR"] = root_ + "/run/user/7";
  sources_.profile = "testing";
  EXPECT_EQ(value_and_origin("state.directory"), "/run/user/7/ullage-testing from profile testing");
  sources_.environment["XDG_RUNTIME_DIR"] = root_ + "/run/user/none";  // not ours: passed over
  EXPECT_EQ(value_and_origin("state.directory").find("/run/user/none"), std::string::npos);
  write("/home/.config/ullage/ullage.yaml", "state: {directory: ~/runs}\n");
  EXPECT_EQ(value_and_origin("state.directory"), "/home/runs from /home/.config/ullage/ullage.yaml:1:20");
  sources_.flags["state.directory"] = {"here", "--state"};
  EXPECT_EQ(value_and_origin("state.directory"), "/project/here from --state");
}

TEST(DefaultStateDirectory, IgnoresRelativeVariablesAndNeedsNoHome) {
  EXPECT_EQ(default_state_directory({{"XDG_STATE_HOME", "rel"}, {"HOME", "/h"}}), "/h/.local/state/ullage");
  EXPECT_EQ(default_state_directory({}), "/tmp/ullage-" + std::to_string(::getuid()));
}

TEST_F(SettingsTest, AFileIsCheckedByTheRulesOfItsPlace) {
  write("/project/ullage.yaml", "runs: {keep: 5}\nprofile: prodution\n");
  write("/home/.config/ullage/ullage.yaml", "runs: {keep: 5}\nprofile: nightly\n");
  write("/etc/ullage.yaml", "profiles: {nightly: }\n");
  const auto check = [&](const std::string& path, FileKind kind = FileKind::by_name) {
    return check_file(root_ + path, kind, sources_);
  };
  ASSERT_EQ(check("/project/ullage.yaml").size(), 2u);
  write("/project/ullage.yaml", "profile: prodution\nruns: {keep: 5}\n");
  EXPECT_EQ(check("/project/ullage.yaml")[0].what, "unknown profile 'prodution'");
  EXPECT_EQ(check("/project/ullage.yaml", FileKind::owner).size(), 1u);
  EXPECT_EQ(check("/home/.config/ullage/ullage.yaml").size(), 0u);
  EXPECT_EQ(check("/etc/ullage.yaml").size(), 0u);
  EXPECT_EQ(check("/nowhere.yaml").size(), 1u);
}

}  // namespace
}  // namespace ullage::config
