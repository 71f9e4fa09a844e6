// SPDX-License-Identifier: Apache-2.0
// Who a server says it is, and whom it lets in: certificates and a key as PEM files make what TLS connections
// are opened with. TLS 1.2 and newer; what else there is to choose is left to OpenSSL. A value: who holds a
// copy may go on with it when new files were read. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace ullage::server {

struct TlsOptions {
  std::string cert_file = {};          // the server's own certificate, then those that vouch for it
  std::string key_file = {};           // of the first of them
  std::string key_password_file = {};  // its first line, where the key is encrypted
  std::string client_ca_file = {};     // clients must show a certificate that one of these has signed
  bool is_wanted() const { return !cert_file.empty() || !key_file.empty() || !client_ca_file.empty(); }
};

class TlsIdentity {
 public:
  // Says which file is wrong: not there, readable by everybody, no PEM, another key than the certificate's.
  static Result<TlsIdentity> load(const TlsOptions& options);

  std::int64_t not_before_ms() const { return not_before_ms_; }
  std::int64_t not_after_ms() const { return not_after_ms_; }
  bool asks_clients() const { return asks_clients_; }  // for a certificate
  // What somebody should do about the certificate; empty while it is good for two weeks and more.
  std::string warning(std::int64_t now_ms) const;
  ssl_ctx_st* context() const { return context_.get(); }

 private:
  TlsIdentity() = default;
  std::shared_ptr<ssl_ctx_st> context_;
  std::int64_t not_before_ms_ = 0, not_after_ms_ = 0;
  bool asks_clients_ = false;
  std::string cert_file_;
};

}  // namespace ullage::server
