#include "omma/base/folder.h"

#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

TEST(Folder, ListsFilesByNameAndFollowsLinks) {
  const testing::TemporaryDirectory directory;
  const fs::path root = directory / "root", outside = directory / "outside";
  fs::create_directories(root / "b");
  fs::create_directories(outside);
  for (const fs::path& file : {root / "c", root / "a", root / "._a", root / "b" / "d", root / "b" / "._d", outside / "e"})
    write_file(file, "");
  fs::create_symlink(outside / "e", root / "link");
  fs::create_symlink("nowhere", root / "broken");
  fs::create_symlink("circle", root / "circle");
  fs::create_directory_symlink(outside, root / "b" / "more");
  fs::create_directory_symlink(outside, root / "b" / "twice");
  EXPECT_EQ(files_in(root), (Paths{root / "a", root / "broken", root / "c", root / "circle", root / "link"}));
  EXPECT_EQ(files_below(root), (Paths{root / "a", root / "b/d", root / "b/more/e", root / "b/twice/e", root / "broken", root / "c",
                                      root / "circle", root / "link"}));
}

TEST(Folder, ALinkBackIsAnError) {
  const testing::TemporaryDirectory directory;
  fs::create_directories(directory / "a/b");
  fs::create_directory_symlink("..", directory / "a/b/up");
  EXPECT_EQ(testing::invalid_argument_of([&] { files_below(directory.path()); }),
            (directory / "a/b/up").string() + ": a link that leads back to " + (directory / "a").string());
  EXPECT_TRUE(files_in(directory / "a/b").empty());
}

TEST(Folder, WhatCannotBeReadIsAnError) {
  const testing::TemporaryDirectory directory;
  EXPECT_NE(testing::invalid_argument_of([&] { files_in(directory / "none"); }), "");
  write_file(directory / "file", "");
  EXPECT_NE(testing::invalid_argument_of([&] { files_below(directory / "file"); }), "");
}

}  // namespace
}  // namespace omma
