#include "omma/io/zip_archive.h"

#include <gtest/gtest.h>

#include "tests/checkpoint_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
using testing::bytes_of_text, testing::zip_bytes;

void verify_all(const ZipArchive& archive) {
  std::vector<const ZipEntry*> entries;
  for (const ZipEntry& entry : archive.entries()) entries.push_back(&entry);
  archive.verify(entries);
}

std::string refusal(const std::string& bytes) {
  return testing::invalid_argument_of([&] { verify_all(ZipArchive(bytes_of_text(bytes), "x.zip")); });
}

TEST(ZipArchive, FindsEntriesInPlace) {
  for (const bool zip64 : {false, true}) {
    const std::string bytes =
        zip_bytes({{.name = "b", .bytes = "two", .zip64 = zip64}, {.name = "a", .bytes = ""}}, {.zip64 = zip64});
    const ZipArchive archive(bytes_of_text(bytes), "x.zip");
    ASSERT_EQ(archive.entries().size(), 2U);
    const ZipEntry* entry = archive.find("b");
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(std::string(entry->bytes.begin(), entry->bytes.end()), "two");
    EXPECT_EQ(reinterpret_cast<const char*>(entry->bytes.data()), bytes.data() + 31);
    EXPECT_EQ(archive.find("c"), nullptr);
    EXPECT_NO_THROW(verify_all(archive));
  }
}

TEST(ZipArchive, RefusesWhatIsNotAsItSays) {
  struct Case {
    std::string bytes, word;
  };
  const testing::ZipRecord plain{.name = "a", .bytes = "one"};
  testing::ZipRecord wrong_crc = plain, encrypted = plain, strange = plain, deflated = plain, renamed = plain, longer = plain;
  wrong_crc.wrong_crc = 1;
  encrypted.flags = 1;
  strange.flags = 1 << 13;
  deflated.method = 8;
  renamed.directory_name = "b";
  longer.size_in_directory = 4;
  const std::string whole = zip_bytes({plain});
  const Case cases[] = {
      {"", "expected a zip archive, found 0 bytes"},
      {whole.substr(0, whole.size() - 1), "is the file whole"},
      {whole + "x", "is the file whole"},
      {zip_bytes({wrong_crc}), "\"a\": expected CRC-32"},
      {zip_bytes({encrypted}), "\"a\" is encrypted"},
      {zip_bytes({strange}), "unsupported flags 0x2000"},
      {zip_bytes({deflated}), "found compression method 8"},
      {zip_bytes({renamed}), "\"b\": the local header and the directory disagree"},
      {zip_bytes({longer}), "disagree"},
      {zip_bytes({plain, plain}), "two zip entries are called \"a\""},
      {zip_bytes({plain}, {.entries_error = 1}), "2 zip entries do not fit"},
      {zip_bytes({plain}, {.entries_error = -1}), "expected 0 zip entries"},
      {zip_bytes({plain}, {.size_error = 1}), "expected the zip directory to end at"},
      {zip_bytes({plain}, {.offset_error = -1}), "expected the zip directory to end at"},
      {zip_bytes({plain}, {.comment = "hello"}), "is the file whole"},
      {zip_bytes({plain}, {.size_error = 1, .zip64 = true}), "expected the zip directory to end at"},
      {zip_bytes({plain}, {.offset_error = INT32_MAX, .zip64 = true}), "expected the zip directory to end at"},
      {zip_bytes({plain}, {.zip64 = true, .zip64_offset_error = 1}), "expected the zip64 end record right before"},
  };
  for (const auto& [bytes, word] : cases) {
    const std::string message = refusal(bytes);
    EXPECT_TRUE(message.starts_with("x.zip: ")) << message;
    EXPECT_NE(message.find(word), std::string::npos) << message << " / " << word;
  }
}

// Two directory entries that share bytes: how a small archive claims to hold a large one.
TEST(ZipArchive, RefusesOverlappingEntries) {
  const std::string inner = zip_bytes({{.name = "inside", .bytes = "x"}}).substr(0, 30 + 6 + 1);
  std::string bytes = zip_bytes({{.name = "outside", .bytes = inner}, {.name = "inside", .bytes = "x"}});
  const std::size_t entry = bytes.rfind("PK\x01\x02");
  const std::string offset = testing::number<std::uint32_t>(30 + 7);  // of the copy within the first entry
  bytes.replace(entry + 42, 4, offset);
  EXPECT_NE(refusal(bytes).find("overlap"), std::string::npos) << refusal(bytes);
}

TEST(ZipArchive, RefusesZip64WithoutItsSizes) {
  std::string bytes = zip_bytes({{.name = "a", .bytes = "one", .zip64 = true}});
  const std::size_t extra = bytes.rfind(testing::number<std::uint16_t>(1) + testing::number<std::uint16_t>(24));
  bytes[extra] = 2;  // another kind of extra field
  EXPECT_NE(refusal(bytes).find("expected zip64 sizes, found none"), std::string::npos) << refusal(bytes);
  bytes[extra] = 1;
  bytes[extra + 4 + 15] = '\x7f';  // a compressed size of 2^63
  EXPECT_NE(refusal(bytes), "");
}

}  // namespace
}  // namespace omma
