// The minimal preset compiles nothing that the ordinary build did not compile, and needs no optional package: it works where that
// build and its minimal program (minimal_program_test.cpp) do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <set>

#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_shell;

// The optional packages: how their headers and libraries begin.
const std::regex kOptionalHeader("archive|curl/|ft2build|freetype|webp/|yaml-cpp/|benchmark/");
const std::regex kOptionalLibrary(
    "lib(archive|curl|freetype|webp|yaml-cpp|benchmark)|-l(archive|curl|freetype|webp|yaml-cpp|benchmark)");

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) text.replace(at, what.size(), by);
  return text;
}

// The names in a file's #include lines, as written: "omma/base/json.h" or <vector>.
std::vector<std::string> includes_of(const fs::path& file) {
  static const std::regex include(R"(^\s*#\s*include\s*(["<][^">]+)[">])");
  std::vector<std::string> names;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);)
    if (std::smatch match; std::regex_search(line, match, include)) names.push_back(match[1]);
  return names;
}

// What one call of the compiler compiles: several sources in a unity build.
struct Unit {
  std::string flags;
  std::set<std::string> sources;
};

// The units of a build folder, which is BUILD in them.
std::vector<Unit> units_of(const fs::path& build) {
  std::vector<Unit> units;
  for (const json& entry : read_json(build / "compile_commands.json")) {
    const std::string command = entry["command"], file = entry["file"];
    Unit unit{.flags = replaced(command.substr(0, command.find(" -o ")), build.string(), "BUILD"), .sources = {}};
    if (fs::path(file).filename().string().starts_with("unity_"))
      for (const std::string& source : includes_of(file)) unit.sources.insert(replaced(source.substr(1), build.string(), "BUILD"));
    else
      unit.sources.insert(replaced(file, build.string(), "BUILD"));
    units.push_back(unit);
  }
  return units;
}

class MinimalPreset : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<testing::TemporaryDirectory>();
    const auto run = run_shell(OMMA_CONFIGURE " -B " + testing::shell_word(directory_->path().string()));
    ASSERT_EQ(run.status, 0) << run.out << run.err;
  }
  static void TearDownTestSuite() { directory_.reset(); }
  static fs::path build() { return directory_->path(); }

 private:
  static inline std::unique_ptr<testing::TemporaryDirectory> directory_;
};

TEST_F(MinimalPreset, CompilesNothingElse) {
  const std::vector<Unit> ordinary = units_of(OMMA_BUILD_DIR), minimal = units_of(build());
  EXPECT_GT(minimal.size(), 60U);
  for (const Unit& unit : minimal)
    EXPECT_TRUE(std::ranges::any_of(
        ordinary,
        [&](const Unit& other) { return other.flags == unit.flags && std::ranges::includes(other.sources, unit.sources); }))
        << ::testing::PrintToString(unit.sources) << "\n"
        << unit.flags;
}

TEST_F(MinimalPreset, IncludesNoOptionalPackage) {
  std::set<std::string> seen;
  std::vector<std::string> left;
  for (const Unit& unit : units_of(build())) std::ranges::copy(unit.sources, std::back_inserter(left));
  while (!left.empty()) {
    const std::string file = left.back();
    left.pop_back();
    if (!fs::exists(file) || !seen.insert(fs::absolute(file)).second) continue;
    for (const std::string& name : includes_of(file)) {
      EXPECT_FALSE(std::regex_search(name.begin() + 1, name.end(), kOptionalHeader, std::regex_constants::match_continuous))
          << file << " includes " << name.substr(1);
      if (name.front() == '"') left.push_back(name.substr(1));
    }
  }
  EXPECT_GT(seen.size(), 400U);
}

TEST_F(MinimalPreset, LinksNoOptionalPackage) {
  EXPECT_FALSE(std::regex_search(read_file(build() / "build.ninja"), kOptionalLibrary));
  const auto needed = run_shell("readelf --dynamic " + testing::shell_word(OMMA_PROGRAM));
  ASSERT_EQ(needed.status, 0) << needed.err;
  EXPECT_NE(needed.out.find("NEEDED"), std::string::npos);
  EXPECT_FALSE(std::regex_search(needed.out, kOptionalLibrary)) << needed.out;
}

}  // namespace
}  // namespace omma
