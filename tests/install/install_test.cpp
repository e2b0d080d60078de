#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

// Runs a shell command; its output is the failure's message.
::testing::AssertionResult succeeds(const std::string& command, const fs::path& log) {
  const int status = std::system((command + " >'" + log.string() + "' 2>&1").c_str());
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

TEST(Install, ProgramFindsItsZooAfterTheMove) {
  const testing::TemporaryDirectory directory;
  const fs::path log = directory / "log";
  ASSERT_TRUE(succeeds("cmake --install '" OMMA_BUILD_DIR "' --prefix '" + (directory / "first").string() + "'", log));
  fs::rename(directory / "first", directory / "moved");
  // Outside the checkout LibTorch's place is told by the loader's variable; beside it the relative RPATH finds it.
  ASSERT_TRUE(
      succeeds("LD_LIBRARY_PATH='" OMMA_TORCH_DIR "/lib' '" + (directory / "moved/bin/omma").string() + "' list --json", log));
  EXPECT_NE(read_file(log).find((directory / "moved/share/omma/zoo").string()), std::string::npos) << read_file(log);
}

}  // namespace
}  // namespace omma
