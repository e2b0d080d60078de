#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <map>

#include "omma/base/file.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/caption_shards.h"
#include "omma/data/validate.h"
#include "omma/data/world/export.h"
#include "omma/io/tar_shard.h"
#include "tests/tar_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

RenderOptions rendered(const std::filesystem::path& out, int threads) {
  return {.seed = 3,
          .count = 25,
          .out = out,
          .scene = {.size = 48, .min_objects = 1, .max_objects = 3},
          .threads = threads,
          .format = RenderFormat::webdataset,
          .noise = .5,
          .samples_per_shard = 10};
}

class WebDataset : public ::testing::Test {
 protected:
  void write_shard(const std::string& name, std::initializer_list<testing::TarEntry> entries) {
    write_file(directory_ / name, testing::tar_of(entries));
  }
  std::unique_ptr<CaptionDataset> open(const std::string& name, const std::string& split = "") {
    return open_caption_dataset("webdataset:" + (directory_ / name).string(), split, {.max_fault_share = 1});
  }
  testing::TemporaryDirectory directory_;
};

TEST_F(WebDataset, RenderedShardsReadBack) {
  render_dataset(rendered(directory_.path(), 2));
  const std::string folder = directory_.path().string();
  for (const std::string& spec : {folder, folder + "/web-{000000..000002}.tar"}) {
    const auto dataset = open_caption_dataset("webdataset:" + spec, "");
    EXPECT_EQ(validate(*dataset, 2).summary(), "");
    ASSERT_EQ(dataset->size(), 25U);
    for (const std::size_t i : {24U, 0U, 9U, 10U}) {
      const auto [sample, image] = dataset->load(i);
      EXPECT_EQ(sample.key, fmt::format("{:09}", i));
      EXPECT_EQ(sample.captions.size(), 1U);
      EXPECT_EQ(image, make_scene(3, i, {.size = 48, .min_objects = 1, .max_objects = 3}).image);
    }
  }
  EXPECT_EQ(open("web-000002.tar", "val")->size(), 5U);  // a file is taken whole
}

TEST_F(WebDataset, RenderedShardsKnowTheirNoise) {
  render_dataset(rendered(directory_.path(), 2));
  const TarShard shard(directory_ / "web-000000.tar");
  std::map<std::string, int> kinds;
  for (const ShardSample& sample : shard.index().samples) {
    const auto bytes = shard.read(*sample.find("json")), text = shard.read(*sample.find("txt"));
    const json record = parse_json(std::string(bytes.begin(), bytes.end()), sample.key);
    EXPECT_EQ(record["caption"], std::string(text.begin(), text.end()));
    EXPECT_EQ(record["noise"] == "clean", record["caption"] == record["true_caption"]);
    ++kinds[record["noise"]];
  }
  EXPECT_GT(kinds["clean"], 1);
  EXPECT_LT(kinds["clean"], 9);
}

TEST_F(WebDataset, SameBytesWhateverTheThreads) {
  render_dataset(rendered(directory_ / "one", 1));
  render_dataset(rendered(directory_ / "three", 3));
  for (const char* name : {"web-000000.tar", "web-000001.tar", "web-000002.tar"})
    EXPECT_EQ(read_file(directory_ / "one" / name), read_file(directory_ / "three" / name));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_ / "one"), {}), 4) << "the shards and render.json";
}

