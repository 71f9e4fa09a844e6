// SPDX-License-Identifier: Apache-2.0
#include "server/tls_library.h"

#include "base/shared_library.h"

namespace ullage::server {

namespace {

TlsLibrary open_library() {
  TlsLibrary tls;
  // libcrypto comes with it, and its names are found through it. 3 is what has been built against; a later
  // one has another number.
  SharedLibrary library("OpenSSL", {"libssl.so.3"});
  library.find("TLS_server_method", tls.server_method);
  library.find("SSL_CTX_new", tls.context_new);
  library.find("SSL_CTX_free", tls.context_free);
  library.find("SSL_CTX_ctrl", tls.context_control);
  library.find("SSL_CTX_set_options", tls.context_set_options);
  library.find("SSL_CTX_use_certificate_chain_file", tls.use_certificate_chain_file);
  library.find("SSL_CTX_use_PrivateKey_file", tls.use_key_file);
  library.find("SSL_CTX_set_default_passwd_cb", tls.set_password_call);
  library.find("SSL_CTX_set_default_passwd_cb_userdata", tls.set_password_data);
  library.find("SSL_CTX_load_verify_locations", tls.load_authorities);
  library.find("SSL_load_client_CA_file", tls.load_authority_names);
  library.find("SSL_CTX_set_client_CA_list", tls.set_authority_names);
  library.find("SSL_CTX_set_verify", tls.set_verify);
  library.find("SSL_CTX_set_session_id_context", tls.set_session_id_context);
  library.find("SSL_CTX_get0_certificate", tls.certificate);
  library.find("X509_get0_notBefore", tls.not_before);
  library.find("X509_get0_notAfter", tls.not_after);
  library.find("ASN1_TIME_to_tm", tls.time_to_tm);
  library.find("SSL_new", tls.session_new);
  library.find("SSL_free", tls.session_free);
  library.find("SSL_set_fd", tls.session_set_fd);
  library.find("SSL_accept", tls.session_accept);
  library.find("SSL_read", tls.session_read);
  library.find("SSL_write", tls.session_write);
  library.find("SSL_shutdown", tls.session_shutdown);
  library.find("SSL_get_error", tls.session_error);
  library.find("ERR_get_error", tls.take_error);
  library.find("ERR_clear_error", tls.clear_errors);
  library.find("ERR_reason_error_string", tls.error_reason);
  tls.problem = library.problem();
  return tls;
}

}  // namespace

const TlsLibrary& tls_library() {
  static const TlsLibrary library = open_library();
  return library;
}

}  // namespace ullage::server
