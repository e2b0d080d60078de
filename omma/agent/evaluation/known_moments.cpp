#include "omma/agent/evaluation/known_moments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "omma/agent/evaluation/known_masks.h"
#include "omma/data/world/words.h"
#include "omma/text/plural.h"
#include "omma/vision/run_lengths.h"

namespace omma {

namespace {

RunLengths filled(const Box& box, Size size) {
  RunBuilder runs(size.width, size.height);
  const auto rounded = [](float x) { return static_cast<std::int64_t>(std::lround(x)); };
  for (std::int64_t x = rounded(box.x0); x < rounded(box.x1); ++x)
    runs.append(x * size.height + rounded(box.y0), x * size.height + rounded(box.y1));
  return std::move(runs).finish();
}

std::size_t moment_of(const Image& frame) { return frame.data.at(0); }

class MomentDetector : public Detector {
 public:
  MomentDetector(const KnownView& view, ThingNames names) : names_(std::move(names)) {
    for (const KnownMoment& moment : view.moments) moments_.emplace_back(named(moment.objects));
    for (int name = 0; name < world_name_count; ++name) taught_.insert(std::string(world_noun(name).singular));
  }

  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options) override {
    DetectionPrompt plain;
    for (const std::string& phrase : prompt.phrases) plain.phrases.push_back(names_.plain(phrase));
    std::vector<DetectionResult> results;
    for (const Image& image : images) {
      DetectionResult result = moments_.at(moment_of(image)).detect({&image, 1}, plain, options).at(0);
      for (Detection& detection : result.detections) detection.label = prompt.phrases.at(detection.phrase_index.value());
      results.push_back(std::move(result));
    }
    return results;
  }

  std::vector<std::string> taught_names() const override { return {taught_.begin(), taught_.end()}; }

 private:
  std::vector<KnownObject> named(std::vector<KnownObject> objects) {
    for (KnownObject& object : objects) {
      taught_.insert(object.name);
      object.name = names_.plain(object.name);
    }
    return objects;
  }

  ThingNames names_;
  std::vector<KnownObjectDetector> moments_;
  std::set<std::string> taught_;
};

class MomentCaptioner : public Captioner {
 public:
  MomentCaptioner(const KnownView& view, std::string told, bool clip) : told_(std::move(told)), clip_(clip) {
    for (const KnownMoment& moment : view.moments) captions_.push_back(caption_of(moment.objects));
  }

  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions&) override {
    std::vector<CaptionResult> results;
    for (const Image& image : images) results.push_back({.captions = {{.text = captions_.at(moment_of(image))}}});
    return results;
  }
  std::optional<int> video_frames() const override { return clip_ ? std::optional(1) : std::nullopt; }
  CaptionResult caption_video(const VideoClip&, const CaptionOptions&) override {
    return {.captions = {{.text = told_.empty() ? captions_.front() : told_}}};
  }

 private:
  std::vector<std::string> captions_;
  std::string told_;
  bool clip_;
};

class ToldAnswerer : public Answerer {
 public:
  ToldAnswerer(const WrittenQuestion& question, ThingNames names, bool clip)
      : told_(question.told.empty() ? text_of(question.answer) : question.told), names_(std::move(names)), clip_(clip) {
    for (const RightCall& call : question.first)
      if (call.asks) mentions_.push_back(call.mentions);
  }

  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions&) override {
    std::vector<AnswerResult> results;
    for (const VisualQuestion& question : questions) {
      const auto speaks = [&](const auto& mentions) { return mentions_all(question.text, mentions, names_); };
      results.push_back({.answer = std::ranges::any_of(mentions_, speaks) ? told_ : "unknown"});
    }
    return results;
  }
  std::optional<int> video_frames() const override { return clip_ ? std::optional(1) : std::nullopt; }

 private:
  std::string told_;
  std::vector<std::vector<std::string>> mentions_;  // of each call that asks
  ThingNames names_;
  bool clip_;
};

KnownView scene_view(const WrittenScene& written) {
  const Scene scene = make_scene(written.seed, written.index, {.split = written.split});
  return {.size = {scene.image.width, scene.image.height},
          .moments = {{.from = 0, .objects = known_objects(scene), .masks = known_masks(scene)}}};
}

}  // namespace

std::size_t KnownView::moment_at(double seconds) const {
  std::size_t at = 0;
  while (at + 1 < moments.size() && moments[at + 1].from <= seconds) ++at;
  return at;
}

Image KnownView::frame(std::size_t moment) const {
  Image image(size.width, size.height);
  image.data.at(0) = static_cast<std::uint8_t>(moment);
  return image;
}

KnownView known_view(const WrittenPicture& picture) {
  if (picture.scene) return scene_view(*picture.scene);
  KnownView view{.size = picture.size, .moments = {}};
  for (const WrittenMoment& moment : picture.moments) {
    KnownMoment known{.from = moment.from, .objects = moment.objects, .masks = {}};
    for (const KnownObject& object : known.objects) known.masks.push_back(filled(object.box, view.size));
    view.moments.push_back(std::move(known));
  }
  return view;
}

std::string caption_of(const std::vector<KnownObject>& objects) {
  std::vector<std::pair<std::string, int>> groups;  // in the order of the objects
  for (const KnownObject& object : objects) {
    const std::string phrase = object.color.empty() ? object.name : object.color + " " + object.name;
    const auto known = std::ranges::find(groups, phrase, &std::pair<std::string, int>::first);
    known == groups.end() ? groups.emplace_back(phrase, 1), void() : void(++known->second);
  }
  std::string caption;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto& [phrase, count] = groups[i];
    caption += i == 0 ? "" : i + 1 == groups.size() ? " and " : ", ";
    caption += count == 1 ? with_article(phrase) : fmt::format("{} {}", number_word(count), plural_of(phrase));
  }
  return caption.empty() ? "an empty picture" : caption;
}

PictureModels models_that_know(const KnownView& view, const WrittenQuestion& question, const ThingNames& names, bool clip) {
  std::vector<RunLengths> masks;
  for (const KnownMoment& moment : view.moments) masks.insert(masks.end(), moment.masks.begin(), moment.masks.end());
  PictureModels models{.detector = std::make_shared<MomentDetector>(view, names),
                       .captioner = std::make_shared<MomentCaptioner>(view, question.told, clip),
                       .answerer = std::make_shared<ToldAnswerer>(question, names, clip)};
  if (!masks.empty()) models.segmenter = std::make_shared<KnownSegmenter>(std::move(masks));
  return models;
}

}  // namespace omma
