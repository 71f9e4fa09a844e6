// SPDX-License-Identifier: Apache-2.0
#include "history/remote/remote_sender.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_client.h"
#include "base/result.h"
#include "history/remote/remote_writer.h"
#include "history/remote/send_schedule.h"

namespace ullage::history {

struct RemoteSender::Impl {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  RemoteWriter& writer;
  EventLoop& loop;
  const Clock& clock;
  HttpClient http;
  std::mt19937_64 chance;
  EventLoop::Handle timer = {};

  // Shared with the thread.
  std::mutex mutex = {};
  std::condition_variable_any wakes = {};
  std::optional<std::string> body = {};
  std::jthread thread = {};  // the last member: it ends before what it uses

  void send_next(const std::shared_ptr<Impl>& self);
  void hear(const std::shared_ptr<Impl>& self, const Result<HttpAnswer>& answer);
  // What the thread does until it is told to stop. It holds no share of this: the one who ends it joins it.
  void carry(const std::stop_token& stop, const std::weak_ptr<Impl>& self);
};

void RemoteSender::Impl::send_next(const std::shared_ptr<Impl>& self) {
  if (auto next = writer.next(clock.monotonic())) {
    const std::lock_guard lock(mutex);
    body = std::move(next);
    wakes.notify_one();
    return;
  }
  const auto when = writer.next_time();
  if (!when) return;
  const RemoteWriter::Time wait =
      std::max(RemoteWriter::Time::zero(), *when - std::min(*when, clock.monotonic()));
  timer = loop.after(wait, [weak = std::weak_ptr(self)] {
    if (const auto impl = weak.lock()) impl->send_next(impl);
  });
}

void RemoteSender::Impl::hear(const std::shared_ptr<Impl>& self, const Result<HttpAnswer>& answer) {
  const double spread = std::uniform_real_distribution<double>(0, 1)(chance);
  writer.settle(outcome_of(answer, clock.wall_ms()), clock.monotonic(), spread);
  send_next(self);
}

void RemoteSender::Impl::carry(const std::stop_token& stop, const std::weak_ptr<Impl>& self) {
  while (!stop.stop_requested()) {
    HttpRequest request{.url = url, .headers = headers};
    {
      std::unique_lock lock(mutex);
      if (!wakes.wait(lock, stop, [&] { return body.has_value(); })) return;
      request.body = std::move(*body);
      body.reset();
    }
    auto answer = http.send(request, stop);
    if (stop.stop_requested()) return;
    loop.post([self, answer = std::move(answer)] {
      if (const auto impl = self.lock()) impl->hear(impl, answer);
    });
  }
}

RemoteSender::RemoteSender(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
RemoteSender::RemoteSender(RemoteSender&&) noexcept = default;
RemoteSender& RemoteSender::operator=(RemoteSender&&) noexcept = default;
RemoteSender::~RemoteSender() = default;

Result<RemoteSender> RemoteSender::start(RemoteReceiver receiver, std::uint64_t seed, RemoteWriter& writer,
                                         EventLoop& loop, const Clock& clock) {
  if (!receiver.url.starts_with("http://") && !receiver.url.starts_with("https://"))
    return fail("not an address of HTTP", url_shown(receiver.url),
                "as in http://localhost:9090/api/v1/write");
  auto client = HttpClient::create(std::move(receiver.http));
  if (!client) return pass_on(client);
  auto headers = remote_write_headers();
  headers.insert(headers.end(), receiver.headers.begin(), receiver.headers.end());
  const std::shared_ptr<Impl> impl(new Impl{.url = std::move(receiver.url),
                                            .headers = std::move(headers),
                                            .writer = writer,
                                            .loop = loop,
                                            .clock = clock,
                                            .http = std::move(*client),
                                            .chance = std::mt19937_64(seed)});
  Impl* raw = impl.get();
  impl->thread = std::jthread(
      [raw, weak = std::weak_ptr(impl)](const std::stop_token& stop) { raw->carry(stop, weak); });
  return RemoteSender(impl);
}

void RemoteSender::look() { impl_->send_next(impl_); }

}  // namespace ullage::history
