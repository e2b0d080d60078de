#include "omma/io/tensor_file.h"

#include <gtest/gtest.h>

#include "tests/temporary_directory.h"

namespace omma {
namespace {

TensorView named(const char* name) { return {name, DType::u8, {0}, {}}; }

TEST(TensorFile, SortsAndFindsByName) {
  const TensorFile file({named("b"), named("a"), named("c")}, {{"format", "pt"}}, {});
  ASSERT_EQ(file.tensors().size(), 3U);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.find("b"), &file.tensors()[1]);
  EXPECT_EQ(file.find("bb"), nullptr);
  EXPECT_EQ(file.find(""), nullptr);
  EXPECT_EQ(file.metadata().at("format"), "pt");
}

TEST(TensorFile, EmptyHasNothing) {
  const TensorFile file;
  EXPECT_TRUE(file.tensors().empty());
  EXPECT_TRUE(file.metadata().empty());
  EXPECT_EQ(file.find("a"), nullptr);
}

TEST(TensorFile, RefusesTwoOfOneName) {
  EXPECT_EQ(testing::invalid_argument_of([] { TensorFile({named("a"), named("a")}, {}, {}); }), "duplicate tensor \"a\"");
}

TEST(TensorFile, KeepsItsOwnersForCopies) {
  auto owner = std::make_shared<int>(1);
  auto file = TensorFile({}, {}, {owner});
  const TensorFile copy = file;
  file = {};
  EXPECT_EQ(owner.use_count(), 2);
}

TEST(TensorFile, CountsElementsWithoutOverflow) {
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{2, 3}), 6);
  EXPECT_EQ(element_count(Shape{2, 0}), 0);
  EXPECT_EQ(element_count(Shape{-1, -1}), std::nullopt);
  EXPECT_EQ(element_count(Shape{INT64_MAX, 1}), INT64_MAX);
  EXPECT_EQ(element_count(Shape{INT64_MAX, 2}), std::nullopt);
  EXPECT_EQ(element_count(Shape{0, INT64_MAX, 2}), std::nullopt);
}

TEST(TensorFile, NamesEveryType) {
  for (int i = 0; i <= static_cast<int>(DType::boolean); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_from_name(name_of(dtype)), dtype);
  }
  EXPECT_EQ(bytes_of(DType::bf16), 2U);
  EXPECT_EQ(dtype_from_name("F4"), std::nullopt);
}

}  // namespace
}  // namespace omma
