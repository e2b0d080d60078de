// Malformed and hostile GGUF files: each is refused with an error that names the file, the key or tensor, and the fault. Rows G1 to
// G6 of the list of bad inputs, and what llama.cpp's own tests of the format refuse.
#include <gtest/gtest.h>

#include "omma/io/gguf.h"
#include "tests/gguf_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using testing::gguf_array, testing::gguf_bytes, testing::gguf_key, testing::gguf_tensor, testing::gguf_text, testing::GgufParts,
    testing::number;
using Type = GgufValueType;

void expect_refusal(std::string_view bytes, std::string_view words) {
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());  // on the heap: the address sanitizer guards both ends
  const std::string message = testing::invalid_argument_of([&] { parse_gguf(exact, "x.gguf"); });
  EXPECT_TRUE(message.starts_with("x.gguf: ")) << message << " / " << words;
  EXPECT_NE(message.find(words), std::string::npos) << message << " / " << words;
  EXPECT_LT(message.size(), 1000U);
}

void expect_refusal(const GgufParts& parts, std::string_view words) { expect_refusal(gguf_bytes(parts), words); }

void expect_key_refusal(const std::string& key, std::string_view words) { expect_refusal({.keys = {key}}, words); }

void expect_tensor_refusal(const std::string& tensor, std::string_view words) {
  expect_refusal({.tensors = {tensor}, .data = std::string(1024, 'x')}, words);
}

TEST(GgufHostile, G1MagicAndVersion) {
  expect_refusal("", "expected a GGUF file, found an empty file");
  expect_refusal("GGU", "expected a GGUF file, found a text file");
  expect_refusal("FUGG" + gguf_bytes({}).substr(4), "expected a GGUF file, found an unknown format");
  expect_refusal("PK\x03\x04" + gguf_bytes({}), "expected a GGUF file, found a zip archive");
  expect_refusal("tjgg" + gguf_bytes({}), "expected a GGUF file, found a GGML file of before GGUF");
  expect_refusal("version https://git-lfs.github.com/spec/v1\n", "found a Git LFS pointer");
  expect_refusal({.version = 0}, "version: expected 2 or 3, found 0");
  expect_refusal({.version = 1}, "version: expected 2 or 3, found 1, of August 2023: convert the model anew");
  expect_refusal({.version = 4}, "version: expected 2 or 3, found 4");
  expect_refusal({.version = 0x03000000}, "found 50331648, which is 3 in the other byte order: omma reads little-endian files");
  for (std::size_t size = 4; size < 24; ++size) expect_refusal(gguf_bytes({}).substr(0, size), "more bytes, found");
}

