// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/symbols.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ios>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/sanitizer.h"
#include "heap/interpret/heap_file.h"
#include "heap/interpret/heap_file_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// testdata/call_places.cpp, built in several ways (CMakeLists.txt).
const std::string kPrograms = ULLAGE_CALL_PLACES;
const std::string kSource = "src/heap/interpret/testdata/call_places.cpp";

std::map<std::string, std::uint64_t> places_of(const std::string& program) {
  const std::string output = testing::TempDir() + "ullage-places-" + std::to_string(::getpid());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  std::string path = program;
  char* arguments[] = {path.data(), nullptr};
  pid_t child = 0;
  int status = -1;
  if (::posix_spawn(&child, path.c_str(), &actions, nullptr, arguments, environ) == 0)
    ::waitpid(child, &status, 0);
  ::posix_spawn_file_actions_destroy(&actions);
  std::map<std::string, std::uint64_t> places;
  std::ifstream lines(output);
  std::string name;
  for (std::uint64_t offset = 0; lines >> name >> std::hex >> offset;) places[name] = offset;
  std::filesystem::remove(output);
  return places;
}

// The line of the source that has this mark.
std::uint32_t line_of(std::string_view mark) {
  std::ifstream source(kSource);
  std::string line;
  for (std::uint32_t number = 1; std::getline(source, line); ++number)
    if (line.ends_with("mark: " + std::string(mark))) return number;
  return 0;
}

std::vector<std::string> functions_of(const std::vector<Frame>& frames) {
  std::vector<std::string> names;
  for (const Frame& frame : frames) names.push_back(frame.function);
  return names;
}

class SymbolsOfPrograms : public testing::Test {
 protected:
  std::vector<Frame> at(const std::string& program, const std::string& place) {
    static const std::map<std::string, std::uint64_t> places = places_of(kPrograms + "/call_places");
    static const std::map<std::string, std::uint64_t> fixed = places_of(kPrograms + "/call_places_fixed");
    const auto& its_places = program == "call_places_fixed" ? fixed : places;
    if (!its_places.contains(place)) return {};
    return symbols_.frames_of_call({kPrograms + "/" + program, ""}, its_places.at(place));
  }

  Symbols symbols_;
};

TEST_F(SymbolsOfPrograms, HaveFunctionsFilesAndLines) {
  for (const char* program : {"call_places", "call_places_fixed"}) {
    const auto method = at(program, "method");
    ASSERT_EQ(method.size(), 1u) << program;
    EXPECT_EQ(method[0].function, "places::Tree<long>::grow(long)");
    EXPECT_THAT(method[0].file, EndsWith(kSource));
    EXPECT_EQ(method[0].line, line_of("method"));
    EXPECT_EQ(method[0].module, program);
    EXPECT_FALSE(method[0].is_inlined);
    EXPECT_THAT(functions_of(at(program, "plain")), ElementsAre("plain_c"));
    EXPECT_THAT(functions_of(at(program, "hidden")), ElementsAre("(anonymous namespace)::hidden()"));
    EXPECT_THAT(functions_of(at(program, "lambda")).back(),
                testing::AnyOf(HasSubstr("lambda"), HasSubstr("main")));
    EXPECT_EQ(at(program, "lambda").front().line, line_of("lambda"));
  }
}

// The linker knows of none of them, and so neither does the compiler say what it would call them.
TEST_F(SymbolsOfPrograms, HaveTheirNamespacesAndClassesAlsoWithoutALinkersName) {
  for (const char* program : {"call_places", "call_places_fixed"}) {
    EXPECT_THAT(functions_of(at(program, "constructor")).front(),
                testing::StartsWith("(anonymous namespace)::Owner::Owner"));
    EXPECT_THAT(functions_of(at(program, "member")).front(),
                testing::StartsWith("places::(anonymous namespace)::Keeper::keep"));
  }
}

TEST_F(SymbolsOfPrograms, SpellOutWhatWasInlined) {
  for (const char* program : {"call_places", "call_places_fixed", "call_places_linked"}) {
    const auto frames = at(program, "inlined");
    ASSERT_THAT(functions_of(frames),
                ElementsAre("places::inner()", "places::middle()", "places::outer(int)"));
    EXPECT_EQ(frames[0].line, line_of("inner"));
    EXPECT_EQ(frames[1].line, line_of("middle"));
    EXPECT_EQ(frames[2].line, line_of("outer"));
    EXPECT_TRUE(frames[0].is_inlined);
    EXPECT_TRUE(frames[1].is_inlined);
    EXPECT_FALSE(frames[2].is_inlined);
  }
}

TEST_F(SymbolsOfPrograms, AreFoundInASeparateFileByItsLink) {
  const auto frames = at("call_places_linked", "hidden");
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].line, line_of("hidden"));
  EXPECT_EQ(frames[0].module, "call_places_linked");
}

TEST_F(SymbolsOfPrograms, WithoutDwarfAreTheFunctionsNames) {
  const auto frames = at("call_places_named", "hidden");
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].function, "(anonymous namespace)::hidden()");
  EXPECT_EQ(frames[0].file, "");
  EXPECT_EQ(frames[0].line, 0u);
  EXPECT_THAT(functions_of(at("call_places_named", "inlined")), ElementsAre("places::outer(int)"));
}

