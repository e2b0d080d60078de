#include "omma/eval/vqa_accuracy.h"

#include <gtest/gtest.h>

#include <vector>

#include "omma/base/json.h"

namespace omma {
namespace {

// Recorded from the official vqaEval.py (GT-Vision-Lab/VQA, master of 2021), made to run under Python 3.
const json& recorded() {
  static const json cases = read_json("tests/unit/eval/vqa_cases.json");
  return cases;
}

TEST(NormalizeAnswer, AsRecordedFromTheOfficialScript) {
  ASSERT_GE(recorded()["normal"].size(), 50U);
  for (const json& pair : recorded()["normal"]) EXPECT_EQ(normalize_answer(pair[0].get<std::string>()), pair[1]) << pair[0];
}

TEST(VqaAccuracy, AsRecordedFromTheOfficialScript) {
  ASSERT_GE(recorded()["accuracy"].size(), 50U);
  for (const json& each : recorded()["accuracy"])
    EXPECT_NEAR(vqa_accuracy(each["answer"].get<std::string>(), each["annotators"].get<std::vector<std::string>>()),
                each["accuracy"].get<double>(), 1e-9)
        << each;
}

// The rules, one by one.
TEST(NormalizeAnswer, Rules) {
  EXPECT_EQ(normalize_answer("red-white"), "red white");              // a mark inside becomes a space
  EXPECT_EQ(normalize_answer("red-white, blue -"), "redwhite blue");  // but goes everywhere where it touches a space anywhere
  EXPECT_EQ(normalize_answer("1,000-2,000"), "10002000");             // and so does every mark beside a number written 1,000
  EXPECT_EQ(normalize_answer("5.5 u.s."), "5.5 us");                  // periods stay before a digit
  EXPECT_EQ(normalize_answer(std::string(40, '.')), "........");      // and after the 32nd
  EXPECT_EQ(normalize_answer("None, ten"), "0 10");                   // number words
  EXPECT_EQ(normalize_answer("The dog on a mat"), "dog on mat");      // articles
  EXPECT_EQ(normalize_answer("dont"), "don't");                       // contractions
  EXPECT_EQ(normalize_answer("somebody'd"), "somebodyd");             // even where the map has them the wrong way round
  EXPECT_EQ(normalize_answer("a\ttab\nand line"), "tab and line");    // white space
  EXPECT_EQ(normalize_answer("\xC3\x89"
                             "COLE"),
            "\xC3\xA9"
            "cole");  // case beyond ASCII
}

TEST(VqaAccuracy, CountsTheOtherAnnotators) {
  std::vector<std::string> annotators(10, "no");
  for (std::size_t said = 1; said <= 4; ++said) {
    annotators[said - 1] = "yes";
    const double expected = static_cast<double>(said) * .1 * static_cast<double>(said - 1) / 3 +
                            (1 - static_cast<double>(said) * .1) * std::min(1.0, static_cast<double>(said) / 3);
    EXPECT_NEAR(vqa_accuracy("Yes.", annotators), expected, 1e-12) << said;
  }
}

TEST(VqaAccuracy, WhereAllAgreeTextsAreComparedAsTheyAre) {
  const std::vector<std::string> annotators(10, "2");
  EXPECT_EQ(vqa_accuracy(" 2\n", annotators), 1);
  EXPECT_EQ(vqa_accuracy("two", annotators), 0);
}

TEST(VqaAccuracy, OneAnswerIsRightOrWrong) {
  const std::vector<std::string> one = {"two"};
  EXPECT_EQ(vqa_accuracy("The 2.", one), 1);
  EXPECT_EQ(vqa_accuracy("3", one), 0);
  EXPECT_THROW(vqa_accuracy("3", {}), std::invalid_argument);
}

}  // namespace
}  // namespace omma
