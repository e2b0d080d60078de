#include "omma/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

TEST(File, WritesAndReadsBack) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "a", "one");
  write_file(directory / "a", "two");
  EXPECT_EQ(read_file(directory / "a"), "two");
  EXPECT_EQ(MappedFile(directory / "a").text(), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

TEST(File, FailedWriteKeepsTheOldFile) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "a", "old");
  const auto writer = [](const fs::path& partial) {
    std::ofstream(partial) << "half";
    throw std::runtime_error("disk full");
  };
  EXPECT_THROW(write_file(directory / "a", writer), std::runtime_error);
  EXPECT_EQ(read_file(directory / "a"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

// A renamed file would take the place of the device, the pipe or the link, and not go through it.
TEST(File, WritesThroughPipesAndLinks) {
  const testing::TemporaryDirectory directory;
  const fs::path pipe = directory / "pipe", target = directory / "target", link = directory / "link";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  write_file(pipe, "through");
  char text[16] = {};
  EXPECT_EQ(::read(reader, text, sizeof text), 7);
  EXPECT_EQ(std::string(text), "through");
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(pipe));
  fs::create_symlink("target", link);
  for (const char* contents : {"absent before", "there before"}) {
    write_file(link, contents);
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_EQ(read_file(target), contents);
  }
}

TEST(File, WritesTheLongestName) {
  const testing::TemporaryDirectory directory;
  const fs::path file = directory / std::string(255, 'n');
  write_file(file, "long");
  EXPECT_EQ(read_file(file), "long");
}

TEST(File, RefusesWhatIsNoRegularFile) {
  const testing::TemporaryDirectory directory;
  EXPECT_THROW(read_file(directory / "missing"), std::invalid_argument);
  EXPECT_THROW(read_file(directory.path()), std::invalid_argument);
  EXPECT_THROW(MappedFile{directory.path()}, std::invalid_argument);
  write_file(directory / "big", std::string(100, 'x'));
  EXPECT_THROW(read_file(directory / "big", 99), std::invalid_argument);
}

TEST(File, StableFileIsTheOneThatWasOpened) {
  const testing::TemporaryDirectory directory;
  EXPECT_THROW(StableFile(directory / "a"), std::invalid_argument);
  write_file(directory / "a", "0123456789");
  const StableFile file(directory / "a");
  EXPECT_EQ(file.read(3, 4), (std::vector<std::uint8_t>{'3', '4', '5', '6'}));
  EXPECT_EQ(file.map().text(), "0123456789");
  EXPECT_THROW(file.read(3, 8), std::invalid_argument);
  EXPECT_THROW(file.read(11, 0), std::invalid_argument);
  EXPECT_THROW(file.read(2, ~std::uint64_t{0}), std::invalid_argument);
  write_file(directory / "a", "9876543210");
  EXPECT_NE(testing::invalid_argument_of([&] { file.read(0, 1); }).find("changed"), std::string::npos);
  EXPECT_THROW(file.map(), std::invalid_argument);
}

TEST(File, PathInsideRefusesEscapes) {
  const testing::TemporaryDirectory directory;
  for (const char* name : {"..", "../x", "/", "/etc/passwd", "a/../../x", "a/..//../x", ""})
    EXPECT_THROW(path_inside(directory.path(), name), std::invalid_argument) << name;
  EXPECT_THROW(path_inside(directory.path(), directory.path().string() + "x/a"), std::invalid_argument);
  EXPECT_THROW(path_inside(directory.path(), std::string_view("a\0b", 3)), std::invalid_argument);
}

TEST(File, PathInsideTakesWhatStaysInside) {
  const testing::TemporaryDirectory directory;
  const fs::path& root = directory.path();
  EXPECT_EQ(path_inside(root, "."), root / ".");
  EXPECT_EQ(path_inside(root, "a/b"), root / "a/b");
  EXPECT_EQ(path_inside(root, "./a//b"), root / "a/b");
  EXPECT_EQ(path_inside(root, "a/../b"), root / "b");
  EXPECT_EQ(path_inside(root, "..a"), root / "..a");
  EXPECT_EQ(path_inside(root, (root / "a/b").string()), root / "a/b");
  EXPECT_EQ(path_inside(root, (root / "c/../a").string()), root / "a");
  EXPECT_EQ(path_inside(".", (fs::current_path() / "a").string()), "./a");
}

// A link is followed, but `..` behind it is one of the name: link/../x is x, not what stands beside the link's target.
TEST(File, PathInsideFollowsLinks) {
  const testing::TemporaryDirectory directory;
  const fs::path data = directory / "data";
  fs::create_directory(data);
  fs::create_directory_symlink("/etc", data / "link");
  fs::create_directory_symlink(data, directory / "alias");
  EXPECT_EQ(path_inside(data, "link/passwd"), data / "link/passwd");
  EXPECT_EQ(path_inside(data, "link/../x"), data / "x");
  EXPECT_THROW(path_inside(data, "link/../../x"), std::invalid_argument);
  EXPECT_EQ(path_inside(directory / "alias", (data / "a").string()), directory / "alias" / "a");  // its real name
}

TEST(File, LockNamesItsOwner) {
  const testing::TemporaryDirectory directory;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const DirectoryLock lock(directory.path());
    [[maybe_unused]] const auto sent = ::write(ready[1], "x", 1);
    ::pause();
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  const std::string message = testing::invalid_argument_of([&] { DirectoryLock lock(directory.path()); });
  EXPECT_NE(message.find(std::to_string(child)), std::string::npos) << message;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(DirectoryLock lock(directory.path()));  // the dead owner's lock is free
}

TEST(File, LockIsRemovedAtTheEnd) {
  const testing::TemporaryDirectory directory;
  {
    const DirectoryLock lock(directory.path());
    EXPECT_TRUE(fs::exists(directory / ".lock"));
  }
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

// Several processes take and free the lock as fast as they can. A file that no two may have at once is made in between.
TEST(File, LockHasOneOwnerHoweverOftenItIsRemoved) {
  const testing::TemporaryDirectory directory;
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    children.push_back(child);
    if (child != 0) continue;
    for (int owned = 0, tries = 0; owned < 300 && tries < 1'000'000; ++tries) {
      try {
        const DirectoryLock lock(directory.path());
        const int alone = ::open((directory / "alone").c_str(), O_CREAT | O_EXCL, 0644);
        if (alone < 0 || ::close(alone) != 0 || ::unlink((directory / "alone").c_str()) != 0) ::_exit(1);
        ++owned;
      } catch (const std::invalid_argument&) {  // another's
      }
    }
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace omma
