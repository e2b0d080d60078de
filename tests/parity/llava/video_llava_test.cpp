// Video-LLaVA against transformers (tools/parity/video_llava.py): pixels of odd pictures and frames, features of both towers,
// embeddings after splicing, logits, token sequences, conversations from files.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/io/image_file.h"
#include "omma/models/video_llava/chat.h"
#include "omma/models/video_llava/checkpoint.h"
#include "tests/parity/reference.h"
#include "tests/parity/visual_prompts.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

std::string name_of_case(const ::testing::TestParamInfo<std::string>& tested) { return tested.param; }

VideoClip read_clip(const std::filesystem::path& folder, int64_t frames) {
  VideoClip clip;
  for (int64_t i = 0; i < frames; ++i)
    clip.frames.push_back(
        {.image = read_image(folder / fmt::format("frame{}.png", i)), .time = static_cast<double>(i), .number = i});
  return clip;
}

class VideoLlavaParity : public ::testing::TestWithParam<std::string> {
 protected:
  VideoLlavaParity()
      : directory_(testing::parity_directory("video_llava") / GetParam()),
        expected_(testing::read_expected(directory_ / "reference.safetensors")),
        record_(read_json(directory_ / "reference.json")),
        checkpoint_(load_video_llava(directory_, {.dtype = torch::kFloat32})) {
    for (int i = 0; i < 5; ++i) images_.push_back(read_image(directory_ / fmt::format("picture{}.png", i)));
    for (int i = 0; i < 3; ++i)
      clips_.push_back(read_clip(directory_ / fmt::format("clip{}", i), record_["frames"].get<int64_t>()));
    if (GetParam().ends_with("_wide")) tolerance_ = 1e-3;  // of sums of thousands
  }

  Tensor to_model(const Tensor& pixels) {
    return pixels.to(checkpoint_.model->multi_modal_projector->linear_1->weight.scalar_type());
  }
  Tensor picture_features(std::size_t i) {
    return checkpoint_.model->embed_pictures(to_model(checkpoint_.pictures(images_[i]).pixels))[0];
  }
  Tensor clip_features(std::size_t i) { return checkpoint_.model->embed_clip(to_model(checkpoint_.clips(clips_[i]))); }

  testing::VisualPrompt read(const json& prompt) {
    const VideoLlavaConfig& config = checkpoint_.model->config();
    std::vector<Tensor> pictures, clips;
    for (const json& index : prompt["pictures"]) pictures.push_back(picture_features(index.get<std::size_t>()));
    for (const json& index : prompt["clips"]) clips.push_back(clip_features(index.get<std::size_t>()));
    std::vector<int64_t> ids;
    std::size_t next_picture = 0, next_clip = 0;
    for (const std::int32_t id : checkpoint_.tokenizer.encode(prompt["text"].get<std::string>()).ids) {
      const int64_t times = id == config.image_token_index   ? pictures[next_picture++].size(0)
                            : id == config.video_token_index ? clips[next_clip++].size(0)
                                                             : 1;
      ids.insert(ids.end(), static_cast<std::size_t>(times), id);
    }
    const Tensor rows = torch::tensor(ids, torch::kLong).unsqueeze(0);
    const auto joined = [](const std::vector<Tensor>& all) { return all.empty() ? Tensor() : torch::cat(all); };
    return {.ids = std::move(ids),
            .embeddings = checkpoint_.model->embed(rows, {.pictures = joined(pictures), .clips = joined(clips)})};
  }

  std::filesystem::path directory_;
  std::map<std::string, Tensor> expected_;
  json record_;
  VideoLlavaCheckpoint checkpoint_;
  std::vector<Image> images_;
  std::vector<VideoClip> clips_;
  double tolerance_ = 1e-4;
};

TEST_P(VideoLlavaParity, PixelsAndFeatures) {
  const c10::InferenceMode inference;
  constexpr double rounding = 2e-6;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const std::string number = std::to_string(i);
    testing::expect_close("pixels" + number, expected_.at("pixels" + number), checkpoint_.pictures(images_[i]).pixels, rounding);
    testing::expect_close("features" + number, expected_.at("features" + number), picture_features(i).to(torch::kFloat32),
                          tolerance_);
  }
  for (std::size_t i = 0; i < clips_.size(); ++i) {
    const std::string number = std::to_string(i);
    testing::expect_close("clip_pixels" + number, expected_.at("clip_pixels" + number), checkpoint_.clips(clips_[i]), rounding);
    testing::expect_close("clip_features" + number, expected_.at("clip_features" + number).flatten(0, 1),
                          clip_features(i).to(torch::kFloat32), tolerance_);
  }
}

