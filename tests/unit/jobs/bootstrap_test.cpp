#include "omma/jobs/bootstrap.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include "omma/base/checksum.h"
#include "omma/base/file.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/world/export.h"
#include "tests/tar_bytes.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::invalid_argument_of;
using testing::tar_entry;

std::uint64_t number_of(const Image& image) { return checksum(image.data); }

// Says something that depends on the picture and the seed, and throws at the picture of a number, counted over all calls.
class ScriptedCaptioner : public Captioner {
 public:
  std::function<std::string(const Image& image, std::uint64_t seed)> script = [](const Image& image, std::uint64_t seed) {
    return fmt::format("picture {:x} as number {}", number_of(image), seed % 1000);
  };
  std::int64_t victim = -1;

  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options) override {
    last = options;
    std::vector<CaptionResult> results;
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (captioned++ == victim) throw std::runtime_error("killed");
      results.push_back({.captions = {{.text = script(images[i], options.seeds.at(i))}}});
    }
    return results;
  }

  CaptionOptions last;
  std::int64_t captioned = 0;
};

// A probability by picture and text: half of them are matches, unless there is a script.
class ScriptedFilter : public Matcher {
 public:
  std::function<float(const Image& image, const std::string& text)> script = [](const Image& image, const std::string& text) {
    return static_cast<float>((number_of(image) ^ checksum(text)) % 997) / 996;
  };

  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                 const MatchOptions& options) override {
    EXPECT_TRUE(options.itm);
    EXPECT_FALSE(options.itc);
    EXPECT_EQ(options.max_tokens, 35);
    std::vector<MatchResult> results(images.size());
    for (std::size_t i = 0; i < images.size(); ++i)
      for (const std::string& text : texts) results[i].matches.push_back({.itm = script(images[i], text), .itc = {}});
    return results;
  }
  std::vector<std::vector<float>> embed_images(std::span<const Image>) override { return {}; }
  std::vector<std::vector<float>> embed_texts(std::span<const std::string>) override { return {}; }
};

std::string picture(std::uint8_t level) {
  Image image(4, 4);
  image.data[0] = level;
  const std::vector<std::uint8_t> png = encode_png(image);
  return {png.begin(), png.end()};
}

std::map<std::string, std::string> files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

std::vector<json> records_in(const fs::path& file) {
  std::vector<json> records;
  const std::string lines = read_file(file);
  for (std::size_t begin = 0; begin < lines.size(); begin = lines.find('\n', begin) + 1)
    records.push_back(parse_json(std::string_view(lines).substr(begin, lines.find('\n', begin) - begin), file.string()));
  return records;
}

class Bootstrap : public ::testing::Test {
 protected:
  // Scenes whose noise is known, in three shards unless told.
  void render(int count = 25, int samples_per_shard = 10) {
    render_dataset({.seed = 3,
                    .count = count,
                    .out = directory_ / "web",
                    .scene = {.size = 48, .min_objects = 1, .max_objects = 3},
                    .format = RenderFormat::webdataset,
                    .samples_per_shard = samples_per_shard});
  }
  BootstrapOptions options(const std::string& out = "out") const {
    return {.data = "webdataset:" + (directory_ / "web").string(), .out = directory_ / out, .seed = 5, .batch = 4};
  }
  // The samples KEY.png, KEY.txt, and KEY.json where there is one.
  struct Pair {
    std::string key, picture, text, notes = {};
  };
  void write_shard(const std::string& name, const std::vector<Pair>& pairs) {
    std::string tar;
    for (const Pair& pair : pairs) {
      tar += tar_entry({.name = pair.key + ".png", .bytes = pair.picture}) +
             tar_entry({.name = pair.key + ".txt", .bytes = pair.text});
      if (!pair.notes.empty()) tar += tar_entry({.name = pair.key + ".json", .bytes = pair.notes});
    }
    fs::create_directories(directory_ / "web");
    write_file(directory_ / "web" / name, tar + testing::tar_end());
  }
  json run(const BootstrapOptions& how) { return bootstrap(captioner_, filter_, how); }

  testing::TemporaryDirectory directory_;
  ScriptedCaptioner captioner_;
  ScriptedFilter filter_;
};