TEST_F(SymbolsOfPrograms, WithoutAnyNameAreOffsets) {
  const auto frames = at("call_places_stripped", "hidden");
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_THAT(frames[0].function, StartsWith("call_places_stripped+0x"));
  EXPECT_EQ(frames[0].module, "call_places_stripped");
  EXPECT_EQ(symbols_.problem_of({kPrograms + "/call_places_stripped", ""}), "");
}

TEST_F(SymbolsOfPrograms, AreFoundInCompressedDebugData) {
  if (!std::filesystem::exists(kPrograms + "/call_places_mini")) GTEST_SKIP() << "no xz when it was built";
  EXPECT_THAT(functions_of(at("call_places_mini", "hidden")), ElementsAre("(anonymous namespace)::hidden()"));
}

// As file(1) prints it, out of the section's note.
std::string build_id_of(const std::string& program) {
  auto bytes = read_file(program);
  constexpr std::string_view kNote("\x14\0\0\0\x03\0\0\0GNU\0", 12);  // 20 bytes, NT_GNU_BUILD_ID
  const std::size_t at = bytes ? bytes->find(kNote) : std::string::npos;
  return at == std::string::npos ? "" : bytes->substr(at + kNote.size(), 20);
}

TEST_F(SymbolsOfPrograms, AreFoundInASeparateFileByItsBuildId) {
  const std::string program = kPrograms + "/call_places_stripped";
  const std::string build_id = build_id_of(program);
  ASSERT_EQ(build_id.size(), 20u);
  std::string hex;
  for (const char c : build_id) {
    std::array<char, 3> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned char>(c));
    hex += digits.data();
  }
  const TestFolder folder;
  std::filesystem::create_directories(folder.path(".build-id/" + hex.substr(0, 2)));
  // The whole program: of some linkers' files objcopy's --only-keep-debug keeps no build-id.
  std::filesystem::copy(kPrograms + "/call_places",
                        folder.path(".build-id/" + hex.substr(0, 2) + "/" + hex.substr(2) + ".debug"));
  Symbols symbols(folder.path(""));
  const std::uint64_t offset = places_of(kPrograms + "/call_places").at("hidden");
  const auto frames = symbols.frames_of_call({program, build_id}, offset);
  EXPECT_EQ(frames.at(0).line, line_of("hidden"));
  EXPECT_EQ(symbols.problem_of({program, build_id}), "");
}

TEST_F(SymbolsOfPrograms, AreNotGuessedFromAnotherFile) {
  const ModuleFile changed{kPrograms + "/call_places", "another build"};
  EXPECT_THAT(symbols_.frames_of_call(changed, 0x1235).at(0).function, "call_places+0x1234");
  EXPECT_THAT(symbols_.problem_of(changed), HasSubstr("another one than the program had"));
  const ModuleFile gone{"/no/such/libgone.so", ""};
  EXPECT_EQ(symbols_.frames_of_call(gone, 0x11).at(0).function, "libgone.so+0x10");
  EXPECT_THAT(symbols_.problem_of(gone), HasSubstr("/no/such/libgone.so"));
  EXPECT_EQ(symbols_.frames_of_call({"[vdso]", ""}, 0x11).at(0).function, "[vdso]+0x10");
  EXPECT_EQ(symbols_.problem_of({"[vdso]", ""}), "");
}

TEST_F(SymbolsOfPrograms, DamageGivesFewerNamesAndNoEnd) {
  const auto whole = read_file(kPrograms + "/call_places");
  ASSERT_TRUE(whole);
  const TestFolder folder;
  const auto places = places_of(kPrograms + "/call_places");
  std::uint64_t random = 12345;
  const int rounds = kUnderSanitizer ? 40 : 200;
  for (int round = 0; round < rounds; ++round) {
    std::string bytes = *whole;
    for (int i = 0; i < 200; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      bytes[64 + (random >> 33) % (bytes.size() - 64)] = static_cast<char>(random >> 25);
    }
    if (round % 5 == 0) bytes.resize(bytes.size() - static_cast<std::size_t>(round) * bytes.size() / 250);
    const std::string path = folder.write("damaged" + std::to_string(round), bytes);
    Symbols symbols(folder.path("none"));
    for (const auto& [name, offset] : places)
      EXPECT_FALSE(symbols.frames_of_call({path, ""}, offset).empty());
    std::filesystem::remove(path);
  }
}

TEST_F(SymbolsOfPrograms, AHundredThousandTakeWellUnderASecond) {
  if (kUnderSanitizer) GTEST_SKIP();
  const std::string own = std::filesystem::read_symlink("/proc/self/exe");
  Symbols symbols;
  const auto begin = std::chrono::steady_clock::now();
  std::size_t frames = 0;
  for (std::uint64_t i = 0; i < 100'000; ++i)
    frames += symbols.frames_of_call({kPrograms + "/call_places", ""}, 0x1000 + i % 0x1000).size();
  for (std::uint64_t i = 0; i < 100'000; ++i)
    frames += symbols.frames_of_call({own, ""}, 0x20000 + i * 16).size();
  EXPECT_GE(frames, 200'000u);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds", std::to_string(took.count()));
  EXPECT_LT(took.count(), 5) << "generous, for a busy machine";
}

}  // namespace
}  // namespace ullage::heap
