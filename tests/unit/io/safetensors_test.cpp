#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/safetensors_header.h"
#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using testing::bytes_of_text, testing::safetensors_bytes;

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const std::string bytes =
      safetensors_bytes(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]},)"
                        R"("a":{"shape":[],"data_offsets":[0,4],"dtype":"F32"}})",
                        "abcdefg");
  const TensorFile file = parse_safetensors(bytes_of_text(bytes), "x");
  ASSERT_EQ(file.tensors().size(), 2U);
  const TensorView& a = file.tensors()[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.dtype, DType::f32);
  EXPECT_TRUE(a.shape.empty());
  EXPECT_EQ(a.bytes.size(), 4U);
  EXPECT_EQ(a.bytes[0], 'a');
  EXPECT_EQ(file.find("b")->shape, std::vector<std::int64_t>{3});
  EXPECT_EQ(file.find("b")->bytes[2], 'g');
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
}

TEST(Safetensors, AcceptsWhatTheReferenceAccepts) {
  for (const std::string_view header : {"{}", "  {} ", "{}\n\t ", R"({"__metadata__":{}})"})
    EXPECT_TRUE(parse_safetensors(bytes_of_text(safetensors_bytes(header)), "x").tensors().empty()) << header;
  const std::string empty = safetensors_bytes(R"({"e":{"dtype":"F32","shape":[2,0],"data_offsets":[0,0]},
                                                  "f":{"dtype":"F64","shape":[0],"data_offsets":[0,0]}})");
  EXPECT_EQ(parse_safetensors(bytes_of_text(empty), "x").find("e")->shape, (std::vector<std::int64_t>{2, 0}));
}

TEST(Safetensors, HeaderLimitIsInclusive) {
  std::string header = "{}";
  header.resize(max_safetensors_header, ' ');
  EXPECT_NO_THROW(parse_safetensors(bytes_of_text(safetensors_bytes(header)), "x"));
  header += ' ';
  EXPECT_THROW(parse_safetensors(bytes_of_text(safetensors_bytes(header)), "x"), std::invalid_argument);
}

TEST(Safetensors, ReadsWhatItWrites) {
  const testing::TemporaryDirectory directory;
  const std::string data = "0123456789abcdef";
  const auto bytes = bytes_of_text(data);
  const std::vector<TensorView> tensors = {
      {"byte", DType::u8, {3}, bytes.first(3)},      {"wide", DType::i64, {2, 1}, bytes},
      {"half", DType::bf16, {1}, bytes.first(2)},    {"empty", DType::f32, {0, 4}, {}},
      {"quote\"\n", DType::f32, {}, bytes.first(4)},
  };
  write_safetensors(directory / "w.safetensors", tensors, {{"format", "pt"}});
  const TensorFile file = read_safetensors(directory / "w.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  ASSERT_EQ(file.tensors().size(), tensors.size());
  for (const TensorView& written : tensors) {
    const TensorView* found = file.find(written.name);
    ASSERT_NE(found, nullptr) << written.name;
    EXPECT_EQ(found->dtype, written.dtype);
    EXPECT_EQ(found->shape, written.shape);
    EXPECT_TRUE(std::ranges::equal(found->bytes, written.bytes)) << written.name;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found->bytes.data()) % bytes_of(found->dtype), 0U) << written.name;
  }
}

TEST(Safetensors, WritesTheSameBytesInAnyOrder) {
  const testing::TemporaryDirectory directory;
  const auto bytes = bytes_of_text("0123");
  const TensorView a = {"a", DType::u8, {4}, bytes}, b = {"b", DType::f32, {}, bytes};
  write_safetensors(directory / "ab", std::vector{a, b});
  write_safetensors(directory / "ba", std::vector{b, a});
  EXPECT_EQ(read_file(directory / "ab"), read_file(directory / "ba"));
  write_safetensors(directory / "none", std::vector<TensorView>{});
  EXPECT_EQ(read_file(directory / "none"), safetensors_bytes("{}      "));
}

TEST(Safetensors, RefusesToWriteWhatCannotBeRead) {
  const testing::TemporaryDirectory directory;
  const auto bytes = bytes_of_text("0123");
  const auto message = [&](std::vector<TensorView> tensors) {
    return testing::invalid_argument_of([&] { write_safetensors(directory / "w", tensors); });
  };
  EXPECT_NE(message({{"a", DType::f32, {2}, bytes}}).find("\"a\": expected the bytes of F32 [2], found 4"), std::string::npos);
  EXPECT_NE(message({{"a", DType::f32, {-1}, bytes}}), "");
  EXPECT_NE(message({{"a", DType::u8, {4}, bytes}, {"a", DType::u8, {4}, bytes}}).find("duplicate"), std::string::npos);
  EXPECT_NE(message({{"__metadata__", DType::u8, {4}, bytes}}), "");
  EXPECT_NE(message({{"\xff", DType::u8, {4}, bytes}}).find("UTF-8"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory / "w"));
}

}  // namespace
}  // namespace omma
