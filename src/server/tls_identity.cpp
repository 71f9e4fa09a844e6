// SPDX-License-Identifier: Apache-2.0
#include "server/tls_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <time.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "server/tls_library.h"

namespace ullage::server {

namespace {

constexpr std::int64_t kSoonMs = std::int64_t{14} * 86'400'000;

// What OpenSSL holds against a file: its first complaint is the cause, those after it are consequences.
std::string complaint() {
  const TlsLibrary& tls = tls_library();
  const unsigned long first = tls.take_error();
  tls.clear_errors();
  const char* reason = first == 0 ? nullptr : tls.error_reason(first);
  return reason == nullptr ? "OpenSSL does not take it" : std::string(reason);
}

Error refused(std::string what, const std::string& path, std::string hint = {}) {
  return {.what = fmt::format("{}: {}", what, complaint()), .where = path, .hint = std::move(hint)};
}

// OpenSSL's own words for a file that cannot be opened do not name it.
Result<void> expect_readable(const std::string& path, bool is_secret) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return fail(file.error());
  struct stat info;
  if (::fstat(file->get(), &info) != 0) return fail_errno("cannot read", path, errno);
  if (is_secret && (info.st_mode & 0006u) != 0)
    return fail("everybody may read or write the key", path, "chmod o-rw it, and make a new one");
  return {};
}

struct Password {
  std::string text;
  bool was_asked = false;
};

int give_password(char* buffer, int size, int, void* data) {
  auto& password = *static_cast<Password*>(data);
  password.was_asked = true;
  return static_cast<int>(password.text.copy(buffer, static_cast<std::size_t>(size)));
}

Result<void> use_key(SSL_CTX* context, const TlsOptions& options) {
  const TlsLibrary& tls = tls_library();
  if (options.key_file.empty())
    return fail("a certificate without its key", options.cert_file, "name the key in server.tls.key_file");
  if (auto readable = expect_readable(options.key_file, true); !readable) return readable;
  Password password;
  if (!options.key_password_file.empty()) {
    const auto text = read_file(options.key_password_file, 65'536);
    if (!text) return fail(text.error());
    password.text = trim(std::string_view(*text).substr(0, text->find('\n')));
  }
  tls.set_password_call(context, &give_password);
  tls.set_password_data(context, &password);
  tls.clear_errors();
  const bool is_taken = tls.use_key_file(context, options.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  tls.set_password_data(context, nullptr);
  tls.set_password_call(context, nullptr);
  if (is_taken) return {};
  if (password.was_asked && options.key_password_file.empty())
    return fail("the key is encrypted", options.key_file,
                "name a file with its password in server.tls.key_password_file");
  if (password.was_asked)
    return fail(
        refused("the password does not open the key", options.key_file, "see server.tls.key_password_file"));
  return fail(refused("not the key of the certificate", options.key_file,
                      "the key in PEM that the first certificate of server.tls.cert_file was made with"));
}

Result<void> use_authorities(SSL_CTX* context, const std::string& path) {
  const TlsLibrary& tls = tls_library();
  if (auto readable = expect_readable(path, false); !readable) return readable;
  tls.clear_errors();
  if (tls.load_authorities(context, path.c_str(), nullptr) != 1)
    return fail(refused("no certificates of an authority", path, "they are written in PEM"));
  // Their names are told to clients, so that a browser offers the right certificate.
  tls.set_authority_names(context, tls.load_authority_names(path.c_str()));
  tls.set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

std::int64_t ms_of(const ASN1_TIME* time) {
  std::tm at{};
  if (time == nullptr || tls_library().time_to_tm(time, &at) != 1) return 0;
  return static_cast<std::int64_t>(::timegm(&at)) * 1000;
}

// Not before TLS 1.2; keys are never agreed on anew within a connection, which nobody needs and which lets a
// client make work; an idle connection gives its buffers back.
void set_rules(SSL_CTX* context) {
  const TlsLibrary& tls = tls_library();
  tls.context_control(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  tls.context_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  tls.context_control(
      context, SSL_CTRL_MODE,
      SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS,
      nullptr);
  // Clients keep what they resume with; here nothing grows.
  tls.context_control(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  constexpr unsigned char kName[] = "ullage";
  tls.set_session_id_context(context, kName, sizeof kName - 1);
}

}  // namespace

Result<TlsIdentity> TlsIdentity::load(const TlsOptions& options) {
  const TlsLibrary& tls = tls_library();
  if (!tls.problem.empty()) return fail(tls.problem, "server.tls", "install libssl3");
  if (options.cert_file.empty())
    return fail("a key or an authority, and no certificate", "server.tls",
                "name the server's certificate in server.tls.cert_file");
  TlsIdentity identity;
  identity.context_ = std::shared_ptr<SSL_CTX>(tls.context_new(tls.server_method()), tls.context_free);
  SSL_CTX* context = identity.context();
  if (context == nullptr) return fail(refused("TLS cannot be set up", "server.tls"));
  set_rules(context);
  if (auto readable = expect_readable(options.cert_file, false); !readable) return pass_on(readable);
  tls.clear_errors();
  if (tls.use_certificate_chain_file(context, options.cert_file.c_str()) != 1)
    return fail(refused("no certificate", options.cert_file, "it is written in PEM, the server's own first"));
  if (auto used = use_key(context, options); !used) return pass_on(used);
  if (!options.client_ca_file.empty()) {
    if (auto used = use_authorities(context, options.client_ca_file); !used) return pass_on(used);
    identity.asks_clients_ = true;
  }
  const X509* certificate = tls.certificate(context);
  identity.not_before_ms_ = ms_of(tls.not_before(certificate));
  identity.not_after_ms_ = ms_of(tls.not_after(certificate));
  identity.cert_file_ = options.cert_file;
  return identity;
}

std::string TlsIdentity::warning(std::int64_t now_ms) const {
  if (now_ms > not_after_ms_)
    return fmt::format("{}: the certificate has expired at {}: clients will refuse it", cert_file_,
                       format_moment(not_after_ms_));
  if (now_ms < not_before_ms_)
    return fmt::format("{}: the certificate is not good before {}: clients will refuse it", cert_file_,
                       format_moment(not_before_ms_));
  if (not_after_ms_ - now_ms < kSoonMs)
    return fmt::format("{}: the certificate expires at {}", cert_file_, format_moment(not_after_ms_));
  return {};
}

}  // namespace ullage::server
