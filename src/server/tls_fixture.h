// SPDX-License-Identifier: Apache-2.0
// For tests: certificates as an operator would make them, by the openssl program, in a folder that goes with
// the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace ullage::server {

class Certificates {
 public:
  Certificates() {
    std::string pattern = testing::TempDir() + "ullage-tls-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    authority("authority");
    signed_by("authority", "server", "subjectAltName=IP:127.0.0.1,DNS:localhost");
    signed_by("authority", "client", "extendedKeyUsage=clientAuth");
  }
  ~Certificates() { std::filesystem::remove_all(folder_); }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  std::string path(std::string_view name) const { return folder_ + '/' + std::string(name); }
  std::string write(std::string_view name, std::string_view text) const {
    EXPECT_TRUE(replace_file(path(name), text));
    return path(name);
  }
  // NAME.pem and NAME.key: one that signs others.
  void authority(const std::string& name) const {
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout " +
            path(name + ".key") + " -out " + path(name + ".pem") + " -subj /CN=" + name);
  }
  void signed_by(const std::string& authority_name, const std::string& name, const std::string& extension,
                 int days = 30) const {
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout " +
            path(name + ".key") + " -out " + path(name + ".csr") + " -subj /CN=" + name);
    write(name + ".ext", extension + '\n');
    openssl("x509 -req -in " + path(name + ".csr") + " -CA " + path(authority_name + ".pem") + " -CAkey " +
            path(authority_name + ".key") + " -CAcreateserial -days " + std::to_string(days) + " -extfile " +
            path(name + ".ext") + " -out " + path(name + ".pem"));
  }
  void encrypt(const std::string& name, const std::string& password) const {
    openssl("ec -aes256 -passout pass:" + password + " -in " + path(name + ".key") + " -out " +
            path(name + ".encrypted"));
  }

 private:
  static void openssl(const std::string& words) {
    std::vector<std::string> all = {"openssl"};
    for (std::string_view rest = words; !rest.empty();) all.emplace_back(take_word(rest));
    std::vector<char*> arguments;
    for (std::string& word : all) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quietly;
    ::posix_spawn_file_actions_init(&quietly);
    ::posix_spawn_file_actions_addopen(&quietly, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int problem = ::posix_spawnp(&child, "openssl", &quietly, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&quietly);
    ASSERT_EQ(problem, 0) << "no openssl here: ./dev setup test";
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0) << words;
  }

  std::string folder_;
};

}  // namespace ullage::server
