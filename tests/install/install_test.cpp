#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

// Runs a shell command, without what the caller may have set; its output is the failure's message.
::testing::AssertionResult succeeds(const std::string& command, const fs::path& log) {
  const int status = std::system(("unset OMMA_ZOO; " + command + " >'" + log.string() + "' 2>&1").c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << command << "\n" << read_file(log);
}

TEST(Install, ExampleBuildsAndRunsAgainstTheMovedPackage) {
  const testing::TemporaryDirectory directory;
  const fs::path log = directory / "log";
  const std::string first = (directory / "first").string(), moved = (directory / "moved").string();
  ASSERT_TRUE(succeeds("cmake --install '" OMMA_BUILD_DIR "' --prefix '" + first + "'", log));
  fs::rename(first, moved);
  const std::string build = (directory / "build").string();
  ASSERT_TRUE(succeeds("cmake -S examples -B '" + build + "' -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH='" + moved +
                           ";" OMMA_TORCH_DIR "/share/cmake'",
                       log));
  ASSERT_TRUE(succeeds("cmake --build '" + build + "'", log));
  ASSERT_TRUE(succeeds(
      "'" OMMA_BUILD_DIR "/apps/omma' render --seed 1 --count 1 --quiet --out '" + (directory / "scenes").string() + "'", log));
  ASSERT_TRUE(succeeds(
      "OMMA_ZOO='" + moved + "/share/omma/zoo' '" + build + "/detect' '" + (directory / "scenes/images/000000.png").string() + "'",
      log));
}

// Far from the checkout, at another depth, from a working directory that holds none of its files.
TEST(Install, ProgramRunsFromAnyPrefixAndWorkingDirectory) {
  const testing::TemporaryDirectory directory;
  const fs::path log = directory / "log", prefix = directory / "a/b/c/d";
  ASSERT_TRUE(succeeds("cmake --install '" OMMA_BUILD_DIR "' --prefix '" + (directory / "first").string() + "'", log));
  fs::create_directories(prefix.parent_path());
  fs::rename(directory / "first", prefix);
  const std::string program = "cd '" + directory.path().string() + "' && env -u LD_LIBRARY_PATH a/b/c/d/bin/omma ";
  ASSERT_TRUE(succeeds(program + "list --json", log));
  EXPECT_NE(read_file(log).find((prefix / "share/omma/zoo").string()), std::string::npos) << read_file(log);
  EXPECT_NE(read_file(log).find("smollm2"), std::string::npos) << read_file(log);  // of the table beside the script that pulls it
  EXPECT_TRUE(fs::is_regular_file(prefix / "share/omma/pull/pull.py"));
  EXPECT_TRUE(succeeds(program + "inspect zoo/planner-nano", log));

  // Recipes by their names; what they name of the zoo is found, a stage is trained first where its run is not done.
  EXPECT_TRUE(succeeds(program + "train recipes/planner-nano.json --set steps=1 --set validation_traces=1", log));
  EXPECT_NE(read_file(log).find("share/omma/zoo/planner-nano: "), std::string::npos) << read_file(log);
  EXPECT_TRUE(succeeds(program + "train planner-nano-long --set steps=1 --set validation_traces=1", log));
  EXPECT_NE(read_file(log).find("out/planner-nano/model: "), std::string::npos) << read_file(log);
}

// A checkout moved with its build folder: the program's own LibTorch, zoo and recipes are those of the new place.
TEST(Install, CheckoutMayBeMoved) {
  const testing::TemporaryDirectory directory;
  const fs::path log = directory / "log", moved = directory / "elsewhere/checkout";
  const fs::path build = fs::relative(OMMA_BUILD_DIR, fs::current_path());
  fs::create_directories(moved / build / "apps");
  fs::copy(OMMA_BUILD_DIR "/apps/omma", moved / build / "apps/omma");
  for (const char* part : {"zoo", "recipes", "CMakePresets.json", ".venv"})
    if (fs::exists(part)) fs::create_symlink(fs::absolute(part), moved / part);
  const std::string program = "cd / && '" + (moved / build / "apps/omma").string() + "' ";
  ASSERT_TRUE(succeeds(program + "list --json", log));
  EXPECT_NE(read_file(log).find((moved / "zoo").string()), std::string::npos) << read_file(log);
  if (std::string_view(OMMA_TORCH_DIR).find("/.venv/") == std::string_view::npos)
    return;  // LibTorch stands outside and stays there
  ASSERT_TRUE(succeeds("ldd '" + (moved / build / "apps/omma").string() + "'", log));
  EXPECT_NE(read_file(log).find((moved / build / "apps").string()), std::string::npos) << read_file(log);
}

TEST(Install, ProgramFindsItsFontAfterTheMove) {
  const testing::TemporaryDirectory directory;
  const fs::path log = directory / "log", share = directory / "moved/share/omma";
  ASSERT_TRUE(succeeds("cmake --install '" OMMA_BUILD_DIR "' --prefix '" + (directory / "first").string() + "'", log));
  fs::rename(directory / "first", directory / "moved");
  const std::string program = "'" + (directory / "moved/bin/omma").string() + "' ";
  ASSERT_TRUE(succeeds(program + "render --seed 1 --count 1 --quiet --out '" + (directory / "scenes").string() + "'", log));
  const auto draw = [&](const std::string& environment) {
    const std::string out = (directory / "labels.png").string();
    EXPECT_TRUE(succeeds(environment + " " + program + "detect '" + (directory / "scenes/images/000000.png").string() +
                             "' --phrase dog --box-threshold 0 --quiet --out '" + out + "'",
                         log));
    return read_file(out);
  };
  EXPECT_NE(read_file(share / "fonts/DejaVuSans.licence").find("Bitstream"), std::string::npos);
  const std::string labelled = draw("");
  EXPECT_EQ(labelled, draw("OMMA_FONT='" + (share / "fonts/DejaVuSans.ttf").string() + "'"));
  EXPECT_NE(labelled, draw("OMMA_FONT=/none"));  // it does draw labels
  fs::copy_file("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", share / "fonts/DejaVuSans.ttf",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(labelled, draw(""));  // its own font, not the system's
}

}  // namespace
}  // namespace omma
