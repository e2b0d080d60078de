// omma segment, with small random models: what it takes and gives, not how good the masks are.
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "omma/io/image_file.h"
#include "omma/vision/mask.h"
#include "tests/parity/reference.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;

class Segment : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new testing::TemporaryDirectory;
    const auto run = run_program({"render", "--seed", "3", "--count", "2", "--out", directory_->path().string(), "--quiet"});
    ASSERT_EQ(run.status, 0) << run.err;
  }
  static void TearDownTestSuite() { delete directory_; }

  static std::string image(int i) { return (*directory_ / fmt::format("images/{:06d}.png", i)).string(); }
  static std::string path(const std::string& name) { return (*directory_ / name).string(); }

  static testing::Run segment(std::vector<std::string> words, const std::string& model = "sam/windows") {
    words.insert(words.begin(), "segment");
    words.insert(words.end(), {"--model", testing::parity_directory(model).string(), "--threads", "1"});
    return run_program(words);
  }
  static json masks_of(const std::vector<std::string>& words) {
    auto all = words;
    all.emplace_back("--json");
    const auto run = segment(all);
    EXPECT_EQ(run.status, 0) << run.err;
    return run.status == 0 ? run.lines().at(0)["masks"] : json::array();
  }

  static RunLengths runs_of(const json& mask) { return decompress(mask["rle"]["counts"].get<std::string>(), 128, 128); }

  static inline testing::TemporaryDirectory* directory_ = nullptr;
};

TEST_F(Segment, EveryPromptGivesMasksOfThePicture) {
  struct Asked {
    std::vector<std::string> words;
    std::vector<int> objects;
  };
  for (const Asked& asked :
       {Asked{{"--point", "60,60"}, {0}}, Asked{{"--point", "60,60", "--point", "10,9,0"}, {0}},
        Asked{{"--box", "10,10,90,80"}, {0}}, Asked{{"--box", "10,10,90,80", "--box", "5,5,20,20"}, {0, 1}},
        Asked{{"--point", "60,60;50,50,0", "--point", "9,9"}, {0, 1}}, Asked{{"--point", "60,60", "--multimask"}, {0, 0, 0}}}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(asked.words, " ")));
    auto words = asked.words;
    words.insert(words.begin(), image(0));
    const json masks = masks_of(words);
    ASSERT_EQ(masks.size(), asked.objects.size());
    for (std::size_t i = 0; i < masks.size(); ++i) {
      EXPECT_EQ(masks[i]["object"], asked.objects[i]);
      const json& rle = masks[i]["rle"];
      ASSERT_EQ(rle["size"], json({128, 128}));
      const RunLengths runs = runs_of(masks[i]);
      EXPECT_EQ(area(runs), masks[i]["area"].get<std::int64_t>());
      for (const char* field : {"box", "predicted_iou", "stability"}) EXPECT_TRUE(masks[i].contains(field)) << field;
    }
  }
}

TEST_F(Segment, AnEmbeddingStandsForThePicture) {
  const json asked = masks_of({image(0), "--point", "40,40", "--save-embedding", path("e.safetensors")});
  EXPECT_EQ(masks_of({image(0), "--point", "40,40", "--embedding", path("e.safetensors")}), asked);
  const auto error = [&](std::vector<std::string> words, const std::string& model = "sam/windows") {
    words.insert(words.end(), {"--point", "40,40", "--embedding", path("e.safetensors")});
    const auto run = segment(words, model);
    EXPECT_EQ(run.status, 2);
    return run.err;
  };
  EXPECT_NE(error({image(1)}).find("made of another picture"), std::string::npos);
  EXPECT_NE(error({image(0)}, "sam/global").find("made by another model"), std::string::npos);
  const fs::path darker = *directory_ / "darker";
  fs::copy(testing::parity_directory("sam") / "windows", darker, fs::copy_options::recursive);
  const fs::path file =
      darker / (fs::exists(darker / "preprocessor_config.json") ? "preprocessor_config.json" : "processor_config.json");
  json processor = read_json(file);
  (processor.contains("image_processor") ? processor["image_processor"] : processor)["image_mean"] = {.5, .4, .4};
  write_file(file, dump_json(processor));
  EXPECT_NE(error({image(0)}, darker.string()).find("made by another model"), std::string::npos);
  EXPECT_NE(error({image(0), "--dtype", "bf16"}).find("made in float32, the model runs in bfloat16"), std::string::npos);
}

TEST_F(Segment, AMaskFromBeforeIsAPrompt) {
  const json first = masks_of({image(0), "--box", "10,10,90,80", "--out", path("logits.safetensors")});
  const json second = masks_of({image(0), "--point", "30,30", "--mask", path("logits.safetensors")});
  ASSERT_EQ(second.size(), 1U);
  EXPECT_NE(second, masks_of({image(0), "--point", "30,30"}));
  EXPECT_EQ(masks_of({image(0), "--mask", path("logits.safetensors")}).size(), 1U);
  EXPECT_EQ(first.size(), 1U);
}

TEST_F(Segment, TextIsLookedForByTheDetector) {
  const json truth = read_json(path("annotations.json"));
  const std::string name = truth["categories"][truth["annotations"][0]["category_id"].get<std::size_t>() - 1]["name"];
  const json masks = masks_of({image(0), "--text", name, "--out", path("text.png")});
  ASSERT_GE(masks.size(), 1U);
  EXPECT_EQ(masks[0]["label"], name);
  EXPECT_EQ(masks[0]["phrase_index"], 0);
  EXPECT_GT(masks[0]["score"], 0.3);
  EXPECT_GE(read_image(path("text.png")).width, 128);
}

