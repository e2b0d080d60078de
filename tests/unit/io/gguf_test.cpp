#include "omma/io/gguf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "omma/base/file.h"
#include "tests/gguf_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using testing::bytes_of_text, testing::gguf_array, testing::gguf_bytes, testing::gguf_key, testing::gguf_tensor, testing::gguf_text,
    testing::number;
using Type = GgufValueType;

// Views of the metadata lie in the bytes, which their owner keeps.
GgufFile parse(const testing::GgufParts& parts) {
  const auto bytes = std::make_shared<const std::string>(gguf_bytes(parts));
  return parse_gguf(bytes_of_text(*bytes), "x.gguf", bytes);
}

TEST(Gguf, ReadsTensors) {
  const GgufFile file =
      parse({.keys = {gguf_key("general.architecture", "llama")},
             .tensors = {gguf_tensor("b.weight", {32, 2}, GgufType::q4_0, 32), gguf_tensor("a", {3}, GgufType::f32, 0)},
             .data = std::string(32, 'a') + std::string(36, 'b')});
  ASSERT_EQ(file.tensors().size(), 2U);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.tensors()[0].shape, std::vector<std::int64_t>{3});
  EXPECT_EQ(file.tensors()[0].bytes.size(), 12U);
  const GgufTensor* b = file.find("b.weight");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->type, GgufType::q4_0);
  EXPECT_EQ(b->shape, (std::vector<std::int64_t>{2, 32}));  // two rows of 32
  EXPECT_EQ(b->bytes.size(), 36U);
  EXPECT_EQ(b->bytes[0], 'b');
  EXPECT_EQ(file.find("c"), nullptr);
  EXPECT_EQ(file.metadata().text("general.architecture"), "llama");
  EXPECT_NE(file.owner(), nullptr);
  EXPECT_TRUE(GgufFile().tensors().empty());
  EXPECT_TRUE(GgufFile().metadata().values().empty());
}

TEST(Gguf, AcceptsWhatTheFormatAllows) {
  EXPECT_TRUE(parse({}).tensors().empty());
  EXPECT_TRUE(parse({.version = 2}).tensors().empty());
  EXPECT_TRUE(parse({.alignment = 1}).tensors().empty());  // a vocabulary alone is not padded
  EXPECT_EQ(parse({.tensors = {gguf_tensor("s", {}, GgufType::i64, 0)}, .data = "12345678"}).find("s")->bytes.size(), 8U);
  EXPECT_EQ(parse({.tensors = {gguf_tensor("e", {32, 0}, GgufType::q8_0, 0)}}).find("e")->shape,
            (std::vector<std::int64_t>{0, 32}));
  EXPECT_EQ(parse({.tensors = {gguf_tensor("t", {1, 2, 3, 4}, GgufType::i8, 0)}, .data = std::string(24, 'x')}).find("t")->shape,
            (std::vector<std::int64_t>{4, 3, 2, 1}));
  const auto i8 = [](const char* name, std::uint64_t offset) { return gguf_tensor(name, {8}, GgufType::i8, offset); };
  const std::string data(200, 'x');
  EXPECT_EQ(parse({.tensors = {i8("a", 64), i8("b", 0)}, .data = data}).tensors().size(), 2U);  // a hole and a rest
  for (const std::uint32_t alignment : {1U, 8U, 1U << 20}) {
    const std::string filled = std::string(alignment, 'a') + "bbbbbbbb";
    const GgufFile file = parse({.keys = {gguf_key("general.alignment", alignment)},
                                 .tensors = {gguf_tensor("a", {alignment}, GgufType::i8, 0), i8("b", alignment)},
                                 .data = filled,
                                 .alignment = alignment});
    EXPECT_EQ(file.find("a")->bytes[0], 'a');
    EXPECT_EQ(file.find("b")->bytes[0], 'b') << alignment;
  }
}

