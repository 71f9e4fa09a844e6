// SPDX-License-Identifier: Apache-2.0
#include "server/tls_library.h"

#include <dlfcn.h>

#include <string>

namespace ullage::server {

namespace {

class Opened {
 public:
  explicit Opened(std::string& problem) : problem_(problem) {
    // libcrypto comes with it, and its names are found through it. 3 is what has been built against; a later
    // one has another number.
    library_ = ::dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) problem_ = "there is no OpenSSL here (libssl.so.3)";
  }
  template <class Function>
  void find(const char* name, Function& function) {
    if (library_ == nullptr) return;
    function = reinterpret_cast<Function>(::dlsym(library_, name));
    if (function == nullptr && problem_.empty()) problem_ = std::string("OpenSSL has no ") + name;
  }

 private:
  std::string& problem_;
  void* library_ = nullptr;
};

TlsLibrary open_library() {
  TlsLibrary tls;
  Opened opened(tls.problem);
  opened.find("TLS_server_method", tls.server_method);
  opened.find("SSL_CTX_new", tls.context_new);
  opened.find("SSL_CTX_free", tls.context_free);
  opened.find("SSL_CTX_ctrl", tls.context_control);
  opened.find("SSL_CTX_set_options", tls.context_set_options);
  opened.find("SSL_CTX_use_certificate_chain_file", tls.use_certificate_chain_file);
  opened.find("SSL_CTX_use_PrivateKey_file", tls.use_key_file);
  opened.find("SSL_CTX_set_default_passwd_cb", tls.set_password_call);
  opened.find("SSL_CTX_set_default_passwd_cb_userdata", tls.set_password_data);
  opened.find("SSL_CTX_load_verify_locations", tls.load_authorities);
  opened.find("SSL_load_client_CA_file", tls.load_authority_names);
  opened.find("SSL_CTX_set_client_CA_list", tls.set_authority_names);
  opened.find("SSL_CTX_set_verify", tls.set_verify);
  opened.find("SSL_CTX_set_session_id_context", tls.set_session_id_context);
  opened.find("SSL_CTX_get0_certificate", tls.certificate);
  opened.find("X509_get0_notBefore", tls.not_before);
  opened.find("X509_get0_notAfter", tls.not_after);
  opened.find("ASN1_TIME_to_tm", tls.time_to_tm);
  opened.find("SSL_new", tls.session_new);
  opened.find("SSL_free", tls.session_free);
  opened.find("SSL_set_fd", tls.session_set_fd);
  opened.find("SSL_accept", tls.session_accept);
  opened.find("SSL_read", tls.session_read);
  opened.find("SSL_write", tls.session_write);
  opened.find("SSL_shutdown", tls.session_shutdown);
  opened.find("SSL_get_error", tls.session_error);
  opened.find("ERR_get_error", tls.take_error);
  opened.find("ERR_clear_error", tls.clear_errors);
  opened.find("ERR_reason_error_string", tls.error_reason);
  return tls;
}

}  // namespace

// Never closed: what OpenSSL keeps for each thread ends with the process.
const TlsLibrary& tls_library() {
  static const TlsLibrary library = open_library();
  return library;
}

}  // namespace ullage::server
