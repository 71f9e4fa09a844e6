// SPDX-License-Identifier: Apache-2.0
#include "server/http_responder.h"

#include <string>
#include <string_view>

#include "base/text.h"

namespace ullage::server {

std::string event_text(std::string_view event, std::string_view data) {
  std::string text;
  if (!event.empty()) {
    text += "event: ";
    text += event;
    text += '\n';
  }
  do {
    std::string_view line = take_until(data, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    text += "data: ";
    text += line;
    text += '\n';
  } while (!data.empty());
  text += '\n';
  return text;
}

bool EventStream::send(std::string_view event, std::string_view data) const {
  return exchange_->send_event(event_text(event, data));
}

EventStream Responder::events() const {
  exchange_->begin_events();
  return EventStream(exchange_);
}

}  // namespace ullage::server
