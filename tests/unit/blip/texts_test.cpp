// What BLIP writes: captions and answers up to a stop string or a deadline.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "omma/models/blip/answerer.h"
#include "omma/models/blip/captioner.h"
#include "tests/temporary_directory.h"
#include "tests/unit/blip/small_blip.h"

namespace omma {
namespace {

using Texts = std::vector<std::string>;
using Writer = std::function<Texts(const GenerationOptions&)>;

// The texts of three pictures.
Writer captions() {
  return [captioner = std::make_shared<BlipCaptioner>(testing::small_blip_checkpoint("BlipForConditionalGeneration"))](
             const GenerationOptions& options) {
    Texts texts;
    for (const CaptionResult& result : captioner->caption(testing::different_images(3), {.prompt = "a red", .generation = options}))
      texts.push_back(result.captions.at(0).text);
    return texts;
  };
}

Writer answers() {
  return [answerer = std::make_shared<BlipAnswerer>(testing::small_blip_checkpoint("BlipForQuestionAnswering"))](
             const GenerationOptions& options) {
    const std::vector<Image> images = testing::different_images(3);
    std::vector<VisualQuestion> questions;
    for (const Image& image : images) questions.push_back({.images = std::span(&image, 1), .text = "red dog"});
    Texts texts;
    for (const AnswerResult& result : answerer->answer(questions, {.generation = options})) texts.push_back(result.answer);
    return texts;
  };
}

TEST(Blip, TextsEndBeforeAStopString) {
  for (const Writer& write : {captions(), answers()}) {
    for (const int beams : {1, 2}) {
      GenerationOptions options;
      options.max_tokens = 10;
      options.beams = beams;
      const Texts whole = write(options);
      for (const std::string& text : whole) {
        ASSERT_GE(text.size(), 8U);
        EXPECT_NE(text.front(), ' ');
        options.stop = {"never written", text.substr(3, 4)};
        const Texts stopped = write(options);
        for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(stopped[i], whole[i].substr(0, whole[i].find(options.stop[1])));
      }
    }
  }
}

TEST(Blip, TextsEndAtTheDeadline) {
  GenerationOptions options;
  options.deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(captions()(options), Texts(3));
  EXPECT_EQ(answers()(options), Texts(3));
}

TEST(Blip, PromptsThatDoNotFitAreRefused) {
  BlipCaptioner captioner(testing::small_blip_checkpoint("BlipForConditionalGeneration"));
  const std::vector<Image> images = testing::different_images(1);
  std::string prompt = "red";
  for (int i = 0; i < 13; ++i) prompt += " dog";  // and [CLS]: 15 of 16 tokens
  GenerationOptions options;
  options.max_tokens = 100;
  options.min_tokens = 100;
  EXPECT_EQ(captioner.caption(images, {.prompt = prompt, .generation = options}).size(), 1U);
  EXPECT_NE(testing::invalid_argument_of([&] {
              captioner.caption(images, {.prompt = prompt + " cat"});
            }).find("prompt: expected fewer than 16 tokens"),
            std::string::npos);
}

}  // namespace
}  // namespace omma
