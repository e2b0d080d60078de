#include "omma/io/tar_shard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <optional>

#include "tests/checkpoint_bytes.h"
#include "tests/tar_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::bytes_of_text;
using testing::invalid_argument_of;

std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

void write_shard(const std::filesystem::path& file, int samples) {
  TarShardWriter writer(file);
  for (int i = 0; i < samples; ++i) {
    const std::string text = fmt::format("text {}", i), picture(static_cast<std::size_t>(i) * 200, static_cast<char>('a' + i));
    writer.append(fmt::format("{:06}", i),
                  std::array{ShardFile{"png", bytes_of_text(picture)}, ShardFile{"txt", bytes_of_text(text)}});
  }
  writer.finish();
}

TEST(TarShard, ReadsBackWhatWasWrittenInOrderAndAtRandom) {
  const testing::TemporaryDirectory directory;
  write_shard(directory / "a.tar", 20);
  const TarShard shard(directory / "a.tar");
  const ShardIndex index = shard.index();
  EXPECT_TRUE(index.issues.empty());
  ASSERT_EQ(index.samples.size(), 20U);
  for (const std::size_t i : {17U, 3U, 0U, 19U, 4U}) {
    const ShardSample& sample = index.samples[i];
    EXPECT_EQ(sample.key, fmt::format("{:06}", i));
    ASSERT_EQ(sample.members.size(), 2U);
    EXPECT_EQ(sample.members[0].extension, "png");
    EXPECT_EQ(text_of(shard.read(sample.members[0])), std::string(i * 200, static_cast<char>('a' + i)));
    EXPECT_EQ(text_of(shard.read(*sample.find("txt"))), fmt::format("text {}", i));
    EXPECT_EQ(sample.find("jpg"), nullptr);
  }
}

void write_gzip(const std::filesystem::path& file, std::string_view bytes, const char* mode = "wb") {
  const gzFile writer = gzopen(file.c_str(), mode);
  ASSERT_EQ(gzwrite(writer, bytes.data(), static_cast<unsigned>(bytes.size())), static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(writer), Z_OK);
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

// Told by its bytes, not its name; in one member or, as pigz writes it, in several; gone from the disk as soon as it is there.
TEST(TarShard, GzipIsInflatedOnce) {
  const testing::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "temporary");
  ::setenv("TMPDIR", (directory / "temporary").c_str(), 1);
  write_shard(directory / "plain.tar", 20);
  const std::string plain = read_file(directory / "plain.tar");
  write_gzip(directory / "a.tar", std::string_view(plain).substr(0, 3000));
  write_gzip(directory / "a.tar", std::string_view(plain).substr(3000), "ab");
  const std::size_t before = open_descriptors();
  std::optional<TarShard> shard(directory / "a.tar");
  EXPECT_TRUE(std::filesystem::is_empty(directory / "temporary"));
  EXPECT_EQ(shard->path(), directory / "a.tar");
  const ShardIndex index = shard->index();
  EXPECT_TRUE(index.issues.empty());
  ASSERT_EQ(index.samples.size(), 20U);
  for (const std::size_t i : {17U, 3U, 19U})
    EXPECT_EQ(text_of(shard->read(*index.samples[i].find("txt"))), fmt::format("text {}", i));
  const TarShard copy = *shard;
  shard.reset();
  EXPECT_EQ(text_of(copy.read(*index.samples[5].find("txt"))), "text 5");
  EXPECT_EQ(open_descriptors(), before + 1);
  ::unsetenv("TMPDIR");
}

TEST(TarShard, ABrokenGzipKeepsWhatStandsBefore) {
  const testing::TemporaryDirectory directory;
  write_shard(directory / "plain.tar", 20);
  write_gzip(directory / "a.tgz", read_file(directory / "plain.tar"));
  const std::string whole = read_file(directory / "a.tgz");
  const auto issue_of = [&](std::string bytes, const TarLimits& limits = {}) {
    write_file(directory / "b.tgz", bytes);
    const ShardIndex index = TarShard(directory / "b.tgz", limits).index();
    EXPECT_EQ(index.issues.size(), 1U);
    EXPECT_EQ(index.issues.front().fault, ShardFault::broken);
    return std::pair(index.samples.size(), index.issues.front().message);
  };
  const auto [cut_samples, cut] = issue_of(whole.substr(0, whole.size() * 2 / 3));
  EXPECT_GT(cut_samples, 0U);
  EXPECT_LT(cut_samples, 20U);
  EXPECT_NE(cut.find("unexpected end of file"), std::string::npos) << cut;
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;  // the checksum
  EXPECT_NE(issue_of(damaged).second.find("incorrect data check"), std::string::npos) << issue_of(damaged).second;
  const auto [samples, bomb] = issue_of(whole, {.inflated_bytes = 9000});
  EXPECT_EQ(bomb, "gzip: it inflates beyond the limit of 9000 bytes");
  EXPECT_LT(samples, 20U);
}

TEST(TarShard, TheSameSamplesGiveTheSameBytes) {
  const testing::TemporaryDirectory directory;
  write_shard(directory / "a.tar", 5);
  write_shard(directory / "b.tar", 5);
  const std::string bytes = read_file(directory / "a.tar");
  EXPECT_EQ(bytes, read_file(directory / "b.tar"));
  EXPECT_EQ(testing::crc32_of(bytes), 2722932589U);  // on every machine
}