TEST_F(Segment, EverythingHasItsPointsAndCrops) {
  const std::vector<std::string> words = {image(0),
                                          "--everything",
                                          "--points-per-side",
                                          "4",
                                          "--pred-iou-thresh",
                                          "0",
                                          "--stability-score-thresh",
                                          "0",
                                          "--box-nms-thresh",
                                          "1",
                                          "--out",
                                          path("all.png")};
  const json masks = masks_of(words);
  ASSERT_GT(masks.size(), 10U);
  for (const json& mask : masks) {
    EXPECT_EQ(mask["crop_box"], json({0.0, 0.0, 128.0, 128.0}));
    ASSERT_EQ(mask["point"].size(), 2U);
  }
  auto changed = words;
  changed.resize(changed.size() - 2);
  const auto masks_with = [&](const std::vector<std::string>& flags) {
    auto all = changed;
    all.insert(all.end(), flags.begin(), flags.end());
    return masks_of(all);
  };
  const json apart = masks_with({"--mask-nms-thresh", ".5"});
  EXPECT_LT(apart.size(), masks.size());
  for (std::size_t i = 0; i < apart.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) EXPECT_LE(intersection_over_union(runs_of(apart[i]), runs_of(apart[k])), .5);
  Mask seen(128, 128);
  for (const json& mask : masks_with({"--no-overlap"})) {
    const Mask pixels = decode(runs_of(mask));
    for (std::size_t i = 0; i < seen.data.size(); ++i) {
      ASSERT_FALSE(seen.data[i] != 0 && pixels.data[i] != 0);
      seen.data[i] |= pixels.data[i];
    }
  }
}

TEST_F(Segment, MasksAreWrittenAsADataSet) {
  const std::vector<std::string> everything = {
      "--everything", "--points-per-side", "3", "--pred-iou-thresh", "0", "--stability-score-thresh", "0"};
  std::vector<std::string> words = {image(0), image(1), "--format", "coco", "--out", path("coco")};
  words.insert(words.end(), everything.begin(), everything.end());
  const auto run = segment(words);
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run_program({"validate", "--task", "segmentation", "--data", "coco:" + path("coco")}).status, 0);
  words.emplace_back("--polygons");
  ASSERT_EQ(segment(words).status, 0);
  EXPECT_TRUE(read_json(path("coco/annotations.json"))["annotations"][0]["segmentation"].is_array());
  words.pop_back();
  words[3] = "nonsense";
  const auto wrong = segment(words);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("coco"), std::string::npos) << wrong.err;
}

TEST_F(Segment, MoreMasksThanMayBeKeptAreAnError) {
  const auto run = segment({image(0), "--everything", "--points-per-side", "6", "--pred-iou-thresh", "0",
                            "--stability-score-thresh", "0", "--max-mask-memory", ".001"});
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.err.find("more than 0.001 MB of masks at a time"), std::string::npos) << run.err;
}

// The picture is told, and the others are in the set.
TEST_F(Segment, APictureWithMoreThanAFormatHoldsIsLeftOut) {
  const auto run = segment({image(0), image(1), "--format", "voc", "--out", path("voc"), "--everything", "--points-per-side", "12",
                            "--pred-iou-thresh", "0", "--stability-score-thresh", "0", "--box-nms-thresh", "1", "--json"});
  EXPECT_EQ(run.status, 2);
  EXPECT_NE(run.out.find("voc holds the masks of 254 objects"), std::string::npos) << run.err;
  EXPECT_TRUE(fs::exists(path("voc/ImageSets/Main/train.txt")));
}

TEST_F(Segment, TheDetectorsTimeIsToldApart) {
  const auto run = segment({image(0), "--text", "dog", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_GT(run.lines().at(0)["timing_ms"]["detect"].get<double>(), 0);
  EXPECT_FALSE(segment({image(0), "--point", "9,9", "--json"}).lines().at(0)["timing_ms"].contains("detect"));
}

TEST_F(Segment, MistakesAreToldBeforeTheWork) {
  struct Mistake {
    std::vector<std::string> words;
    const char* text;
  };
  for (const Mistake& mistake :
       {Mistake{{image(0)}, "expected points, boxes, a mask or --text, or --everything alone"},
        Mistake{{image(0), "--everything", "--point", "1,1"}, "--everything alone"},
        Mistake{{image(0), image(1), "--point", "1,1"}, "expected one IMAGE, got 2"},
        Mistake{{image(0), "--point", "1"}, "--point: expected X,Y"},
        Mistake{{image(0), "--box", "5,5,5,9"}, "--box: expected X0,Y0,X1,Y1"}, Mistake{{image(0), "--mask", image(1)}, "header"},
        Mistake{{image(0), "--point", "1,1", "--out", image(0)}, "would be written over"},
        Mistake{{image(0), "--everything", "--points-per-side", "0"}, "points-per-side"},
        Mistake{{image(0), "--point", "1,1", "--out", path("x.safetensors"), "--save-embedding", path("x.safetensors")},
                "name one file"},
        Mistake{{image(0), "--point", "1,1", "--out", path("x"), "--format", "yolo", "--polygons"}, "--polygons"},
        Mistake{{image(0), "--everything", "--out", path("x.safetensors")}, "logits are kept of prompts only"}}) {
    const auto run = segment(mistake.words);
    EXPECT_EQ(run.status, 2) << mistake.text;
    EXPECT_NE(run.err.find(mistake.text), std::string::npos) << run.err;
    EXPECT_EQ(run.out, "");
  }
}

}  // namespace
}  // namespace omma
