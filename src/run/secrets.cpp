// SPDX-License-Identifier: Apache-2.0
#include "run/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ullage::run {

namespace {

constexpr std::string_view kMask = "***";

// In a name of an option, a variable or a header, these say that its value is a secret.
constexpr std::array<std::string_view, 16> kSecretWords = {
    "passw",  "passphrase", "secret", "token",   "apikey",        "accesskey", "privatekey", "credential",
    "bearer", "authkey",    "jwt",    "signkey", "encryptionkey", "sharedkey", "sessionkey", "authorization"};
// As the whole name, or its last word.
constexpr std::array<std::string_view, 6> kSecretNames = {"key", "pwd", "pass", "auth", "pat", "pw"};
// Names that hold a secret word and no secret.
constexpr std::array<std::string_view, 12> kHarmless = {
    "maxtoken", "numtoken",  "tokenizer",  "tokens",       "tokencount", "tokenlimit",
    "keyfile",  "tokenfile", "secretname", "passwordfile", "passfile",   "keypath"};

// How the tokens of well-known services begin, and how long they are at least.
struct TokenShape {
  std::string_view prefix;
  std::size_t length;
};
constexpr std::array<TokenShape, 20> kTokenShapes = {
    {{"AKIA", 16},     {"ASIA", 16},     {"ghp_", 20},        {"gho_", 20},   {"ghu_", 20},
     {"ghs_", 20},     {"ghr_", 20},     {"github_pat_", 20}, {"glpat-", 20}, {"sk-", 20},
     {"sk_live_", 16}, {"rk_live_", 16}, {"xoxb-", 16},       {"xoxp-", 16},  {"xoxa-", 16},
     {"hf_", 20},      {"pypi-", 20},    {"npm_", 20},        {"AIza", 30},   {"eyJ", 40}}};

// Letters and digits alone, in lower case: "--Api-Key", "API_KEY" and "apiKey" are one name.
std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return plain;
}

std::string_view last_word(std::string_view name) {
  const std::size_t separator = name.find_last_of("-_.");
  return separator == std::string_view::npos ? name : name.substr(separator + 1);
}

bool is_secret_name(std::string_view name) {
  const std::string plain = plain_name(name);
  const auto is_in = [&](std::string_view word) { return plain.find(word) != std::string::npos; };
  if (std::ranges::any_of(kHarmless, is_in)) return false;
  if (std::ranges::any_of(kSecretWords, is_in)) return true;
  const std::string last = plain_name(last_word(name));
  return std::ranges::any_of(kSecretNames,
                             [&](std::string_view word) { return plain == word || last == word; });
}

bool is_token_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_-+/=.~").find(c) != std::string_view::npos;
}

bool has_token_shape(std::string_view text) {
  return std::ranges::any_of(kTokenShapes, [&](const TokenShape& shape) {
    return text.starts_with(shape.prefix) && text.size() >= shape.length;
  });
}

// Bits a letter; random base64 has five to six, words and paths less than four.
double entropy(std::string_view text) {
  std::array<double, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const double count : counts)
    if (count > 0) bits -= count * std::log2(count / static_cast<double>(text.size()));
  return bits / static_cast<double>(text.size());
}

// Long, of letters of both cases and digits, and without order. Hexadecimal is not among them: commits,
// checksums and image digests are what people need to see.
bool looks_random(std::string_view text) {
  if (text.size() < 32 || !std::ranges::all_of(text, is_token_letter)) return false;
  if (std::ranges::count(text, '/') > 1 || std::ranges::count(text, '.') > 2) return false;  // a path, a host
  bool lower = false, upper = false, digit = false;
  for (const char c : text) {
    lower |= std::islower(static_cast<unsigned char>(c)) != 0;
    upper |= std::isupper(static_cast<unsigned char>(c)) != 0;
    digit |= std::isdigit(static_cast<unsigned char>(c)) != 0;
  }
  return lower && upper && digit && entropy(text) > 4.2;
}

// user:password@host in a URL: the password goes, the rest stays.
void mask_url_password(std::string& text) {
  for (std::size_t scheme = text.find("://"); scheme != std::string::npos;
       scheme = text.find("://", scheme + 3)) {
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(text.find_first_of("/?# '\"", begin), text.size());
    const std::size_t at = text.rfind('@', end);
    if (at == std::string::npos || at < begin || at >= end) continue;
    const std::size_t colon = text.find(':', begin);
    if (colon == std::string::npos || colon > at) {
      if (has_token_shape(std::string_view(text).substr(begin, at - begin)))
        text.replace(begin, at - begin, kMask);
      continue;
    }
    text.replace(colon + 1, at - colon - 1, kMask);
  }
}

