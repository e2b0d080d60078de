#include "omma/io/hub_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

constexpr const char* variables[] = {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"};

class HubCache : public ::testing::Test {
 protected:
  HubCache() {
    for (const char* name : variables) {
      const char* value = std::getenv(name);
      saved_.push_back(value != nullptr ? std::optional<std::string>(value) : std::nullopt);
      ::unsetenv(name);
    }
  }
  ~HubCache() override {
    for (std::size_t i = 0; i < saved_.size(); ++i) {
      if (saved_[i])
        ::setenv(variables[i], saved_[i]->c_str(), 1);
      else
        ::unsetenv(variables[i]);
    }
  }

  fs::path add(const std::string& repository, const std::string& commit) {
    const fs::path snapshot = directory_ / repository / "snapshots" / commit;
    fs::create_directories(snapshot);
    fs::create_directories(directory_ / repository / "refs");
    write_file(directory_ / repository / "refs" / "main", commit);
    return snapshot;
  }

  testing::TemporaryDirectory directory_;

 private:
  std::vector<std::optional<std::string>> saved_;
};

TEST_F(HubCache, FollowsTheVariablesInOrder) {
  ::setenv("HOME", "/h", 1);
  EXPECT_EQ(hub_cache_directory(), "/h/.cache/huggingface/hub");
  ::setenv("XDG_CACHE_HOME", "/x", 1);
  EXPECT_EQ(hub_cache_directory(), "/x/huggingface/hub");
  ::setenv("HF_HOME", "/f", 1);
  EXPECT_EQ(hub_cache_directory(), "/f/hub");
  ::setenv("HF_HUB_CACHE", "/c", 1);
  EXPECT_EQ(hub_cache_directory(), "/c");
  ::setenv("HF_HUB_CACHE", "", 1);
  EXPECT_EQ(hub_cache_directory(), "/f/hub");
}

TEST_F(HubCache, FindsTheSnapshotOfMain) {
  ::setenv("HF_HUB_CACHE", directory_.path().c_str(), 1);
  EXPECT_EQ(find_in_hub_cache("org/name"), std::nullopt);
  const fs::path snapshot = add("models--org--name-1.5", "0a1b");
  EXPECT_EQ(find_in_hub_cache("org/name-1.5"), snapshot);
  EXPECT_EQ(find_in_hub_cache("bert"), std::nullopt);
  const fs::path bare = add("models--bert", "ffff");
  EXPECT_EQ(find_in_hub_cache("bert"), bare);
  write_file(directory_ / "models--bert/refs/main", "ffff\n");
  EXPECT_EQ(find_in_hub_cache("bert"), bare);
  write_file(directory_ / "models--bert/refs/main", "eeee");  // known, but not downloaded
  EXPECT_EQ(find_in_hub_cache("bert"), std::nullopt);
}

TEST_F(HubCache, RefusesWhatIsNoRepositoryId) {
  ::setenv("HF_HUB_CACHE", directory_.path().c_str(), 1);
  const std::string too_long = "o/" + std::string(95, 'n');
  for (const std::string_view id : {"", "/", "a/", "/a", "a/b/c", "../x", "..", "a/..", "a/.b", "-a/b", "a--b", "a/b..c", "a/b ",
                                    "a/b\n", "a\\b", "a/b\x1b[0m", "größe/x", too_long.c_str()})
    EXPECT_THROW(find_in_hub_cache(id), std::invalid_argument) << id;
  EXPECT_THROW(find_in_hub_cache(std::string_view("a/b\0c", 5)), std::invalid_argument);
}

TEST_F(HubCache, RefusesAReferenceThatIsNoCommit) {
  ::setenv("HF_HUB_CACHE", directory_.path().c_str(), 1);
  add("models--bert", "ffff");
  for (const char* commit : {"../../..", "", "/etc", "ff ff", "ff/ff"}) {
    write_file(directory_ / "models--bert/refs/main", commit);
    EXPECT_THROW(find_in_hub_cache("bert"), std::invalid_argument) << commit;
  }
}

}  // namespace
}  // namespace omma
