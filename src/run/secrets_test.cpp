// SPDX-License-Identifier: Apache-2.0
#include "run/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ullage::run {
namespace {

using testing::ElementsAre;

std::string masked(const std::string& argument) { return mask_arguments({"program", argument})[1]; }

TEST(MaskArguments, HidesTheValueOfAnOptionThatNamesASecret) {
  for (const std::string name :
       {"--password", "--db-password", "--token", "--api-key", "--apiKey", "--secret-access-key",
        "--client_secret", "--auth", "--credential", "-passwd", "--private-key", "--key"})
    EXPECT_EQ(masked(name + "=hunter2 and more"), name + "=***");
  EXPECT_THAT(mask_arguments({"curl", "--token", "abc", "-x", "--pass", "p q", "url"}),
              ElementsAre("curl", "--token", "***", "-x", "--pass", "***", "url"));
  EXPECT_EQ(masked("API_KEY=abc"), "API_KEY=***");
  EXPECT_EQ(masked("PGPASSWORD=abc"), "PGPASSWORD=***");
}

TEST(MaskArguments, HidesPasswordsInUrls) {
  EXPECT_EQ(masked("postgres://me:pa:ss@db:5432/x"), "postgres://me:***@db:5432/x");
  EXPECT_EQ(masked("--db=mysql://root:p@ss@h/d?x=1"), "--db=mysql://root:***@h/d?x=1");
  EXPECT_EQ(masked("https://ghp_"
                   "0123456789abcdefghij0123456789abcdef@host/x"),
            "https://***@host/x");
  EXPECT_EQ(masked("https://user@host:80/a:b"), "https://user@host:80/a:b");
  EXPECT_EQ(masked("https://host:80/a@b"), "https://host:80/a@b");
}

// In halves, so that no scanner for secrets takes them for real ones.
TEST(MaskArguments, HidesTokensOfKnownShapes) {
  EXPECT_EQ(masked("AKIA"
                   "IOSFODNN7EXAMPLE"),
            "***");
  EXPECT_EQ(masked("--x=ghp_"
                   "0123456789abcdefghij0123456789abcdef"),
            "--x=***");
  EXPECT_EQ(masked("sk-a"
                   "bcdefghijklmnopqrstuvwx"),
            "***");
  EXPECT_EQ(masked("curl -H 'X: glpat-"
                   "abcdefghij0123456789' u"),
            "curl -H 'X: ***' u");
  EXPECT_EQ(masked("wJalrXUt"
                   "nFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            "***");
}

TEST(MaskArguments, HidesSecretsInsideAScript) {
  EXPECT_EQ(masked("export TOKEN=abc; curl -u x"), "export TOKEN=***; curl -u x");
  EXPECT_EQ(masked("mysql --password hunter2 -e 'select 1'"), "mysql --password *** -e 'select 1'");
  EXPECT_EQ(masked("Authorization: Bearer abc.def"), "Authorization: Bearer ***");
  EXPECT_EQ(masked("{\"secret\": \"abc\", \"n\": 1}"), "{\"secret\": \"***\", \"n\": 1}");
  EXPECT_EQ(masked("echo $PASSWORD; x --token=$TOKEN"), "echo $PASSWORD; x --token=$TOKEN");
}

TEST(MaskArguments, LeavesTheRestAlone) {
  for (const std::string harmless :
       {"train.py",
        "--epochs=10",
        "--max-tokens=100",
        "--tokenizer=bert",
        "--monkey=3",
        "--keyboard=de",
        "-k",
        "x=1",
        "/home/user/Projects/Some-Long-Path/With/Numbers123/And/More.txt",
        "--key-file=/etc/x.pem",
        "--batch-size",
        "0123456789abcdef0123456789abcdef01234567",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "--model=meta-llama-Meta-Llama-3-instruct",
        "",
        "=",
        "a=",
        "sk-learn",
        "print('hello: world')",
        "://",
        "@"})
    EXPECT_EQ(masked(harmless), harmless);
  EXPECT_THAT(mask_arguments({"--token"}), ElementsAre("--token"));
  EXPECT_THAT(mask_arguments({"x", "--token", "--verbose"}), ElementsAre("x", "--token", "--verbose"));
  EXPECT_THAT(mask_arguments({}), ElementsAre());
}

TEST(RecordableEnvironment, IsAnAllowList) {
  const auto kept = recordable_environment({{"LANG", "C"},
                                            {"LC_ALL", "C.UTF-8"},
                                            {"PATH", "/bin"},
                                            {"OMP_NUM_THREADS", "2"},
                                            {"MKL_NUM_THREADS", "2"},
                                            {"CUDA_VISIBLE_DEVICES", "0"},
                                            {"SLURM_JOB_ID", "7"},
                                            {"SLURM_JWT", "abc"},
                                            {"PYTHONPATH", "/x"},
                                            {"MALLOC_ARENA_MAX", "1"},
                                            {"JAVA_TOOL_OPTIONS", "-Dpassword=x -Xmx1G"},
                                            {"AWS_SECRET_ACCESS_KEY", "x"},
                                            {"HOME", "/root"},
                                            {"MY_VARIABLE", "x"}});
  std::vector<std::string> names;
  for (const auto& [name, value] : kept) names.push_back(name);
  EXPECT_THAT(names,
              ElementsAre("CUDA_VISIBLE_DEVICES", "JAVA_TOOL_OPTIONS", "LANG", "LC_ALL", "MALLOC_ARENA_MAX",
                          "MKL_NUM_THREADS", "OMP_NUM_THREADS", "PATH", "PYTHONPATH", "SLURM_JOB_ID"));
  EXPECT_EQ(kept.at("JAVA_TOOL_OPTIONS"), "-Dpassword=*** -Xmx1G");
}

}  // namespace
}  // namespace ullage::run
