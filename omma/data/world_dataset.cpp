// The picture-book world as a detection data set: scenes are drawn when they are asked for.
#include <charconv>

#include "omma/base/error.h"
#include "omma/data/record_dataset.h"
#include "omma/data/world/language.h"

namespace omma {
namespace {

constexpr std::uint64_t caption_stream = 0x63617074696f6e;  // captions draw from other random numbers than pictures

struct WorldSettings {
  std::uint64_t seed = 0;
  std::int64_t count = 0;
  SceneOptions scene;
  WorldPhrases phrases = WorldPhrases::names;
};

class WorldDataset : public DetectionDataset {
 public:
  explicit WorldDataset(const WorldSettings& settings) : settings_(settings) {
    make_scene(settings.seed, 0, settings.scene);  // refuses bad options now, not in a loader thread
    for (int name = 0; name < world_name_count; ++name) {
      if (settings.phrases == WorldPhrases::names) phrases_.push_back(phrase_of(query_of(name, std::nullopt)));
      for (int color = 0; color < world_color_count && settings.phrases == WorldPhrases::pairs; ++color)
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
    if (settings_.phrases == WorldPhrases::captions) {
      add_caption(scene, index, result);
      return result;
    }
    for (const WorldObject& object : scene.objects) {
      DetectionTarget& target = result.targets.emplace_back();
      target.box = object.box;
      target.class_index = settings_.phrases == WorldPhrases::pairs ? object.name * world_color_count + object.color : object.name;
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
  std::vector<std::string> phrases_;
  DatasetReport report_;
};

template <class Number>
void read_number(std::string_view name, std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check(error == std::errc() && end == text.data() + text.size(), "world: {}: expected a number, got \"{}\"", name, text);
}

WorldPhrases parse_phrases(std::string_view text) {
  if (text == "names") return WorldPhrases::names;
  if (text == "pairs") return WorldPhrases::pairs;
  check(text == "captions", "world: phrases: expected names, pairs or captions, got \"{}\"", text);
  return WorldPhrases::captions;
}

void apply(std::string_view setting, WorldSettings& settings) {
  const std::size_t equals = std::min(setting.size(), setting.find('='));
  const std::string_view name = setting.substr(0, equals);
  const std::string_view value = setting.substr(std::min(setting.size(), equals + 1));
  if (name == "seed") return read_number(name, value, settings.seed);
  if (name == "count") return read_number(name, value, settings.count);
  if (name == "size") return read_number(name, value, settings.scene.size);
  if (name == "min_objects") return read_number(name, value, settings.scene.min_objects);
  if (name == "max_objects") return read_number(name, value, settings.scene.max_objects);
  check(name == "phrases", "world: expected seed, count, size, min_objects, max_objects or phrases, got \"{}\"", name);
  settings.phrases = parse_phrases(value);
}

}  // namespace

std::unique_ptr<DetectionDataset> open_world(std::string_view settings_text, std::string_view split,
                                             const DetectionDatasetOptions& options) {
  WorldSettings settings{.seed = options.seed,
                         .count = options.count,
                         .scene = {.size = options.size, .split = split.empty() ? Split::train : parse_split(split)},
                         .phrases = options.phrases};
  while (!settings_text.empty()) {
    const std::string_view setting = settings_text.substr(0, settings_text.find(','));
    apply(setting, settings);
    settings_text.remove_prefix(std::min(settings_text.size(), setting.size() + 1));
  }
  check(settings.count >= 1 && settings.count <= 1'000'000'000'000, "world: count: expected 1 to 10^12, got {}", settings.count);
  return std::make_unique<WorldDataset>(settings);
}

}  // namespace omma
