// Every fault is told with its sample, no pair is ever broken.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/validate.h"
#include "tests/tar_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;
using testing::tar_entry;

std::string pair_of(const std::string& key) {
  return tar_entry({.name = key + ".jpg"}) + tar_entry({.name = key + ".txt", .bytes = key});
}

class HostileWebDataset : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& archive) { write_file(directory_ / name, archive + testing::tar_end()); }
  std::unique_ptr<CaptionDataset> open(const std::string& name, double max_fault_share = 1) {
    return open_caption_dataset("webdataset:" + (directory_ / name).string(), "", {.max_fault_share = max_fault_share});
  }
  // Opens the folder: "keys | faults".
  std::string outcome() {
    const auto dataset = open("");
    std::string text;
    for (std::size_t i = 0; i < dataset->size(); ++i) {
      const CaptionSample sample = dataset->sample(i);
      EXPECT_EQ(sample.captions, std::vector<std::string>{sample.key});  // its own text
      text += sample.key + " ";
    }
    for (const DatasetIssue& issue : dataset->report().issues()) EXPECT_FALSE(issue.message.empty() || issue.sample.empty());
    return text + "| " + dataset->report().summary();
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(HostileWebDataset, D1BrokenShardsKeepWhatStandsBefore) {
  write_file(directory_ / "cut.tar", (pair_of("a") + pair_of("b")).substr(0, 2300));
  EXPECT_EQ(outcome(), "a | 1 missing_pair, 1 broken_shard");
  write("cut.tar", pair_of("a") + testing::tar_end() + pair_of("b"));
  EXPECT_EQ(outcome(), "a | 1 broken_shard");
  write("cut.tar", pair_of("a") + std::string(512, 'x') + pair_of("b"));
  EXPECT_EQ(outcome(), "a | 1 broken_shard");
  write("cut.tar", pair_of("a") + tar_entry({.name = "b.jpg", .size = std::uint64_t{8} << 30}));
  EXPECT_EQ(outcome(), "a | 1 broken_shard");
}

TEST_F(HostileWebDataset, D1TheShareOfLossesDecides) {
  std::string archive;
  for (int i = 0; i < 20; ++i) archive += pair_of(std::to_string(i));
  write("a.tar", archive + tar_entry({.name = "x.jpg"}));
  EXPECT_EQ(open("", .05)->size(), 20U);  // 1 of 21
  write("a.tar", archive + tar_entry({.name = "x.jpg"}) + tar_entry({.name = "y.txt", .bytes = "y"}));
  EXPECT_NE(invalid_argument_of([&] { open("", .05); }).find("2 of 22"), std::string::npos);
}

TEST_F(HostileWebDataset, D2MissingPairsAndRepeatedKeys) {
  write("a.tar", pair_of("a") + tar_entry({.name = "b.jpg"}) + tar_entry({.name = "c.txt", .bytes = "c"}) + pair_of("d"));
  EXPECT_EQ(outcome(), "a d | 2 missing_pair");
  write("a.tar", pair_of("a") + pair_of("b") + pair_of("a"));
  EXPECT_EQ(outcome(), "a b | 1 duplicate_id");
  write("a.tar", tar_entry({.name = "a.jpg"}) + tar_entry({.name = "b.jpg"}) + tar_entry({.name = "a.txt", .bytes = "a"}) +
                     tar_entry({.name = "b.txt", .bytes = "b"}) + pair_of("c"));
  EXPECT_EQ(outcome(), "c | 2 missing_pair, 2 interleaved_key");
  write("a.tar", pair_of("a") + pair_of("b"));
  write("b.tar", pair_of("b") + pair_of("c"));
  EXPECT_EQ(outcome(), "a b c | 1 duplicate_id");
}

TEST_F(HostileWebDataset, D3MembersThatLeadOut) {
  write("a.tar", pair_of("../x") + pair_of("/etc/x") + pair_of("a") + tar_entry({.name = "b.jpg"}) +
                     tar_entry({.name = "b.txt", .type = '2', .link = "/etc/passwd"}) + pair_of("\xff"));
  EXPECT_EQ(outcome(), "a | 1 missing_pair, 7 refused_member");
}

TEST_F(HostileWebDataset, D4SchemesAreNotFollowed) {
  for (const char* path :
       {"pipe:rm -rf /", "pipe:touch {0..1}.tar", "http://x/{000..001}.tar", "https://x/a.tar", "s3:x", "file:///etc/passwd"})
    EXPECT_NE(invalid_argument_of([&] { open_caption_dataset(std::string("webdataset:") + path, ""); }).find("scheme"),
              std::string::npos)
        << path;
}

TEST_F(HostileWebDataset, D5EmptyMissingAndManyShards) {
  write("s-00.tar", "");
  write("s-01.tar", pair_of("a"));
  write_file(directory_ / "s-02.tar", "");
  EXPECT_EQ(outcome(), "a | 1 broken_shard, 1 empty_shard");
  const auto range = open("s-{00..05}.tar");
  EXPECT_EQ(range->size(), 1U);
  EXPECT_EQ(range->report().count(DatasetFault::missing_shard), 3U);
  EXPECT_NE(invalid_argument_of([&] { open("s-{00..05}.tar", .05); }).find("over the limit"), std::string::npos);
  EXPECT_NE(invalid_argument_of([&] { open("t-{0..3}.tar", .05); }).find("no usable sample"), std::string::npos);
  for (const char* range_text : {"s-{0..99999999}.tar", "s-{5..1}.tar", "s-{0..}.tar", "s-{a..b}.tar", "s-{0,1}.tar", "s-{0..1",
                                 "s-{0..1}{0..1}.tar", "s-{-1..1}.tar", "s-{0..18446744073709551615}.tar"})
    EXPECT_NE(invalid_argument_of([&] { open(range_text); }).find("range"), std::string::npos) << range_text;
  const auto many = open("m-{000000..099999}.tar");
  EXPECT_EQ(many->report().count(DatasetFault::missing_shard), 100'000U);
}

TEST_F(HostileWebDataset, D5AShardThatVanishesOrChanges) {
  write("a.tar", pair_of("a"));
  write("b.tar", pair_of("b"));
  const auto dataset = open("");
  write("b.tar", pair_of("x"));
  EXPECT_NE(invalid_argument_of([&] { dataset->image(1); }).find("changed"), std::string::npos);
  std::filesystem::remove(directory_ / "a.tar");
  EXPECT_NE(invalid_argument_of([&] { dataset->image(0); }).find("a.tar"), std::string::npos);
  EXPECT_EQ(validate(*dataset, 2).summary(), "1 missing_picture, 1 unreadable_picture");
}

TEST_F(HostileWebDataset, D6CaptionsThatAreNone) {
  const std::pair<const char*, std::string> cases[] = {{"txt", ""},
                                                       {"txt", " \n\t"},
                                                       {"txt", "\xff\xfe"},
                                                       {"txt", std::string(3 << 20, 'x')},
                                                       {"json", ""},
                                                       {"json", "[]"},
                                                       {"json", "{}"},
                                                       {"json", R"({"caption": null})"},
                                                       {"json", R"({"caption": 7})"},
                                                       {"json", R"({"caption": ""})"},
                                                       {"json", R"({"caption": []})"},
                                                       {"json", R"({"caption": {"a": "b"}})"},
                                                       {"json", std::string(100'000, '[')}};
  for (const auto& [extension, text] : cases) {
    write("a.tar",
          pair_of("a") + tar_entry({.name = "b.jpg"}) + tar_entry({.name = fmt::format("b.{}", extension), .bytes = text}));
    const auto dataset = open("");
    EXPECT_EQ(dataset->size(), 1U) << text.substr(0, 20);
    ASSERT_EQ(dataset->report().total(), 1U) << text.substr(0, 20);
    EXPECT_EQ(dataset->report().issues()[0].sample, "b");
    EXPECT_NO_THROW(dump_json(dataset->report().to_json()));
  }
}

}  // namespace
}  // namespace omma
