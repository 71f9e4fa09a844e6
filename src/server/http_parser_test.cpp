// SPDX-License-Identifier: Apache-2.0
#include "server/http_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/http_message.h"

namespace ullage::server {
namespace {

using State = RequestParser::State;
using testing::ElementsAre;
using testing::Pair;

struct Parsed {
  State state = State::needs_more;
  std::string left;  // was not taken
};

// As a connection does it: bytes come in pieces; what is not taken is offered again.
Parsed feed(RequestParser& parser, std::string_view bytes, std::size_t piece) {
  std::string pending;
  Parsed parsed;
  while (!bytes.empty()) {
    pending += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    do {
      std::string_view rest = pending;
      parsed.state = parser.feed(rest);
      pending.erase(0, pending.size() - rest.size());
    } while (parsed.state == State::has_head);
    if (parsed.state != State::needs_more) break;
  }
  parsed.left = pending + std::string(bytes);
  return parsed;
}

int refused_with(std::string_view bytes, const ParserLimits& limits = {}) {
  RequestParser parser(limits);
  return feed(parser, bytes, bytes.size()).state == State::is_refused ? parser.refusal().status : 0;
}

constexpr std::string_view kPost =
    "POST /api/v1/query?time=1&query=no HTTP/1.1\r\nHost: localhost\r\nX-Own:  a b \r\n"
    "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
    "7;ext=\"1\"\r\nquery=1\r\n3\r\n%2B\r\n1\r\n1\r\n0\r\nTrailer: x\r\n\r\nGET /next";

TEST(RequestParser, ARequestIsTheSameInWhateverPiecesItComes) {
  for (std::size_t piece = 1; piece <= kPost.size(); ++piece) {
    RequestParser parser({});
    const Parsed parsed = feed(parser, kPost, piece);
    ASSERT_EQ(parsed.state, State::is_done) << piece;
    EXPECT_EQ(parsed.left, "GET /next");
    const Request& request = parser.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.body, "query=1%2B1");
    EXPECT_EQ(request.headers.value("x-own"), "a b");
    EXPECT_THAT(request.parameters.pairs(),
                ElementsAre(Pair("query", "1+1"), Pair("time", "1"), Pair("query", "no")));
    EXPECT_TRUE(parser.keeps_alive());
  }
}

TEST(RequestParser, AnEmptyChunkedBodyMayComeInPieces) {
  const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    RequestParser parser({});
    EXPECT_EQ(feed(parser, bytes, piece).state, State::is_done) << piece;
  }
}

TEST(RequestParser, OldClientsAreLetGoUnlessTheyAskToStay) {
  RequestParser old({}), staying({});
  EXPECT_EQ(feed(old, "GET / HTTP/1.0\r\n\r\n", 1000).state, State::is_done);
  EXPECT_FALSE(old.keeps_alive());
  EXPECT_EQ(feed(staying, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 1000).state, State::is_done);
  EXPECT_TRUE(staying.keeps_alive());
}

TEST(RequestParser, WhatTwoProgramsCouldReadInTwoWaysIsRefused) {
  const auto with = [](const std::string& headers) {
    return refused_with("POST / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\nhello");
  };
  EXPECT_EQ(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 5\r\nContent-Length: 5\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 5, 5\r\n"), 400);
  EXPECT_EQ(with("Content-Length: +5\r\n"), 400);
  EXPECT_EQ(with("Content-Length: -1\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 0x5\r\n"), 400);
  EXPECT_EQ(with("Content-Length: 99999999999999999999\r\n"), 400);
  EXPECT_EQ(with("Content-Length : 5\r\n"), 400);
  EXPECT_EQ(with("Transfer-Encoding: gzip, chunked\r\n"), 501);
  EXPECT_EQ(with("Transfer-Encoding: chunked, gzip\r\n"), 501);
  EXPECT_EQ(with("Transfer-Encoding: xchunked\r\n"), 501);
  EXPECT_EQ(with("Transfer-Encoding: identity\r\n"), 501);
  EXPECT_NE(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 0);
  EXPECT_EQ(with("Host: b\r\n"), 400);
  EXPECT_EQ(with("Bad Name: x\r\n"), 400);
  EXPECT_EQ(with("Content-Encoding: gzip\r\n"), 415);
  EXPECT_EQ(with("Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n"), 400) << "a folded line";
  EXPECT_EQ(with("Content-Length: 5\r\n Transfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(with("X: y\nTransfer-Encoding: chunked\r\n"), 400) << "a line feed alone";
  EXPECT_EQ(with("X: y\rTransfer-Encoding: chunked\r\n"), 400) << "a carriage return alone";
  EXPECT_EQ(with("Content-Length:\x0b 5\r\n"), 400);
  EXPECT_EQ(refused_with("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 501);
  EXPECT_EQ(refused_with("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(refused_with("GET /../a HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(refused_with("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(refused_with("GET /\r\n\r\n"), 400);
  EXPECT_EQ(refused_with(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01", 8)), 400) << "a TLS hello";
  EXPECT_EQ(refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), 400);
  EXPECT_EQ(
      refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"),
      400);
}

TEST(RequestParser, AChunkHasOneLength) {
  const auto chunked = [](std::string_view body) {
    return refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        std::string(body));
  };
  EXPECT_EQ(chunked("5;a=b;c\r\nhello\r\n0\r\n\r\n"), 0) << "extensions mean nothing here";
  for (const std::string_view body : {
           "5;a\nhello\r\n0\r\n\r\n",  // ends where others see no end
           "5\nhello\r\n0\r\n\r\n",
           "+5\r\nhello\r\n0\r\n\r\n",
           "-5\r\nhello\r\n0\r\n\r\n",
           "0x5\r\nhello\r\n0\r\n\r\n",
           "ffffffffffffffff5\r\nhello\r\n0\r\n\r\n",
           "5\r\nhello0\r\n\r\n",
           "5\r\nhello\n0\r\n\r\n",
           "\r\nhello\r\n0\r\n\r\n",
       })
    EXPECT_EQ(chunked(body), 400) << body;
}

TEST(RequestParser, HeadsAndBodiesAreBounded) {
  const ParserLimits limits{.header_bytes_max = 1000, .body_bytes_max = 100};
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(refused_with("GET /" + std::string(2000, 'a'), limits), 431);
  EXPECT_EQ(refused_with(start + "X: " + std::string(2000, 'a'), limits), 431);
  EXPECT_EQ(refused_with("GET /" + std::string(600, 'a') +
                             " HTTP/1.1\r\nHost: a\r\nX: " + std::string(600, 'a') + "\r\n\r\n",
                         limits),
            431);
  EXPECT_EQ(refused_with(start + "Content-Length: 101\r\n\r\n", limits), 413);
  EXPECT_EQ(refused_with(start + "Transfer-Encoding: chunked\r\n\r\n65\r\nabc", limits), 413);
  EXPECT_EQ(refused_with(start + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'a'), limits),
            431);
  EXPECT_EQ(
      refused_with(start + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(2000, 'a'), limits),
      431);
}

TEST(RequestParser, TellsWhoWaitsForAWordBeforeTheBody) {
  RequestParser parser({});
  std::string_view bytes = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n";
  EXPECT_EQ(parser.feed(bytes), State::has_head);
  EXPECT_TRUE(parser.expects_continue());
  EXPECT_EQ(parser.feed(bytes), State::needs_more);
  std::string_view body = "x";
  EXPECT_EQ(parser.feed(body), State::is_done);
}

}  // namespace
}  // namespace ullage::server
