#include "omma/base/output_paths.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::invalid_argument_of;
using Names = std::vector<std::string>;

class OutputPaths : public ::testing::Test {
 protected:
  OutputPaths() {
    for (const char* folder : {"photos/more", "data/images", "elsewhere", "out"}) fs::create_directories(directory_ / folder);
    for (const char* file : {"photos/a.png", "data/labels.json", "elsewhere/b.png"}) write_file(directory_ / file, file);
    fs::current_path(directory_.path());
  }
  ~OutputPaths() override { fs::current_path(before_); }

  testing::TemporaryDirectory directory_;
  fs::path before_ = fs::current_path();
};

TEST_F(OutputPaths, NothingReplacesAnInputUnderAnyName) {
  fs::create_symlink("photos/a.png", "link.png");
  fs::create_hard_link("photos/a.png", "twin.png");
  fs::create_directory_symlink("photos", "album");
  InputPaths inputs;
  inputs.add_file("photos/a.png");
  inputs.add_file("photos/missing.png");
  for (const fs::path& file : {fs::path("photos/a.png"), fs::path("./photos/../photos//a.png"), directory_ / "photos/a.png",
                               fs::path("link.png"), fs::path("twin.png"), fs::path("album/a.png")})
    EXPECT_NE(invalid_argument_of([&] { inputs.expect_apart(file); }).find("over photos/a.png"), std::string::npos) << file;
  EXPECT_NO_THROW(inputs.expect_apart("photos/boxes.png")) << "the user's own name may stand beside a picture";
  EXPECT_NO_THROW(inputs.expect_apart("boxes.png"));

  InputPaths of_link;
  of_link.add_file("link.png");
  EXPECT_THROW(of_link.expect_apart("photos/a.png"), std::invalid_argument);
  InputPaths of_settings;
  of_settings.add_settings("photos/a.png");
  EXPECT_THROW(of_settings.expect_apart("photos/a.png"), std::invalid_argument);
  EXPECT_NO_THROW(of_settings.expect_apart("photos", Names{"b.png"}));
  EXPECT_THROW(of_settings.expect_apart("photos", Names{"b.png", "a.png"}), std::invalid_argument);
}

TEST_F(OutputPaths, ChosenNamesDoNotStandBesideInputs) {
  fs::create_symlink("../photos/a.png", "out/a.png");
  fs::create_directory_symlink("photos", "album");
  InputPaths inputs;
  inputs.add_file("out/a.png");
  for (const char* folder : {"out", "photos", "album", "./photos/more/.."})
    EXPECT_THROW(inputs.expect_apart(folder, Names{"x.png"}), std::invalid_argument) << folder;
  for (const char* folder : {".", "photos/more", "elsewhere", "absent/deeper"})
    EXPECT_NO_THROW(inputs.expect_apart(folder, Names{"x.png"})) << folder;
  fs::create_hard_link("photos/a.png", "elsewhere/twin.png");
  EXPECT_THROW(inputs.expect_apart("elsewhere", Names{"x.png", "twin.png"}), std::invalid_argument);
}

TEST_F(OutputPaths, NothingIsPutAmongWhatAFolderHolds) {
  fs::create_directory_symlink(directory_ / "elsewhere", "data/linked");
  InputPaths inputs;
  inputs.add_folder("photos");
  inputs.add_whole_folder("data");
  for (const char* file : {"photos/new.png", "data/new.json", "data/images/new.png", "data/absent/new.png", "elsewhere/new.png"})
    EXPECT_NE(invalid_argument_of([&] { inputs.expect_apart(file); }).find("among"), std::string::npos) << file;
  for (const char* folder : {"photos", "data", "data/images/", "data/new", "elsewhere", "elsewhere/new"})
    EXPECT_THROW(inputs.expect_apart(folder, {}), std::invalid_argument) << folder;
  for (const char* folder : {".", "out", "photos/more", "database"})
    EXPECT_NO_THROW(inputs.expect_apart(folder, {})) << folder << " is not read";
  EXPECT_NO_THROW(inputs.expect_apart("new.png"));
  fs::create_symlink("photos/new.png", "new.png");
  EXPECT_THROW(inputs.expect_apart("new.png"), std::invalid_argument) << "it would be written through the link";
}

TEST_F(OutputPaths, ResultNamesAreUniqueAndTellThePicturesApart) {
  const auto names_of = [](std::vector<fs::path> pictures) { return result_names(pictures); };
  EXPECT_EQ(names_of({"p/x.jpg", "q/y.jpg", "z"}), (Names{"x", "y", "z"}));
  EXPECT_EQ(names_of({"x.jpg", "y.png", "x.png"}), (Names{"x.jpg", "y", "x.png"}));
  EXPECT_EQ(names_of({"a/1.png", "b/1.png"}), (Names{"a-1", "b-1"}));
  EXPECT_EQ(names_of({"s/a/t/1.png", "s/b/t/1.png"}), (Names{"a-1", "b-1"}));
  EXPECT_EQ(names_of({"a/1.png", "1.png", "/a/1.png"}).at(2), "a-1");
  EXPECT_EQ(names_of({"a/x/1.png", "a/y/1.png", "b/x/1.png"}), (Names{"a-x-1", "a-y-1", "b-x-1"}));
  EXPECT_EQ(names_of({"a/1.png", "b/1.png", "a/1.jpg"}), (Names{"a-1.png", "b-1.png", "1.jpg"}));
  EXPECT_EQ(names_of({"a-1.png", "a/1.png", "b/1.png"}), (Names{"a-1", "a-1-2", "b-1"}));
  EXPECT_EQ(names_of({"1.png", "./1.png", "1-2.png", "1.png"}), (Names{"1", "1-2", "1-2-2", "1-3"}));

  std::vector<fs::path> many;
  for (int i = 0; i < 20'000; ++i) many.push_back(i % 2 == 0 ? fs::path("same.png") : fs::path(fmt::format("{}/same.png", i % 7)));
  const Names names = names_of(many);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), many.size());
}

TEST_F(OutputPaths, TriesWhereResultsGoAndLeavesNothing) {
  const auto files = [&] { return std::distance(fs::recursive_directory_iterator("."), fs::recursive_directory_iterator()); };
  fs::create_symlink("out/target", "link");
  const auto before = files();
  for (const fs::path& file :
       {fs::path("out/new"), fs::path("photos/a.png"), fs::path("link"), fs::path("/dev/null"), fs::path(std::string(255, 'n'))})
    EXPECT_NO_THROW(expect_writable_file(file)) << file;
  for (const fs::path& file : {fs::path(), fs::path("out"), fs::path("out/"), fs::path("absent/new"), fs::path("photos/a.png/new"),
                               fs::path(std::string(256, 'n'))})
    EXPECT_THROW(expect_writable_file(file), std::invalid_argument) << file;
  for (const char* folder : {"out", "absent/deeper", "."}) EXPECT_NO_THROW(expect_writable_folder(folder)) << folder;
  for (const char* folder : {"", "photos/a.png", "photos/a.png/deeper", "/proc/absent"})
    EXPECT_THROW(expect_writable_folder(folder), std::invalid_argument) << folder;
  EXPECT_EQ(files(), before);
  EXPECT_EQ(read_file("photos/a.png"), "photos/a.png");
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  ::chmod("out", 0500);
  ::chmod("photos/a.png", 0400);
  EXPECT_THROW(expect_writable_file("out/new"), std::invalid_argument);
  EXPECT_THROW(expect_writable_file("photos/a.png"), std::invalid_argument);
  EXPECT_THROW(expect_writable_folder("out/new"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
