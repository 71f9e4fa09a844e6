// SPDX-License-Identifier: Apache-2.0
#include "server/tls_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "server/tls_fixture.h"

namespace ullage::server {
namespace {

using testing::HasSubstr;

class Identity : public testing::Test {
 protected:
  std::string problem(const TlsOptions& options) {
    const auto identity = TlsIdentity::load(options);
    return identity ? "" : identity.error().text();
  }
  TlsOptions server() const {
    return {.cert_file = certificates_.path("server.pem"), .key_file = certificates_.path("server.key")};
  }

  Certificates certificates_;
};

TEST_F(Identity, IsMadeOfACertificateAndItsKey) {
  const auto identity = TlsIdentity::load(server());
  ASSERT_TRUE(identity) << identity.error().text();
  EXPECT_FALSE(identity->asks_clients());
  const std::int64_t now_ms = SystemClock().wall_ms();
  EXPECT_LE(identity->not_before_ms(), now_ms);
  EXPECT_NEAR(static_cast<double>(identity->not_after_ms() - now_ms), 30 * 86'400e3, 86'400e3);
}

TEST_F(Identity, WarnsOfACertificateThatEnds) {
  const auto identity = TlsIdentity::load(server());
  ASSERT_TRUE(identity) << identity.error().text();
  EXPECT_EQ(identity->warning(SystemClock().wall_ms()), "");
  EXPECT_THAT(identity->warning(identity->not_after_ms() - 86'400'000), HasSubstr("expires at"));
  EXPECT_THAT(identity->warning(identity->not_after_ms() + 1), HasSubstr("has expired at"));
  EXPECT_THAT(identity->warning(identity->not_before_ms() - 1), HasSubstr("is not good before"));
}

TEST_F(Identity, NamesTheFileThatIsWrong) {
  TlsOptions options = server();
  options.cert_file = certificates_.path("none.pem");
  EXPECT_THAT(problem(options), testing::AllOf(HasSubstr("none.pem"), HasSubstr("No such file")));
  options.cert_file = certificates_.write("text.pem", "no certificate\n");
  EXPECT_THAT(problem(options), testing::AllOf(HasSubstr("text.pem"), HasSubstr("no certificate")));
  options = server();
  options.key_file = certificates_.path("client.key");
  EXPECT_THAT(problem(options),
              testing::AllOf(HasSubstr("client.key"), HasSubstr("not the key of the certificate")));
  options.key_file = "";
  EXPECT_THAT(problem(options), HasSubstr("server.tls.key_file"));
  options = server();
  options.client_ca_file = certificates_.path("text.pem");
  EXPECT_THAT(problem(options), HasSubstr("no certificates of an authority"));
  EXPECT_THAT(problem({.client_ca_file = certificates_.path("authority.pem")}),
              HasSubstr("server.tls.cert_file"));
}

TEST_F(Identity, RefusesAKeyThatEverybodyMayRead) {
  ::chmod(certificates_.path("server.key").c_str(), 0644);
  EXPECT_THAT(problem(server()), HasSubstr("everybody may read or write the key"));
}

TEST_F(Identity, OpensAnEncryptedKeyWithItsPasswordOnly) {
  certificates_.encrypt("server", "open");
  TlsOptions options = server();
  options.key_file = certificates_.path("server.encrypted");
  EXPECT_THAT(problem(options), HasSubstr("server.tls.key_password_file"));
  options.key_password_file = certificates_.write("wrong", "shut\n");
  EXPECT_THAT(problem(options), HasSubstr("the password does not open the key"));
  options.key_password_file = certificates_.write("right", "open\n");
  EXPECT_EQ(problem(options), "");
}

}  // namespace
}  // namespace ullage::server