TEST_P(VideoLlavaParity, EmbeddingsAndLogits) {
  const c10::InferenceMode inference;
  for (std::size_t i = 0; i < record_["prompts"].size(); ++i)
    testing::expect_logits(expected_, i, checkpoint_.model->language_model, read(record_["prompts"][i]), tolerance_);
}

TEST_P(VideoLlavaParity, PromptsOfDifferentLengthInOneBatch) {
  const c10::InferenceMode inference;
  std::vector<testing::VisualPrompt> prompts;
  for (const json& index : record_["batch"]) prompts.push_back(read(record_["prompts"][index.get<std::size_t>()]));
  testing::expect_batch_logits(expected_, checkpoint_.model->language_model, prompts, tolerance_);
}

TEST_P(VideoLlavaParity, TokenSequences) {
  const c10::InferenceMode inference;
  for (const json& prompt : record_["prompts"])
    testing::expect_runs(prompt, checkpoint_.model->language_model, checkpoint_.generation, read(prompt));
}

// Frames, pictures and turns to text, by the directory's own processors and chat template.
TEST_P(VideoLlavaParity, Conversations) {
  VideoLlavaChat model(directory_);
  for (const json& chat : record_["chats"]) {
    std::vector<ChatTurn> turns;
    for (const json& told : chat["turns"]) {
      ChatTurn& turn = turns.emplace_back(told[0], std::vector<ChatPart>());
      for (const json& clip : told[3]) turn.parts.emplace_back(std::make_shared<const VideoClip>(clips_[clip.get<std::size_t>()]));
      for (const json& picture : told[2])
        turn.parts.emplace_back(std::make_shared<const Image>(images_[picture.get<std::size_t>()]));
      turn.parts.emplace_back(told[1].get<std::string>());
    }
    GenerationOptions options;
    options.max_tokens = 12;
    const ChatReply reply = model.chat(turns, options);
    EXPECT_EQ(reply.prompt_tokens, chat["prompt_tokens"]);
    EXPECT_EQ(reply.text, chat["text"]) << chat["prompt"];
  }
}

const std::vector<std::string> small_cases = {"defaults", "layers", "full", "grouped", "tied", "defaults_transformers4"};

TEST(VideoLlavaSaved, TransformersLoadsIt) {
  const testing::TemporaryDirectory directory;
  std::vector<std::filesystem::path> pairs;
  for (const std::string& name : small_cases) {
    const std::filesystem::path recorded = testing::parity_directory("video_llava") / name, saved = directory / name;
    VideoLlavaCheckpoint checkpoint = load_video_llava(recorded);
    save_video_llava(saved, checkpoint,
                     {.tokenizer = read_json(recorded / "tokenizer.json"),
                      .tokenizer_config = read_json(recorded / "tokenizer_config.json"),
                      .chat_template = read_file(recorded / "chat_template.jinja")},
                     torch::kFloat32);
    VideoLlavaCheckpoint again = load_video_llava(saved);
    const c10::InferenceMode inference;
    const Tensor frames = again.clips(read_clip(recorded / "clip0", 1));
    EXPECT_TRUE(again.model->embed_clip(frames).equal(checkpoint.model->embed_clip(frames))) << name;
    pairs.insert(pairs.end(), {saved, recorded});
  }
  EXPECT_TRUE(testing::compares_equal("check_video_llava.py", pairs));
}

INSTANTIATE_TEST_SUITE_P(Small, VideoLlavaParity, ::testing::ValuesIn(small_cases), name_of_case);
INSTANTIATE_TEST_SUITE_P(Sparse, VideoLlavaParity, ::testing::Values("as_published"), name_of_case);
INSTANTIATE_TEST_SUITE_P(FullSize, VideoLlavaParity, ::testing::ValuesIn(testing::exported("video_llava", {"vicuna_7b_wide"})),
                         name_of_case);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(VideoLlavaParity);

}  // namespace
}  // namespace omma