TEST_F(Bootstrap, KeepsWhatTheFilterSays) {
  render();
  const json summary = run(options());
  const auto web = open_caption_dataset(options().data, "");
  const auto clean = open_caption_dataset("webdataset:" + (directory_ / "out").string(), "");
  EXPECT_EQ(clean->report().summary(), "");
  std::map<std::string, std::vector<std::string>> expected;
  std::map<std::string, std::size_t> place;
  std::int64_t kept = 0;
  std::vector<json> records;
  for (const char* name : {"records-000000.jsonl", "records-000001.jsonl", "records-000002.jsonl"})
    for (json& record : records_in(directory_ / "out" / name)) records.push_back(std::move(record));
  ASSERT_EQ(records.size(), 25U);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const json& record = records[i];
    const CaptionSample sample = web->sample(i);
    EXPECT_EQ(record["key"], sample.key);
    EXPECT_EQ(record["web"], sample.captions[0]);
    EXPECT_EQ(record["noise"], web->notes(i)["noise"]);
    EXPECT_EQ(record["true_caption"], web->notes(i)["true_caption"]);
    EXPECT_NEAR(record["web_itm"].get<double>(), filter_.script(web->image(i), sample.captions[0]), 1e-6);
    EXPECT_NEAR(record["synthetic_itm"].get<double>(), filter_.script(web->image(i), record["synthetic"]), 1e-6);
    for (const char* text : {"web", "synthetic"}) {
      EXPECT_EQ(record[std::string(text) + "_kept"], record[std::string(text) + "_itm"] >= .5);
      if (!record[std::string(text) + "_kept"]) continue;
      expected[sample.key].push_back(record[text]);
      ++kept;
    }
    place[sample.key] = i;
  }
  ASSERT_EQ(clean->size(), expected.size());
  std::set<std::size_t> texts;
  for (std::size_t i = 0; i < clean->size(); ++i) {
    const CaptionSample sample = clean->sample(i);
    EXPECT_EQ(sample.captions, expected[sample.key]);
    EXPECT_EQ(clean->picture_file(i).bytes, web->picture_file(place[sample.key]).bytes);
    texts.insert(sample.captions.size());
  }
  EXPECT_EQ(texts, (std::set<std::size_t>{1, 2}));  // both ways to write them are seen
  EXPECT_EQ(summary["samples"], 25);
  EXPECT_EQ(summary["clean_samples"], expected.size());
  EXPECT_EQ(summary["clean_texts"], kept);
  EXPECT_EQ(summary["faults"]["total"], 0);
  EXPECT_EQ(summary, read_json(directory_ / "out/summary.json"));
  EXPECT_TRUE(fs::exists(directory_ / "out/contact.png"));
}

TEST_F(Bootstrap, SamplesWithASeedASample) {
  render();
  std::map<std::string, std::uint64_t> seeds;
  captioner_.script = [&](const Image& image, std::uint64_t seed) {
    const auto [known, added] = seeds.emplace(fmt::format("{:x}", number_of(image)), seed);
    EXPECT_EQ(known->second, seed);
    return std::string("a text");
  };
  run(options("one"));
  EXPECT_EQ(captioner_.last.generation.sample, true);
  EXPECT_EQ(captioner_.last.generation.top_p, .9);
  EXPECT_EQ(seeds.size(), 25U);
  std::set<std::uint64_t> different;
  for (const auto& [image, seed] : seeds) different.insert(seed);
  EXPECT_EQ(different.size(), 25U);
  BootstrapOptions other = options("two");
  other.batch = 7;
  const json summary = run(other);
  EXPECT_EQ(summary["synthetic"]["distinct"], 1);
  EXPECT_EQ(files_in(directory_ / "one"), files_in(directory_ / "two"));
  seeds.clear();
  other.out = directory_ / "three";
  other.seed = 6;
  run(other);
  for (const auto& [image, seed] : seeds) EXPECT_FALSE(different.contains(seed));
}

// Whichever picture a job dies at, the next run ends with the files of one that never died.
TEST_F(Bootstrap, ResumedEqualsUninterrupted) {
  render(11, 5);
  run(options("whole"));
  const auto whole = files_in(directory_ / "whole");
  ASSERT_EQ(whole.size(), 3U * 3 + 3);
  for (std::int64_t victim = 0; victim < 11; ++victim) {
    const std::string out = fmt::format("killed-{}", victim);
    captioner_.captioned = 0;
    captioner_.victim = victim;
    EXPECT_THROW(run(options(out)), std::runtime_error);
    EXPECT_FALSE(fs::exists(directory_ / out / "summary.json"));
    captioner_.captioned = 0;
    captioner_.victim = -1;
    run(options(out));
    EXPECT_EQ(captioner_.captioned, 11 - victim / 5 * 5);  // whole shards are not made again
    ASSERT_EQ(files_in(directory_ / out), whole) << victim;
  }
}

