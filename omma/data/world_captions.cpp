// The picture-book world as a caption data set: scenes are drawn when they are asked for.
#include "omma/data/caption_readers.h"
#include "omma/data/world/exact_caption.h"
#include "omma/data/world/language.h"
#include "omma/data/world/web_text.h"
#include "omma/data/world_settings.h"

namespace omma {
namespace {

constexpr std::uint64_t text_stream = 0x63617074696f6e73;  // texts draw from other random numbers than pictures

struct CaptionSettings {
  int captions = 0;
  bool exact = false;
  double noise = 0;
  int wrong = 0;
};

class WorldCaptions : public CaptionDataset {
 public:
  WorldCaptions(const WorldSettings& world, const CaptionSettings& settings) : world_(world), settings_(settings) {}

  std::size_t size() const override { return static_cast<std::size_t>(world_.count); }
  CaptionSample sample(std::size_t index) const override { return describe(draw(index), index); }
  Image image(std::size_t index) const override { return draw(index).image; }
  CaptionedImage load(std::size_t index) const override {
    Scene scene = draw(index);
    CaptionSample described = describe(scene, index);
    return {std::move(described), std::move(scene.image)};
  }
  json notes(std::size_t index) const override {
    if (settings_.noise <= 0) return json::object();
    Rng rng(world_.seed ^ text_stream, index);
    const WebText web = web_text(draw(index), world_.scene, settings_.noise, rng);  // the first caption
    return {{"noise", name_of(web.noise)}, {"true_caption", web.true_caption}};
  }
  const DatasetReport& report() const override { return report_; }

 private:
  Scene draw(std::size_t index) const {
    check(index < size(), "world: expected a scene below {}, got {}", size(), index);
    return make_scene(world_.seed, index, world_.scene);
  }

  CaptionSample describe(const Scene& scene, std::size_t index) const {
    CaptionSample sample{.key = fmt::format("{}/{}", name_of(scene.split), index), .captions = {}};
    Rng rng(world_.seed ^ text_stream, index);
    for (int i = 0; i < settings_.captions; ++i) sample.captions.push_back(caption_of(scene, rng));
    for (int i = 0; i < settings_.wrong; ++i) sample.wrong.push_back(swapped_text(scene, rng));
    for (const WorldObject& object : scene.objects) sample.objects.push_back({.name = object.name, .color = object.color});
    return sample;
  }

  std::string caption_of(const Scene& scene, Rng& rng) const {
    if (settings_.noise > 0) return web_text(scene, world_.scene, settings_.noise, rng).text;
    return settings_.exact ? exact_caption(scene, rng) : captions(scene, rng, 1).front().text;
  }

  WorldSettings world_;
  CaptionSettings settings_;
  DatasetReport report_;
};

bool apply(std::string_view name, std::string_view value, CaptionSettings& settings) {
  if (name == "captions" && value == "exact")
    settings.exact = true;
  else if (name == "captions" || name == "references")
    read_number(name, value, settings.captions);
  else if (name == "noise")
    read_number(name, value, settings.noise);
  else if (name == "wrong")
    read_number(name, value, settings.wrong);
  else
    return false;
  return true;
}

}  // namespace

std::unique_ptr<CaptionDataset> open_world_captions(std::string_view settings_text, std::string_view split,
                                                    const CaptionDatasetOptions& options) {
  CaptionSettings settings{.captions = options.captions, .exact = options.exact, .noise = options.noise};
  const WorldSettings defaults{.seed = options.seed, .count = options.count, .scene = {.size = options.size}};
  const WorldSettings world =
      parse_world_settings(settings_text, split, defaults, "captions, references, noise or wrong",
                           [&](std::string_view name, std::string_view value) { return apply(name, value, settings); });
  if (settings.captions == 0) settings.captions = settings.exact || settings.noise > 0 ? 1 : 5;
  check(settings.captions >= 1 && settings.captions <= 1000, "world: captions: expected 1 to 1000, got {}", settings.captions);
  check(settings.noise >= 0 && settings.noise <= 1, "world: noise: expected 0 to 1, got {}", settings.noise);
  check(settings.wrong >= 0 && settings.wrong <= 1000, "world: wrong: expected 0 to 1000, got {}", settings.wrong);
  return std::make_unique<WorldCaptions>(world, settings);
}

}  // namespace omma
