// Files named data.yaml that are none.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "omma/base/file.h"
#include "omma/data/detection_dataset.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

std::string refusal(const std::string& yaml) {
  const testing::TemporaryDirectory directory;
  write_file(directory / "data.yaml", yaml);
  return testing::invalid_argument_of([&] { open_detection_dataset("yolo:" + directory.path().string(), "train"); });
}

TEST(HostileYolo, WhatIsNoMapIsRefused) {
  for (const char* yaml :
       {"", "[]", "cat", "\x01\x02", "{", "a: b: c", "names: [cat\n", "- &a [*a]", "*a", "? [a, b] : c", "%YAML 9"})
    EXPECT_NE(refusal(yaml).find("data.yaml"), std::string::npos) << yaml;
}

TEST(HostileYolo, AliasesAreCountedNotFollowedForEver) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  EXPECT_NE(refusal(laughs).find("more than 200000 values"), std::string::npos);
  EXPECT_NE(refusal("a: &a [*a]\n").find("data.yaml"), std::string::npos);
}

TEST(HostileYolo, NeitherDepthNorSizeCostsMuch) {
  const auto started = std::chrono::steady_clock::now();
  for (const char* piece : {"[", "{", "- ", "? ", "a: {", "[{", "- - ", "'", "&a ", "!!x ", "|\n", "#"}) {
    std::string yaml;
    while (yaml.size() < 1'000'000) yaml += piece;
    EXPECT_NE(refusal(yaml).find("data.yaml"), std::string::npos) << piece;
  }
  EXPECT_NE(refusal(std::string(2'000'000, ' ')).find("over the limit"), std::string::npos);
  std::string flat;
  while (flat.size() < 900'000) flat += fmt::format("k{}: v\n", flat.size());
  EXPECT_NE(refusal(flat).find("names"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(60));
}

}  // namespace
}  // namespace omma
