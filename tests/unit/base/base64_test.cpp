#include "omma/base/base64.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

TEST(Base64, TheStandardsExamples) {
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text, "test"), bytes);
  }
}

TEST(Base64, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes), "test"), bytes);
    bytes += static_cast<char>(i * 37 + i / 256);
  }
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Zg=", "Zm9", "Z"})
    EXPECT_NE(invalid_argument_of([&] { from_base64(text, "test"); }).find("groups of four"), std::string::npos) << text;
  for (const char* text : {"Zm 9", "Zm9\n", "Zm9-", "=m9v", "Z===", "====", "Zg==Zg==", "Zm9\x80"})
    EXPECT_NE(invalid_argument_of([&] { from_base64(text, "test"); }).find("as letter"), std::string::npos) << text;
  for (const char* text : {"Zh==", "Zm9="})
    EXPECT_NE(invalid_argument_of([&] { from_base64(text, "test"); }).find("bits after"), std::string::npos) << text;
}

}  // namespace
}  // namespace omma