TEST(TarShard, KeysEndAtTheFirstDotAfterTheLastSlash) {
  const std::string archive = testing::tar_of({{.name = "./v1.0/cat.JPG"}, {.name = "v1.0/cat.seg.png"}, {.name = "v1.0/dog.txt"}});
  const ShardIndex index = index_shard(bytes_of_text(archive));
  ASSERT_EQ(index.samples.size(), 2U);
  EXPECT_EQ(index.samples[0].key, "v1.0/cat");
  EXPECT_NE(index.samples[0].find("jpg"), nullptr);
  EXPECT_NE(index.samples[0].find("seg.png"), nullptr);
  EXPECT_EQ(index.samples[1].key, "v1.0/dog");
}

TEST(TarShard, LongAndForeignNamesComeBack) {
  const testing::TemporaryDirectory directory;
  const std::vector<std::string> keys = {std::string(300, 'k'), "\u043a\u043b\u044e\u0447/\u72d7"};
  TarShardWriter writer(directory / "a.tar");
  for (const std::string& key : keys) writer.append(key, std::array{ShardFile{"txt", bytes_of_text(key)}});
  writer.finish();
  const TarShard shard(directory / "a.tar");
  const ShardIndex index = shard.index();
  ASSERT_EQ(index.samples.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(index.samples[i].key, keys[i]);
    EXPECT_EQ(text_of(shard.read(index.samples[i].members[0])), keys[i]);
  }
}

TEST(TarShard, PaxAndGnuNamesAreRead) {
  const std::string name = std::string(150, 'n') + ".txt";
  const std::string archive =
      testing::tar_entry({.name = "pax", .bytes = testing::pax_record("path", name), .type = 'x'}) +
      testing::tar_entry({.name = "short.txt", .bytes = "pax"}) +
      testing::tar_entry({.name = "././@LongLink", .bytes = "g" + name + std::string(1, '\0'), .type = 'L'}) +
      testing::tar_entry({.name = "short.txt", .bytes = "gnu"}) + testing::tar_end();
  const ShardIndex index = index_shard(bytes_of_text(archive));
  ASSERT_EQ(index.samples.size(), 2U);
  EXPECT_EQ(index.samples[0].key, std::string(150, 'n'));
  EXPECT_EQ(archive.substr(index.samples[0].members[0].offset, 3), "pax");
  EXPECT_EQ(index.samples[1].key, "g" + std::string(150, 'n'));
  EXPECT_EQ(archive.substr(index.samples[1].members[0].offset, 3), "gnu");
}

TEST(TarShard, AppearsWholeOrNever) {
  const testing::TemporaryDirectory directory;
  {
    TarShardWriter writer(directory / "a.tar");
    writer.append("0", std::array{ShardFile{"txt", bytes_of_text("x")}});
    EXPECT_FALSE(std::filesystem::exists(directory / "a.tar"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  write_shard(directory / "a.tar", 2);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
  EXPECT_THROW(TarShardWriter(directory / "no/a.tar"), std::runtime_error);
}

TEST(TarShard, WriterRefusesWhatReadsBackDifferently) {
  const testing::TemporaryDirectory directory;
  TarShardWriter writer(directory / "a.tar");
  const auto refused = [&](std::string_view key, std::string_view extension) {
    return !invalid_argument_of([&] { writer.append(key, std::array{ShardFile{extension, {}}}); }).empty();
  };
  EXPECT_TRUE(refused("", "txt"));
  EXPECT_TRUE(refused("a.b", "txt"));
  EXPECT_TRUE(refused("/a", "txt"));
  EXPECT_TRUE(refused("../a", "txt"));
  EXPECT_TRUE(refused("./a", "txt"));
  EXPECT_TRUE(refused("a", ""));
  EXPECT_TRUE(refused("a1", "a/b"));
  EXPECT_TRUE(refused("a2", "TXT"));
  EXPECT_TRUE(refused("\xff", "txt"));
  EXPECT_TRUE(refused(std::string(2000, 'k'), "txt"));
  EXPECT_FALSE(refused("good", "txt"));
  EXPECT_TRUE(refused("good", "txt"));
  EXPECT_THROW(writer.append("none", {}), std::invalid_argument);
  EXPECT_THROW(writer.append("twice", std::array{ShardFile{"txt", {}}, ShardFile{"txt", {}}}), std::invalid_argument);
}

TEST(TarShard, AChangedFileIsRefused) {
  const testing::TemporaryDirectory directory;
  EXPECT_NE(invalid_argument_of([&] { TarShard(directory / "a.tar"); }).find("a.tar"), std::string::npos);
  write_shard(directory / "a.tar", 3);
  const TarShard shard(directory / "a.tar");
  const ShardMember member = shard.index().samples[2].members[0];
  EXPECT_NO_THROW(shard.read(member));
  write_shard(directory / "a.tar", 4);  // another file under the name
  EXPECT_NE(invalid_argument_of([&] { shard.read(member); }).find("changed"), std::string::npos);
  EXPECT_NE(invalid_argument_of([&] { shard.index(); }).find("changed"), std::string::npos);
  std::filesystem::remove(directory / "a.tar");
  EXPECT_THROW(shard.read(member), std::invalid_argument);
}

}  // namespace
}  // namespace omma
