// Clips in a conversation: read once, told apart from pictures, and seen in time.
#include <gtest/gtest.h>

#include "omma/models/chat_tasks.h"
#include "omma/models/video_llava/chat.h"
#include "omma/models/video_llava/video_tower.h"
#include "tests/temporary_directory.h"
#include "tests/unit/llava/small_video_llava.h"

namespace omma {
namespace {

SharedVideo clip_of(std::vector<int> levels) {
  auto clip = std::make_shared<VideoClip>();
  for (const int level : levels) {
    Image image(9, 11);
    std::ranges::fill(image.data, static_cast<std::uint8_t>(level));
    clip->frames.push_back({.image = std::move(image), .time = static_cast<double>(clip->frames.size())});
  }
  return clip;
}

GenerationOptions short_answers() {
  GenerationOptions options;
  options.max_tokens = 4;
  return options;
}

TEST(VideoLlavaChat, AClipIsReadOnceAndGoesOn) {
  VideoLlavaChat chat(testing::small_video_llava(), ChatTemplate::built_in("vicuna_v1"));
  EXPECT_EQ(chat.video_frames(), 8);
  std::vector<ChatTurn> turns = {ChatTurn("user", {clip_of({0, 90, 200}), std::string("What?")})};
  const ChatReply first = chat.chat(turns, short_answers());
  EXPECT_EQ(first.encoded_pictures, 1);
  turns.emplace_back("assistant", "Things.");
  turns.push_back(ChatTurn("user", {clip_of({0, 90, 200}), std::make_shared<const Image>(5, 5), std::string("And now?")}));
  const ChatReply second = chat.chat(turns, short_answers());
  EXPECT_EQ(second.encoded_pictures, 1) << "the picture; a clip of the same pixels is known";
  VideoLlavaChat fresh(testing::small_video_llava(), ChatTemplate::built_in("vicuna_v1"));
  EXPECT_EQ(fresh.chat(turns, short_answers()).text, second.text);
  EXPECT_LE(second.read_tokens, second.prompt_tokens - first.prompt_tokens + 1);
}

TEST(VideoLlavaChat, OrderOfFramesIsSeenInTime) {
  const c10::InferenceMode inference;
  VideoLlavaCheckpoint timeless = testing::small_video_llava(), timed = testing::small_video_llava(/*time=*/true);
  const Tensor forth = timed.clips(*clip_of({0, 60, 120, 240})), back = timed.clips(*clip_of({240, 120, 60, 0}));
  const auto frame = [](const Tensor& features, int64_t i) { return features.narrow(0, 5 * i, 5); };
  // Each frame by itself gives the same tokens wherever it stands; with temporal attention, other ones.
  EXPECT_TRUE(frame(timeless.model->embed_clip(forth), 0).allclose(frame(timeless.model->embed_clip(back), 3), 1e-5, 1e-6));
  EXPECT_FALSE(frame(timed.model->embed_clip(forth), 0).allclose(frame(timed.model->embed_clip(back), 3), 1e-3, 1e-3));
  EXPECT_THROW(timed.model->embed_clip(forth.narrow(0, 0, 3)), std::invalid_argument);
}

TEST(VideoLlavaChat, OneErrorEachForWhatCannotBe) {
  VideoLlavaChat timed(testing::small_video_llava(/*time=*/true), ChatTemplate::built_in("vicuna_v1"));
  const auto fault = [&](ChatModel& model, SharedVideo clip) {
    const ChatTurn turn("user", {std::move(clip), std::string("What?")});
    return testing::invalid_argument_of([&] { model.chat({&turn, 1}, short_answers()); });
  };
  EXPECT_EQ(fault(timed, clip_of({1, 2})), "chat: this model sees clips of 4 frames, got 2");
  EXPECT_EQ(fault(timed, clip_of({})), "chat: expected a clip of at least one frame");
  EXPECT_EQ(fault(timed, nullptr), "chat: expected a clip of at least one frame");
}

TEST(VideoLlavaChat, CaptionsAndAnswers) {
  const auto chat = [] {
    return std::make_unique<VideoLlavaChat>(testing::small_video_llava(), ChatTemplate::built_in("vicuna_v1"));
  };
  ChatCaptioner captioner(chat());
  ChatAnswerer answerer(chat());
  ASSERT_EQ(captioner.video_frames(), 8);
  const SharedVideo clip = clip_of({10, 20});
  EXPECT_EQ(captioner.caption_video(*clip, {.generation = short_answers()}).captions.size(), 1U);
  const VisualQuestion question{.videos = {clip.get(), 1}, .text = "What?"};
  EXPECT_EQ(answerer.answer({&question, 1}, {.answers = {"yes", "no"}}).size(), 1U);
}

}  // namespace
}  // namespace omma