// As when the power fails between two steps: files without a manifest, half-written ones, no summary.
TEST_F(Bootstrap, ResumesFromAnyOfItsFiles) {
  render(5, 3);
  run(options("whole"));
  const auto whole = files_in(directory_ / "whole");
  for (const auto& [name, contents] : whole) {
    if (name.starts_with("manifest")) continue;  // without one the shard's files do not count
    if (name == "job.json") continue;            // it is there before any other
    const fs::path out = directory_ / "out";
    fs::remove_all(out);
    fs::create_directories(out);
    const std::string number = name.find('-') == std::string::npos ? "" : name.substr(name.find('-'), 7);
    for (const auto& [other, bytes] : whole)
      if (other != name && (number.empty() || other != "manifest" + number + ".json")) write_file(out / other, bytes);
    write_file(out / (name + ".1.partial"), contents.substr(0, contents.size() / 2));
    if (!number.empty()) write_file(out / name, "half");
    run(options());
    fs::remove(out / (name + ".1.partial"));  // stays where it is of no shard
    EXPECT_EQ(files_in(out), whole) << name;
  }
}

TEST_F(Bootstrap, RanksMakeTheSameFiles) {
  render();
  run(options("whole"));
  BootstrapOptions part = options("ranks");
  part.rank = {.rank = 1, .ranks = 2};
  EXPECT_EQ(run(part), (json{{"shards", 3}, {"done", 1}}));
  EXPECT_FALSE(fs::exists(directory_ / "ranks/summary.json"));
  part.rank = {.rank = 0, .ranks = 2};
  EXPECT_EQ(run(part)["samples"], 25);
  EXPECT_EQ(files_in(directory_ / "ranks"), files_in(directory_ / "whole"));
}

TEST_F(Bootstrap, RefusesToGoOnWithOtherParameters) {
  render();
  run(options());
  const auto before = files_in(directory_ / "out");
  BootstrapOptions other = options();
  other.threshold = .6;
  other.models = {{"captioner", "another"}};
  const std::string message = invalid_argument_of([&] { run(other); });
  EXPECT_NE(message.find("threshold: 0.5, here 0.6"), std::string::npos) << message;
  EXPECT_NE(message.find("captioner: null, here \"another\""), std::string::npos) << message;
  write_shard("web-000001.tar", {{"x", picture(1), "another shard"}});
  EXPECT_NE(invalid_argument_of([&] { run(options()); }).find("the input has changed"), std::string::npos);
  EXPECT_EQ(files_in(directory_ / "out"), before);
  for (auto spoil : std::vector<std::function<void(BootstrapOptions&)>>{
           [](auto& o) { o.threshold = 1.5; }, [](auto& o) { o.top_p = 0; }, [](auto& o) { o.batch = 0; },
           [](auto& o) { o.samples_per_shard = 0; }, [](auto& o) { o.max_fault_share = -1; }}) {
    BootstrapOptions wrong = options("wrong");
    spoil(wrong);
    EXPECT_THROW(run(wrong), std::invalid_argument);
  }
}

