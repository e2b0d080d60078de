// The picture-book world as a detection data set: scenes are drawn when they are asked for.
#include "omma/base/error.h"
#include "omma/data/record_dataset.h"
#include "omma/data/world/language.h"
#include "omma/data/world_settings.h"

namespace omma {
namespace {

constexpr std::uint64_t caption_stream = 0x63617074696f6e;  // captions draw from other random numbers than pictures

class WorldDataset : public DetectionDataset {
 public:
  WorldDataset(const WorldSettings& settings, WorldPhrases phrases) : settings_(settings), kind_(phrases) {
    for (int name = 0; name < world_name_count; ++name) {
      if (phrases == WorldPhrases::names) phrases_.push_back(phrase_of(query_of(name, std::nullopt)));
      for (int color = 0; color < world_color_count && phrases == WorldPhrases::pairs; ++color)
        phrases_.push_back(phrase_of(query_of(name, color)));
    }
  }

  std::size_t size() const override { return static_cast<std::size_t>(settings_.count); }
  DetectionSample sample(std::size_t index) const override { return describe(draw(index), index); }
  Image image(std::size_t index) const override { return draw(index).image; }
  bool has_image(std::size_t index) const override { return index < size(); }
  LabelledImage load(std::size_t index) const override {
    Scene scene = draw(index);
    DetectionSample described = describe(scene, index);
    return {std::move(described), std::move(scene.image)};
  }
  const std::vector<std::string>& phrases() const override { return phrases_; }
  const DatasetReport& report() const override { return report_; }

 private:
  static ObjectQuery query_of(int name, std::optional<int> color) { return {.name = name, .color = color, .size = ""}; }

  Scene draw(std::size_t index) const {
    check(index < size(), "world: expected a scene below {}, got {}", size(), index);
    return make_scene(settings_.seed, index, settings_.scene);
  }

  DetectionSample describe(const Scene& scene, std::size_t index) const {
    DetectionSample result{.key = fmt::format("{}/{}", name_of(scene.split), index),
                           .width = scene.image.width,
                           .height = scene.image.height,
                           .targets = {},
                           .caption = {}};
    if (kind_ == WorldPhrases::captions) {
      add_caption(scene, index, result);
      return result;
    }
    for (const WorldObject& object : scene.objects) {
      DetectionTarget& target = result.targets.emplace_back();
      target.box = object.box;
      target.class_index = kind_ == WorldPhrases::pairs ? object.name * world_color_count + object.color : object.name;
      target.phrase = phrases_[static_cast<std::size_t>(target.class_index)];
    }
    return result;
  }

  // One caption; its targets are the objects that it mentions.
  void add_caption(const Scene& scene, std::size_t index, DetectionSample& sample) const {
    Rng rng(settings_.seed ^ caption_stream, index);
    Caption caption = captions(scene, rng, 1).front();
    for (const CaptionSpan& span : caption.spans) {
      for (const int object : span.objects) {
        DetectionTarget& target = sample.targets.emplace_back();
        target.box = scene.objects[static_cast<std::size_t>(object)].box;
        target.phrase = caption.text.substr(span.begin, span.end - span.begin);
        target.spans = {{span.begin, span.end}};
      }
    }
    sample.caption = std::move(caption.text);
  }

  WorldSettings settings_;
  WorldPhrases kind_;
  std::vector<std::string> phrases_;
  DatasetReport report_;
};

WorldPhrases parse_phrases(std::string_view text) {
  if (text == "names") return WorldPhrases::names;
  if (text == "pairs") return WorldPhrases::pairs;
  check(text == "captions", "world: phrases: expected names, pairs or captions, got \"{}\"", text);
  return WorldPhrases::captions;
}

}  // namespace

std::unique_ptr<DetectionDataset> open_world(std::string_view settings_text, std::string_view split,
                                             const DetectionDatasetOptions& options) {
  check(options.class_phrases.empty(), "world: has no classes to give phrases for, its phrases are its own");
  const WorldSettings defaults{.seed = options.seed, .count = options.count, .scene = {.size = options.size}};
  WorldPhrases phrases = options.phrases;
  const WorldSettings settings =
      parse_world_settings(settings_text, split, defaults, "phrases", [&](std::string_view name, std::string_view value) {
        if (name != "phrases") return false;
        phrases = parse_phrases(value);
        return true;
      });
  return std::make_unique<WorldDataset>(settings, phrases);
}

}  // namespace omma
