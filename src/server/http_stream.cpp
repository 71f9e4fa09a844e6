// SPDX-License-Identifier: Apache-2.0
#include "server/http_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "server/tls_identity.h"
#include "server/tls_library.h"

namespace ullage::server {

namespace {

// RFC 8446, 5.1: a record holds no more. One that is read is thereby given out as a whole.
constexpr std::size_t kRecordBytes = 16'384;

Stream::State state_of_errno(int number) {
  const bool is_for_now = number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
  return is_for_now ? Stream::State::needs_read : Stream::State::failed;
}

}  // namespace

Stream::Stream(Socket socket, const TlsIdentity* identity) : socket_(std::move(socket)) {
  if (identity == nullptr) return;
  const TlsLibrary& tls = tls_library();
  is_greeted_ = false;
  session_ = std::shared_ptr<SSL>(tls.session_new(identity->context()), tls.session_free);
  has_failed_ = session_ == nullptr || tls.session_set_fd(session_.get(), socket_.native_handle()) != 1;
}

// Of a call that did not move anything.
Stream::State Stream::state_of(int result) {
  switch (tls_library().session_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return State::needs_read;
    case SSL_ERROR_WANT_WRITE:
      return State::needs_write;
    case SSL_ERROR_ZERO_RETURN:
      return State::ended;
    default:
      has_failed_ = true;
      return State::failed;
  }
}

Stream::State Stream::greet() {
  if (is_greeted_) return State::moved;
  if (has_failed_) return State::failed;
  const TlsLibrary& tls = tls_library();
  tls.clear_errors();
  const int result = tls.session_accept(session_.get());
  is_greeted_ = result == 1;
  if (is_greeted_) return State::moved;
  const State state = state_of(result);
  if (state != State::failed || ERR_GET_REASON(tls.take_error()) != SSL_R_HTTP_REQUEST) return state;
  session_.reset();
  is_greeted_ = true;
  return State::spoke_plainly;
}

Stream::Outcome Stream::read(std::span<char> into) {
  if (!session_) return read_plainly(into);
  const TlsLibrary& tls = tls_library();
  tls.clear_errors();
  const std::size_t size = std::min(into.size(), std::size_t{1} << 30);
  const int got = tls.session_read(session_.get(), into.data(), static_cast<int>(size));
  if (got > 0) return {State::moved, static_cast<std::size_t>(got)};
  return {state_of(got), 0};
}

Stream::Outcome Stream::write(std::string_view first, std::string_view second) {
  if (!session_) return write_plainly(first, second);
  const TlsLibrary& tls = tls_library();
  // What fits in a record goes in one: a head and a small body are one packet.
  std::array<char, kRecordBytes> record;
  std::string_view bytes = first.empty() ? second : first;
  if (!first.empty() && !second.empty() && first.size() < record.size()) {
    first.copy(record.data(), first.size());
    const std::size_t rest = second.copy(record.data() + first.size(), record.size() - first.size());
    bytes = {record.data(), first.size() + rest};
  }
  tls.clear_errors();
  const std::size_t size = std::min(bytes.size(), record.size());
  const int got = tls.session_write(session_.get(), bytes.data(), static_cast<int>(size));
  if (got > 0) return {State::moved, static_cast<std::size_t>(got)};
  const State state = state_of(got);
  // Without renegotiation, writing never waits to read.
  return {state == State::needs_write ? state : State::failed, 0};
}

Stream::Outcome Stream::read_plainly(std::span<char> into) {
  const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
  if (got > 0) return {State::moved, static_cast<std::size_t>(got)};
  return {got == 0 ? State::ended : state_of_errno(errno), 0};
}

Stream::Outcome Stream::write_plainly(std::string_view first, std::string_view second) {
  iovec parts[] = {{const_cast<char*>(first.data()), first.size()},
                   {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  ssize_t got = 0;
  do got = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (got < 0 && errno == EINTR);
  if (got >= 0) return {State::moved, static_cast<std::size_t>(got)};
  return {state_of_errno(errno) == State::failed ? State::failed : State::needs_write, 0};
}

// So that the client can tell an end from a cut. After an error OpenSSL forbids it.
void Stream::say_goodbye() {
  if (!session_ || !is_greeted_ || has_failed_) return;
  tls_library().clear_errors();
  (void)tls_library().session_shutdown(session_.get());
}

void Stream::finish_sending() {
  say_goodbye();
  session_.reset();
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void Stream::close() {
  say_goodbye();
  session_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);  // NOLINT(bugprone-unused-return-value): nothing is left to be done about it
}

}  // namespace ullage::server