TEST_F(Bootstrap, FaultsAreListedAndCounted) {
  std::string tar = tar_entry({.name = "good.png", .bytes = picture(1)}) + tar_entry({.name = "good.txt", .bytes = "a dog"}) +
                    tar_entry({.name = "bad.png", .bytes = "no picture"}) + tar_entry({.name = "bad.txt", .bytes = "a cat"}) +
                    tar_entry({.name = "alone.png", .bytes = picture(2)});
  fs::create_directories(directory_ / "web");
  write_file(directory_ / "web/web-0.tar", tar);  // and cut short
  BootstrapOptions how = options();
  const std::string message = invalid_argument_of([&] { run(how); });
  EXPECT_NE(message.find("3 of 4 samples are faulty, over the limit of 5 %"), std::string::npos) << message;
  EXPECT_TRUE(fs::exists(directory_ / "out/manifest-000000.json"));
  EXPECT_FALSE(fs::exists(directory_ / "out/summary.json"));
  how.max_fault_share = .8;  // the limit is no part of the job
  const json faults = run(how)["faults"];
  EXPECT_EQ(captioner_.captioned, 1);
  EXPECT_EQ(faults["total"], 3);
  EXPECT_EQ(faults["share"], .75);
  EXPECT_EQ(faults["counts"], (json{{"unreadable_picture", 1}, {"missing_pair", 1}, {"broken_shard", 1}}));
  EXPECT_EQ(faults["list"][0]["key"], "bad");
  const std::vector<json> records = records_in(directory_ / "out/records-000000.jsonl");
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0]["key"], "good");
  EXPECT_EQ(records[1]["fault"], "unreadable_picture");
  EXPECT_EQ(records[1]["web"], "a cat");
  EXPECT_FALSE(records[1].contains("synthetic"));
}

TEST_F(Bootstrap, TooManyFaultsStopTheJobAndKeepWhatIsDone) {
  for (int shard = 0; shard < 4; ++shard) {
    std::vector<Pair> pairs;
    for (int i = 0; i < 40; ++i)
      pairs.push_back(
          {fmt::format("{}-{}", shard, i), shard >= 2 && i % 4 == 0 ? "broken" : picture(static_cast<std::uint8_t>(i)), "text"});
    write_shard(fmt::format("web-{}.tar", shard), pairs);
  }
  const std::string message = invalid_argument_of([&] { run(options()); });
  EXPECT_NE(message.find("6 of 104 samples are faulty"), std::string::npos) << message;
  EXPECT_TRUE(fs::exists(directory_ / "out/manifest-000001.json"));
  EXPECT_FALSE(fs::exists(directory_ / "out/manifest-000002.json"));
  EXPECT_EQ(invalid_argument_of([&] { run(options()); }), message);
  BootstrapOptions more = options();
  more.max_fault_share = .2;
  EXPECT_EQ(run(more)["faults"]["total"], 20);
}

TEST_F(Bootstrap, JudgesTheFilterWhereTheNoiseIsKnown) {
  const auto notes = [](const char* noise) { return fmt::format(R"({{"noise": "{}", "true_caption": "truth"}})", noise); };
  write_shard("web-0.tar", {{"a", picture(1), "0.9 right", notes("clean")},
                            {"b", picture(2), "0.2 right", notes("clean")},
                            {"c", picture(3), "0.1 wrong", notes("swapped")},
                            {"d", picture(4), "0.8 wrong", notes("generic")},
                            {"e", picture(5), "0.5 wrong", notes("other_scene")},
                            {"f", picture(6), "0.04 unknown", "no JSON"}});
  captioner_.script = [](const Image&, std::uint64_t) { return "1.0 said"; };
  filter_.script = [](const Image&, const std::string& text) { return std::stof(text); };
  const json summary = run(options());
  EXPECT_EQ(summary["web_filter"], (json{{"wrong", 3}, {"right", 2}, {"precision", .5}, {"recall", 1.0 / 3}}));
  EXPECT_EQ(summary["web"]["kept"], 3);  // at the threshold it is kept
  EXPECT_EQ(summary["web"]["dropped"], 3);
  json bins = std::vector<int>(20, 0);
  for (const int bin : {18, 4, 2, 16, 10, 0}) bins[static_cast<std::size_t>(bin)] = 1;
  EXPECT_EQ(summary["web"]["itm_histogram"], bins);
  EXPECT_EQ(summary["synthetic"]["itm_histogram"][19], 6);
  EXPECT_EQ(summary["synthetic"]["distinct"], 1);
  EXPECT_EQ(summary["noise_ratio"], .25);
  EXPECT_EQ(summary["clean_samples"], 6);
}

