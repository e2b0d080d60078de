#include "omma/base/json.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

TEST(Json, RejectsMalformedText) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1} x", "\"\xff\"", "NaN", "1e999", "{'a':1}"})
    EXPECT_THROW(parse_json(text, "t"), std::invalid_argument) << text;
}

TEST(Json, CapsDepth) {
  const std::string deep(100'000, '[');
  EXPECT_NE(testing::invalid_argument_of([&] { parse_json(deep, "t"); }).find("nested deeper than 64"), std::string::npos);
  EXPECT_NO_THROW(parse_json(std::string(64, '[') + std::string(64, ']'), "t"));
  EXPECT_THROW(parse_json(std::string(65, '[') + std::string(65, ']'), "t"), std::invalid_argument);
}

TEST(Json, DuplicateKeys) {
  const char* text = R"({"a": {"b": 1}, "c": {"b": 2}, "a": 3})";
  EXPECT_NO_THROW(parse_json(text, "t"));
  EXPECT_NE(
      testing::invalid_argument_of([&] { parse_json(text, "t", {.reject_duplicate_keys = true}); }).find("duplicate key \"a\""),
      std::string::npos);
  EXPECT_NO_THROW(parse_json(R"({"a": {"b": 1}, "c": {"b": 2}})", "t", {.reject_duplicate_keys = true}));
}

TEST(Json, SkipsMembersByName) {
  const json read = parse_json(R"([{"a": 1, "b": [[1, {"c": 2}]], "d": {"b": 3, "a": 4}}])", "t", {.skip_keys = {"b"}});
  EXPECT_EQ(read, json::parse(R"([{"a": 1, "d": {"a": 4}}])"));
}

TEST(Json, SkipsAByteOrderMark) { EXPECT_EQ(parse_json("\xEF\xBB\xBF{\"a\": 1}", "t")["a"], 1); }

TEST(Json, DumpReplacesInvalidUtf8) { EXPECT_EQ(dump_json("a\xff"), "\"a\xef\xbf\xbd\""); }

}  // namespace
}  // namespace omma
