#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/io/gguf.h"
#include "tests/gguf_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::gguf_bytes, testing::gguf_key, testing::gguf_tensor;

// Of a file that is one of several, in the types that llama-gguf-split writes.
struct Split {
  std::uint16_t number = 0, count = 3;
  std::int32_t tensors = 3;
  std::vector<std::string> names = {};  // of its tensors, eight bytes each
};

void write_split(const fs::path& file, const Split& split) {
  testing::GgufParts parts{.keys = {gguf_key("split.no", GgufValueType::u16, testing::number(split.number)),
                                    gguf_key("split.count", GgufValueType::u16, testing::number(split.count)),
                                    gguf_key("split.tensors.count", GgufValueType::i32, testing::number(split.tensors))}};
  if (split.number == 0) parts.keys.push_back(gguf_key("general.architecture", "llama"));
  for (const std::string& name : split.names) {
    parts.tensors.push_back(gguf_tensor(name, {8}, GgufType::i8, parts.data.size()));
    parts.data += std::string(32, name[0]);
  }
  write_file(file, gguf_bytes(parts));
}

class GgufSplits : public ::testing::Test {
 protected:
  void SetUp() override {
    write_split(first, {.number = 0, .names = {}});  // as --no-tensor-first-split leaves it
    write_split(second, {.number = 1, .names = {"a", "c"}});
    write_split(third, {.number = 2, .names = {"b"}});
  }
  std::string refusal(const fs::path& file) {
    std::string message = testing::invalid_argument_of([&] { read_gguf(file); });
    EXPECT_TRUE(message.starts_with(directory.path().string())) << message;
    return message;
  }
  void expect_refusal(const fs::path& file, std::string_view words) {
    EXPECT_NE(refusal(file).find(words), std::string::npos) << refusal(file);
  }

  testing::TemporaryDirectory directory;
  fs::path first = directory / "my-model-00001-of-00003.gguf", second = directory / "my-model-00002-of-00003.gguf",
           third = directory / "my-model-00003-of-00003.gguf";
};

TEST_F(GgufSplits, AnyOfThemIsTheWhole) {
  for (const fs::path& given : {first, second, third}) {
    const GgufFile file = read_gguf(given);
    ASSERT_EQ(file.tensors().size(), 3U);
    EXPECT_EQ(file.tensors()[1].name, "b");
    EXPECT_EQ(file.find("c")->bytes[7], 'c');
    EXPECT_EQ(file.metadata().text("general.architecture"), "llama");
    EXPECT_NE(file.owner(), nullptr);
  }
}

TEST_F(GgufSplits, LinksAreFollowed) {
  fs::create_directory(directory / "blobs");
  fs::create_directory(directory / "snapshot");
  for (const fs::path& file : {first, second, third}) {
    fs::rename(file, directory / "blobs" / file.stem());
    fs::create_symlink("../blobs/" + file.stem().string(), directory / "snapshot" / file.filename());
  }
  EXPECT_EQ(read_gguf(directory / "snapshot" / second.filename()).tensors().size(), 3U);
  const fs::path alone = directory / "blobs" / first.stem();
  expect_refusal(alone, "expected a name that ends in -00001-of-00003.gguf, as split.no is 0 and split.count is 3");
}

TEST_F(GgufSplits, MissingOnesAreNamed) {
  fs::remove(first);
  fs::remove(third);
  expect_refusal(second, R"(: "my-model-00001-of-00003.gguf" is missing; "my-model-00003-of-00003.gguf" is missing)");
}

TEST_F(GgufSplits, DisagreementsAreRefused) {
  write_split(third, {.number = 1, .names = {"b"}});
  expect_refusal(first, "my-model-00003-of-00003.gguf: expected a name that ends in -00002-of-00003.gguf, as split.no is 1");
  write_split(third, {.number = 2, .count = 4, .names = {"b"}});
  expect_refusal(first, "my-model-00003-of-00003.gguf: expected a name that ends in -00003-of-00004.gguf");
  write_split(third, {.number = 2, .tensors = 4, .names = {"b"}});
  expect_refusal(first, "my-model-00003-of-00003.gguf: split.tensors.count: expected 3, as the others say, found 4");
  write_split(third, {.number = 2, .names = {"c"}});
  expect_refusal(first, R"(my-model-00003-of-00003.gguf: tensor "c" is in "my-model-00002-of-00003.gguf", too)");
  write_split(third, {.number = 2, .names = {}});
  expect_refusal(second, "my-model-00001-of-00003.gguf: split.tensors.count: expected 3 tensors in all 3 files, found 2");
  write_split(third, {.number = 3, .names = {"b"}});
  expect_refusal(third, "split.no: expected 0 to 2, as split.count is 3, found 3");
  write_split(third, {.number = 2, .count = 1, .names = {"b"}});
  expect_refusal(first, "my-model-00003-of-00003.gguf: expected split.count to be the count in the file's name, found 1");
  write_file(third, gguf_bytes({}));
  expect_refusal(third, "my-model-00003-of-00003.gguf: expected split.count to be the count in the file's name, found no such key");
  write_file(third, "GGUF");
  expect_refusal(first, "my-model-00003-of-00003.gguf: byte 4: expected 4 more bytes");
}

TEST_F(GgufSplits, HostileCountsAreRefusedBeforeAnyFileIsOpened) {
  const auto write_count = [&](GgufValueType type, const std::string& count) {
    write_file(first, gguf_bytes({.keys = {gguf_key("split.no", std::uint32_t{0}), gguf_key("split.count", type, count)}}));
  };
  write_count(GgufValueType::u16, testing::number<std::uint16_t>(1025));
  expect_refusal(first, "split.count: expected 0 to 1024, found 1025");
  write_count(GgufValueType::i64, testing::number<std::int64_t>(-1));
  expect_refusal(first, "split.count: expected 0 to 1024, found -1");
  write_count(GgufValueType::text, testing::gguf_text("3"));
  expect_refusal(first, R"("split.count": expected an integer below 2^63, found STRING "3")");
  write_count(GgufValueType::u16, testing::number<std::uint16_t>(3));
  expect_refusal(first, R"("split.tensors.count": expected an integer below 2^63, found no such key)");
}

TEST_F(GgufSplits, OneAloneIsWhole) {
  for (const char* name : {"m-00001-of-00001.gguf", "m.gguf"}) {
    write_split(directory / name, {.number = 0, .count = 1, .tensors = 1, .names = {"a"}});
    EXPECT_EQ(read_gguf(directory / name).tensors().size(), 1U);
    write_split(directory / name, {.number = 0, .count = 0, .tensors = 1, .names = {"a"}});  // merged by llama-gguf-split
    EXPECT_EQ(read_gguf(directory / name).tensors().size(), 1U);
  }
}

}  // namespace
}  // namespace omma
