#include "omma/jobs/annotate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>

#include "omma/base/file.h"
#include "omma/data/annotated_picture.h"
#include "omma/data/detection_dataset.h"
#include "omma/data/segmentation_dataset.h"
#include "omma/io/image_file.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::invalid_argument_of;

constexpr int side = 12;

// Finds as many objects as the picture's first byte says, up to two, of alternating phrases, the second one without an area where
// that byte is 2; throws at the picture of a number, counted over all calls.
class ScriptedDetector : public Detector {
 public:
  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options) override {
    last_prompt = prompt;
    last = options;
    std::vector<DetectionResult> results;
    for (const Image& image : images) {
      if (seen++ == victim) throw std::runtime_error("killed");
      const int level = image.data[0];
      DetectionResult& result = results.emplace_back();
      for (int i = 0; i < level % 4; ++i)
        result.detections.push_back({.label = "",
                                     .phrase_index = (level + i) % static_cast<int>(prompt.phrases.size()),
                                     .score = .9F - .1F * static_cast<float>(i),
                                     .box = {1, 1, i == 2 ? 1.F : 6.5F + static_cast<float>(i), 5}});
    }
    return results;
  }

  DetectionPrompt last_prompt;
  DetectionOptions last;
  std::int64_t seen = 0, victim = -1;
};

// The box's whole pixels as a mask.
class ScriptedSegmenter : public Segmenter {
 public:
  SegmentationResult segment(const Image& image, std::span<const SegmentationPrompt> prompts, const SegmentationOptions&) override {
    SegmentationResult result;
    for (const SegmentationPrompt& prompt : prompts) {
      Mask mask(image.width, image.height);
      for (int y = static_cast<int>(prompt.box->y0); y < static_cast<int>(prompt.box->y1); ++y)
        for (int x = static_cast<int>(prompt.box->x0); x < static_cast<int>(prompt.box->x1); ++x) mask.at(x, y) = 1;
      result.objects.push_back({{.mask = encode(mask), .box = bounding_box(mask), .predicted_iou = .75F, .stability = .5F}});
    }
    return result;
  }
  std::shared_ptr<const ImageEmbedding> encode_image(const Image&) override { return nullptr; }
  SegmentationResult segment_encoded(const ImageEmbedding&, std::span<const SegmentationPrompt>,
                                     const SegmentationOptions&) override {
    return {};
  }
  AutomaticMaskResult segment_everything(const Image&, const AutomaticMaskOptions&,
                                         const std::function<void(std::int64_t, std::int64_t)>&) override {
    return {};
  }
  void save_embedding(const ImageEmbedding&, const fs::path&) override {}
  std::shared_ptr<const ImageEmbedding> load_embedding(const fs::path&, const Image&) override { return nullptr; }
  int logits_side() const override { return 1; }
};

// Of the folder and those in it, the time apart that they took.
std::map<std::string, std::string> timeless_files_in(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    std::string contents = read_file(entry.path());
    const std::string name = fs::relative(entry.path(), folder).string();
    if (const std::size_t seconds = contents.find("\"seconds\":"); name.ends_with(".json") && seconds != std::string::npos)
      contents.erase(seconds, contents.find_first_of(",}", seconds) - seconds);
    files[name] = contents;
  }
  return files;
}

class Annotate : public ::testing::Test {
 protected:
  // Picture i, as i % 4 objects are in it.
  fs::path picture(int i) {
    Image image(side, side);
    image.data[0] = static_cast<std::uint8_t>(i);
    const fs::path file = directory_ / fmt::format("pictures/{:02d}.png", i);
    fs::create_directories(file.parent_path());
    write_image(file, image);
    return file;
  }
  fs::path broken(const std::string& name) {
    fs::create_directories(directory_ / "pictures");
    write_file(directory_ / "pictures" / name, "no picture");
    return directory_ / "pictures" / name;
  }
  AnnotateOptions options(int pictures, const std::string& out = "out") {
    AnnotateOptions options{.phrases = {{"shot glass", "cup"}, {"mug", "cup"}, {"dog", "dog"}},
                            .out = directory_ / out,
                            .samples_per_shard = 3,
                            .batch = 2};
    for (int i = 0; i < pictures; ++i) options.pictures.push_back(picture(i));
    return options;
  }
  json run(const AnnotateOptions& how) { return annotate(detector_, &segmenter_, how); }

  testing::TemporaryDirectory directory_;
  ScriptedDetector detector_;
  ScriptedSegmenter segmenter_;
};

