#include "omma/io/model_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

// Sets a variable for a test, or unsets it with nullptr.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const {
    if (value != nullptr)
      ::setenv(name_, value, 1);
    else
      ::unsetenv(name_);
  }

  const char* name_;
  std::optional<std::string> before_;
};

TEST(ModelCache, FollowsTheVariablesInOrder) {
  const Variable home("HOME", "/h");
  {
    const Variable cache("XDG_CACHE_HOME", "/x");
    EXPECT_EQ(user_cache_directory(), "/x");
    EXPECT_EQ(model_cache_directory(), "/x/omma/models");
  }
  for (const char* unset : {static_cast<const char*>(nullptr), ""}) {
    const Variable cache("XDG_CACHE_HOME", unset);
    EXPECT_EQ(model_cache_directory(), "/h/.cache/omma/models");
    const Variable homeless("HOME", nullptr);
    EXPECT_EQ(model_cache_directory(), "./.cache/omma/models");
  }
}

TEST(ModelCache, FindsFoldersThatHoldAnything) {
  const testing::TemporaryDirectory directory;
  const Variable cache("XDG_CACHE_HOME", directory.path().c_str());
  EXPECT_EQ(find_in_model_cache("one"), std::nullopt);  // no cache yet
  const fs::path models = directory / "omma/models";
  fs::create_directories(models / "one");
  EXPECT_EQ(find_in_model_cache("one"), std::nullopt);
  write_file(models / "one/one.gguf", "x");
  EXPECT_EQ(find_in_model_cache("one"), models / "one");
  write_file(models / "file", "x");
  fs::create_directory_symlink(models / "one", models / "link");
  EXPECT_EQ(find_in_model_cache("file"), std::nullopt);
  EXPECT_EQ(find_in_model_cache("link"), models / "link");
}

TEST(ModelCache, LooksForNamesAlone) {
  const testing::TemporaryDirectory directory;
  const Variable cache("XDG_CACHE_HOME", directory.path().c_str());
  const fs::path models = directory / "omma/models";
  for (const char* folder : {"one/two", ".pull-x/two", "one/.."}) fs::create_directories(models / folder);
  write_file(models / "one/two/x", "x");
  write_file(models / ".pull-x/x", "x");
  EXPECT_EQ(find_in_model_cache("one"), models / "one");
  for (const std::string_view name : {"", ".", "..", "one/", "one/two", "/", "../models", ".pull-x"})
    EXPECT_EQ(find_in_model_cache(name), std::nullopt) << name;
  EXPECT_EQ(find_in_model_cache(std::string_view("one\0", 4)), std::nullopt);
}

}  // namespace
}  // namespace omma
