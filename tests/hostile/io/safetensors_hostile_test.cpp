// Malformed and hostile safetensors files: each is refused with an error that names the file, the tensor and the fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "omma/io/tensor_file.h"
#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using namespace std::string_view_literals;
using testing::number, testing::safetensors_bytes;

std::string refusal(std::string_view bytes) {
  return testing::invalid_argument_of([&] { parse_safetensors(testing::bytes_of_text(bytes), "x.safetensors"); });
}

void expect_refusal(std::string_view bytes, std::string_view word) {
  const std::string message = refusal(bytes);
  EXPECT_TRUE(message.starts_with("x.safetensors: ")) << message << " / " << word;
  EXPECT_NE(message.find(word), std::string::npos) << message << " / " << word;
  EXPECT_LT(message.size(), 1000U);
}

void expect_header_refusal(std::string_view header, std::string_view word, std::string_view data = "") {
  expect_refusal(safetensors_bytes(header, data), word);
}

// The header of one tensor "t".
std::string tensor(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return fmt::format(R"({{"t":{{"dtype":{},"shape":{},"data_offsets":{}}}}})", dtype, shape, offsets);
}

TEST(SafetensorsHostile, S1S2S3HeaderLength) {
  for (std::size_t size = 0; size < 8; ++size) expect_refusal(std::string(size, '\0'), "header too small");
  expect_refusal(number(~std::uint64_t{0}),
                 "header too large: expected at most 100000000 bytes in a file of 8, found 18446744073709551615");
  expect_refusal(number<std::uint64_t>(100'000'001) + std::string(100'000'001, ' '), "header too large");
  expect_refusal(number<std::uint64_t>(3) + "{}", "header too large");
  expect_refusal(number<std::uint64_t>(0), "expected a JSON object, found nothing");
}

TEST(SafetensorsHostile, S4NotAJsonObject) {
  expect_header_refusal("[]", "expected a JSON object, found \"[\"");
  expect_header_refusal("null", "expected a JSON object");
  expect_header_refusal("\xef\xbb\xbf{}", "expected a JSON object");
  expect_header_refusal("{", "malformed JSON at byte 2");
  expect_header_refusal("{}{}", "malformed JSON at byte 3");
  expect_header_refusal("{/**/}", "malformed JSON at byte 2");
  expect_header_refusal("{\"a\xff\":1}", "malformed JSON at byte 4");
  expect_header_refusal("{\"a\xc0\xaf\":1}", "malformed JSON at byte 4");
  expect_header_refusal("{}\0"sv, "NUL at byte 2");
  expect_header_refusal("{\"a\0\":1}"sv, "NUL at byte 3");
  expect_header_refusal("{\"" + std::string(1'000'000, 'a'), "malformed JSON at byte");  // the message stays short
}

