#include "omma/eval/counting.h"

#include <gtest/gtest.h>

namespace omma {
namespace {

TEST(Counting, ErrorsAndShares) {
  const CountingReport report = counting_report({{"car", {{20, 20}, {20, 22}, {20, 23}, {3, 4}, {0, 0}, {0, std::nullopt}}}});
  EXPECT_EQ(report.asked, 6U);
  EXPECT_EQ(report.unanswered, 1U);
  EXPECT_DOUBLE_EQ(report.said.mean_error, (0 + 2 + 3 + 1 + 0 + 0) / 6.0);
  EXPECT_DOUBLE_EQ(report.said.exact, 2 / 6.0);
  EXPECT_DOUBLE_EQ(report.said.off_by_one, 3 / 6.0);
  EXPECT_DOUBLE_EQ(report.said.within_tenth, 3 / 6.0);    // 20, 22 of 20, 0 of 0; not 4 of 3
  EXPECT_DOUBLE_EQ(report.most_frequent.exact, 3 / 6.0);  // always 20
  EXPECT_DOUBLE_EQ(report.most_frequent.mean_error, (17 + 20 + 20) / 6.0);
  EXPECT_FALSE(report.mean);
}

// Each kind has its own; a mean errs as it is, and its shares are those of the nearest whole number.
TEST(Counting, AnswersThatLookAtNothing) {
  const CountsByKind counts = {{"car", {{2, 2}, {2, 0}, {5, 5}}}, {"bus", {{0, 0}, {1, 0}}}};
  const CountingReport report = counting_report(counts, {.means = {{"car", 2.4}, {"bus", 0.5}}, .absent = {}});
  EXPECT_DOUBLE_EQ(report.most_frequent.exact, 3 / 5.0);
  EXPECT_DOUBLE_EQ(report.most_frequent.mean_error, 4 / 5.0);
  ASSERT_TRUE(report.mean);
  EXPECT_DOUBLE_EQ(report.mean->mean_error, (0.4 + 0.4 + 2.6 + 0.5 + 0.5) / 5);
  EXPECT_DOUBLE_EQ(report.mean->exact, 3 / 5.0);
  const json object = report.to_json();
  for (const char* prefix : {"", "blind_", "mean_"})
    for (const char* name : {"mae", "exact", "off_by_one", "within_10_percent"})
      EXPECT_TRUE(object.contains(std::string(prefix) + name)) << prefix << name;
  EXPECT_FALSE(object.contains("unanswered"));
  EXPECT_FALSE(counting_report(counts, {.means = {{"car", 2.4}}, .absent = {}}).mean);  // not of all kinds
}

}  // namespace
}  // namespace omma
