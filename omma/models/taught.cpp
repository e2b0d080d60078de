#include "omma/models/taught.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/json.h"
#include "omma/base/log.h"
#include "omma/text/tokenizer.h"
#include "omma/vision/ground.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

struct TaughtGround {
  double even = 0, flat = 0, light = 0;

  template <class Fields>
  void fields(Fields& field) {
    field("even", even, Range{0, 1});
    field("flat", flat, Range{0, 1});
    field("light", light, Range{0, 255});
  }
};

struct Taught {
  std::string pictures;
  std::optional<TaughtGround> ground;
  std::string elsewhere;
  bool closed_words = false;
  std::vector<std::string> names;

  template <class Fields>
  void fields(Fields& field) {
    field("pictures", pictures);
    field("ground", ground);
    field("elsewhere", elsewhere);
    field("closed_words", closed_words);
    field("names", names);
  }
};

class Warnings {
 public:
  Warnings(const fs::path& directory, const Taught& taught) : name_(directory.filename().string()), taught_(taught) {
    if (taught.closed_words) tokenizer_ = Tokenizer::from_directory(directory);
  }

  const std::vector<std::string>& names() const { return taught_.names; }

  void see(std::span<const Image> images) {
    if (!taught_.ground || told_pictures_) return;
    for (const Image& image : images) {
      if (image.empty()) continue;  // the model says what is wrong with it
      const GroundStatistics ground = measure_ground(image);
      const bool plain = ground.even >= taught_.ground->even || ground.flat >= taught_.ground->flat;
      if (plain && ground.light >= taught_.ground->light) continue;
      log_warning("{} has seen {} alone, and a picture here looks like none: what it says of such means nothing{}", name_,
                  taught_.pictures, taught_.elsewhere.empty() ? "" : "; " + taught_.elsewhere);
      told_pictures_ = true;
      return;
    }
  }

  void read(std::string_view text) {
    if (!tokenizer_) return;
    std::vector<std::string> words;
    for (std::string& word : unknown_words(text))
      if (told_words_.insert(word).second) words.push_back(std::move(word));
    if (!words.empty())
      log_warning("{} does not know \"{}\": what it says of that means nothing", name_, fmt::join(words, "\", \""));
  }

  void read(std::span<const std::string> texts) {
    std::string together;
    for (const std::string& text : texts) together += text + "\n";
    read(together);
  }

 private:
  // Words that take several tokens, or [UNK]. Numbers do not count.
  std::vector<std::string> unknown_words(std::string_view text) const {
    const Encoding tokens = tokenizer_->encode(text, {.add_special_tokens = false, .parse_special = false});
    std::vector<std::string> words;
    for (std::size_t i = 0; i < tokens.size();) {
      std::size_t next = i + 1;
      while (next < tokens.size() && tokenizer_->id_to_token(tokens.ids[next]).starts_with("##")) ++next;
      const std::uint32_t begin = tokens.offsets[i].first, end = tokens.offsets[next - 1].second;
      const std::string word(text.substr(begin, end - begin));
      const bool is_number = std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
      if (!is_number && (next > i + 1 || tokenizer_->id_to_token(tokens.ids[i]) == "[UNK]")) words.push_back(word);
      i = next;
    }
    return words;
  }

  std::string name_;
  Taught taught_;
  std::optional<Tokenizer> tokenizer_;
  bool told_pictures_ = false;
  std::set<std::string> told_words_;
};

std::optional<Warnings> warnings_of(const fs::path& directory) {
  const fs::path file = directory / "taught.json";
  if (!fs::exists(file)) return std::nullopt;
  return Warnings(directory, read_config<Taught>(read_json(file), file.string()));
}

class WarningCaptioner : public Captioner {
 public:
  WarningCaptioner(std::unique_ptr<Captioner> model, Warnings warnings)
      : model_(std::move(model)), warnings_(std::move(warnings)) {}
  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options) override {
    warnings_.see(images);
    warnings_.read(options.prompt);
    return model_->caption(images, options);
  }
  std::optional<int> video_frames() const override { return model_->video_frames(); }
  CaptionResult caption_video(const VideoClip& clip, const CaptionOptions& options) override {
    warnings_.read(options.prompt);
    return model_->caption_video(clip, options);
  }

 private:
  std::unique_ptr<Captioner> model_;
  Warnings warnings_;
};