TEST_F(Annotate, PhrasesNameTheirClasses) {
  const auto read = [](const char* text) {
    const AnnotatedPhrase phrase = read_annotated_phrase(text);
    return std::pair(phrase.phrase, phrase.class_name);
  };
  EXPECT_EQ(read("shot glass=cup"), std::pair(std::string("shot glass"), std::string("cup")));
  EXPECT_EQ(read("dog"), std::pair(std::string("dog"), std::string("dog")));
  EXPECT_EQ(read("e=mc2=formula"), std::pair(std::string("e=mc2"), std::string("formula")));
  for (const char* wrong : {"", "=", "=cup", "glass="})
    EXPECT_NE(invalid_argument_of([&] { read_annotated_phrase(wrong); }).find("expected PHRASE"), std::string::npos) << wrong;
  EXPECT_EQ(classes_of({{"shot glass", "cup"}, {"dog", "dog"}, {"mug", "cup"}}), (std::vector<std::string>{"cup", "dog"}));
}

TEST_F(Annotate, WritesWhatTheModelsFind) {
  AnnotateOptions how = options(8);
  how.box_threshold = .25F;
  how.nms = .75F;
  const json summary = run(how);
  EXPECT_EQ(detector_.last_prompt.phrases, (std::vector<std::string>{"shot glass", "mug", "dog"}));
  EXPECT_EQ(detector_.last.box_threshold, .25F);
  EXPECT_EQ(detector_.last.nms, .75F);
  // Pictures 0 to 7 hold 0 1 2 2 0 1 2 2 objects: of three boxes one has no area.
  EXPECT_EQ(summary["pictures"], 8);
  EXPECT_EQ(summary["empty"], 2);
  EXPECT_EQ(summary["objects"], 10);
  EXPECT_EQ(summary["masks"], 10);
  EXPECT_EQ(summary["classes"], (json{{"cup", 7}, {"dog", 3}}));
  EXPECT_EQ(summary["failures"], (json{{"total", 0}, {"list", json::array()}}));
  EXPECT_EQ(summary, read_json(directory_ / "out/job/summary.json"));
  EXPECT_GT(read_image(directory_ / "out/job/contact.png").width, 100);

  const auto data = open_segmentation_dataset("coco:" + how.out.string(), "");
  EXPECT_EQ(data->report().summary(), "");
  ASSERT_EQ(data->size(), 8U);
  const SegmentationSample second = data->sample(2);
  ASSERT_EQ(second.targets.size(), 2U);
  EXPECT_EQ(second.targets[0].category, "dog");  // the phrase of place (2 + 0) % 3
  EXPECT_EQ(second.targets[1].category, "cup");
  EXPECT_EQ(area(second.targets[0].mask), 5 * 4);
  EXPECT_EQ(area(second.targets[1].mask), 6 * 4);
  const json annotation = read_json(how.out / "annotations.json")["annotations"].at(0);
  EXPECT_EQ(annotation["predicted_iou"], .75);
  EXPECT_EQ(annotation["score"], .9);
}

TEST_F(Annotate, WithoutASegmenterInEveryFormatOfBoxes) {
  for (const char* format : {"coco", "yolo", "voc", "odvg"}) {
    AnnotateOptions how = options(4, format);
    how.format = format;
    EXPECT_EQ(annotate(detector_, nullptr, how)["masks"], 0);
    if (std::string_view(format) == "yolo") continue;  // read by its own tests, which the minimal build has not
    const std::string place = std::string_view(format) == "odvg" ? "/annotations.jsonl" : "";
    const auto data = open_detection_dataset(format + (":" + how.out.string()) + place,
                                             std::string_view(format) == "voc" ? "train" : "", {.max_fault_share = 1});
    EXPECT_EQ(data->size(), 4U) << format;
    std::size_t targets = 0;
    for (std::size_t i = 0; i < data->size(); ++i) targets += data->sample(i).targets.size();
    EXPECT_EQ(targets, 5U) << format;
  }
  AnnotateOptions masks_alone = options(1);
  masks_alone.format = "png";
  EXPECT_NE(invalid_argument_of([&] { expect_annotatable(masks_alone, false); }).find("nothing but masks"), std::string::npos);
}

