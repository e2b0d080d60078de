// Checkpoints of Video-LLaVA's authors (tools/parity/video_llava_original.py): their names, their towers with temporal attention of
// 8 and 16 frames, their pixels; what becomes of them gives the authors' numbers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/registry.h"
#include "omma/models/video_llava/chat.h"
#include "omma/models/video_llava/checkpoint.h"
#include "omma/nn/language_network.h"
#include "tests/parity/reference.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {
namespace fs = std::filesystem;

constexpr int64_t shown_place = -200;  // the authors' token of a picture and of each frame

class VideoLlavaConvert : public ::testing::TestWithParam<std::string> {
 protected:
  VideoLlavaConvert()
      : directory_(testing::parity_directory("video_llava_original") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")) {
    ::setenv("HF_HUB_CACHE", fs::absolute(directory_ / "../hub").c_str(), 1);
    convert_model(directory_ / record_["checkpoint"].get<std::string>(), made_ / "model");
    ::unsetenv("HF_HUB_CACHE");
    checkpoint_ = std::make_unique<VideoLlavaCheckpoint>(load_video_llava(made_ / "model", {.dtype = torch::kFloat32}));
  }

  Image picture(std::size_t i) const { return read_image(directory_ / fmt::format("picture{}.png", i)); }

  VideoClip clip(std::size_t i) const {
    VideoClip clip;
    for (const json& number : record_["clips"][i]["chosen"])
      clip.frames.push_back({.image = read_image(directory_ / fmt::format("clip{}/frame{}.png", i, number.get<int>()))});
    return clip;
  }

  Tensor features_of(const json& shown) {
    const auto index = shown[1].get<std::size_t>();
    return shown[0] == "clip" ? checkpoint_->model->embed_clip(checkpoint_->clips(clip(index)))
                              : checkpoint_->model->embed_pictures(checkpoint_->pictures(picture(index)).pixels)[0];
  }

  fs::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  testing::TemporaryDirectory made_;
  std::unique_ptr<VideoLlavaCheckpoint> checkpoint_;
};

TEST_P(VideoLlavaConvert, PixelsAndFeaturesAreTheAuthors) {
  const c10::InferenceMode inference;
  for (std::size_t i = 0; i < record_["pictures"].get<std::size_t>(); ++i) {
    const std::string number = std::to_string(i);
    testing::expect_close("pixels" + number, expected_.at("pixels" + number), checkpoint_->pictures(picture(i)).pixels, 1e-5);
    testing::expect_close("features" + number, expected_.at("features" + number), features_of({"picture", i}), 1e-4);
  }
  for (std::size_t i = 0; i < record_["clips"].size(); ++i) {
    const std::string number = std::to_string(i);
    testing::expect_close("clip_pixels" + number, expected_.at("clip_pixels" + number), checkpoint_->clips(clip(i)), 1e-5);
    testing::expect_close("clip_features" + number, expected_.at("clip_features" + number).flatten(0, 1), features_of({"clip", i}),
                          1e-4);
  }
}

TEST_P(VideoLlavaConvert, PromptsAndLogitsAreTheAuthors) {
  const c10::InferenceMode inference;
  const VideoLlavaConfig& config = checkpoint_->model->config();
  LlamaForCausalLM& language = checkpoint_->model->language_model;
  for (std::size_t i = 0; i < record_["prompts"].size(); ++i) {
    const json& prompt = record_["prompts"][i];
    const std::string number = std::to_string(i);
    std::vector<int64_t> places, ids;  // the authors' ids, a place for each frame; ours, with a token for each of what is seen
    VideoLlavaImpl::Features features;
    std::size_t next = 0;
    for (const std::int32_t id : checkpoint_->tokenizer.encode(prompt["text"].get<std::string>()).ids) {
      const bool is_clip = id == config.video_token_index;
      if (id != config.image_token_index && !is_clip) {
        places.push_back(id);
        ids.push_back(id);
        continue;
      }
      const Tensor seen = features_of(prompt["shown"][next++]);
      places.insert(places.end(), static_cast<std::size_t>(is_clip ? config.frames() : 1), shown_place);
      ids.insert(ids.end(), static_cast<std::size_t>(seen.size(0)), id);
      Tensor& all = is_clip ? features.clips : features.pictures;
      all = all.defined() ? torch::cat({all, seen}) : seen;
    }
    EXPECT_TRUE(expected_.at("ids" + number).flatten().equal(torch::tensor(places, torch::kLong))) << prompt["text"];
    const Tensor embeddings = checkpoint_->model->embed(torch::tensor(ids, torch::kLong).unsqueeze(0), features);
    testing::expect_close("embeddings" + number, expected_.at("embeddings" + number), embeddings, 1e-4);
    const Tensor logits = language->logits(language->model(CausalInput{.embeddings = embeddings, .padding = {}}));
    const Tensor wanted = expected_.at("logits" + number);
    testing::expect_close("logits" + number, wanted, logits.narrow(-1, 0, wanted.size(-1)),
                          1e-4 * wanted.abs().max().item<double>());
  }
}

TEST_P(VideoLlavaConvert, AskedForAnotherNumberOfFramesItSaysHowMany) {
  VideoClip short_clip = clip(0);
  short_clip.frames.pop_back();
  VideoLlavaChat chat(std::move(*checkpoint_), ChatTemplate::built_in("vicuna_v1"));
  EXPECT_EQ(chat.video_frames(), record_["frames"].get<int>());
  const ChatTurn turn("user", {std::make_shared<const VideoClip>(short_clip), std::string("What is it?")});
  EXPECT_THROW(chat.chat({&turn, 1}), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(Original, VideoLlavaConvert, ::testing::Values("frames8", "frames16"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace omma