class WarningMatcher : public Matcher {
 public:
  WarningMatcher(std::unique_ptr<Matcher> model, Warnings warnings) : model_(std::move(model)), warnings_(std::move(warnings)) {}
  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                 const MatchOptions& options) override {
    warnings_.see(images);
    warnings_.read(texts);
    return model_->match(images, texts, options);
  }
  std::vector<MatchResult> match_each(std::span<const Image> images, std::span<const std::vector<std::string>> texts,
                                      const MatchOptions& options) override {
    warnings_.see(images);
    for (const auto& each : texts) warnings_.read(each);
    return model_->match_each(images, texts, options);
  }
  std::vector<std::vector<float>> embed_images(std::span<const Image> images) override {
    warnings_.see(images);
    return model_->embed_images(images);
  }
  std::vector<std::vector<float>> embed_texts(std::span<const std::string> texts) override {
    warnings_.read(texts);
    return model_->embed_texts(texts);
  }

 private:
  std::unique_ptr<Matcher> model_;
  Warnings warnings_;
};

class WarningAnswerer : public Answerer {
 public:
  WarningAnswerer(std::unique_ptr<Answerer> model, Warnings warnings) : model_(std::move(model)), warnings_(std::move(warnings)) {}
  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions& options) override {
    for (const VisualQuestion& question : questions) {
      warnings_.see(question.images);
      warnings_.read(question.text);
    }
    warnings_.read(options.answers);
    return model_->answer(questions, options);
  }
  std::optional<int> video_frames() const override { return model_->video_frames(); }

 private:
  std::unique_ptr<Answerer> model_;
  Warnings warnings_;
};

class WarningDetector : public Detector {
 public:
  WarningDetector(std::unique_ptr<Detector> model, Warnings warnings) : model_(std::move(model)), warnings_(std::move(warnings)) {}
  std::vector<DetectionResult> detect(std::span<const Image> images, const DetectionPrompt& prompt,
                                      const DetectionOptions& options) override {
    warnings_.see(images);
    read(prompt);
    return model_->detect(images, prompt, options);
  }
  std::shared_ptr<const ImageEmbedding> encode_image(const Image& image) override {
    warnings_.see({&image, 1});
    return model_->encode_image(image);
  }
  DetectionResult detect_encoded(const ImageEmbedding& image, const DetectionPrompt& prompt,
                                 const DetectionOptions& options) override {
    read(prompt);
    return model_->detect_encoded(image, prompt, options);
  }
  std::vector<std::string> taught_names() const override { return warnings_.names(); }

 private:
  void read(const DetectionPrompt& prompt) {
    warnings_.read(prompt.phrases);
    if (prompt.caption) warnings_.read(*prompt.caption);
  }

  std::unique_ptr<Detector> model_;
  Warnings warnings_;
};

template <class WithWarnings, class Model>
std::unique_ptr<Model> wrapped(std::unique_ptr<Model> model, const fs::path& directory) {
  auto warnings = warnings_of(directory);
  if (!warnings) return model;
  return std::make_unique<WithWarnings>(std::move(model), std::move(*warnings));
}

}  // namespace

std::unique_ptr<Captioner> with_warnings(std::unique_ptr<Captioner> model, const fs::path& directory) {
  return wrapped<WarningCaptioner>(std::move(model), directory);
}
std::unique_ptr<Matcher> with_warnings(std::unique_ptr<Matcher> model, const fs::path& directory) {
  return wrapped<WarningMatcher>(std::move(model), directory);
}
std::unique_ptr<Answerer> with_warnings(std::unique_ptr<Answerer> model, const fs::path& directory) {
  return wrapped<WarningAnswerer>(std::move(model), directory);
}
std::unique_ptr<Detector> with_warnings(std::unique_ptr<Detector> model, const fs::path& directory) {
  return wrapped<WarningDetector>(std::move(model), directory);
}

}  // namespace omma