// Whichever picture a job dies at, the next run ends with the files of one that never died.
TEST_F(Annotate, ResumedEqualsUninterrupted) {
  for (const char* format : {"coco", "sa1b", "yolo", "voc", "png"}) {
    AnnotateOptions how = options(8, fmt::format("{}-whole", format));
    how.format = format;
    run(how);
    const auto whole = timeless_files_in(how.out);
    for (std::int64_t victim = 0; victim < 8; victim += format == std::string_view("coco") ? 1 : 4) {
      how.out = directory_ / fmt::format("{}-killed-{}", format, victim);
      detector_.seen = 0;
      detector_.victim = victim;
      EXPECT_THROW(run(how), std::runtime_error);
      EXPECT_FALSE(fs::exists(how.out / "job/summary.json"));
      write_file(how.out / "half.1.partial", "what a killed process leaves");
      detector_.seen = 0;
      detector_.victim = -1;
      run(how);
      EXPECT_EQ(detector_.seen, 8 - victim / 3 * 3);  // whole shards are not made again
      ASSERT_EQ(timeless_files_in(how.out), whole) << format << ", " << victim;
    }
  }
}

// As when the power fails between two steps: files without a manifest, half-written ones, no summary.
TEST_F(Annotate, ResumesFromAnyOfItsFiles) {
  AnnotateOptions how = options(5);
  how.format = "yolo";
  run(how);
  const auto whole = timeless_files_in(how.out);
  for (const auto& [name, contents] : whole) {
    if (name == "job/job.json") continue;  // it is there before any other
    if (!name.starts_with("job/")) continue;
    for (const auto& [other, bytes] : whole)
      if (other == name || other.starts_with("job/manifest")) fs::remove(how.out / other);
    run(how);
    EXPECT_EQ(timeless_files_in(how.out), whole) << name;
  }
}

TEST_F(Annotate, RanksMakeTheSameFiles) {
  AnnotateOptions how = options(8, "whole");
  run(how);
  AnnotateOptions part = options(8, "ranks");
  part.rank = {.rank = 1, .ranks = 2};
  EXPECT_EQ(run(part), (json{{"shards", 3}, {"done", 1}, {"failures", {{"total", 0}}}}));
  EXPECT_FALSE(fs::exists(part.out / "annotations.json"));
  part.rank = {.rank = 0, .ranks = 2};
  EXPECT_EQ(run(part)["pictures"], 8);
  EXPECT_EQ(timeless_files_in(part.out), timeless_files_in(how.out));
}

TEST_F(Annotate, BadFilesAreListedAndLeftOut) {
  AnnotateOptions how = options(4);
  how.pictures.insert(how.pictures.begin() + 1, broken("bad.png"));
  how.pictures.push_back(directory_ / "pictures/absent.png");
  const json summary = run(how);
  EXPECT_EQ(summary["pictures"], 4);
  ASSERT_EQ(summary["failures"]["total"], 2);
  EXPECT_EQ(summary["failures"]["list"][0]["image"], (directory_ / "pictures/bad.png").string());
  EXPECT_NE(summary["failures"]["list"][1]["error"].get<std::string>().find("absent.png"), std::string::npos);
  EXPECT_EQ(read_json(how.out / "annotations.json")["images"].size(), 4U);
  EXPECT_FALSE(fs::exists(how.out / "images/bad.png"));
}

TEST_F(Annotate, APictureThatWasMendedIsTakenIn) {
  AnnotateOptions how = options(4);
  how.pictures.insert(how.pictures.begin() + 1, broken("bad.png"));
  how.pictures.push_back(broken("worse.png"));
  EXPECT_EQ(run(how)["failures"]["total"], 2);
  write_image(directory_ / "pictures/bad.png", Image(side, side));
  EXPECT_EQ(run(how)["failures"]["total"], 2) << "what is done is done";
  how.accepts_new = true;
  detector_.seen = 0;
  const json summary = run(how);
  EXPECT_EQ(summary["failures"]["total"], 1);
  EXPECT_EQ(summary["pictures"], 5);
  EXPECT_EQ(detector_.seen, 3) << "its shard alone";
  EXPECT_EQ(read_json(how.out / "annotations.json")["images"].size(), 5U);
}

TEST_F(Annotate, BadPicturesMayBeDeletedBeforeAJobGoesOn) {
  AnnotateOptions how = options(3);
  how.pictures.push_back(broken("bad.png"));
  run(how);
  fs::remove(how.pictures.back());
  how.pictures.back() = picture(20);
  how.accepts_new = true;
  const json summary = run(how);
  EXPECT_EQ(summary["pictures"], 4);
  EXPECT_EQ(summary["failures"]["total"], 1);
  how.pictures.erase(how.pictures.begin());  // one that has labels
  EXPECT_NE(invalid_argument_of([&] { run(how); }).find("1 of its 5 are not in this list"), std::string::npos);
}

