// Models that say what they were told to, and data sets in memory. A picture is known by its number, which is in its first byte.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "omma/data/caption_dataset.h"
#include "omma/data/question_dataset.h"
#include "omma/tasks/answerer.h"
#include "omma/tasks/captioner.h"
#include "omma/tasks/matcher.h"

namespace omma::testing {

inline Image numbered_image(std::size_t number) {
  Image image(4, 4);
  image.data[0] = static_cast<std::uint8_t>(number);
  return image;
}
inline std::size_t number_of(const Image& image) { return image.data.at(0); }

class ListedCaptions : public CaptionDataset {
 public:
  explicit ListedCaptions(std::vector<CaptionSample> samples) : samples_(std::move(samples)) {}
  std::size_t size() const override { return samples_.size(); }
  CaptionSample sample(std::size_t index) const override { return samples_.at(index); }
  Image image(std::size_t index) const override { return numbered_image(index); }
  const DatasetReport& report() const override { return report_; }

 private:
  std::vector<CaptionSample> samples_;
  DatasetReport report_;
};

class ListedQuestions : public QuestionDataset {
 public:
  explicit ListedQuestions(std::vector<QuestionSample> samples) : samples_(std::move(samples)) {}
  std::size_t size() const override { return samples_.size(); }
  QuestionSample sample(std::size_t index) const override { return samples_.at(index); }
  Image image(std::size_t index) const override { return numbered_image(index / 2); }  // two questions a picture
  const DatasetReport& report() const override { return report_; }

 private:
  std::vector<QuestionSample> samples_;
  DatasetReport report_;
};

class ScriptedCaptioner : public Captioner {
 public:
  explicit ScriptedCaptioner(std::vector<std::string> captions) : captions_(std::move(captions)) {}

  std::vector<CaptionResult> caption(std::span<const Image> images, const CaptionOptions& options) override {
    std::vector<CaptionResult> results(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) results[i].captions = {{.text = captions_.at(number_of(images[i]))}};
    batches.push_back(images.size());
    prompts.push_back(options.prompt);
    return results;
  }

  std::vector<std::size_t> batches;
  std::vector<std::string> prompts;

 private:
  std::vector<std::string> captions_;
};

// Embeddings and matching probabilities by number of the picture and text.
class ScriptedMatcher : public Matcher {
 public:
  using Embedding = std::vector<float>;
  std::function<Embedding(std::size_t image)> embed_image;
  std::function<Embedding(const std::string& text)> embed_text;
  std::function<std::optional<float>(std::size_t image, const std::string& text)> itm;

  std::vector<MatchResult> match(std::span<const Image> images, std::span<const std::string> texts,
                                 const MatchOptions& options) override {
    std::vector<MatchResult> results(images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      asked.emplace_back(number_of(images[i]), std::vector<std::string>(texts.begin(), texts.end()));
      for (const std::string& text : texts)
        results[i].matches.push_back({.itm = options.itm ? itm(number_of(images[i]), text) : std::nullopt, .itc = {}});
    }
    return results;
  }
  std::vector<Embedding> embed_images(std::span<const Image> images) override {
    std::vector<Embedding> vectors;
    for (const Image& image : images) vectors.push_back(embed_image(number_of(image)));
    batches.push_back(images.size());
    return vectors;
  }
  std::vector<Embedding> embed_texts(std::span<const std::string> texts) override {
    std::vector<Embedding> vectors;
    for (const std::string& text : texts) vectors.push_back(embed_text(text));
    batches.push_back(texts.size());
    return vectors;
  }

  std::vector<std::pair<std::size_t, std::vector<std::string>>> asked;  // pictures that were matched, with which texts
  std::vector<std::size_t> batches;                                     // of pictures and texts that were embedded
};

// Answers by the question and the picture's number; an even grey one is number 128.
class ScriptedAnswerer : public Answerer {
 public:
  explicit ScriptedAnswerer(std::function<std::string(std::size_t image, const std::string& question)> script)
      : script_(std::move(script)) {}

  std::vector<AnswerResult> answer(std::span<const VisualQuestion> questions, const AnswerOptions&) override {
    std::vector<AnswerResult> results;
    std::size_t images = 0;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      images += i == 0 || questions[i].images.data() != questions[i - 1].images.data();
      results.push_back({.answer = script_(number_of(questions[i].images.front()), questions[i].text), .timing = {}});
    }
    pictures.push_back(images);
    return results;
  }

  std::vector<std::size_t> pictures;  // different ones in each call

 private:
  std::function<std::string(std::size_t, const std::string&)> script_;
};

}  // namespace omma::testing