TEST_F(WebDataset, ReadsTextsOfEitherKind) {
  write_shard("a.tar", {{.name = "0.jpg"},
                        {.name = "0.txt", .bytes = " a dog\n"},
                        {.name = "0.json", .bytes = R"({"caption": "ignored"})"},
                        {.name = "1.json", .bytes = R"({"caption": "a cat", "url": "x"})"},
                        {.name = "1.webp"},
                        {.name = "2.PNG"},
                        {.name = "2.json", .bytes = R"({"caption": ["one", "two"]})"},
                        {.name = "2.cls", .bytes = "7"},
                        {.name = "3.seg.png"},
                        {.name = "3.tif"},
                        {.name = "3.txt", .bytes = "a field"},
                        {.name = "4.seg.png"},
                        {.name = "4.txt", .bytes = "no picture of it"}});
  const auto dataset = open("a.tar");
  EXPECT_EQ(dataset->report().summary(), "1 missing_pair");
  ASSERT_EQ(dataset->size(), 4U);
  EXPECT_EQ(dataset->sample(0).captions, std::vector<std::string>{"a dog"});
  EXPECT_EQ(dataset->sample(1).captions, std::vector<std::string>{"a cat"});
  EXPECT_EQ(dataset->sample(2).captions, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(dataset->sample(3).captions, std::vector<std::string>{"a field"});
  EXPECT_EQ(validate(*dataset, 2).summary(), "4 unreadable_picture, 1 missing_pair");
}

TEST_F(WebDataset, FoldersAndSplits) {
  std::filesystem::create_directories(directory_ / "val");
  write_shard("train-1.tar", {{.name = "b.jpg"}, {.name = "b.txt", .bytes = "b"}});
  write_shard("train-0.tar", {{.name = "a.jpg"}, {.name = "a.txt", .bytes = "a"}});
  write_shard("other.tar", {{.name = "c.jpg"}, {.name = "c.txt", .bytes = "c"}});
  write_shard("val/x.tar", {{.name = "d.jpg"}, {.name = "d.txt", .bytes = "d"}});
  write_file(directory_ / "train-2.tar.7.partial", "half");
  write_file(directory_ / "._train-0.tar", "of macOS");
  EXPECT_EQ(open("")->size(), 3U);
  EXPECT_EQ(open("", "train")->size(), 2U);
  EXPECT_EQ(open("", "train")->sample(0).key, "a");
  EXPECT_EQ(open("", "val")->sample(0).key, "d");
  EXPECT_THROW(open("", "test"), std::invalid_argument);
  EXPECT_THROW(open("", "../"), std::invalid_argument);
}

TEST_F(WebDataset, GzipShards) {
  const std::string tar = testing::tar_of({{.name = "a.jpg", .bytes = "picture"}, {.name = "a.txt", .bytes = "a cat"}});
  for (const char* name : {"0.tar.gz", "1.tgz", "2.tar"}) {
    const gzFile writer = gzopen((directory_ / name).c_str(), "wb");
    gzwrite(writer, tar.data(), static_cast<unsigned>(tar.size()));
    ASSERT_EQ(gzclose(writer), Z_OK);
    const auto dataset = open(name);
    ASSERT_EQ(dataset->size(), 1U) << name;
    EXPECT_EQ(dataset->sample(0).captions, std::vector<std::string>{"a cat"});
    EXPECT_EQ(dataset->picture_file(0).bytes.size(), 7U);
  }
  const auto all = open("");
  EXPECT_EQ(all->report().summary(), "2 duplicate_id");
  EXPECT_EQ(all->size(), 1U);
}

TEST_F(WebDataset, GivesPicturesFilesAndNotes) {
  write_shard("a.tar", {{.name = "0.JPG", .bytes = "picture"},
                        {.name = "0.txt", .bytes = "a dog"},
                        {.name = "0.json", .bytes = R"({"noise": "clean"})"},
                        {.name = "1.png"},
                        {.name = "1.txt", .bytes = "a cat"},
                        {.name = "1.json", .bytes = "no JSON"},
                        {.name = "2.png"},
                        {.name = "2.txt", .bytes = "a cow"},
                        {.name = "2.json", .bytes = "[7]"}});
  const auto dataset = open("a.tar");
  const PictureFile file = dataset->picture_file(0);
  EXPECT_EQ(file.extension, "jpg");
  EXPECT_EQ(std::string(file.bytes.begin(), file.bytes.end()), "picture");
  EXPECT_EQ(dataset->notes(0), (json{{"noise", "clean"}}));
  EXPECT_EQ(dataset->notes(1), json::object());  // the text is what counts
  EXPECT_EQ(dataset->notes(2), json::object());
  EXPECT_EQ(dataset->report().total(), 0U);
}

TEST_F(WebDataset, ShardByShard) {
  write_shard("a-0.tar", {{.name = "x/0.jpg"}, {.name = "x/0.txt", .bytes = "a dog"}, {.name = "1.jpg"}});
  write_file(directory_ / "a-2.tar", "no tar");
  const CaptionShards shards("webdataset:" + directory_.path().string() + "/a-{0..2}.tar", "", 1);
  EXPECT_EQ(shards.names(), (std::vector<std::string>{"a-0.tar, 3072 bytes", "a-1.tar, missing", "a-2.tar, 6 bytes"}));
  const CaptionShard first = shards.open(0);
  EXPECT_EQ(first.size(), 1U);
  EXPECT_EQ(first.member_key(0), "x/0");
  EXPECT_EQ(first.report.summary(), "1 missing_pair");
  EXPECT_EQ(shards.open(1).report.summary(), "1 missing_shard");
  EXPECT_EQ(shards.open(2).report.summary(), "1 broken_shard");
  EXPECT_EQ(shards.open(2).size(), 0U);
}

}  // namespace
}  // namespace omma