TEST(Gguf, ReadsValuesOfEveryType) {
  const GgufFile file = parse(
      {.keys = {gguf_key("u8", Type::u8, number<std::uint8_t>(200)), gguf_key("i8", Type::i8, number<std::int8_t>(-100)),
                gguf_key("u16", Type::u16, number<std::uint16_t>(60000)), gguf_key("i16", Type::i16, number<std::int16_t>(-30000)),
                gguf_key("u32", Type::u32, number<std::uint32_t>(4'000'000'000)),
                gguf_key("i32", Type::i32, number<std::int32_t>(-2'000'000'000)),
                gguf_key("u64", Type::u64, number<std::uint64_t>(INT64_MAX)),
                gguf_key("i64", Type::i64, number<std::int64_t>(INT64_MIN)), gguf_key("f32", Type::f32, number(0.25F)),
                gguf_key("f64", Type::f64, number(-1e300)), gguf_key("yes", Type::boolean, "\1"),
                gguf_key("no", Type::boolean, std::string(1, '\0')), gguf_key("text", "größe\n"), gguf_key("empty", "")}});
  const GgufMetadata& metadata = file.metadata();
  EXPECT_EQ(metadata.values().size(), 14U);
  EXPECT_EQ(metadata.integer("u8"), 200);
  EXPECT_EQ(metadata.integer("i8"), -100);
  EXPECT_EQ(metadata.integer("u16"), 60000);
  EXPECT_EQ(metadata.integer("i16"), -30000);
  EXPECT_EQ(metadata.integer("u32"), 4'000'000'000);
  EXPECT_EQ(metadata.integer("i32"), -2'000'000'000);
  EXPECT_EQ(metadata.integer("u64"), INT64_MAX);
  EXPECT_EQ(metadata.integer("i64"), INT64_MIN);
  EXPECT_EQ(metadata.number("f32"), 0.25);
  EXPECT_EQ(metadata.number("f64"), -1e300);
  EXPECT_EQ(metadata.number("i8"), -100);
  EXPECT_TRUE(metadata.boolean("yes"));
  EXPECT_FALSE(metadata.boolean("no"));
  EXPECT_EQ(metadata.text("text"), "größe\n");
  EXPECT_EQ(metadata.text("empty"), "");
  EXPECT_TRUE(metadata.has("u8"));
  EXPECT_FALSE(metadata.has("u9"));
}

TEST(Gguf, ReadsArrays) {
  const GgufFile file =
      parse({.keys = {gguf_array("texts", Type::text, 3, gguf_text("a") + gguf_text("") + gguf_text("bc")),
                      gguf_array("u16", Type::u16, 2, number<std::uint16_t>(1) + number<std::uint16_t>(65535)),
                      gguf_array("i64", Type::i64, 1, number<std::int64_t>(-7)),
                      gguf_array("f32", Type::f32, 2, number(1.5F) + number(-std::numeric_limits<float>::infinity())),
                      gguf_array("f64", Type::f64, 1, number(0.5)), gguf_array("bools", Type::boolean, 2, std::string("\1\0", 2)),
                      gguf_array("none", Type::text, 0, "")}});
  const GgufMetadata& metadata = file.metadata();
  EXPECT_EQ(metadata.texts("texts"), (std::vector<std::string_view>{"a", "", "bc"}));
  EXPECT_EQ(metadata.integers("u16"), (std::vector<std::int64_t>{1, 65535}));
  EXPECT_EQ(metadata.integers("i64"), std::vector<std::int64_t>{-7});
  EXPECT_EQ(metadata.numbers("f32"), (std::vector<float>{1.5F, -INFINITY}));
  EXPECT_EQ(metadata.numbers("f64"), std::vector<float>{0.5F});
  EXPECT_EQ(metadata.booleans("bools"), (std::vector<bool>{true, false}));
  EXPECT_TRUE(metadata.texts("none").empty());
  EXPECT_EQ(metadata.find("texts")->count, 3U);
}

TEST(Gguf, GettersTellFileKeyExpectedAndFound) {
  const GgufFile file =
      parse({.keys = {gguf_key("heads", "nine"), gguf_key("layers", 30), gguf_key("eps", Type::f32, number(NAN)),
                      gguf_key("wide", Type::u64, number<std::uint64_t>(1)), gguf_key("huge", Type::u64, std::string(8, '\xff')),
                      gguf_key("flag", Type::boolean, "\1"), gguf_array("ids", Type::u64, 1, std::string(8, '\xff'))}});
  const GgufMetadata& metadata = file.metadata();
  const auto expect = [](auto&& get, std::string_view message) { EXPECT_EQ(testing::invalid_argument_of(get), message); };
  expect([&] { metadata.integer("heads"); }, R"(x.gguf: "heads": expected an integer below 2^63, found STRING "nine")");
  expect([&] { metadata.integer("gone"); }, R"(x.gguf: "gone": expected an integer below 2^63, found no such key)");
  expect([&] { metadata.integer("huge"); }, R"(x.gguf: "huge": expected an integer below 2^63, found UINT64 18446744073709551615)");
  expect([&] { metadata.integer("ids"); }, R"(x.gguf: "ids": expected an integer below 2^63, found an array of 1 UINT64)");
  expect([&] { metadata.integers("ids"); },
         R"(x.gguf: "ids": expected an array of integers below 2^63, found an array of 1 UINT64)");
  expect([&] { metadata.integers("layers"); }, R"(x.gguf: "layers": expected an array of integers below 2^63, found UINT32 30)");
  expect([&] { metadata.number("eps"); }, R"(x.gguf: "eps": expected a finite number, found FLOAT32 nan)");
  expect([&] { metadata.number("flag"); }, R"(x.gguf: "flag": expected a finite number, found BOOL true)");
  expect([&] { metadata.text("layers"); }, R"(x.gguf: "layers": expected STRING, found UINT32 30)");
  expect([&] { metadata.boolean("layers"); }, R"(x.gguf: "layers": expected BOOL, found UINT32 30)");
  expect([&] { metadata.texts("heads"); }, R"(x.gguf: "heads": expected an array of STRING, found STRING "nine")");
  expect([&] { metadata.numbers("ids"); }, R"(x.gguf: "ids": expected an array of FLOAT32 or FLOAT64, found an array of 1 UINT64)");
  expect([&] { metadata.booleans("gone"); }, R"(x.gguf: "gone": expected an array of BOOL, found no such key)");
}

TEST(Gguf, MapsAFile) {
  const testing::TemporaryDirectory directory;
  const std::string bytes = gguf_bytes({.tensors = {gguf_tensor("a", {4}, GgufType::f32, 0)}, .data = "0123456789abcdef"});
  write_file(directory / "a.gguf", bytes);
  GgufFile file = read_gguf(directory / "a.gguf");
  const GgufFile copy = file;
  file = {};
  EXPECT_EQ(copy.find("a")->bytes[15], 'f');
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(copy.find("a")->bytes.data()) % 32, 0U);
  EXPECT_NE(testing::invalid_argument_of([&] { read_gguf(directory / "gone.gguf"); }), "");
  EXPECT_NE(testing::invalid_argument_of([&] { read_gguf(directory.path()); }).find("regular file"), std::string::npos);
}

}  // namespace
}  // namespace omma
