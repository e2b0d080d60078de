#include "omma/base/config.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

struct Inner {
  double eps = 1e-5;
  template <class Fields>
  void fields(Fields& field) {
    field(FieldNames{"eps", "layer_norm_eps"}, eps, Range{0, 1});
  }
};

struct Outer {
  int64_t heads = 4;
  int64_t width = 8;
  std::vector<int64_t> depths = {2, 2};
  std::optional<std::string> name;
  double theta = 1e4;
  Inner inner;
  template <class Fields>
  void fields(Fields& field) {
    field("heads", heads, Range{1, 64});
    field("width", width, Range{1, 4096});
    field("depths", depths, Range{1, 64});
    field("name", name);
    field(FieldNames{"rope_theta", "rope_parameters.rope_theta"}, theta, Range{1, 1e9});
    field("inner", inner);
  }
  void validate(Faults& faults) const {
    faults.expect(width % heads == 0, "width: expected a multiple of heads = {}, got {}", heads, width);
  }
};

TEST(Config, ReadsFieldsAliasesAndPaths) {
  const json object = parse_json(
      R"({"heads": 2, "depths": [1, 2, 3], "inner": {"layer_norm_eps": 0.5}, "rope_parameters": {"rope_theta": 500}, "x": 1})",
      "test");
  const auto config = read_config<Outer>(object, "test");
  EXPECT_EQ(config.heads, 2);
  EXPECT_EQ(config.width, 8);
  EXPECT_EQ(config.depths, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(config.inner.eps, 0.5);
  EXPECT_EQ(config.theta, 500);
  EXPECT_FALSE(config.name.has_value());
}

TEST(Config, RoundTrips) {
  Outer config;
  config.name = "n";
  config.depths = {5};
  const json written = write_config(config);
  const auto read = read_config<Outer>(written, "test", UnknownFields::reject);
  EXPECT_EQ(write_config(read), written);
  EXPECT_EQ(written["inner"]["eps"], 1e-5);
}

TEST(Config, TellsAllFaultsAtOnce) {
  const json object = parse_json(R"({"heads": 0, "width": "8", "depths": [1, 2.5], "inner": {"eps": 7}, "name": 3})", "test");
  const std::string message = testing::invalid_argument_of([&] { read_config<Outer>(object, "a.json"); });
  for (const char* part :
       {"a.json: heads: expected 1 to 64, got 0", "width: expected an integer, got \"8\"",
        "depths[1]: expected an integer, got 2.5", "inner.eps: expected 0 to 1, got 7", "name: expected a string"})
    EXPECT_NE(message.find(part), std::string::npos) << part << " not in " << message;
}

TEST(Config, ValidatesOverFields) {
  const std::string message = testing::invalid_argument_of([] { read_config<Outer>({{"heads", 3}}, "a.json"); });
  EXPECT_NE(message.find("multiple of heads = 3, got 8"), std::string::npos) << message;
}

struct Grid {
  std::vector<int64_t> divisors = {2};
  template <class Fields>
  void fields(Fields& field) {
    field("divisors", divisors, Range{1, 64});
  }
  void validate(Faults& faults) const {
    for (const int64_t divisor : divisors) faults.expect(8 % divisor == 0, "divisors: expected divisors of 8, got {}", divisor);
  }
};

struct TwoGrids {
  Grid first, second;
  template <class Fields>
  void fields(Fields& field) {
    field("first", first);
    field("second", second);
  }
};

// A nested struct's rules may rely on its ranges (8 % 0 is a crash), and one struct's faults do not silence another's rules.
TEST(Config, RulesOfANestedStructNeedItsFieldsInRange) {
  const json object = {{"first", {{"divisors", {2, 0}}}}, {"second", {{"divisors", {3}}}}};
  EXPECT_EQ(testing::invalid_argument_of([&] { read_config<TwoGrids>(object, "a.json"); }),
            "a.json: first.divisors[1]: expected 1 to 64, got 0; divisors: expected divisors of 8, got 3");
}

TEST(Config, RejectsUnknownFieldsWhenAsked) {
  const json object = {{"hedas", 3}, {"inner", {{"epz", 1}}}};
  EXPECT_NO_THROW(read_config<Outer>(object, "a.json"));
  const std::string message = testing::invalid_argument_of([&] { read_config<Outer>(object, "a.json", UnknownFields::reject); });
  EXPECT_NE(message.find("unknown field \"hedas\""), std::string::npos) << message;
  EXPECT_NE(message.find("unknown field \"inner.epz\""), std::string::npos) << message;
}

}  // namespace
}  // namespace omma
