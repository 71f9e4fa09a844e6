// SPDX-License-Identifier: Apache-2.0
// What is used of OpenSSL, by name out of the library, which is opened when a server is first to speak TLS:
// linked in the usual way it would be loaded for every run of `true`. For tls_identity.cpp and
// http_stream.cpp only.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>

namespace ullage::server {

struct TlsLibrary {
  decltype(&::TLS_server_method) server_method = nullptr;
  decltype(&::SSL_CTX_new) context_new = nullptr;
  decltype(&::SSL_CTX_free) context_free = nullptr;
  decltype(&::SSL_CTX_ctrl) context_control = nullptr;
  decltype(&::SSL_CTX_set_options) context_set_options = nullptr;
  decltype(&::SSL_CTX_use_certificate_chain_file) use_certificate_chain_file = nullptr;
  decltype(&::SSL_CTX_use_PrivateKey_file) use_key_file = nullptr;
  decltype(&::SSL_CTX_set_default_passwd_cb) set_password_call = nullptr;
  decltype(&::SSL_CTX_set_default_passwd_cb_userdata) set_password_data = nullptr;
  decltype(&::SSL_CTX_load_verify_locations) load_authorities = nullptr;
  decltype(&::SSL_load_client_CA_file) load_authority_names = nullptr;
  decltype(&::SSL_CTX_set_client_CA_list) set_authority_names = nullptr;
  decltype(&::SSL_CTX_set_verify) set_verify = nullptr;
  decltype(&::SSL_CTX_set_session_id_context) set_session_id_context = nullptr;
  decltype(&::SSL_CTX_get0_certificate) certificate = nullptr;
  decltype(&::X509_get0_notBefore) not_before = nullptr;
  decltype(&::X509_get0_notAfter) not_after = nullptr;
  decltype(&::ASN1_TIME_to_tm) time_to_tm = nullptr;
  decltype(&::SSL_new) session_new = nullptr;
  decltype(&::SSL_free) session_free = nullptr;
  decltype(&::SSL_set_fd) session_set_fd = nullptr;
  decltype(&::SSL_accept) session_accept = nullptr;
  decltype(&::SSL_read) session_read = nullptr;
  decltype(&::SSL_write) session_write = nullptr;
  decltype(&::SSL_shutdown) session_shutdown = nullptr;
  decltype(&::SSL_get_error) session_error = nullptr;
  decltype(&::ERR_get_error) take_error = nullptr;
  decltype(&::ERR_clear_error) clear_errors = nullptr;
  decltype(&::ERR_reason_error_string) error_reason = nullptr;
  std::string problem;  // why it cannot be used
};

const TlsLibrary& tls_library();

}  // namespace ullage::server
