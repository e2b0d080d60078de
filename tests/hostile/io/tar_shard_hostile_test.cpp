// What stands before a fault is kept, the fault is told, and no pair is broken.
#include <gtest/gtest.h>

#include "omma/io/tar_shard.h"
#include "tests/checkpoint_bytes.h"
#include "tests/tar_bytes.h"

namespace omma {
namespace {

using testing::tar_end;
using testing::tar_entry;
using testing::tar_of;

ShardIndex index_of(const std::string& archive, const TarLimits& limits = {}) {
  return index_shard(testing::bytes_of_text(archive), limits);
}

std::string keys_of(const ShardIndex& index) {
  std::string keys;
  for (const ShardSample& sample : index.samples) keys.append(keys.empty() ? "" : " ").append(sample.key);
  return keys;
}

void expect_broken(const std::string& archive, std::string_view keys, std::string_view message) {
  const ShardIndex index = index_of(archive);
  EXPECT_EQ(keys_of(index), keys);
  ASSERT_EQ(index.issues.size(), 1U) << message;
  EXPECT_EQ(index.issues[0].fault, ShardFault::broken);
  EXPECT_NE(index.issues[0].message.find(message), std::string::npos) << index.issues[0].message;
}

const std::string two = tar_entry({.name = "a.txt", .bytes = "aaa"}) + tar_entry({.name = "b.txt", .bytes = "bbb"});

TEST(HostileTarShard, WhatIsNoTar) {
  expect_broken("", "", "empty");
  expect_broken("x", "", "byte 0");
  expect_broken("<html>" + std::string(2000, ' '), "", "byte 0");
  expect_broken("\x1f\x8b" + std::string(2000, '\0'), "", "byte 0");
  expect_broken(std::string(511, '\0'), "", "");
}

TEST(HostileTarShard, CutShortAtEveryByte) {
  const std::string archive = two + tar_end();
  for (std::size_t size = 1; size < archive.size() - 512; ++size) {
    const ShardIndex index = index_of(archive.substr(0, size));
    const std::string_view whole = size < 515 ? "" : size < 1539 ? "a" : "a b";
    EXPECT_EQ(keys_of(index), whole) << size;
    ASSERT_EQ(index.issues.size(), 1U) << size;
    EXPECT_EQ(index.issues[0].fault, ShardFault::broken);
  }
  EXPECT_TRUE(index_of(archive).issues.empty());
}

TEST(HostileTarShard, BadChecksum) {
  std::string archive = two + tar_entry({.name = "c.txt"}) + tar_end();
  archive[1024] = 'x';
  expect_broken(archive, "a", "byte 1024");
}

TEST(HostileTarShard, ZeroBlocksAmidTheFile) { expect_broken(two + tar_end() + two + tar_end(), "a b", "zero blocks"); }

TEST(HostileTarShard, SizesThatLie) {
  expect_broken(two + tar_entry({.name = "c.txt", .bytes = "ccc", .size = std::uint64_t{8} << 30}) + tar_end(), "a b", "cut short");
  expect_broken(two + tar_entry({.name = "c.txt", .bytes = "ccc", .size = ~std::uint64_t{0} >> 1}) + tar_end(), "a b", "");
  expect_broken(two + tar_entry({.name = "c.txt", .bytes = "ccc", .size = ~std::uint64_t{0}}) + tar_end(), "a b", "");
}

TEST(HostileTarShard, PaxBombs) {
  std::string headers;
  for (int i = 0; i < 10'000; ++i) headers += tar_entry({.name = "x", .bytes = testing::pax_record("comment", "x"), .type = 'x'});
  EXPECT_EQ(keys_of(index_of(two + headers + two + tar_end())), "a b");
  const std::string large = testing::pax_record("path", std::string(40 << 20, 'n'));
  EXPECT_EQ(keys_of(index_of(two + tar_entry({.name = "x", .bytes = large, .type = 'x'}) + two + tar_end())), "a b");
  const std::string no_length = "99999999999999999999 path=a\n";
  EXPECT_EQ(keys_of(index_of(two + tar_entry({.name = "x", .bytes = no_length, .type = 'x'}) + two + tar_end())), "a b");
  const std::string size = testing::pax_record("size", "99999999999999999999");
  EXPECT_EQ(
      keys_of(index_of(two + tar_entry({.name = "x", .bytes = size, .type = 'x'}) + tar_entry({.name = "c.txt"}) + tar_end())),
      "a b");
}

TEST(HostileTarShard, SparseFiles) {
  std::string old = tar_entry({.name = "s.txt", .bytes = std::string(512, 's'), .type = 'S'});
  const auto set = [&](std::size_t at, const std::string& field) { old.replace(at, field.size(), field); };
  set(257, std::string("ustar  \0", 8));
  set(386, testing::tar_number(4096, 12) + testing::tar_number(512, 12));  // one piece at 4096
  set(483, testing::tar_number(1 << 30, 12));                              // of a gigabyte
  set(148, std::string(8, ' '));
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(old[i]);
  set(148, testing::tar_number(sum, 7) + " ");
  const std::string pax =
      tar_entry({.name = "x",
                 .bytes = testing::pax_record("GNU.sparse.major", "1") + testing::pax_record("GNU.sparse.minor", "0") +
                          testing::pax_record("GNU.sparse.realsize", "1073741824"),
                 .type = 'x'}) +
      tar_entry({.name = "p.txt", .bytes = testing::padded("1\n4096\n512\n", 512) + std::string(512, 's')});
  for (const std::string& sparse : {old, pax}) {
    const ShardIndex index = index_of(sparse + two + tar_end());
    EXPECT_EQ(keys_of(index), "a b");
    ASSERT_EQ(index.issues.size(), 1U);
    EXPECT_EQ(index.issues[0].fault, ShardFault::refused_member);
    EXPECT_NE(index.issues[0].message.find("sparse"), std::string::npos);
  }
}

TEST(HostileTarShard, MembersThatLeadOutOrAreNoFiles) {
  const testing::TarEntry hostile[] = {{.name = "../x.txt"},
                                       {.name = "/etc/x.txt"},
                                       {.name = "a/../../x.txt"},
                                       {.name = "a/.."},
                                       {.name = "s.txt", .type = '2', .link = "/etc/passwd"},
                                       {.name = "h.txt", .type = '1', .link = "a.txt"},
                                       {.name = "c.txt", .type = '3'},
                                       {.name = "b.txt", .type = '4'},
                                       {.name = "f.txt", .type = '6'},
                                       {.name = "\xff\xfe.txt"},
                                       {.name = "\xc0\xaf.txt"},
                                       {.name = "none"},
                                       {.name = ".hidden"},
                                       {.name = "dot."}};
  for (const testing::TarEntry& entry : hostile) {
    const ShardIndex index = index_of(tar_entry(entry) + tar_entry({.name = "z.txt", .bytes = "z"}) + tar_end());
    EXPECT_EQ(keys_of(index), "z") << entry.name;
    ASSERT_EQ(index.issues.size(), 1U) << entry.name;
    EXPECT_EQ(index.issues[0].fault, ShardFault::refused_member) << entry.name;
  }
  const ShardIndex folder = index_of(tar_of({{.name = "d/", .type = '5'}, {.name = "d/a.txt"}}));
  EXPECT_TRUE(folder.issues.empty());
  EXPECT_EQ(keys_of(folder), "d/a");
}

TEST(HostileTarShard, LongNames) {
  const std::string name(10'240, 'n');
  const ShardIndex index = index_of(tar_entry({.name = "x", .bytes = testing::pax_record("path", name + ".txt"), .type = 'x'}) +
                                    tar_entry({.name = "a.txt"}) + two + tar_end());
  EXPECT_EQ(keys_of(index), "a b");
  ASSERT_EQ(index.issues.size(), 1U);
  EXPECT_EQ(index.issues[0].fault, ShardFault::refused_member);
  EXPECT_LT(index.issues[0].sample.size(), 300U);
}

TEST(HostileTarShard, Limits) {
  const ShardIndex large = index_of(two + tar_end(), {.member_bytes = 2});
  EXPECT_EQ(large.samples.size(), 0U);
  EXPECT_EQ(large.issues.size(), 2U);
  const ShardIndex many = index_of(two + tar_end(), {.members = 1});
  EXPECT_EQ(keys_of(many), "a");
  ASSERT_EQ(many.issues.size(), 1U);
  EXPECT_EQ(many.issues[0].fault, ShardFault::broken);
}

TEST(HostileTarShard, RepeatedKeysNeverMakePairs) {
  const auto faults = [](const ShardIndex& index) {
    std::string text;
    for (const ShardIssue& issue : index.issues)
      text.append(issue.fault == ShardFault::duplicate_key ? "D" : "I").append(issue.sample);
    return text;
  };
  const ShardIndex interleaved = index_of(tar_of({{.name = "a.jpg"}, {.name = "b.jpg"}, {.name = "a.txt"}, {.name = "b.txt"}}));
  EXPECT_EQ(faults(interleaved), "IaIb");
  ASSERT_EQ(interleaved.samples.size(), 2U);
  for (const ShardSample& sample : interleaved.samples) EXPECT_EQ(sample.find("txt"), nullptr);

  const ShardIndex later =
      index_of(tar_of({{.name = "a.jpg"}, {.name = "a.txt"}, {.name = "b.txt"}, {.name = "a.jpg"}, {.name = "a.txt"}}));
  EXPECT_EQ(faults(later), "Da");
  EXPECT_EQ(keys_of(later), "a b");

  const ShardIndex adjacent =
      index_of(tar_of({{.name = "a.jpg"}, {.name = "a.txt"}, {.name = "a.jpg"}, {.name = "a.txt"}, {.name = "b.txt"}}));
  EXPECT_EQ(faults(adjacent), "Da");
  EXPECT_EQ(keys_of(adjacent), "b");
}

}  // namespace
}  // namespace omma
