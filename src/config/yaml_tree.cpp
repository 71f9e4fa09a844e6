// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace ullage::config {

namespace {

struct Refused {  // thrown through yaml-cpp by the builder; caught in parse_yaml
  std::string what, hint;
  YAML::Mark mark;
};

// yaml-cpp takes the end of the file for the end of a quoted value.
bool is_closed(std::string_view text, std::size_t begin) {
  if (begin >= text.size() || (text[begin] != '\'' && text[begin] != '"'))
    return true;  // a block's, not quoted
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    const bool is_doubled = quote == '\'' && text.substr(i).starts_with("''");
    const bool is_escaped = quote == '"' && text[i] == '\\';
    if (is_doubled || is_escaped)
      ++i;
    else if (text[i] == quote)
      return true;
  }
  return false;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  Node root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(Node::Kind::empty, mark, "", anchor), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark, tag, anchor);
    if (tag == "!" && !is_closed(text_, static_cast<std::size_t>(mark.pos)))
      throw Refused{"the quote that begins here is never closed", "close it behind the value", mark};
    node.text = value;
    add(std::move(node), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(Node::Kind::list, mark, tag, anchor), mark);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(Node::Kind::mapping, mark, tag, anchor), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  // What was still open when the parser gave up: mappings are kept as far as they came; half a list is
  // no value.
  void close_all() {
    for (; !open_.empty(); open_.back().node.kind == Node::Kind::list ? open_.pop_back() : close()) {
    }
  }

 private:
  struct Open {
    Node node;
    bool key_waits = false;  // a key has come, its value has not
  };
  std::string_view text_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;

  [[noreturn]] static void refuse_anchor(const YAML::Mark& mark) {
    throw Refused{"anchors and aliases are not read here", "write the value out", mark};
  }

  Node make(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse_anchor(mark);
    // "?" is yaml-cpp's for a plain value, "!" for a quoted one.
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refused{fmt::format("the tag '{}' is not read here", printable(tag)), "leave it out", mark};
    if (++nodes_ > kNodeLimit) throw Refused{fmt::format("more than {} values", kNodeLimit), "", mark};
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::mapping && !open_.back().key_waits;
  }

  void add(Node node, const YAML::Mark& mark) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (wants_key()) {
      if (node.kind != Node::Kind::scalar) throw Refused{"a key must be a word", "", mark};
      parent.node.keys.push_back(std::move(node));
      parent.key_waits = true;
      return;
    }
    parent.node.items.push_back(std::move(node));
    parent.key_waits = false;
  }

  void open(Node node, const YAML::Mark& mark) {
    if (wants_key()) throw Refused{"a key must be a word", "", mark};
    if (open_.size() >= kDepthLimit)
      throw Refused{fmt::format("nested deeper than {}", kDepthLimit), "", mark};
    open_.push_back({std::move(node)});
  }

  void close() {
    Node node = std::move(open_.back().node);
    node.keys.resize(node.kind == Node::Kind::mapping ? node.items.size() : 0);
    open_.pop_back();
    add(std::move(node), YAML::Mark::null_mark());
  }
};

std::string place_of(const std::string& name, int line, int column) {
  return fmt::format("{}:{}:{}", name, line, column);
}

// The first line that is indented with a tab: the usual cause, and yaml-cpp's own words for it mislead.
std::optional<std::pair<int, int>> tab_indent(std::string_view text) {
  for (int line = 1; !text.empty(); ++line) {
    const std::string_view one = take_until(text, '\n');
    const std::size_t end = std::min(one.find_first_not_of(" \t"), one.size());
    const std::size_t tab = one.substr(0, end).find('\t');
    if (tab != std::string_view::npos && end < one.size() && one[end] != '#')
      return std::pair(line, static_cast<int>(tab) + 1);
  }
  return std::nullopt;
}

struct BadByte {
  int line, column;
  std::string what;
};

std::optional<BadByte> unreadable_byte(std::string_view text) {
  for (int line = 1; !text.empty(); ++line) {
    const std::string_view one = take_until(text, '\n');
    if (valid_utf8(one) != one) return BadByte{line, 1, "this line is not UTF-8 text"};
    for (std::size_t i = 0; i < one.size(); ++i) {
      const auto byte = static_cast<unsigned char>(one[i]);
      if ((byte >= 0x20 && byte != 0x7F) || byte == '\t' || byte == '\r') continue;
      return BadByte{line, static_cast<int>(i) + 1,
                     fmt::format("a control character ({})", printable(one.substr(i, 1)))};
    }
  }
  return std::nullopt;
}

void parse_documents(std::string_view text, TreeBuilder& builder) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  if (!parser.HandleNextDocument(builder)) return;
  struct Second final : YAML::EventHandler {
    [[noreturn]] static void refuse(const YAML::Mark& mark) {
      throw Refused{"a second document", "one file is one document", mark};
    }
    void OnDocumentStart(const YAML::Mark& mark) override { refuse(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}
  } second;
  parser.HandleNextDocument(second);
}

}  // namespace

Tree parse_yaml(std::string_view text, const std::string& name) {
  Tree tree;
  const auto stop = [&](int line, int column, std::string what, std::string hint = {}) {
    tree.stopped =
        Error{.what = std::move(what), .where = place_of(name, line, column), .hint = std::move(hint)};
    tree.stopped_line = line;
  };
  if (const auto bad = unreadable_byte(text)) {
    stop(bad->line, bad->column, bad->what);
    return tree;
  }
  TreeBuilder builder(text);
  try {
    parse_documents(text, builder);
  } catch (const Refused& refused) {
    stop(refused.mark.line + 1, refused.mark.column + 1, refused.what, refused.hint);
  } catch (const YAML::Exception& wrong) {
    if (const auto tab = tab_indent(text))
      stop(tab->first, tab->second, "a tab cannot indent a line", "use spaces");
    else
      stop(wrong.mark.line + 1, wrong.mark.column + 1, "not YAML: " + wrong.msg);
  }
  builder.close_all();
  tree.root = std::move(builder.root);
  return tree;
}

std::string place(const std::string& name, const Node& node) {
  return place_of(name, node.line, node.column);
}

}  // namespace ullage::config
