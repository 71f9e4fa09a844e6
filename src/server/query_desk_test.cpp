// SPDX-License-Identifier: Apache-2.0
#include "server/query_desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "history/series_source.h"
#include "query/budget.h"
#include "server/http_message.h"
#include "server/http_responder.h"

namespace ullage::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class Nothing final : public history::SeriesSource {
 public:
  Result<void> select(const history::Selection&, const VisitSamples&) const override { return {}; }
};

// The client's side: keeps the answer, and goes away when told to.
struct Client final : Exchange {
  std::vector<Response> answers;
  std::function<void()> gone;
  bool is_away = false;
  std::function<void()> on_answer;

  void answer(Response response) override {
    answers.push_back(std::move(response));
    if (on_answer) on_answer();
  }
  void begin_events() override {}
  bool send_event(std::string_view) override { return false; }
  void end_events() override {}
  bool is_gone() const override { return is_away; }
  void on_gone(std::function<void()> call) override { gone = std::move(call); }
  void go_away() {
    is_away = true;
    if (const auto call = std::exchange(gone, nullptr)) call();
  }
};

class Desk : public testing::Test {
 protected:
  void open(const QueryDeskOptions& options) {
    desk_.emplace(
        loop_, clock_,
        [this]() -> Result<OpenedSource> {
          if (++opened_ == fails_to_open_) return fail("no history yet");
          return keep_open(std::make_unique<Nothing>());
        },
        options);
  }
  std::shared_ptr<Client> ask(QueryDesk::Question question, milliseconds timeout = milliseconds(10'000)) {
    auto client = std::make_shared<Client>();
    client->on_answer = [this] {
      if (--waited_for_ == 0) loop_.stop();
    };
    desk_->ask(std::move(question), timeout, Responder(client));
    return client;
  }
  // Until so many answers have come.
  void run(int answers) {
    waited_for_ = answers;
    const auto too_long = loop_.after(std::chrono::seconds(20), [this] { loop_.stop(); });
    loop_.run();
    EXPECT_EQ(waited_for_, 0);
  }
  static Response until_stopped(const OpenedSource&, const query::Stop& stop) {
    while (!*stop.cancelled && !stop.expired()) {
    }
    return error_response(422, "stopped");
  }

  EventLoop loop_;
  SystemClock clock_;
  std::atomic<int> opened_ = 0;
  int fails_to_open_ = 0;
  int waited_for_ = 0;
  std::optional<QueryDesk> desk_;
};

TEST_F(Desk, AnswersOnThreadsThatKeepTheirSource) {
  open({.threads = 1});
  std::vector<std::shared_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i)
    clients.push_back(
        ask([i](const OpenedSource&, const query::Stop&) { return Response{.body = std::to_string(i)}; }));
  run(20);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(clients[i]->answers.at(0).body, std::to_string(i));
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(desk_->counts().answered, 20u);
  EXPECT_EQ(desk_->counts().now, 0u);
}

TEST_F(Desk, TriesAgainToOpenWhatIsNotThereYet) {
  open({.threads = 1});
  fails_to_open_ = 1;
  const auto fine = [](const OpenedSource&, const query::Stop&) { return Response{.body = "fine"}; };
  const auto first = ask(fine), second = ask(fine);
  run(2);
  EXPECT_EQ(first->answers.at(0).status, 422);
  EXPECT_THAT(first->answers.at(0).body, HasSubstr("no history yet"));
  EXPECT_EQ(second->answers.at(0).body, "fine");
}

TEST_F(Desk, AQuestionEndsWhenItsTimeIsUp) {
  open({});
  const auto client = ask(until_stopped, milliseconds(50));
  run(1);
  EXPECT_EQ(client->answers.at(0).status, 503);
  EXPECT_THAT(client->answers.at(0).body, HasSubstr("\"errorType\":\"timeout\""));
  EXPECT_EQ(desk_->counts().timed_out, 1u);
}

TEST_F(Desk, AQuestionEndsWhenItsClientGoesAndTheNextHasItsTurn) {
  open({.threads = 1});
  const auto gone = ask(until_stopped);
  const auto next = ask([](const OpenedSource&, const query::Stop&) { return Response{.body = "next"}; });
  gone->go_away();
  run(1);
  EXPECT_EQ(next->answers.at(0).body, "next");
  EXPECT_TRUE(gone->answers.empty());
  EXPECT_EQ(desk_->counts().cancelled, 1u);
}

TEST_F(Desk, TurnsAwayWhatDoesNotFitTheQueue) {
  open({.threads = 1, .waiting_max = 1});
  const auto running = ask(until_stopped), waiting = ask(until_stopped), turned_away = ask(until_stopped);
  ASSERT_EQ(turned_away->answers.size(), 1u) << "at once";
  EXPECT_EQ(turned_away->answers[0].status, 503);
  EXPECT_THAT(turned_away->answers[0].body, HasSubstr("too many queries"));
  EXPECT_EQ(desk_->counts().turned_away, 1u);
}

TEST_F(Desk, EndsWithQuestionsStillOpen) {
  open({});
  const auto first = ask(until_stopped), second = ask(until_stopped), third = ask(until_stopped);
  desk_.reset();
  EXPECT_TRUE(first->answers.empty());
}

}  // namespace
}  // namespace ullage::server