TEST(SafetensorsHostile, S6DeepNesting) {
  const std::string deep(100'000, '[');
  expect_header_refusal("{\"t\":" + deep, "\"t\": expected a JSON object, found \"[\"");
  expect_header_refusal(tensor("\"U8\"", deep, "[0,0]"),
                        "tensor \"t\": \"shape\": expected an integer from 0 to 2^63 - 1, found \"[\"");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  expect_header_refusal(objects, "tensor \"a\": \"a\": expected dtype, shape and data_offsets only");
  expect_header_refusal("{\"__metadata__\":{\"a\":{", "__metadata__ \"a\": expected a string, found \"{\"");
}

TEST(SafetensorsHostile, S7Duplicates) {
  const std::string entry = R"("t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  expect_header_refusal("{" + entry + "," + entry + "}", "duplicate tensor \"t\"");
  expect_header_refusal(R"({"__metadata__":{},"__metadata__":{}})", "duplicate __metadata__");
  expect_header_refusal(R"({"__metadata__":{"a":"1","a":"2"}})", "__metadata__ \"a\": expected unique names");
  expect_header_refusal(R"({"t":{"dtype":"U8","dtype":"U8"}})", "\"dtype\": expected it once");
  expect_header_refusal(R"({"t":{"shape":[],"shape":[]}})", "\"shape\": expected it once");
}

TEST(SafetensorsHostile, S8Metadata) {
  for (const std::string_view value : {"1", "null", "true", "1.5", "-1", "[]", "{}"})
    expect_header_refusal(fmt::format(R"({{"__metadata__":{{"a":{}}}}})", value), "__metadata__ \"a\": expected a string");
  expect_header_refusal(R"({"__metadata__":"a"})", "\"__metadata__\": expected a JSON object");
  const std::string large = R"({"__metadata__":{"a":")" + std::string(90'000'000, 'x') + "\"}}";
  const TensorFile file = parse_safetensors(testing::bytes_of_text(safetensors_bytes(large)), "x");
  EXPECT_EQ(file.metadata().at("a").size(), 90'000'000U);
  std::string many = R"({"__metadata__":{"a":"")";
  for (int i = 0; i < 70'000; ++i) many += fmt::format(",\"{}\":\"\"", i);
  expect_header_refusal(many + "}}", "more than 65536 entries");
}

TEST(SafetensorsHostile, S9S10Shapes) {
  expect_header_refusal(tensor("\"F32\"", "[2,18446744073709551614]", "[0,0]"), "found \"18446744073709551614\"");
  expect_header_refusal(tensor("\"F32\"", "[2,9223372036854775807]", "[0,0]"), "shape [2, 9223372036854775807] overflows");
  expect_header_refusal(tensor("\"F32\"", "[4611686018427387904]", "[0,0]"), "overflows");
  expect_header_refusal(tensor("\"F32\"", "[0,9223372036854775807,4]", "[0,0]"), "overflows");
  for (const std::string_view size :
       {"-1", "1.0", "1e3", "\"4\"", "null", "true", "18446744073709551616", "9223372036854775808", "{}"})
    expect_header_refusal(tensor("\"F32\"", fmt::format("[{}]", size), "[0,0]"),
                          "tensor \"t\": \"shape\": expected an integer from 0");
  expect_header_refusal(tensor("\"F32\"", "[-1,-1]", "[0,4]"), "found \"-1\"", "abcd");
  expect_header_refusal(tensor("\"F32\"", "4", "[0,4]"), "\"shape\": expected a list of integers", "abcd");
}

TEST(SafetensorsHostile, S11TypesAndSizes) {
  expect_header_refusal(tensor("\"F32\"", "[2]", "[0,4]"), "tensor \"t\": expected 8 bytes for F32 [2], found 4", "abcd");
  for (const std::string_view dtype : {"\"F4\"", "\"f32\"", "\"\"", "\"C64\"", "\"F8_E8M0\""})
    expect_header_refusal(tensor(dtype, "[1]", "[0,4]"), fmt::format("\"dtype\": unknown or unsupported type {}", dtype), "abcd");
  expect_header_refusal(tensor("4", "[1]", "[0,4]"), "\"dtype\": expected a string, found \"4\"");
  expect_header_refusal(tensor("[4]", "[1]", "[0,4]"), "\"dtype\": expected a string, found \"[\"");
}

TEST(SafetensorsHostile, S12S13Layout) {
  const auto two = [](int begin_a, int end_a, int begin_b, int end_b) {
    return fmt::format(
        R"({{"a":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}},"b":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}}}})",
        end_a - begin_a, begin_a, end_a, end_b - begin_b, begin_b, end_b);
  };
  EXPECT_EQ(refusal(safetensors_bytes(two(0, 2, 2, 4), "abcd")), "");
  EXPECT_EQ(refusal(safetensors_bytes(two(2, 4, 0, 2), "abcd")), "");
  expect_header_refusal(two(0, 2, 1, 3), "tensor \"b\" overlaps the one before it: expected to begin at 2, found 1", "abcd");
  expect_header_refusal(two(0, 3, 0, 3), "overlaps", "abcd");
  expect_header_refusal(two(0, 1, 2, 4), "hole before tensor \"b\": expected it to begin at 1, found 2", "abcd");
  expect_header_refusal(two(1, 2, 2, 4), "hole before tensor \"a\"", "abcd");
  expect_header_refusal(two(0, 2, 2, 4), "2 trailing bytes", "abcdef");
  expect_header_refusal(two(0, 2, 2, 4), "tensor \"b\": data_offsets: expected a range in the 2 bytes of data, found [2, 4]", "ab");
  expect_header_refusal(tensor("\"U8\"", "[2]", "[2,0]"), "found [2, 0]", "ab");
  expect_header_refusal(tensor("\"U8\"", "[2]", "[18446744073709551615,1]"), "\"data_offsets\": expected an integer", "ab");
  expect_header_refusal("{}", "2 trailing bytes", "ab");
  for (const std::string_view offsets : {"[]", "[0]"})
    expect_header_refusal(tensor("\"U8\"", "[2]", offsets), "two data_offsets", "ab");
  expect_header_refusal(tensor("\"U8\"", "[2]", "[0,2,2]"), "expected 2 offsets, found more", "ab");
  expect_header_refusal(tensor("\"U8\"", "[2]", "[0,-2]"), "found \"-2\"", "ab");
}

TEST(SafetensorsHostile, S14ManyTensorsOnOneRegion) {
  std::string header = "{";
  while (header.size() < 99'000'000)
    header += fmt::format(R"("t{}":{{"dtype":"F32","shape":[250000],"data_offsets":[0,1000000]}},)", header.size());
  header.back() = '}';
  const std::string bytes = safetensors_bytes(header, std::string(1'000'000, '\0'));
  const auto start = std::chrono::steady_clock::now();
  expect_refusal(bytes, "overlaps another: the tensors hold more than the 1000000 bytes of data");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));  // at the second tensor, not at the last
}

TEST(SafetensorsHostile, S15RankIsCapped) {
  std::string ones = "[1";
  for (int i = 1; i < 64; ++i) ones += ",1";
  EXPECT_EQ(refusal(safetensors_bytes(tensor("\"U8\"", ones + "]", "[0,1]"), "a")), "");
  expect_header_refusal(tensor("\"U8\"", ones + ",1]", "[0,1]"), "\"shape\": expected at most 64 sizes", "a");
}

TEST(SafetensorsHostile, MissingAndUnknownFields) {
  expect_header_refusal(R"({"t":{}})", "tensor \"t\": expected dtype, shape and two data_offsets");
  expect_header_refusal(R"({"t":{"dtype":"U8","shape":[0]}})", "expected dtype, shape and two data_offsets");
  expect_header_refusal(R"({"t":{"stride":[1]}})", "\"stride\": expected dtype, shape and data_offsets only");
  expect_header_refusal(R"({"t":1})", "\"t\": expected a JSON object, found \"1\"");
  expect_header_refusal("{\"\\u001b[31m\\u0000\":1}", R"("\u001b[31m\u0000")");  // escaped in the message
}

TEST(SafetensorsHostile, NamesForeignFiles) {
  expect_refusal("PK\x03\x04" + std::string(100, 'x'), "this is a zip archive");
  expect_refusal("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "this is a Git LFS pointer");
  expect_refusal("<!DOCTYPE html><html></html>", "this is an HTML page");
  expect_refusal("GGUF" + std::string(100, '\1'), "this is a GGUF file");
}

}  // namespace
}  // namespace omma