// Tokens within a longer text, such as a shell's -c argument.
void mask_tokens(std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    if (!is_token_letter(text[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < text.size() && is_token_letter(text[end]) && text[end] != '=') ++end;
    if (end == begin) {
      ++begin;
      continue;
    }
    const std::string_view word = std::string_view(text).substr(begin, end - begin);
    if (has_token_shape(word) || looks_random(word)) {
      text.replace(begin, end - begin, kMask);
      end = begin + kMask.size();
    }
    begin = end;
  }
}

// NAME=value, name: value and --name value inside a longer text, and "Bearer x".
void mask_assignments(std::string& text) {
  for (std::size_t separator = text.find_first_of("=: "); separator != std::string::npos;
       separator = text.find_first_of("=: ", separator + 1)) {
    std::size_t name_end = separator;
    if (name_end > 0 && (text[name_end - 1] == '"' || text[name_end - 1] == '\''))
      --name_end;  // "name": as in JSON
    std::size_t begin = name_end;
    while (begin > 0 && (std::isalnum(static_cast<unsigned char>(text[begin - 1])) != 0 ||
                         text[begin - 1] == '_' || text[begin - 1] == '-' || text[begin - 1] == '.'))
      --begin;
    const std::string_view name = std::string_view(text).substr(begin, name_end - begin);
    const bool is_option = name.starts_with("-");
    const bool is_bearer = plain_name(name) == "bearer" || plain_name(name) == "basic";
    if (text[separator] == ' ' ? !(is_bearer || (is_option && is_secret_name(name))) : !is_secret_name(name))
      continue;
    std::size_t value = separator + 1;
    while (value < text.size() && (text[value] == ' ' || text[value] == '"' || text[value] == '\'')) ++value;
    // "Authorization: Bearer x": the word stays, and x goes when its turn comes.
    std::size_t end = text.find_first_of(" \t\n\"'&;,)", value);
    end = std::min(end, text.size());
    const std::string word = plain_name(std::string_view(text).substr(value, end - value));
    if (end == value || word == "bearer" || word == "basic" || text.compare(value, kMask.size(), kMask) == 0)
      continue;
    if (text[value] == '$' || text.compare(value, 2, "//") == 0) continue;  // a variable's name; a URL
    text.replace(value, end - value, kMask);
    separator = value + kMask.size() - 1;
  }
}

std::string mask_text(std::string text) {
  mask_url_password(text);
  mask_assignments(text);
  mask_tokens(text);
  return text;
}

// The option whose value is the next argument, if its name says so.
bool announces_secret(std::string_view argument) {
  return argument.size() > 2 && argument.starts_with("-") && argument.find('=') == std::string_view::npos &&
         argument.find(' ') == std::string_view::npos && is_secret_name(argument);
}

// name=value as a whole argument: all of the value goes, blanks and all.
std::optional<std::string> mask_named_value(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || equals + 1 == argument.size()) return std::nullopt;
  const std::string_view name = std::string_view(argument).substr(0, equals);
  if (name.find_first_of(" /:") != std::string_view::npos || !is_secret_name(name)) return std::nullopt;
  return std::string(name) + "=" + std::string(kMask);
}

bool is_listed(std::string_view name) {
  constexpr std::array<std::string_view, 35> kNames = {"CONDA_DEFAULT_ENV",
                                                       "CUDA_DEVICE_ORDER",
                                                       "CUDA_LAUNCH_BLOCKING",
                                                       "CUDA_MODULE_LOADING",
                                                       "CUDA_VISIBLE_DEVICES",
                                                       "GODEBUG",
                                                       "GOGC",
                                                       "GOMAXPROCS",
                                                       "GOMEMLIMIT",
                                                       "HIP_VISIBLE_DEVICES",
                                                       "HOSTNAME",
                                                       "JAVA_TOOL_OPTIONS",
                                                       "JDK_JAVA_OPTIONS",
                                                       "KMP_AFFINITY",
                                                       "KMP_BLOCKTIME",
                                                       "LANG",
                                                       "LANGUAGE",
                                                       "LD_LIBRARY_PATH",
                                                       "LD_PRELOAD",
                                                       "MAKEFLAGS",
                                                       "NODE_OPTIONS",
                                                       "NVIDIA_VISIBLE_DEVICES",
                                                       "PATH",
                                                       "PYTHONDONTWRITEBYTECODE",
                                                       "PYTHONHASHSEED",
                                                       "PYTHONMALLOC",
                                                       "PYTHONPATH",
                                                       "PYTHONUNBUFFERED",
                                                       "PYTORCH_CUDA_ALLOC_CONF",
                                                       "RAYON_NUM_THREADS",
                                                       "ROCR_VISIBLE_DEVICES",
                                                       "SHELL",
                                                       "TERM",
                                                       "TZ",
                                                       "VIRTUAL_ENV"};
  constexpr std::array<std::string_view, 8> kPrefixes = {
      "LC_", "MALLOC_", "OMP_", "GOMP_", "SLURM_", "JEMALLOC_", "TCMALLOC_", "OMPI_COMM_WORLD_"};
  return std::ranges::find(kNames, name) != kNames.end() || name.ends_with("_NUM_THREADS") ||
         std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::vector<std::string> mask_arguments(const std::vector<std::string>& arguments) {
  std::vector<std::string> masked;
  bool is_secret = false;
  for (const std::string& argument : arguments) {
    const bool was_announced = std::exchange(is_secret, !masked.empty() && announces_secret(argument));
    if (masked.empty())
      masked.push_back(argument);
    else if (was_announced && !argument.starts_with("--"))
      masked.emplace_back(kMask);
    else if (auto named = mask_named_value(argument))
      masked.push_back(std::move(*named));
    else
      masked.push_back(mask_text(argument));
  }
  return masked;
}

std::map<std::string, std::string> recordable_environment(
    const std::map<std::string, std::string>& environment, const std::vector<std::string>& more) {
  std::map<std::string, std::string> recordable;
  for (const auto& [name, value] : environment)
    if ((is_listed(name) || std::ranges::find(more, name) != more.end()) && !is_secret_name(name))
      recordable.emplace(name, mask_text(value));
  return recordable;
}

}  // namespace ullage::run