TEST_F(Annotate, PolygonsAreOfCoco) {
  AnnotateOptions how = options(4);
  how.polygons = true;
  run(how);
  EXPECT_TRUE(read_json(how.out / "annotations.json")["annotations"][0]["segmentation"].is_array());
  how.format = "yolo";
  how.out = directory_ / "yolo";
  EXPECT_NE(invalid_argument_of([&] { run(how); }).find("polygons"), std::string::npos);
}

TEST_F(Annotate, NewPicturesJoinAJobThatAcceptsThem) {
  AnnotateOptions how = options(7);
  const fs::path named = directory_ / "pictures/a.png", twin = directory_ / "other/a.png";
  fs::create_directories(twin.parent_path());
  fs::copy(picture(1), named);
  fs::copy(picture(2), twin);
  how.pictures.push_back(named);
  run(how);
  const auto before = timeless_files_in(how.out);
  detector_.seen = 0;
  how.pictures.insert(how.pictures.begin(), {twin, picture(50), twin});  // one of them twice
  const std::string refused = invalid_argument_of([&] { run(how); });
  EXPECT_NE(refused.find("2 of this list are new"), std::string::npos) << refused;
  EXPECT_NE(refused.find("--resume"), std::string::npos) << refused;
  EXPECT_EQ(timeless_files_in(how.out), before);

  how.accepts_new = true;
  detector_.victim = 1;
  EXPECT_THROW(run(how), std::runtime_error);
  how.accepts_new = false;  // they are the job's now
  detector_.victim = -1;
  detector_.seen = 0;
  EXPECT_EQ(run(how)["pictures"], 10);
  EXPECT_EQ(detector_.seen, 2);
  const json coco = read_json(how.out / "annotations.json");
  std::set<std::string> names;
  for (const json& image : coco["images"]) {
    names.insert(image["file_name"].get<std::string>());
    EXPECT_TRUE(fs::exists(how.out / "images" / image["file_name"].get<std::string>()));
  }
  EXPECT_EQ(names.size(), 10U);  // none has taken another's place
  EXPECT_EQ(coco["images"][7]["file_name"], "a.png");
  EXPECT_EQ(coco["images"][8]["file_name"], "other-a.png");

  how.pictures.pop_back();
  const std::string fewer = invalid_argument_of([&] { run(how); });
  EXPECT_NE(fewer.find("1 of its 10 are not in this list, first " + named.string()), std::string::npos) << fewer;
}

TEST_F(Annotate, RefusesToGoOnWithOtherParameters) {
  run(options(4));
  const auto before = timeless_files_in(directory_ / "out");
  AnnotateOptions other = options(5);
  other.accepts_new = true;
  other.box_threshold = .5F;
  other.phrases[1].class_name = "mug";
  other.models = {{"detector", "another"}};
  const std::string message = invalid_argument_of([&] { run(other); });
  EXPECT_NE(message.find("box_threshold: \"the model's\", here 0.5"), std::string::npos) << message;
  EXPECT_NE(message.find("[\"mug\",\"cup\"]"), std::string::npos) << message;
  EXPECT_NE(message.find("detector: null, here \"another\""), std::string::npos) << message;
  EXPECT_NE(invalid_argument_of([&] { annotate(detector_, nullptr, options(4)); }).find("masks: true, here false"),
            std::string::npos);
  EXPECT_EQ(timeless_files_in(directory_ / "out"), before);
}

TEST_F(Annotate, MistakesAreToldBeforeTheWork) {
  const auto mistake = [&](auto&& change) {
    AnnotateOptions how = options(1);
    change(how);
    return invalid_argument_of([&] { expect_annotatable(how, true); });
  };
  EXPECT_NE(mistake([](AnnotateOptions& how) { how.phrases.clear(); }).find("expected phrases"), std::string::npos);
  EXPECT_NE(mistake([](AnnotateOptions& how) { how.phrases[1].phrase = "dog"; }).find("\"dog\" is given twice"), std::string::npos);
  EXPECT_NE(mistake([](AnnotateOptions& how) { how.format = "xml"; }).find("expected coco"), std::string::npos);
  EXPECT_NE(mistake([](AnnotateOptions& how) { how.format = "odvg"; }).find("boxes alone"), std::string::npos);
  EXPECT_NE(mistake([](AnnotateOptions& how) { how.batch = 0; }).find("batch"), std::string::npos);
  EXPECT_NE(mistake([&](AnnotateOptions& how) { how.out = picture(0).parent_path(); }).find("expected an empty folder"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(directory_ / "out"));
}

}  // namespace
}  // namespace omma
