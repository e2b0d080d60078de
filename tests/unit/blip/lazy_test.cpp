#include "omma/models/lazy.h"

#include <gtest/gtest.h>

#include "omma/models/blip/checkpoint.h"
#include "omma/text/vocabulary.h"
#include "tests/temporary_directory.h"
#include "tests/unit/blip/small_blip.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

TEST(LazyModels, ReadTheirWeightsWhenFirstCalled) {
  const testing::TemporaryDirectory directory;
  BlipConfig config = testing::small_blip_config("BlipForConditionalGeneration");
  config.text_config.vocab_size = 1200;
  config.text_config.bos_token_id = 101;
  config.text_config.sep_token_id = 102;
  torch::manual_seed(7);
  save_blip(directory.path(), Blip(config),
            {.tokenizer = make_bert_tokenizer({"dog", "cat"}), .processor = square_image_processor(32), .generation = {}},
            torch::kFloat32);
  const Image image(40, 30);
  const std::string expected = load_captioner(directory.path())->caption({&image, 1}).at(0).captions.at(0).text;

  const fs::path weights = directory / "model.safetensors", elsewhere = directory / "elsewhere";
  fs::rename(weights, elsewhere);
  const auto captioner = load_captioner_lazily(directory.path());
  EXPECT_THROW(captioner->caption({&image, 1}), std::invalid_argument);
  fs::rename(elsewhere, weights);
  EXPECT_EQ(captioner->caption({&image, 1}).at(0).captions.at(0).text, expected);

  EXPECT_THROW(load_answerer_lazily(directory.path()), std::invalid_argument);  // another task: told at once
  EXPECT_THROW(load_captioner_lazily(directory / "nothing"), std::invalid_argument);
}

}  // namespace
}  // namespace omma