TEST_F(Bootstrap, TextsThatCannotBeJudgedHarmNoOthers) {
  write_shard("web-0.tar", {{"a", picture(1), "good"}, {"b", picture(2), "bad"}, {"c", picture(3), "good"}});
  captioner_.script = [](const Image& image, std::uint64_t) { return image.data[0] == 3 ? " " : "said"; };
  filter_.script = [](const Image&, const std::string& text) {
    if (text == "bad") throw std::invalid_argument("no tokens");
    EXPECT_NE(text, " ");
    return 1.F;
  };
  BootstrapOptions how = options();
  how.max_fault_share = .5;
  const json summary = run(how);
  EXPECT_EQ(summary["web"],
            (json{{"texts", 3}, {"kept", 2}, {"dropped", 1}, {"unjudged", 1}, {"itm_histogram", summary["web"]["itm_histogram"]}}));
  EXPECT_EQ(summary["synthetic"]["kept"], 2);
  EXPECT_EQ(summary["synthetic"]["unjudged"], 1);
  EXPECT_EQ(summary["faults"]["counts"], (json{{"malformed_text", 1}}));
  const std::vector<json> records = records_in(directory_ / "out/records-000000.jsonl");
  EXPECT_TRUE(records[1]["web_itm"].is_null());
  EXPECT_EQ(records[1]["error"], "no tokens");
  EXPECT_EQ(records[1]["synthetic_kept"], true);
  EXPECT_EQ(open_caption_dataset("webdataset:" + (directory_ / "out").string(), "")->size(), 3U);
  filter_.script = [](const Image&, const std::string&) { return std::nanf(""); };
  EXPECT_NE(invalid_argument_of([&] { run(options("nan")); }).find("expected a matching probability of 0 to 1, got nan"),
            std::string::npos);
}

TEST_F(Bootstrap, ShardsOfWhichNothingIsKeptHaveNoTar) {
  write_shard("web-0.tar", {{"a", picture(1), "one"}});
  write_shard("web-1.tar", {{"b", picture(2), "two"}});
  filter_.script = [](const Image& image, const std::string&) { return image.data[0] == 1 ? 0.F : 1.F; };
  EXPECT_EQ(run(options())["clean_samples"], 1);
  EXPECT_FALSE(fs::exists(directory_ / "out/clean-000000.tar"));
  const auto clean = open_caption_dataset("webdataset:" + (directory_ / "out").string(), "");
  EXPECT_EQ(clean->report().total(), 0U);
  EXPECT_EQ(clean->sample(0).key, "b");
}

TEST_F(Bootstrap, TellsOfKeysThatStandInTwoShards) {
  write_shard("web-0.tar", {{"a", picture(1), "one"}, {"b", picture(2), "two"}});
  write_shard("web-1.tar", {{"b", picture(3), "three"}});
  EXPECT_EQ(run(options())["repeated_keys"], 1);
}

// Data in files: so many samples a shard, under keys that a shard can hold; all texts of a picture are judged.
TEST_F(Bootstrap, PicturesInFilesWithSeveralTexts) {
  json list = json::array();
  for (int i = 0; i < 7; ++i) {
    const std::string name = fmt::format("p.{}.png", i);
    write_file(directory_ / name, picture(static_cast<std::uint8_t>(i)));
    list.push_back({{"image", name}, {"caption", i == 4 ? json({"0.9 a", "0.1 b", "0.7 c"}) : json("0.2 one")}});
  }
  write_file(directory_ / "captions.json", dump_json(list));
  captioner_.script = [](const Image& image, std::uint64_t) { return image.data[0] == 5 ? "0.6 said" : "0.3 said"; };
  filter_.script = [](const Image&, const std::string& text) { return std::stof(text); };
  BootstrapOptions how = options();
  how.data = "blip:" + (directory_ / "captions.json").string();
  how.samples_per_shard = 3;
  const json summary = run(how);
  EXPECT_EQ(summary["shards"], 3);
  EXPECT_EQ(summary["web"]["texts"], 9);
  const json record = records_in(directory_ / "out/records-000001.jsonl").at(1);
  EXPECT_EQ(record["key"], "000000004");
  EXPECT_EQ(record["image"], "p.4.png");
  EXPECT_EQ(record["web"], (json{"0.9 a", "0.1 b", "0.7 c"}));
  EXPECT_EQ(record["web_kept"], (json{true, false, true}));
  const auto clean = open_caption_dataset("webdataset:" + (directory_ / "out").string(), "");
  ASSERT_EQ(clean->size(), 2U);
  EXPECT_EQ(clean->sample(0).captions, (std::vector<std::string>{"0.9 a", "0.7 c"}));
  EXPECT_EQ(clean->sample(1).captions, std::vector<std::string>{"0.6 said"});
  EXPECT_EQ(clean->image(1).data[0], 5);
}

}  // namespace
}  // namespace omma