TEST(GgufHostile, G2CountsAndKeys) {
  constexpr std::uint64_t minus_one = ~std::uint64_t{0};
  expect_refusal({.tensor_count = minus_one}, "tensors in the 8 bytes that are left, found 18446744073709551615");
  expect_refusal({.key_count = minus_one}, "keys in the 8 bytes that are left, found 18446744073709551615");
  expect_refusal({.data = std::string(1 << 20, '\0'), .key_count = 65'537}, "expected at most 65536 keys");
  expect_refusal({.data = std::string(1 << 21, '\0'), .tensor_count = 65'537}, "expected at most 65536 tensors");
  const std::string rest = std::string(64, 'x');
  expect_key_refusal(number(minus_one) + rest, "expected a key of 1 to 65535 bytes, found 18446744073709551615");
  expect_key_refusal(number<std::uint64_t>(65'536) + rest, "expected a key of 1 to 65535 bytes, found 65536");
  expect_key_refusal(number<std::uint64_t>(65'535) + rest, "expected 65535 more bytes");
  expect_key_refusal(gguf_key("", 1) + rest, "byte 24: expected a key of 1 to 65535 bytes, found 0");
  expect_refusal({.keys = {gguf_key("a", 1), gguf_key("b", 1), gguf_key("a", "x")}}, "duplicate key \"a\"");
  expect_key_refusal(gguf_key("k", static_cast<Type>(13), rest), "\"k\": expected a type of value from 0 to 12, found 13");
  expect_key_refusal(gguf_key("k", static_cast<Type>(~0U), rest), "found 4294967295");
  expect_key_refusal(gguf_key("k", Type::boolean, "\2") + rest, "\"k\": expected a BOOL of 0 or 1, found 2");
  expect_key_refusal(gguf_array("k", Type::boolean, 3, std::string("\0\1\xff", 3)) + rest, "expected a BOOL of 0 or 1, found 255");
  expect_key_refusal(gguf_key("k", Type::text, number(minus_one)) + rest,
                     "expected a text of at most 268435456 bytes, found 184467");
  expect_key_refusal(gguf_key("k", Type::text, number<std::uint64_t>(1000)) + rest, "expected 1000 more bytes, found");
  expect_key_refusal(gguf_key("\xff\x1b[31m", Type::boolean, "\2") + rest,
                     "\xef\xbf\xbd\\u001b[31m\": expected a BOOL");  // bytes that a terminal must not see
}

TEST(GgufHostile, G3Alignment) {
  for (const std::uint32_t alignment : {0U, 13U, 24U, 1U << 21, 1U << 31, ~0U})
    expect_key_refusal(gguf_key("general.alignment", alignment), "general.alignment: expected a power of two up to 1048576, found");
  expect_key_refusal(gguf_key("general.alignment", Type::i32, number(32)), "general.alignment: expected UINT32, found INT32");
  expect_key_refusal(gguf_key("general.alignment", Type::u64, number<std::uint64_t>(32)), "expected UINT32, found UINT64");
  expect_key_refusal(gguf_key("general.alignment", "32"), "general.alignment: expected UINT32, found STRING");
  expect_key_refusal(gguf_array("general.alignment", Type::u32, 1, number(32)), "expected UINT32, found an array of UINT32");
  expect_refusal(
      {.tensors = {gguf_tensor("a", {8}, GgufType::i8, 0), gguf_tensor("b", {8}, GgufType::i8, 8)}, .data = std::string(64, 'x')},
      "tensor \"b\": offset: expected a multiple of 32, found 8");
}

TEST(GgufHostile, G4SizesThatOverflow) {
  constexpr std::uint64_t huge = 0x7FFFFFFFFFFFFFC0;
  expect_refusal({.tensors = {gguf_tensor("a", {huge}, GgufType::i8, 0), gguf_tensor("b", {huge}, GgufType::i8, huge)},
                  .data = std::string(32, 'x')},
                 "tensor \"a\": expected 9223372036854775744 bytes from 0 on in the 32 bytes of data");
  const std::uint64_t big = 4 * std::uint64_t{INT32_MAX};
  expect_tensor_refusal(gguf_tensor("t", {big, big}, GgufType::f32, 0), "shape [8589934588, 8589934588] of F32 overflows");
  expect_tensor_refusal(gguf_tensor("t", {1U << 31, 1U << 31}, GgufType::i64, 0),
                        "of I64 overflows");  // elements fit, bytes do not
  expect_tensor_refusal(gguf_tensor("t", {~std::uint64_t{0}}, GgufType::f32, 0),
                        "expected sizes below 2^63, found 18446744073709551615");
  expect_tensor_refusal(gguf_tensor("t", {1ULL << 63, 2}, GgufType::f32, 0), "expected sizes below 2^63");
  expect_tensor_refusal(gguf_tensor("t", {0, big, big, 2}, GgufType::f32, 0), "overflows");  // though it has no element
}

TEST(GgufHostile, G5OffsetsOutsideOfTheData) {
  const auto tensor = [](std::uint64_t offset) { return gguf_tensor("t", {256}, GgufType::f32, offset); };  // 1024 bytes
  expect_tensor_refusal(tensor(std::uint64_t{1} << 40),
                        "tensor \"t\": expected 1024 bytes from 1099511627776 on in the 1024 bytes of data");
  expect_tensor_refusal(tensor(0 - std::uint64_t{1024}),
                        "expected 1024 bytes from 18446744073709550592 on");  // whose end wraps to 0
  expect_tensor_refusal(tensor(~std::uint64_t{0}), "expected a multiple of 32");
  expect_tensor_refusal(tensor(32), "expected 1024 bytes from 32 on in the 1024 bytes of data");
  const std::string whole = gguf_bytes({.tensors = {tensor(0)}, .data = std::string(1024, 'x')});
  expect_refusal(whole.substr(0, whole.size() - 1), "in the 1023 bytes of data: the file is cut short");
  expect_refusal(whole.substr(0, whole.size() - 1024 - 1), "in the 0 bytes of data");  // in the padding
}

TEST(GgufHostile, G6Arrays) {
  const std::string rest = std::string(64, '\0');
  expect_key_refusal(gguf_array("k", Type::text, std::uint64_t{1} << 40, rest),
                     "\"k\": expected an array of at most 9 STRING in the 79 bytes that are left");
  expect_key_refusal(gguf_array("k", Type::u8, std::uint64_t{1} << 40, rest), "\"k\": expected an array of at most 79 UINT8");
  expect_key_refusal(gguf_array("k", Type::f64, (std::uint64_t{1} << 61) + 1, rest),
                     "\"k\": expected an array of at most 9 FLOAT64");
  expect_key_refusal(gguf_array("k", Type::u8, (1 << 24) + 1, std::string((1 << 24) + 1, '\0')), "at most 16777216 UINT8");
  expect_key_refusal(gguf_array("k", Type::text, 2, gguf_text("a") + number(~std::uint64_t{0})), "expected a text of at most");
  expect_key_refusal(gguf_array("k", Type::array, 1, rest), "\"k\": arrays of arrays are not read");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += number<std::uint32_t>(9) + number<std::uint64_t>(1);
  expect_key_refusal(gguf_key("k", Type::array, deep), "\"k\": arrays of arrays are not read");
}

TEST(GgufHostile, TensorsAsTheyMustNotBe) {
  const std::string rest = std::string(64, '\0');
  expect_tensor_refusal(gguf_tensor("", {1}, GgufType::f32, 0), "expected a tensor's name of 1 to 64 bytes, found 0");
  expect_tensor_refusal(gguf_tensor(std::string(65, 'n'), {1}, GgufType::f32, 0),
                        "expected a tensor's name of 1 to 64 bytes, found 65");
  expect_tensor_refusal(number(~std::uint64_t{0}) + rest, "expected a tensor's name of 1 to 64 bytes, found 18446744073709551615");
  expect_tensor_refusal(gguf_tensor("t", {1, 1, 1, 1, 1}, GgufType::f32, 0),
                        "tensor \"t\": expected at most 4 dimensions, found 5");
  expect_tensor_refusal(gguf_text("t") + number(~0U) + rest, "tensor \"t\": expected at most 4 dimensions, found 4294967295");
  const auto of_type = [](std::uint32_t id) { return gguf_tensor("t", {256}, id, 0); };
  expect_tensor_refusal(of_type(16),
                        "tensor \"t\": expected F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K to Q6_K or IQ4_NL, found "
                        "IQ2_XXS (16), which omma does not read");
  expect_tensor_refusal(of_type(4), "found Q4_2 (4)");
  expect_tensor_refusal(of_type(39), "found MXFP4 (39)");
  expect_tensor_refusal(of_type(4711), "found type 4711");
  expect_tensor_refusal(of_type(~0U), "found type 4294967295");
  expect_tensor_refusal(gguf_tensor("t", {33}, GgufType::q4_0, 0),
                        "tensor \"t\": expected rows of a multiple of 32 for Q4_0, found 33");
  expect_tensor_refusal(gguf_tensor("t", {128, 2}, GgufType::q4_k, 0), "expected rows of a multiple of 256 for Q4_K, found 128");
  expect_tensor_refusal(gguf_tensor("t", {}, GgufType::q8_0, 0), "expected rows of a multiple of 32 for Q8_0, found 1");
}

TEST(GgufHostile, TensorsThatShareNamesOrBytes) {
  const auto i8 = [](const char* name, std::uint64_t size, std::uint64_t offset) {
    return gguf_tensor(name, {size}, GgufType::i8, offset);
  };
  const std::string data(256, 'x');
  expect_refusal({.tensors = {i8("a", 8, 0), i8("b", 8, 32), i8("a", 8, 64)}, .data = data}, "duplicate tensor \"a\"");
  expect_refusal({.tensors = {i8("a", 33, 64), i8("b", 8, 96), i8("c", 8, 0)}, .data = data},
                 "tensor \"b\" overlaps the one before it: expected to begin at 97 or later, found 96");
  GgufParts many{.data = data};  // that hold one region among them
  for (int i = 0; i < 60'000; ++i) many.tensors.push_back(i8(fmt::format("t{}", i).c_str(), 256, 0));
  expect_refusal(many, "overlaps the one before it");
}

}  // namespace
}  // namespace omma
